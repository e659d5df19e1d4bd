// SPDX-License-Identifier: GPL-2.0-only
/*
 * limits.c: a simulated device refuses what exceeds its limits; the limits in use
 * must find them, and never ask twice for what was refused.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdbool.h>

#include "../../dm-xcopy/limits.h"

#define NVME_BLOCKS	65536U
#define NVME_RANGES	256U

struct device {
	__u32 segment_blocks;
	__u32 segments;
	__u64 command_blocks;
};

static __u32 segments_of(const struct xcopy_limits *limits, __u64 blocks)
{
	return (blocks + limits->segment_blocks - 1) / limits->segment_blocks;
}

static bool takes(const struct device *device, const struct xcopy_limits *limits, __u64 blocks)
{
	__u64 longest = blocks < limits->segment_blocks ? blocks : limits->segment_blocks;

	return longest <= device->segment_blocks && blocks <= device->command_blocks &&
	       segments_of(limits, blocks) <= device->segments;
}

/* Sends @commands full commands. Return: refusals. */
static unsigned int run(struct xcopy_limits *limits, const struct device *device,
			unsigned int commands)
{
	unsigned int refused = 0;
	__u64 blocks;

	while (commands--) {
		blocks = xcopy_limits_blocks(limits);
		assert_true(blocks >= 1);
		assert_true(limits->segments >= 1 && limits->segment_blocks >= 1);
		if (takes(device, limits, blocks)) {
			xcopy_limits_done(limits, blocks);
		} else {
			refused++;
			assert_true(xcopy_limits_too_big(limits, blocks,
							 segments_of(limits, blocks)));
			assert_true(xcopy_limits_blocks(limits) < blocks);
		}
	}
	return refused;
}

static void init(struct xcopy_limits *limits, __u32 segment_blocks, __u32 segments, __u64 blocks)
{
	xcopy_limits_init(limits, NVME_BLOCKS, NVME_RANGES, segment_blocks, segments, blocks);
}

static void test_hints_are_used_at_once(void **state)
{
	struct xcopy_limits limits;

	(void)state;
	init(&limits, 1024, 128, 0);
	assert_int_equal(limits.segment_blocks, 1024);
	assert_int_equal(limits.segments, 128);
	assert_int_equal(xcopy_limits_blocks(&limits), 131072);
	assert_false(limits.growing);
}

static void test_command_hint_bounds(void **state)
{
	struct xcopy_limits limits;

	(void)state;
	/* QEMU's defaults: MSSRL 128, MCL 128, MSRC 127. */
	init(&limits, 128, 128, 128);
	assert_int_equal(xcopy_limits_blocks(&limits), 128);
	init(&limits, 65535, 128, 100);
	assert_int_equal(xcopy_limits_blocks(&limits), 100);
	assert_int_equal(limits.segment_blocks, 100);
	init(&limits, 0, 0, 64);
	assert_int_equal(xcopy_limits_blocks(&limits), 64);
	assert_false(limits.growing);
}

static void test_hard_limits_bound_hints(void **state)
{
	struct xcopy_limits limits;

	(void)state;
	init(&limits, 1000000, 1000, 0);
	assert_int_equal(limits.segment_blocks, NVME_BLOCKS);
	assert_int_equal(limits.segments, NVME_RANGES);
}

static void test_unknown_starts_small(void **state)
{
	struct xcopy_limits limits;

	(void)state;
	init(&limits, 0, 0, 0);
	assert_int_equal(limits.segment_blocks, XCOPY_LIMITS_START_BLOCKS);
	assert_int_equal(limits.segments, 1);
	assert_true(limits.growing);
	/* A hint for the number alone waits until the length is known. */
	init(&limits, 0, 128, 0);
	assert_int_equal(limits.segments, 1);
	assert_int_equal(limits.max_segments, 128);
}

static void test_segments_grow_in_length_first(void **state)
{
	const struct device device = { NVME_BLOCKS, NVME_RANGES, ~0ULL };
	struct xcopy_limits limits;

	(void)state;
	init(&limits, 0, 0, 0);
	run(&limits, &device, 1);
	assert_int_equal(limits.segment_blocks, 256);
	assert_int_equal(limits.segments, 1);
	run(&limits, &device, 8);
	assert_int_equal(limits.segment_blocks, NVME_BLOCKS);
	assert_int_equal(limits.segments, 1);
	assert_int_equal(run(&limits, &device, 10), 0);
	assert_int_equal(limits.segments, NVME_RANGES);
	assert_false(limits.growing);
}

static void probe(__u32 segment_blocks, __u32 segments, __u64 command_blocks)
{
	const struct device device = { segment_blocks, segments, command_blocks };
	__u64 best = (__u64)segment_blocks * segments;
	struct xcopy_limits limits;
	unsigned int refused;

	if (best > command_blocks)
		best = command_blocks;
	init(&limits, 0, 0, 0);
	refused = run(&limits, &device, 100);
	assert_in_range(refused, 0, 16);
	assert_false(limits.growing);
	assert_int_equal(run(&limits, &device, 100), 0);
	/* Within a third of what is possible, whatever it is. */
	assert_in_range(xcopy_limits_blocks(&limits), best * 2 / 3, best);
}

static void test_probing_finds_limits(void **state)
{
	(void)state;
	probe(65535, 128, 16777216);
	probe(65536, 256, ~0ULL);
	probe(128, 128, 128);
	probe(128, 128, 16384);
	probe(1, 1, 1);
	probe(100, 1, 100);
	probe(40000, 3, 100000);
	probe(4096, 5, ~0ULL);
	probe(255, 255, ~0ULL);
}

static void test_powers_of_two_are_found_exactly(void **state)
{
	const struct device device = { 65535, 64, ~0ULL };
	struct xcopy_limits limits;

	(void)state;
	init(&limits, 0, 0, 0);
	run(&limits, &device, 100);
	assert_int_equal(limits.segment_blocks, 65535);
	assert_int_equal(limits.segments, 64);
}

static void test_refused_is_not_tried_again(void **state)
{
	const struct device device = { 1000, 1, 1000 };
	__u64 smallest_refused = ~0ULL, blocks;
	struct xcopy_limits limits;
	unsigned int i;

	(void)state;
	init(&limits, 0, 1, 0);
	for (i = 0; i < 200; i++) {
		blocks = xcopy_limits_blocks(&limits);
		assert_true(blocks < smallest_refused);
		if (takes(&device, &limits, blocks)) {
			xcopy_limits_done(&limits, blocks);
		} else {
			smallest_refused = blocks;
			xcopy_limits_too_big(&limits, blocks, segments_of(&limits, blocks));
		}
		if (i % 50 == 49)
			xcopy_limits_minimum(&limits);
	}
	assert_true(smallest_refused < ~0ULL);
}

static void test_device_refuses_what_it_advertised(void **state)
{
	const struct device device = { 65535, 2, ~0ULL };
	struct xcopy_limits limits;

	(void)state;
	/* Says 32 segments and takes 2, as one array does. */
	init(&limits, 65535, 32, 0);
	assert_in_range(run(&limits, &device, 20), 1, 6);
	assert_int_equal(limits.segments, 2);
	assert_int_equal(limits.segment_blocks, 65535);
}

static void test_device_refuses_what_it_took(void **state)
{
	const struct device before = { 4096, 1, 4096 }, after = { 512, 1, 512 };
	struct xcopy_limits limits;

	(void)state;
	init(&limits, 0, 0, 0);
	run(&limits, &before, 20);
	assert_int_equal(limits.segment_blocks, 4096);
	run(&limits, &after, 20);
	assert_int_equal(limits.segment_blocks, 512);
}

static void test_one_block_is_the_end(void **state)
{
	struct xcopy_limits limits;
	unsigned int i;

	(void)state;
	init(&limits, 0, 0, 0);
	for (i = 0; i < 7; i++)
		assert_true(xcopy_limits_too_big(&limits, xcopy_limits_blocks(&limits), 1));
	assert_int_equal(xcopy_limits_blocks(&limits), 1);
	assert_false(xcopy_limits_too_big(&limits, 1, 1));
	assert_int_equal(xcopy_limits_blocks(&limits), 1);
}

static void test_refusals_of_the_same_size_shrink_once(void **state)
{
	struct xcopy_limits limits;
	unsigned int i;

	(void)state;
	init(&limits, 4096, 16, 0);
	for (i = 0; i < 8; i++)
		assert_true(xcopy_limits_too_big(&limits, 65536, 16));
	assert_int_equal(limits.segments, 8);
	/* A late answer to what was sent before two refusals. */
	assert_true(xcopy_limits_too_big(&limits, 32768, 8));
	assert_true(xcopy_limits_too_big(&limits, 65536, 16));
	assert_int_equal(limits.segments, 4);
	init(&limits, 4096, 1, 0);
	for (i = 0; i < 8; i++)
		assert_true(xcopy_limits_too_big(&limits, 4096, 1));
	assert_int_equal(limits.segment_blocks, 2048);
	assert_true(xcopy_limits_too_big(&limits, 2048, 1));
	assert_true(xcopy_limits_too_big(&limits, 4096, 1));
	assert_int_equal(limits.segment_blocks, 1024);
}

static void test_short_commands_do_not_grow(void **state)
{
	struct xcopy_limits limits;
	unsigned int i;

	(void)state;
	init(&limits, 0, 0, 0);
	for (i = 0; i < 100; i++)
		xcopy_limits_done(&limits, XCOPY_LIMITS_START_BLOCKS - 1);
	assert_int_equal(limits.segment_blocks, XCOPY_LIMITS_START_BLOCKS);
}

static void test_minimum_is_cautious(void **state)
{
	const struct device device = { NVME_BLOCKS, NVME_RANGES, ~0ULL };
	struct xcopy_limits limits;

	(void)state;
	init(&limits, 65535, 128, 0);
	xcopy_limits_minimum(&limits);
	assert_int_equal(xcopy_limits_blocks(&limits), XCOPY_LIMITS_START_BLOCKS);
	run(&limits, &device, XCOPY_LIMITS_CAUTION);
	assert_int_equal(xcopy_limits_blocks(&limits), XCOPY_LIMITS_START_BLOCKS);
	run(&limits, &device, 1);
	assert_int_equal(xcopy_limits_blocks(&limits), 2 * XCOPY_LIMITS_START_BLOCKS);
	run(&limits, &device, 40);
	assert_int_equal(limits.segment_blocks, 65535);
	assert_int_equal(limits.segments, 128);
}

static void test_slow_halves_once_for_all_in_flight(void **state)
{
	struct xcopy_limits limits;
	unsigned int i;

	(void)state;
	init(&limits, 65535, 16, 0);
	for (i = 0; i < 8; i++)
		xcopy_limits_slow(&limits, 65535 * 16);
	assert_int_equal(limits.segments, 8);
	assert_int_equal(limits.segment_blocks, 65535);
}

static void test_slow_comes_back(void **state)
{
	const struct device device = { NVME_BLOCKS, NVME_RANGES, ~0ULL };
	struct xcopy_limits limits;

	(void)state;
	init(&limits, 65535, 1, 0);
	xcopy_limits_slow(&limits, 65535);
	assert_int_equal(limits.segment_blocks, 32767);
	assert_true(limits.growing);
	run(&limits, &device, XCOPY_LIMITS_CAUTION);
	assert_int_equal(limits.segment_blocks, 32767);
	run(&limits, &device, 1);
	assert_int_equal(limits.segment_blocks, 65534);
}

static void test_slow_has_a_floor(void **state)
{
	struct xcopy_limits limits;
	unsigned int i;

	(void)state;
	init(&limits, 65535, 4, 0);
	for (i = 0; i < 40; i++)
		xcopy_limits_slow(&limits, xcopy_limits_blocks(&limits));
	assert_int_equal(xcopy_limits_blocks(&limits), XCOPY_LIMITS_START_BLOCKS);
	init(&limits, 16, 1, 0);
	xcopy_limits_slow(&limits, 16);
	assert_int_equal(xcopy_limits_blocks(&limits), 16);
	init(&limits, 0, 0, 16);
	xcopy_limits_slow(&limits, 16);
	assert_int_equal(limits.segment_blocks, 16);
}

/* A device gets no faster beyond @knee commands at a time. Return: depth after some windows. */
static __u32 tune(struct xcopy_tuner *tuner, __u32 knee, unsigned int windows)
{
	__u64 now = tuner->window_start_ms;
	__u32 depth = tuner->depth;

	while (windows--) {
		do {
			now += 240 / (depth < knee ? depth : knee);
			depth = xcopy_tuner_done(tuner, 1 << 20, now);
		} while (tuner->window_commands);
	}
	return depth;
}

static void test_tuner_climbs_to_the_cap(void **state)
{
	struct xcopy_tuner tuner;
	unsigned int i, at_cap = 0;

	(void)state;
	xcopy_tuner_init(&tuner, 10, 5000);
	assert_int_equal(tuner.depth, 2);
	assert_int_equal(tune(&tuner, 100, 1), 4);
	assert_int_equal(tune(&tuner, 100, 1), 8);
	assert_int_equal(tune(&tuner, 100, 1), 10);
	for (i = 0; i < 100; i++)
		at_cap += tune(&tuner, 100, 1) == 10;
	assert_in_range(at_cap, 80, 100);
}

static void test_tuner_stays_at_the_knee(void **state)
{
	struct xcopy_tuner tuner;
	unsigned int i, at_knee = 0;

	(void)state;
	xcopy_tuner_init(&tuner, 16, 0);
	tune(&tuner, 4, 5);
	for (i = 0; i < 100; i++)
		at_knee += tune(&tuner, 4, 1) == 4;
	assert_in_range(at_knee, 80, 100);
}

static void test_tuner_follows_a_change(void **state)
{
	struct xcopy_tuner tuner;

	(void)state;
	xcopy_tuner_init(&tuner, 16, 0);
	tune(&tuner, 12, 10);
	assert_in_range(tuner.depth, 12, 16);
	tune(&tuner, 1, 60);
	assert_in_range(tuner.depth, 1, 2);
	tune(&tuner, 12, 60);
	assert_in_range(tuner.depth, 8, 16);
	/* Not from an end, where there is one way only. */
	xcopy_tuner_init(&tuner, 16, 0);
	tune(&tuner, 4, 10);
	tune(&tuner, 1, 60);
	assert_in_range(tuner.depth, 1, 2);
}

static void test_tuner_keeps_to_one(void **state)
{
	struct xcopy_tuner tuner;

	(void)state;
	xcopy_tuner_init(&tuner, 1, 0);
	assert_int_equal(tuner.depth, 1);
	assert_int_equal(tune(&tuner, 10, 10), 1);
}

static void test_tuner_waits_for_a_window(void **state)
{
	struct xcopy_tuner tuner;
	unsigned int i;

	(void)state;
	xcopy_tuner_init(&tuner, 8, 0);
	for (i = 0; i < 1000; i++)
		assert_int_equal(xcopy_tuner_done(&tuner, 1 << 20, XCOPY_TUNER_WINDOW_MS - 1), 2);
	assert_int_not_equal(xcopy_tuner_done(&tuner, 1 << 20, XCOPY_TUNER_WINDOW_MS), 2);
	/* Few and long commands: time alone makes no window. */
	xcopy_tuner_init(&tuner, 8, 0);
	for (i = 1; i < 2 * XCOPY_TUNER_COMMANDS; i++)
		assert_int_equal(xcopy_tuner_done(&tuner, 1 << 20, i * 10000), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hints_are_used_at_once),
		cmocka_unit_test(test_command_hint_bounds),
		cmocka_unit_test(test_hard_limits_bound_hints),
		cmocka_unit_test(test_unknown_starts_small),
		cmocka_unit_test(test_segments_grow_in_length_first),
		cmocka_unit_test(test_probing_finds_limits),
		cmocka_unit_test(test_powers_of_two_are_found_exactly),
		cmocka_unit_test(test_refused_is_not_tried_again),
		cmocka_unit_test(test_device_refuses_what_it_advertised),
		cmocka_unit_test(test_device_refuses_what_it_took),
		cmocka_unit_test(test_one_block_is_the_end),
		cmocka_unit_test(test_refusals_of_the_same_size_shrink_once),
		cmocka_unit_test(test_short_commands_do_not_grow),
		cmocka_unit_test(test_minimum_is_cautious),
		cmocka_unit_test(test_slow_halves_once_for_all_in_flight),
		cmocka_unit_test(test_slow_comes_back),
		cmocka_unit_test(test_slow_has_a_floor),
		cmocka_unit_test(test_tuner_climbs_to_the_cap),
		cmocka_unit_test(test_tuner_stays_at_the_knee),
		cmocka_unit_test(test_tuner_follows_a_change),
		cmocka_unit_test(test_tuner_keeps_to_one),
		cmocka_unit_test(test_tuner_waits_for_a_window),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

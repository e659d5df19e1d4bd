// SPDX-License-Identifier: GPL-2.0-only
/*
 * limits.c: a simulated device refuses what exceeds its limits; the limits in use
 * must find them, and never ask twice for what was refused.
 */
#include <kunit/test.h>

#include "../../dm-xcopy/limits.c"
#include "expect.h"

#define NVME_BLOCKS	65536U
#define NVME_RANGES	256U

struct simulated {
	__u32 segment_blocks;
	__u32 segments;
	__u64 command_blocks;
};

static __u32 segments_of(const struct xcopy_limits *limits, __u64 blocks)
{
	return (blocks + limits->segment_blocks - 1) / limits->segment_blocks;
}

static bool takes(const struct simulated *device, const struct xcopy_limits *limits, __u64 blocks)
{
	__u64 longest = blocks < limits->segment_blocks ? blocks : limits->segment_blocks;

	return longest <= device->segment_blocks && blocks <= device->command_blocks &&
	       segments_of(limits, blocks) <= device->segments;
}

static bool refuse(struct xcopy_limits *limits, __u64 blocks)
{
	return xcopy_limits_too_big(limits, blocks, segments_of(limits, blocks));
}

/* Sends @commands full commands. Return: refusals. */
static unsigned int run(struct kunit *test, struct xcopy_limits *limits,
			const struct simulated *device, unsigned int commands)
{
	unsigned int refused = 0;
	__u64 blocks;

	while (commands--) {
		blocks = xcopy_limits_blocks(limits);
		KUNIT_EXPECT_TRUE(test, blocks >= 1);
		KUNIT_EXPECT_TRUE(test, limits->segments >= 1 && limits->segment_blocks >= 1);
		if (takes(device, limits, blocks)) {
			xcopy_limits_done(limits, blocks);
		} else {
			refused++;
			KUNIT_EXPECT_TRUE(test, refuse(limits, blocks));
			KUNIT_EXPECT_TRUE(test, xcopy_limits_blocks(limits) < blocks);
		}
	}
	return refused;
}

static void init(struct xcopy_limits *limits, __u32 segment_blocks, __u32 segments, __u64 blocks)
{
	xcopy_limits_init(limits, NVME_BLOCKS, NVME_RANGES, segment_blocks, segments, blocks);
}

static void test_hints_are_used_at_once(struct kunit *test)
{
	struct xcopy_limits limits;

	init(&limits, 1024, 128, 0);
	KUNIT_EXPECT_EQ(test, limits.segment_blocks, 1024);
	KUNIT_EXPECT_EQ(test, limits.segments, 128);
	KUNIT_EXPECT_EQ(test, xcopy_limits_blocks(&limits), 131072);
	KUNIT_EXPECT_FALSE(test, limits.growing);
}

static void test_command_hint_bounds(struct kunit *test)
{
	struct xcopy_limits limits;

	/* QEMU's defaults: MSSRL 128, MCL 128, MSRC 127. */
	init(&limits, 128, 128, 128);
	KUNIT_EXPECT_EQ(test, xcopy_limits_blocks(&limits), 128);
	init(&limits, 65535, 128, 100);
	KUNIT_EXPECT_EQ(test, xcopy_limits_blocks(&limits), 100);
	KUNIT_EXPECT_EQ(test, limits.segment_blocks, 100);
	init(&limits, 0, 0, 64);
	KUNIT_EXPECT_EQ(test, xcopy_limits_blocks(&limits), 64);
	KUNIT_EXPECT_FALSE(test, limits.growing);
}

static void test_hard_limits_bound_hints(struct kunit *test)
{
	struct xcopy_limits limits;

	init(&limits, 1000000, 1000, 0);
	KUNIT_EXPECT_EQ(test, limits.segment_blocks, NVME_BLOCKS);
	KUNIT_EXPECT_EQ(test, limits.segments, NVME_RANGES);
}

static void test_unknown_starts_small(struct kunit *test)
{
	struct xcopy_limits limits;

	init(&limits, 0, 0, 0);
	KUNIT_EXPECT_EQ(test, limits.segment_blocks, XCOPY_LIMITS_START_BLOCKS);
	KUNIT_EXPECT_EQ(test, limits.segments, 1);
	KUNIT_EXPECT_TRUE(test, limits.growing);
	/* A hint for the number alone waits until the length is known. */
	init(&limits, 0, 128, 0);
	KUNIT_EXPECT_EQ(test, limits.segments, 1);
	KUNIT_EXPECT_EQ(test, limits.max_segments, 128);
}

static void test_segments_grow_in_length_first(struct kunit *test)
{
	const struct simulated device = { NVME_BLOCKS, NVME_RANGES, ~0ULL };
	struct xcopy_limits limits;

	init(&limits, 0, 0, 0);
	run(test, &limits, &device, 1);
	KUNIT_EXPECT_EQ(test, limits.segment_blocks, 256);
	KUNIT_EXPECT_EQ(test, limits.segments, 1);
	run(test, &limits, &device, 8);
	KUNIT_EXPECT_EQ(test, limits.segment_blocks, NVME_BLOCKS);
	KUNIT_EXPECT_EQ(test, limits.segments, 1);
	KUNIT_EXPECT_EQ(test, run(test, &limits, &device, 10), 0);
	KUNIT_EXPECT_EQ(test, limits.segments, NVME_RANGES);
	KUNIT_EXPECT_FALSE(test, limits.growing);
}

static void probe(struct kunit *test, __u32 segment_blocks, __u32 segments, __u64 command_blocks)
{
	const struct simulated device = { segment_blocks, segments, command_blocks };
	__u64 best = (__u64)segment_blocks * segments;
	struct xcopy_limits limits;
	unsigned int refused;

	if (best > command_blocks)
		best = command_blocks;
	init(&limits, 0, 0, 0);
	refused = run(test, &limits, &device, 100);
	EXPECT_IN_RANGE(test, refused, 0, 16);
	KUNIT_EXPECT_FALSE(test, limits.growing);
	KUNIT_EXPECT_EQ(test, run(test, &limits, &device, 100), 0);
	/* Within a third of what is possible, whatever it is. */
	EXPECT_IN_RANGE(test, xcopy_limits_blocks(&limits), best * 2 / 3, best);
}

static void test_probing_finds_limits(struct kunit *test)
{
	probe(test, 65535, 128, 16777216);
	probe(test, 65536, 256, ~0ULL);
	probe(test, 128, 128, 128);
	probe(test, 128, 128, 16384);
	probe(test, 1, 1, 1);
	probe(test, 100, 1, 100);
	probe(test, 40000, 3, 100000);
	probe(test, 4096, 5, ~0ULL);
	probe(test, 255, 255, ~0ULL);
}

static void test_powers_of_two_are_found_exactly(struct kunit *test)
{
	const struct simulated device = { 65535, 64, ~0ULL };
	struct xcopy_limits limits;

	init(&limits, 0, 0, 0);
	run(test, &limits, &device, 100);
	KUNIT_EXPECT_EQ(test, limits.segment_blocks, 65535);
	KUNIT_EXPECT_EQ(test, limits.segments, 64);
}

static void test_refused_is_not_tried_again(struct kunit *test)
{
	const struct simulated device = { 1000, 1, 1000 };
	__u64 smallest_refused = ~0ULL, blocks;
	struct xcopy_limits limits;
	unsigned int i;

	init(&limits, 0, 1, 0);
	for (i = 0; i < 200; i++) {
		blocks = xcopy_limits_blocks(&limits);
		KUNIT_EXPECT_TRUE(test, blocks < smallest_refused);
		if (takes(&device, &limits, blocks)) {
			xcopy_limits_done(&limits, blocks);
		} else {
			smallest_refused = blocks;
			xcopy_limits_too_big(&limits, blocks, segments_of(&limits, blocks));
		}
		if (i % 50 == 49)
			xcopy_limits_minimum(&limits);
	}
	KUNIT_EXPECT_TRUE(test, smallest_refused < ~0ULL);
}

static void test_device_refuses_what_it_advertised(struct kunit *test)
{
	const struct simulated device = { 65535, 2, ~0ULL };
	struct xcopy_limits limits;

	/* Says 32 segments and takes 2, as one array does. */
	init(&limits, 65535, 32, 0);
	EXPECT_IN_RANGE(test, run(test, &limits, &device, 20), 1, 6);
	KUNIT_EXPECT_EQ(test, limits.segments, 2);
	KUNIT_EXPECT_EQ(test, limits.segment_blocks, 65535);
}

static void test_device_refuses_what_it_took(struct kunit *test)
{
	const struct simulated before = { 4096, 1, 4096 }, after = { 512, 1, 512 };
	struct xcopy_limits limits;

	init(&limits, 0, 0, 0);
	run(test, &limits, &before, 20);
	KUNIT_EXPECT_EQ(test, limits.segment_blocks, 4096);
	run(test, &limits, &after, 20);
	KUNIT_EXPECT_EQ(test, limits.segment_blocks, 512);
}

static void test_one_block_is_the_end(struct kunit *test)
{
	struct xcopy_limits limits;
	unsigned int i;

	init(&limits, 0, 0, 0);
	for (i = 0; i < 7; i++)
		KUNIT_EXPECT_TRUE(test,
				  xcopy_limits_too_big(&limits, xcopy_limits_blocks(&limits), 1));
	KUNIT_EXPECT_EQ(test, xcopy_limits_blocks(&limits), 1);
	KUNIT_EXPECT_FALSE(test, xcopy_limits_too_big(&limits, 1, 1));
	KUNIT_EXPECT_EQ(test, xcopy_limits_blocks(&limits), 1);
}

static void test_refusals_of_the_same_size_shrink_once(struct kunit *test)
{
	struct xcopy_limits limits;
	unsigned int i;

	init(&limits, 4096, 16, 0);
	for (i = 0; i < 8; i++)
		KUNIT_EXPECT_TRUE(test, xcopy_limits_too_big(&limits, 65536, 16));
	KUNIT_EXPECT_EQ(test, limits.segments, 8);
	/* A late answer to what was sent before two refusals. */
	KUNIT_EXPECT_TRUE(test, xcopy_limits_too_big(&limits, 32768, 8));
	KUNIT_EXPECT_TRUE(test, xcopy_limits_too_big(&limits, 65536, 16));
	KUNIT_EXPECT_EQ(test, limits.segments, 4);
	init(&limits, 4096, 1, 0);
	for (i = 0; i < 8; i++)
		KUNIT_EXPECT_TRUE(test, xcopy_limits_too_big(&limits, 4096, 1));
	KUNIT_EXPECT_EQ(test, limits.segment_blocks, 2048);
	KUNIT_EXPECT_TRUE(test, xcopy_limits_too_big(&limits, 2048, 1));
	KUNIT_EXPECT_TRUE(test, xcopy_limits_too_big(&limits, 4096, 1));
	KUNIT_EXPECT_EQ(test, limits.segment_blocks, 1024);
}

static void test_short_commands_do_not_grow(struct kunit *test)
{
	struct xcopy_limits limits;
	unsigned int i;

	init(&limits, 0, 0, 0);
	for (i = 0; i < 100; i++)
		xcopy_limits_done(&limits, XCOPY_LIMITS_START_BLOCKS - 1);
	KUNIT_EXPECT_EQ(test, limits.segment_blocks, XCOPY_LIMITS_START_BLOCKS);
}

static void test_minimum_is_cautious(struct kunit *test)
{
	const struct simulated device = { NVME_BLOCKS, NVME_RANGES, ~0ULL };
	struct xcopy_limits limits;

	init(&limits, 65535, 128, 0);
	xcopy_limits_minimum(&limits);
	KUNIT_EXPECT_EQ(test, xcopy_limits_blocks(&limits), XCOPY_LIMITS_START_BLOCKS);
	run(test, &limits, &device, XCOPY_LIMITS_CAUTION);
	KUNIT_EXPECT_EQ(test, xcopy_limits_blocks(&limits), XCOPY_LIMITS_START_BLOCKS);
	run(test, &limits, &device, 1);
	KUNIT_EXPECT_EQ(test, xcopy_limits_blocks(&limits), 2 * XCOPY_LIMITS_START_BLOCKS);
	run(test, &limits, &device, 40);
	KUNIT_EXPECT_EQ(test, limits.segment_blocks, 65535);
	KUNIT_EXPECT_EQ(test, limits.segments, 128);
}

static void test_slow_halves_once_for_all_in_flight(struct kunit *test)
{
	struct xcopy_limits limits;
	unsigned int i;

	init(&limits, 65535, 16, 0);
	for (i = 0; i < 8; i++)
		xcopy_limits_slow(&limits, 65535 * 16);
	KUNIT_EXPECT_EQ(test, limits.segments, 8);
	KUNIT_EXPECT_EQ(test, limits.segment_blocks, 65535);
}

static void test_slow_comes_back(struct kunit *test)
{
	const struct simulated device = { NVME_BLOCKS, NVME_RANGES, ~0ULL };
	struct xcopy_limits limits;

	init(&limits, 65535, 1, 0);
	xcopy_limits_slow(&limits, 65535);
	KUNIT_EXPECT_EQ(test, limits.segment_blocks, 32767);
	KUNIT_EXPECT_TRUE(test, limits.growing);
	run(test, &limits, &device, XCOPY_LIMITS_CAUTION);
	KUNIT_EXPECT_EQ(test, limits.segment_blocks, 32767);
	run(test, &limits, &device, 1);
	KUNIT_EXPECT_EQ(test, limits.segment_blocks, 65534);
}

static void test_slow_has_a_floor(struct kunit *test)
{
	struct xcopy_limits limits;
	unsigned int i;

	init(&limits, 65535, 4, 0);
	for (i = 0; i < 40; i++)
		xcopy_limits_slow(&limits, xcopy_limits_blocks(&limits));
	KUNIT_EXPECT_EQ(test, xcopy_limits_blocks(&limits), XCOPY_LIMITS_START_BLOCKS);
	init(&limits, 16, 1, 0);
	xcopy_limits_slow(&limits, 16);
	KUNIT_EXPECT_EQ(test, xcopy_limits_blocks(&limits), 16);
	init(&limits, 0, 0, 16);
	xcopy_limits_slow(&limits, 16);
	KUNIT_EXPECT_EQ(test, limits.segment_blocks, 16);
}

static void test_growth_is_known(struct kunit *test)
{
	struct xcopy_limits limits;

	init(&limits, 65535, 4, 0);
	/* What was never smaller was not made larger. */
	KUNIT_EXPECT_FALSE(test, xcopy_limits_grown(&limits, 65535 * 4, 65535, 4));
	xcopy_limits_note(&limits, 128, 128, 1);
	KUNIT_EXPECT_FALSE(test, xcopy_limits_grown(&limits, 128, 128, 1));
	KUNIT_EXPECT_TRUE(test, xcopy_limits_grown(&limits, 129, 129, 1));
	KUNIT_EXPECT_TRUE(test, xcopy_limits_grown(&limits, 128, 64, 2));
	xcopy_limits_note(&limits, 256, 64, 4);
	KUNIT_EXPECT_FALSE(test, xcopy_limits_grown(&limits, 256, 128, 2));
	/* Segments as long, and as many, but not both at once. */
	KUNIT_EXPECT_TRUE(test, xcopy_limits_grown(&limits, 512, 128, 4));
	xcopy_limits_note(&limits, 8, 8, 1);
	xcopy_limits_minimum(&limits);
	KUNIT_EXPECT_FALSE(test, xcopy_limits_grown(&limits, 256, 128, 4));
}

/* A device that stays as it is refuses only what has grown: so that it is never given up. */
static void refusals_are_growth(struct kunit *test, const struct simulated *device)
{
	struct xcopy_limits limits;
	__u32 longest, segments;
	unsigned int i;
	__u64 blocks;

	init(&limits, 0, 0, 0);
	for (i = 0; i < 100; i++) {
		blocks = xcopy_limits_blocks(&limits);
		segments = segments_of(&limits, blocks);
		longest = min_t(__u64, blocks, limits.segment_blocks);
		if (takes(device, &limits, blocks)) {
			xcopy_limits_note(&limits, blocks, longest, segments);
			xcopy_limits_done(&limits, blocks);
			continue;
		}
		KUNIT_EXPECT_TRUE(test, xcopy_limits_grown(&limits, blocks, longest, segments));
		KUNIT_EXPECT_TRUE(test, refuse(&limits, blocks));
	}
	KUNIT_EXPECT_FALSE(test, limits.growing);
}

static void test_refusals_are_growth(struct kunit *test)
{
	static const struct simulated devices[] = {
		{ 128, 1, ~0ULL }, { 32768, 2, ~0ULL },
		{ 1000, 7, 5000 }, { NVME_BLOCKS, 3, 100000 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(devices); i++)
		refusals_are_growth(test, &devices[i]);
}

static struct kunit_case limits_cases[] = {
	KUNIT_CASE(test_hints_are_used_at_once),
	KUNIT_CASE(test_command_hint_bounds),
	KUNIT_CASE(test_hard_limits_bound_hints),
	KUNIT_CASE(test_unknown_starts_small),
	KUNIT_CASE(test_segments_grow_in_length_first),
	KUNIT_CASE(test_probing_finds_limits),
	KUNIT_CASE(test_powers_of_two_are_found_exactly),
	KUNIT_CASE(test_refused_is_not_tried_again),
	KUNIT_CASE(test_device_refuses_what_it_advertised),
	KUNIT_CASE(test_device_refuses_what_it_took),
	KUNIT_CASE(test_one_block_is_the_end),
	KUNIT_CASE(test_refusals_of_the_same_size_shrink_once),
	KUNIT_CASE(test_short_commands_do_not_grow),
	KUNIT_CASE(test_minimum_is_cautious),
	KUNIT_CASE(test_slow_halves_once_for_all_in_flight),
	KUNIT_CASE(test_slow_comes_back),
	KUNIT_CASE(test_slow_has_a_floor),
	KUNIT_CASE(test_growth_is_known),
	KUNIT_CASE(test_refusals_are_growth),
	{ }
};

static struct kunit_suite limits_suite = {
	.name = "xcopy-limits",
	.test_cases = limits_cases,
};

kunit_test_suite(limits_suite);

// SPDX-License-Identifier: GPL-2.0-only
/*
 * tuner.c on simulated devices: how fast is one with so many copies in flight?  Those in
 * flight share it, each copy takes longer or shorter than it should, and a new depth is
 * reached only when copies have ended.
 */
#include <kunit/test.h>

#include <linux/sched.h>

#include "../../dm-xcopy/tuner.c"
#include "expect.h"
#include "random.h"

#define LARGEST_COPY	65536U	/* KiB */

/*
 * struct simulation - a device, and the copies in flight
 * @name: for messages
 * @rates: MiB/s with 1, 2, 4, 8 and 16 copies in flight
 * @noise: how far off a copy may be, percent
 * @running: copies in flight
 * @left: work left of each, KiB
 * @sizes: of each, KiB
 * @now: microseconds
 * @seed: of the noise
 */
struct simulation {
	const char *name;
	u32 rates[XCOPY_TUNER_LEVELS];
	u32 noise;
	u32 running;
	u64 left[XCOPY_TUNER_MAX_DEPTH];
	u32 sizes[XCOPY_TUNER_MAX_DEPTH];
	u64 now;
	u64 seed;
};

static struct simulation device;
static struct xcopy_tuner tuner;

static u32 rate_with(u32 running)
{
	u32 level = 0;

	while (2U << level <= running)
		level++;
	if (running == 1U << level)
		return device.rates[level];
	return (device.rates[level] + device.rates[min(level + 1, XCOPY_TUNER_LEVELS - 1)]) / 2;
}

/* Most copies are a little off; one out of fifty takes three times as long. */
static u64 work(u32 size)
{
	u64 percent = 100 - device.noise + random_below(&device.seed, 2 * device.noise + 1);

	if (device.noise && !random_below(&device.seed, 50))
		percent *= 3;
	return div_u64(size * percent, 100);
}

/* No copy is longer than takes a second: the engine sees to that. */
static void start_copies(u32 depth)
{
	u32 size = min(LARGEST_COPY, (rate_with(depth) << 10) / depth);

	for (; device.running < depth; device.running++) {
		device.sizes[device.running] = size;
		device.left[device.running] = work(size);
	}
}

/* The copy with the least left ends. Return: its size, KiB. */
static u32 end_copy(void)
{
	u32 i, first = 0, size;
	u64 done;

	for (i = 1; i < device.running; i++)
		if (device.left[i] < device.left[first])
			first = i;
	done = device.left[first];
	/* KiB for each, at a share of so many MiB/s, in microseconds */
	device.now += div_u64(done * device.running * 1000000, rate_with(device.running) << 10);
	for (i = 0; i < device.running; i++)
		device.left[i] -= done;
	size = device.sizes[first];
	device.left[first] = device.left[--device.running];
	device.sizes[first] = device.sizes[device.running];
	return size;
}

/* Until the next copy ends, with at most @most in flight. Return: its size, KiB. */
static u32 one_copy(u32 most)
{
	u32 size;

	start_copies(min(tuner.depth, most));
	if (device.running < tuner.depth)
		xcopy_tuner_restart(&tuner);
	size = end_copy();
	xcopy_tuner_done(&tuner, (u64)size << 10, div_u64(device.now, 1000));
	return size;
}

/* Return: MiB/s over @seconds. */
static u32 run(u32 seconds)
{
	u64 start = device.now, copied = 0;

	while (device.now < start + seconds * 1000000ULL)
		copied += one_copy(XCOPY_TUNER_MAX_DEPTH);
	return div64_u64((copied >> 10) * 1000000, device.now - start);
}

static void set_up(const struct simulation *model, u32 max_depth, u64 seed)
{
	device = *model;
	device.seed = seed;
	xcopy_tuner_init(&tuner, max_depth);
}

static u32 best_of(const struct simulation *model, u32 max_depth)
{
	u32 level, best = 0;

	for (level = 0; level < XCOPY_TUNER_LEVELS && 1U << level <= max_depth; level++)
		best = max(best, model->rates[level]);
	return best;
}

/* ---- what devices are like ---- */

static const struct simulation models[] = {
	{ .name = "as seen when the demo stayed at 2", .rates = { 537, 1143, 1385, 1375, 1370 } },
	{ .name = "NVMe Copy, emulated", .rates = { 680, 830, 1030, 1190, 1200 } },
	{ .name = "EXTENDED COPY, emulated", .rates = { 310, 460, 580, 540, 520 } },
	{ .name = "one command is as good as many", .rates = { 1000, 1000, 1000, 1000, 1000 } },
	{ .name = "worse with each", .rates = { 400, 300, 220, 150, 100 } },
	{ .name = "ever better", .rates = { 100, 200, 400, 800, 1600 } },
	{ .name = "flat, then better", .rates = { 500, 510, 520, 700, 900 } },
	{ .name = "slow", .rates = { 40, 60, 70, 75, 75 } },
	{ .name = "fast", .rates = { 4000, 7000, 12000, 14000, 14000 } },
};

static void describe(const struct simulation *model, char *text)
{
	strscpy(text, model->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(models, models, describe);

static void expect_close_to_best(struct kunit *test, u32 max_depth, u32 noise, u64 seed)
{
	const struct simulation *model = test->param_value;
	u32 best = best_of(model, max_depth), rate;

	set_up(model, max_depth, seed);
	device.noise = noise;
	run(20);
	/* All of it counts, also what goes into trying other depths. */
	rate = run(300);
	/* One copy out of fifty takes three times as long: 4 % less is the most there is. */
	best = noise ? best - best / 25 : best;
	if (rate < best - best / 10)
		KUNIT_FAIL(test, "%u MiB/s of %u, noise %u %%, cap %u, seed %llu", rate, best,
			   noise, max_depth, seed);
}

static void test_close_to_best(struct kunit *test)
{
	expect_close_to_best(test, 8, 0, 1);
	expect_close_to_best(test, 16, 0, 1);
}

static void test_close_to_best_with_noise(struct kunit *test)
{
	u64 seed;

	for (seed = 1; seed <= 8; seed++) {
		expect_close_to_best(test, 8, 10, seed);
		expect_close_to_best(test, 8, 40, seed);
		expect_close_to_best(test, 16, 25, seed);
		cond_resched();
	}
}

/* A clone of 16 GiB at that rate takes 12 seconds: no time to lose. */
static void test_finds_it_soon(struct kunit *test)
{
	set_up(&models[0], 8, 1);
	EXPECT_IN_RANGE(test, run(12), 1385 * 85 / 100, 1385);
	KUNIT_EXPECT_EQ(test, tuner.depth, 4);
}

/* ---- steps ---- */

/* Until a window is over. */
static u32 one_window(void)
{
	u32 copies = tuner.window_copies, settling = tuner.settle;

	for (;;) {
		one_copy(XCOPY_TUNER_MAX_DEPTH);
		if ((!settling && tuner.window_copies < copies) || (!settling && tuner.settle))
			return tuner.depth;
		copies = tuner.window_copies;
		settling = tuner.settle;
	}
}

static void test_climbs_to_the_cap(struct kunit *test)
{
	unsigned int i, at_cap = 0;

	set_up(&models[5], 10, 1);
	KUNIT_EXPECT_EQ(test, tuner.depth, 2);
	KUNIT_EXPECT_EQ(test, one_window(), 4);
	KUNIT_EXPECT_EQ(test, one_window(), 8);
	KUNIT_EXPECT_EQ(test, one_window(), 10);
	for (i = 0; i < 100; i++)
		at_cap += one_window() == 10;
	EXPECT_IN_RANGE(test, at_cap, 80, 100);
}

static void test_stays_at_the_knee(struct kunit *test)
{
	unsigned int i, at_knee = 0;

	set_up(&models[0], 8, 1);
	for (i = 0; i < 5; i++)
		one_window();
	for (i = 0; i < 100; i++)
		at_knee += one_window() == 4;
	EXPECT_IN_RANGE(test, at_knee, 80, 100);
}

/* Where more would bring nothing, less disturbs others less. */
static void test_lowest_that_will_do(struct kunit *test)
{
	unsigned int i, low = 0;

	set_up(&models[3], 8, 3);
	run(20);
	for (i = 0; i < 200; i++)
		low += one_window() <= 2;
	EXPECT_IN_RANGE(test, low, 160, 200);
}

/* A window in which the device was busy with something else. */
static void test_one_hiccup(struct kunit *test)
{
	unsigned int i;

	set_up(&models[0], 8, 1);
	while (tuner.depth != 4 || tuner.hold != XCOPY_TUNER_HOLD - 2)
		one_window();
	for (i = 0; i < XCOPY_TUNER_LEVELS; i++)
		device.rates[i] /= 4;
	KUNIT_EXPECT_EQ(test, one_window(), 4);
	for (i = 0; i < XCOPY_TUNER_LEVELS; i++)
		device.rates[i] *= 4;
	for (i = 0; i < 6; i++)
		KUNIT_EXPECT_EQ(test, one_window(), 4);
}

static void change_to(const struct simulation *model)
{
	memcpy(device.rates, model->rates, sizeof(device.rates));
}

static void test_follows_a_change(struct kunit *test)
{
	set_up(&models[5], 16, 1);
	run(60);
	EXPECT_IN_RANGE(test, run(60), 1600 * 85 / 100, 1600);
	change_to(&models[4]);
	run(30);
	EXPECT_IN_RANGE(test, run(120), 350, 400);
	change_to(&models[0]);
	run(30);
	EXPECT_IN_RANGE(test, run(120), 1385 * 9 / 10, 1385);
}

static void test_keeps_to_one(struct kunit *test)
{
	set_up(&models[5], 1, 1);
	KUNIT_EXPECT_EQ(test, tuner.depth, 1);
	run(60);
	KUNIT_EXPECT_EQ(test, tuner.depth, 1);
}

static void test_cap_may_change(struct kunit *test)
{
	set_up(&models[5], 8, 1);
	run(30);
	EXPECT_IN_RANGE(test, run(60), 800 * 85 / 100, 800);
	xcopy_tuner_cap(&tuner, 4);
	KUNIT_EXPECT_LE(test, tuner.depth, 4);
	run(30);
	EXPECT_IN_RANGE(test, run(60), 400 * 85 / 100, 400);
	xcopy_tuner_cap(&tuner, 1);
	KUNIT_EXPECT_EQ(test, tuner.depth, 1);
	run(30);
	KUNIT_EXPECT_EQ(test, tuner.depth, 1);
	xcopy_tuner_cap(&tuner, 16);
	run(30);
	EXPECT_IN_RANGE(test, run(60), 1600 * 85 / 100, 1600);
}

/* The cap that it has already is no change. */
static void test_same_cap(struct kunit *test)
{
	set_up(&models[5], 8, 1);
	while (tuner.depth < 8)
		one_window();
	xcopy_tuner_cap(&tuner, 8);
	KUNIT_EXPECT_EQ(test, tuner.depth, 8);
}

/* ---- what does not count ---- */

/* While something else keeps copies back, their rate says nothing about the depth. */
static void test_kept_back(struct kunit *test)
{
	unsigned int i;

	set_up(&models[0], 8, 1);
	for (i = 0; i < 1000; i++) {
		one_copy(1);
		KUNIT_EXPECT_EQ(test, tuner.depth, 2);
	}
	run(12);
	KUNIT_EXPECT_EQ(test, tuner.depth, 4);
	for (i = 0; i < 1000; i++) {
		one_copy(2);
		KUNIT_EXPECT_EQ(test, tuner.depth, 4);
	}
	/* User I/O comes and goes: mostly one copy, and now and then a second of all. */
	for (i = 0; i < 3000; i++) {
		one_copy(i % 30 ? 1 : XCOPY_TUNER_MAX_DEPTH);
		KUNIT_EXPECT_EQ(test, tuner.depth, 4);
	}
}

static void test_waits_for_a_window(struct kunit *test)
{
	unsigned int i;

	/* Settled by two copies; then time has to pass. */
	xcopy_tuner_init(&tuner, 8);
	for (i = 0; i < 1000; i++)
		KUNIT_EXPECT_EQ(test, xcopy_tuner_done(&tuner, 1 << 20, 0), 2);
	KUNIT_EXPECT_EQ(test, xcopy_tuner_done(&tuner, 1 << 20, XCOPY_TUNER_WINDOW_MS - 1), 2);
	KUNIT_EXPECT_EQ(test, xcopy_tuner_done(&tuner, 1 << 20, XCOPY_TUNER_WINDOW_MS), 4);
	/* Few and long copies: time alone makes no window. */
	xcopy_tuner_init(&tuner, 8);
	for (i = 0; i < 2 + XCOPY_TUNER_COPIES - 1; i++)
		KUNIT_EXPECT_EQ(test, xcopy_tuner_done(&tuner, 1 << 20, i * 10000), 2);
	KUNIT_EXPECT_EQ(test, xcopy_tuner_done(&tuner, 1 << 20, i * 10000), 4);
}

/* A device that stands still, and a clock that does. */
static void test_no_rate_at_all(struct kunit *test)
{
	unsigned int i;

	xcopy_tuner_init(&tuner, 8);
	for (i = 0; i < 10000; i++) {
		u32 depth = xcopy_tuner_done(&tuner, 0, i * 100ULL);

		EXPECT_IN_RANGE(test, depth, 1, 8);
	}
	for (i = 0; i < 10000; i++) {
		u32 depth = xcopy_tuner_done(&tuner, ~0ULL >> 20, ~0ULL);

		EXPECT_IN_RANGE(test, depth, 1, 8);
	}
}

static struct kunit_case tuner_cases[] = {
	KUNIT_CASE_PARAM(test_close_to_best, models_gen_params),
	KUNIT_CASE_PARAM(test_close_to_best_with_noise, models_gen_params),
	KUNIT_CASE(test_finds_it_soon),
	KUNIT_CASE(test_climbs_to_the_cap),
	KUNIT_CASE(test_stays_at_the_knee),
	KUNIT_CASE(test_lowest_that_will_do),
	KUNIT_CASE(test_one_hiccup),
	KUNIT_CASE(test_follows_a_change),
	KUNIT_CASE(test_keeps_to_one),
	KUNIT_CASE(test_cap_may_change),
	KUNIT_CASE(test_same_cap),
	KUNIT_CASE(test_kept_back),
	KUNIT_CASE(test_waits_for_a_window),
	KUNIT_CASE(test_no_rate_at_all),
	{ }
};

static struct kunit_suite tuner_suite = {
	.name = "xcopy-tuner",
	.test_cases = tuner_cases,
};

kunit_test_suite(tuner_suite);

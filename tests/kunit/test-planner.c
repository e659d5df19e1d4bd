// SPDX-License-Identifier: GPL-2.0-only
/*
 * planner.c: how much, and when; and what rate comes of it on a simulated device.
 */
#include <kunit/test.h>

#include "../../dm-xcopy/planner.c"
#include "expect.h"
#include "random.h"

static void test_rate(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, xcopy_plan_rate(0, 16384, false), 0);
	KUNIT_EXPECT_EQ(test, xcopy_plan_rate(0, 16384, true), 16384);
	KUNIT_EXPECT_EQ(test, xcopy_plan_rate(50000, 16384, false), 50000);
	KUNIT_EXPECT_EQ(test, xcopy_plan_rate(50000, 16384, true), 16384);
	/* The limit is one for busy times too. */
	KUNIT_EXPECT_EQ(test, xcopy_plan_rate(1000, 16384, true), 1000);
	KUNIT_EXPECT_EQ(test, xcopy_plan_rate(~0U, ~0U, true), ~0U);
}

static void test_regions(struct kunit *test)
{
	/* Regions of 64 KiB. */
	KUNIT_EXPECT_EQ(test, xcopy_plan_regions(8192, 7, 0, 0, 0), 64);
	KUNIT_EXPECT_EQ(test, xcopy_plan_regions(8191, 7, 0, 0, 0), 63);
	/* A region larger than what suits the copier is copied nevertheless. */
	KUNIT_EXPECT_EQ(test, xcopy_plan_regions(8192, 21, 0, 0, 0), 1);
	KUNIT_EXPECT_EQ(test, xcopy_plan_regions(0, 3, 0, 0, 0), 1);
	/* 16 MiB/s: 4 MiB, which are 8192 sectors, at a time. */
	KUNIT_EXPECT_EQ(test, xcopy_plan_regions(131072, 7, 16384, 0, 0), 64);
	KUNIT_EXPECT_EQ(test, xcopy_plan_regions(131072, 7, 64, 0, 0), 1);
	KUNIT_EXPECT_EQ(test, xcopy_plan_regions(131072, 3, ~0U, 0, 0), 16384);
}

static void test_caps(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, xcopy_plan_regions(8192, 7, 0, 10, 0), 10);
	KUNIT_EXPECT_EQ(test, xcopy_plan_regions(8192, 7, 0, 0, 10), 10);
	KUNIT_EXPECT_EQ(test, xcopy_plan_regions(8192, 7, 0, 10, 5), 5);
	KUNIT_EXPECT_EQ(test, xcopy_plan_regions(8192, 7, 0, 5, 10), 5);
	KUNIT_EXPECT_EQ(test, xcopy_plan_regions(8192, 7, 0, ~0U, ~0U), 64);
	KUNIT_EXPECT_EQ(test, xcopy_plan_regions(8192, 7, 64, 5, 10), 1);
}

static void test_never_none(struct kunit *test)
{
	u64 seed = 99;
	u32 i;

	for (i = 0; i < 20000; i++) {
		u64 sectors = random_below(&seed, 1U << 31);
		u32 shift = 3 + random_below(&seed, 19);
		u32 rate = random_below(&seed, 2) ? 64 + random_below(&seed, 1U << 30) : 0;
		u32 threshold = random_below(&seed, 3), batch = random_below(&seed, 3);
		u64 regions = xcopy_plan_regions(sectors, shift, rate, threshold, batch);

		KUNIT_EXPECT_GE(test, regions, 1);
		KUNIT_EXPECT_TRUE(test, !threshold || regions <= threshold);
		KUNIT_EXPECT_TRUE(test, !batch || regions <= batch);
		KUNIT_EXPECT_TRUE(test, regions == 1 || regions << shift <= sectors);
		/* No more than the quarter of a second: KiB/s / 4 * 2 sectors. */
		KUNIT_EXPECT_TRUE(test, !rate || regions == 1 || regions << shift <= rate / 2);
	}
}

static void test_may_start(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, xcopy_plan_may_start(0, 0, 1, 0));
	KUNIT_EXPECT_FALSE(test, xcopy_plan_may_start(1, 64, 1, 0));
	KUNIT_EXPECT_TRUE(test, xcopy_plan_may_start(7, 7000, 8, 0));
	KUNIT_EXPECT_FALSE(test, xcopy_plan_may_start(8, 7000, 8, 0));
	KUNIT_EXPECT_FALSE(test, xcopy_plan_may_start(9, 7000, 8, 0));
	KUNIT_EXPECT_TRUE(test, xcopy_plan_may_start(2, 9, 8, 10));
	KUNIT_EXPECT_FALSE(test, xcopy_plan_may_start(2, 10, 8, 10));
	/* Whatever the threshold, one runs. */
	KUNIT_EXPECT_TRUE(test, xcopy_plan_may_start(0, 0, 8, 1));
	KUNIT_EXPECT_TRUE(test, xcopy_plan_may_start(0, 10, 8, 10));
	KUNIT_EXPECT_FALSE(test, xcopy_plan_may_start(1, 1, 8, 1));
}

#define SECOND 1000000000ULL

/* The start after a copy of @bytes that starts at @now. */
static u64 charged(u64 now, u64 next_start, u64 bytes, u32 rate)
{
	struct xcopy_pace pace = { .next_start = next_start };

	xcopy_pace_charge(&pace, now, bytes, rate);
	return pace.next_start;
}

static void test_charge(struct kunit *test)
{
	/* Unpaced: nothing to wait for, and no debt is left. */
	KUNIT_EXPECT_EQ(test, charged(5 * SECOND, 0, 1 << 20, 0), 5 * SECOND);
	KUNIT_EXPECT_EQ(test, charged(5 * SECOND, 9 * SECOND, 1 << 20, 0), 5 * SECOND);
	/* 1 MiB at 1024 KiB/s is a second's worth, but for rounding. */
	EXPECT_IN_RANGE(test, charged(5 * SECOND, 0, 1 << 20, 1024), 6 * SECOND - 1000, 6 * SECOND);
	/* What was not used is not saved up; what is owed is added. */
	EXPECT_IN_RANGE(test, charged(5 * SECOND, 7 * SECOND, 1 << 20, 1024),
			8 * SECOND - 1000, 8 * SECOND);
	/* The largest region at the slowest rate: four and a half hours, no overflow. */
	EXPECT_IN_RANGE(test, charged(0, 0, 1ULL << 30, 64), 16383 * SECOND, 16384 * SECOND);
}

/* A wait of @wait that was found with @old. */
static u64 waits(u64 wait, u32 old, u32 rate)
{
	struct xcopy_pace pace = { .next_start = 5 * SECOND + wait, .rate = old };

	return xcopy_pace_wait(&pace, 5 * SECOND, rate);
}

static void test_wait(struct kunit *test)
{
	/* Over, or not paced any more. */
	KUNIT_EXPECT_EQ(test, waits(0, 64, 64), 0);
	KUNIT_EXPECT_EQ(test, waits(1000 * SECOND, 64, 0), 0);
	/* A tenth at ten times the rate; no longer at a lower one. */
	EXPECT_IN_RANGE(test, waits(1000 * SECOND, 64, 640), 100 * SECOND - 1000, 100 * SECOND);
	KUNIT_EXPECT_EQ(test, waits(1000 * SECOND, 64, 64), 1000 * SECOND);
	KUNIT_EXPECT_EQ(test, waits(1000 * SECOND, 64, 1), 1000 * SECOND);
	/* The longest wait, and the highest rates. */
	EXPECT_IN_RANGE(test, waits(16384 * SECOND, 4294967294U, 4294967295U),
			16379 * SECOND, 16384 * SECOND);
	KUNIT_EXPECT_EQ(test, waits(16384 * SECOND, 1, 4294967295U),
			div_u64(16384 * SECOND, 4294967295U));
}

/* The rate falls and rises while a copy waits, as it does when users come and go. */
static void test_rate_changes(struct kunit *test)
{
	struct xcopy_pace pace = { };
	u64 now = 0, wait, looks = 0;

	xcopy_pace_charge(&pace, now, 64 << 20, 1024);
	for (wait = 1; wait; now += min(wait, SECOND))
		wait = xcopy_pace_wait(&pace, now, looks++ % 2 ? 1024 : 64);
	EXPECT_IN_RANGE(test, now, 63 * SECOND, 65 * SECOND);
}

/* Copies as the planner starts them, each instant. Return: bytes per second over a minute. */
static u64 simulate(u32 rate, u32 shift)
{
	const u64 minute = 60000000000ULL;
	struct xcopy_pace pace = { };
	u64 now = 0, bytes = 0, regions;

	while (now < minute) {
		regions = xcopy_plan_regions(131072, shift, rate, 0, 0);
		bytes += regions << (shift + 9);
		xcopy_pace_charge(&pace, now, regions << (shift + 9), rate);
		now += xcopy_pace_wait(&pace, now, rate);
	}
	return div_u64(bytes, 60);
}

static void test_paced_rate(struct kunit *test)
{
	static const u32 rates[] = { 64, 1000, 16384, 1048576 };
	unsigned int i;

	/* Within 2 % (or one copy), with small regions and with large ones. */
	for (i = 0; i < ARRAY_SIZE(rates); i++) {
		u64 wanted = (u64)rates[i] << 10;

		EXPECT_IN_RANGE(test, simulate(rates[i], 3), wanted - wanted / 50,
				wanted + wanted / 50);
		EXPECT_IN_RANGE(test, simulate(rates[i], 11), wanted - wanted / 50,
				wanted + wanted / 50 + (1 << 20) / 60);
	}
}

static struct kunit_case planner_cases[] = {
	KUNIT_CASE(test_rate),
	KUNIT_CASE(test_regions),
	KUNIT_CASE(test_caps),
	KUNIT_CASE(test_never_none),
	KUNIT_CASE(test_may_start),
	KUNIT_CASE(test_charge),
	KUNIT_CASE(test_wait),
	KUNIT_CASE(test_rate_changes),
	KUNIT_CASE(test_paced_rate),
	{ }
};

static struct kunit_suite planner_suite = {
	.name = "xcopy-planner",
	.test_cases = planner_cases,
};

kunit_test_suite(planner_suite);

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

static void test_next_start(struct kunit *test)
{
	const u64 second = 1000000000;

	/* Unpaced: nothing to wait for, and no debt is left. */
	KUNIT_EXPECT_EQ(test, xcopy_plan_next_start(5 * second, 0, 1 << 20, 0), 5 * second);
	KUNIT_EXPECT_EQ(test, xcopy_plan_next_start(5 * second, 9 * second, 1 << 20, 0),
			5 * second);
	/* 1 MiB at 1024 KiB/s is a second's worth, but for rounding. */
	EXPECT_IN_RANGE(test, xcopy_plan_next_start(5 * second, 0, 1 << 20, 1024),
			6 * second - 1000, 6 * second);
	/* What was not used is not saved up; what is owed is added. */
	EXPECT_IN_RANGE(test, xcopy_plan_next_start(5 * second, 7 * second, 1 << 20, 1024),
			8 * second - 1000, 8 * second);
	/* The largest region at the slowest rate: four and a half hours, no overflow. */
	EXPECT_IN_RANGE(test, xcopy_plan_next_start(0, 0, 1ULL << 30, 64),
			16383 * second, 16384 * second);
}

static void test_sooner(struct kunit *test)
{
	const u64 second = 1000000000;

	/* A tenth of a wait of a thousand seconds at ten times the rate; none longer at a lower one. */
	EXPECT_IN_RANGE(test, xcopy_plan_sooner(5 * second, 1005 * second, 64, 640),
			105 * second - 1000, 105 * second);
	KUNIT_EXPECT_EQ(test, xcopy_plan_sooner(5 * second, 1005 * second, 64, 64), 1005 * second);
	KUNIT_EXPECT_EQ(test, xcopy_plan_sooner(5 * second, 1005 * second, 64, 1), 1005 * second);
	/* The longest wait, and the highest rates. */
	EXPECT_IN_RANGE(test, xcopy_plan_sooner(0, 16384 * second, 4294967294U, 4294967295U),
			16379 * second, 16384 * second);
	KUNIT_EXPECT_EQ(test, xcopy_plan_sooner(7, 16384 * second, 1, 4294967295U),
			7 + div_u64(16384 * second - 7, 4294967295U));
}

/* Copies as the planner starts them, each instant. Return: bytes per second over a minute. */
static u64 simulate(u32 rate, u32 shift)
{
	const u64 minute = 60000000000ULL;
	u64 now = 0, next_start = 0, bytes = 0, regions;

	while (now < minute) {
		regions = xcopy_plan_regions(131072, shift, rate, 0, 0);
		bytes += regions << (shift + 9);
		next_start = xcopy_plan_next_start(now, next_start, regions << (shift + 9), rate);
		now = next_start;
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
	KUNIT_CASE(test_next_start),
	KUNIT_CASE(test_sooner),
	KUNIT_CASE(test_paced_rate),
	{ }
};

static struct kunit_suite planner_suite = {
	.name = "xcopy-planner",
	.test_cases = planner_cases,
};

kunit_test_suite(planner_suite);

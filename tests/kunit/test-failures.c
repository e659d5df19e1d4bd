// SPDX-License-Identifier: GPL-2.0-only
/*
 * failures.c: each region that fails is found, and only those; when each is tried again.
 */
#include <kunit/test.h>

#include <linux/sched.h>

#include "../../dm-xcopy/failures.c"
#include "random.h"

#define SECOND	250UL
#define REGIONS	200U

static struct xcopy_failures failures;

static int empty(struct kunit *test)
{
	memset(&failures, 0, sizeof(failures));
	return 0;
}

static unsigned int count(u64 region, unsigned long now)
{
	return xcopy_failures_count(&failures, region, now, SECOND);
}

/* The region that is due at @now; otherwise *delay says how long to wait. */
static u64 due_at(unsigned long now, unsigned long *delay)
{
	*delay = ~0UL >> 1;
	return xcopy_failures_due(&failures, now, delay);
}

/* ---- when ---- */

static void test_later_and_later(struct kunit *test)
{
	unsigned long now = 1000, wait = SECOND, delay;
	unsigned int attempt;

	for (attempt = 1; attempt < XCOPY_FAILED_ATTEMPTS; attempt++) {
		KUNIT_EXPECT_EQ(test, count(7, now), attempt);
		KUNIT_EXPECT_EQ(test, due_at(now, &delay), XCOPY_NO_REGION);
		KUNIT_EXPECT_EQ(test, delay, wait);
		KUNIT_EXPECT_EQ(test, due_at(now + wait - 1, &delay), XCOPY_NO_REGION);
		KUNIT_EXPECT_EQ(test, delay, 1);
		KUNIT_EXPECT_EQ(test, due_at(now + wait, &delay), 7);
		now += wait;
		wait *= 2;
	}
	/* Given up: never due, and nothing to wait for. */
	KUNIT_EXPECT_EQ(test, xcopy_failures_given_up(&failures), 0);
	KUNIT_EXPECT_EQ(test, count(7, now), XCOPY_FAILED_ATTEMPTS);
	KUNIT_EXPECT_EQ(test, due_at(now + 1000 * SECOND, &delay), XCOPY_NO_REGION);
	KUNIT_EXPECT_EQ(test, delay, ~0UL >> 1);
	KUNIT_EXPECT_EQ(test, count(8, now), 1);
	KUNIT_EXPECT_EQ(test, xcopy_failures_given_up(&failures), 1);
}

/* Each "hydrate" message tries a region once more, also one that was given up. */
static void test_as_often_as_anybody_likes(struct kunit *test)
{
	unsigned long delay;
	unsigned int i;

	for (i = 1; i < 1000; i++)
		KUNIT_EXPECT_EQ(test, count(7, 0), min(i, XCOPY_FAILED_ATTEMPTS + 1));
	KUNIT_EXPECT_EQ(test, due_at(1000 * SECOND, &delay), XCOPY_NO_REGION);
}

static void test_jiffies_wrap(struct kunit *test)
{
	unsigned long delay;

	count(3, ~0UL - 10);
	KUNIT_EXPECT_EQ(test, due_at(~0UL, &delay), XCOPY_NO_REGION);
	KUNIT_EXPECT_EQ(test, delay, SECOND - 10);
	KUNIT_EXPECT_EQ(test, due_at(SECOND - 12, &delay), XCOPY_NO_REGION);
	KUNIT_EXPECT_EQ(test, due_at(SECOND - 11, &delay), 3);
}

static void test_soonest_of_several(struct kunit *test)
{
	unsigned long delay;

	count(1, 500);
	count(2, 400);
	count(3, 600);
	count(1, 500);
	KUNIT_EXPECT_EQ(test, due_at(600, &delay), XCOPY_NO_REGION);
	KUNIT_EXPECT_EQ(test, delay, 400 + SECOND - 600);
	KUNIT_EXPECT_EQ(test, due_at(400 + SECOND, &delay), 2);
	xcopy_failures_forget(&failures, 2, 3);
	KUNIT_EXPECT_EQ(test, due_at(400 + SECOND, &delay), XCOPY_NO_REGION);
	KUNIT_EXPECT_EQ(test, delay, 200);
}

/* One that is locked comes later, and the next one at once; its attempts are not used up. */
static void test_postponed(struct kunit *test)
{
	unsigned long delay;
	unsigned int i;

	count(1, 0);
	count(2, 0);
	for (i = 0; i < 2 * XCOPY_FAILED_ATTEMPTS; i++)
		xcopy_failures_postpone(&failures, 1, 2 * SECOND);
	xcopy_failures_postpone(&failures, 9, 0);
	KUNIT_EXPECT_EQ(test, failures.nr, 2);
	KUNIT_EXPECT_EQ(test, due_at(SECOND, &delay), 2);
	xcopy_failures_postpone(&failures, 2, 3 * SECOND);
	KUNIT_EXPECT_EQ(test, due_at(SECOND, &delay), XCOPY_NO_REGION);
	KUNIT_EXPECT_EQ(test, delay, SECOND);
	KUNIT_EXPECT_EQ(test, due_at(2 * SECOND, &delay), 1);
}

/* ---- which ---- */

static bool above(void *context, u64 region)
{
	return region >= *(u64 *)context;
}

/* What has come into place by another way makes room, and only that. */
static void test_room_of_the_healed(struct kunit *test)
{
	u64 limits[] = { 1000, 40, 0 };
	unsigned int i;

	for (i = 0; i < XCOPY_NR_FAILED; i++)
		count(i, 0);
	xcopy_failures_forget_healed(&failures, above, &limits[0]);
	KUNIT_EXPECT_EQ(test, count(100, 0), 0);
	xcopy_failures_forget_healed(&failures, above, &limits[1]);
	KUNIT_EXPECT_EQ(test, failures.nr, 40);
	for (i = 0; i < 40; i++)
		KUNIT_EXPECT_EQ(test, xcopy_failures_next(&failures, i, i + 1), i);
	KUNIT_EXPECT_EQ(test, count(100, 0), 1);
	xcopy_failures_forget_healed(&failures, above, &limits[2]);
	KUNIT_EXPECT_EQ(test, failures.nr, 0);
}

static void test_too_many(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < XCOPY_NR_FAILED; i++)
		KUNIT_EXPECT_EQ(test, count(2 * i, 0), 1);
	KUNIT_EXPECT_EQ(test, count(1, 0), 0);
	KUNIT_EXPECT_EQ(test, xcopy_failures_next(&failures, 1, 2), 2);
	/* Those that are known still count. */
	KUNIT_EXPECT_EQ(test, count(0, 0), 2);
	xcopy_failures_forget(&failures, 0, 1);
	KUNIT_EXPECT_EQ(test, count(1, 0), 1);
	KUNIT_EXPECT_EQ(test, failures.nr, XCOPY_NR_FAILED);
}

static void expect_next(struct kunit *test, const bool *failed, u32 first, u32 end)
{
	u32 region = first;

	while (region < end && !failed[region])
		region++;
	KUNIT_EXPECT_EQ(test, xcopy_failures_next(&failures, first, end), region);
}

static void test_remembers_and_forgets(struct kunit *test)
{
	static bool failed[REGIONS];
	u64 seed = 5;
	u32 i, region, first, end;

	memset(failed, 0, sizeof(failed));
	for (i = 0; i < 4000; i++) {
		region = random_below(&seed, REGIONS);
		if (failures.nr < XCOPY_NR_FAILED || failed[region]) {
			KUNIT_EXPECT_GT(test, count(region, i), 0);
			failed[region] = true;
		}
		first = random_below(&seed, REGIONS);
		end = min(REGIONS, first + random_below(&seed, 12));
		if (!random_below(&seed, 4)) {
			xcopy_failures_forget(&failures, first, end);
			for (region = first; region < end; region++)
				failed[region] = false;
		}
		expect_next(test, failed, 0, REGIONS);
		expect_next(test, failed, first, end);
	}
}

/* ---- the search ---- */

/* Return: tries that it took; @copied and @found say what came of each region. */
static unsigned int search(struct kunit *test, const bool *bad, u32 first, u32 end, bool *copied,
			   bool *found)
{
	struct xcopy_search search = { .region = first, .end = end, .step = 1 };
	unsigned int tries = 0;
	u64 n, i, region;
	bool fails;

	while ((n = xcopy_search_length(&search))) {
		region = search.region;
		fails = false;
		KUNIT_ASSERT_LE(test, region + n, end);
		KUNIT_ASSERT_LT(test, tries++, 8 * REGIONS);
		for (i = region; i < region + n; i++)
			fails |= bad[i];
		if (!fails) {
			for (i = region; i < region + n; i++)
				copied[i] = true;
			xcopy_search_copied(&search);
		} else if (xcopy_search_failed(&search)) {
			found[region] = true;
		}
	}
	return tries;
}

static void expect_search(struct kunit *test, const bool *bad, u32 first, u32 end,
			  unsigned int most)
{
	static bool copied[REGIONS], found[REGIONS];
	u32 i;

	memset(copied, 0, sizeof(copied));
	memset(found, 0, sizeof(found));
	KUNIT_EXPECT_LE(test, search(test, bad, first, end, copied, found), most);
	for (i = 0; i < REGIONS; i++) {
		bool within = i >= first && i < end;

		KUNIT_EXPECT_EQ(test, copied[i], within && !bad[i]);
		KUNIT_EXPECT_EQ(test, found[i], within && bad[i]);
	}
}

static void test_search_finds_each_one(struct kunit *test)
{
	static bool bad[REGIONS];
	u64 seed = 1234567;
	u32 i, round, first, end;

	for (round = 0; round < 300; round++) {
		memset(bad, 0, sizeof(bad));
		for (i = random_below(&seed, 20); i; i--)
			bad[random_below(&seed, REGIONS)] = true;
		first = random_below(&seed, REGIONS);
		end = first + 1 + random_below(&seed, REGIONS - first);
		expect_search(test, bad, first, end, 3 * REGIONS);
		cond_resched();
	}
}

static void test_search_is_short(struct kunit *test)
{
	static bool bad[REGIONS];
	u32 i;

	/* One region out of 200: a few steps for each doubling and halving. */
	for (i = 0; i < REGIONS; i++) {
		memset(bad, 0, sizeof(bad));
		bad[i] = true;
		expect_search(test, bad, 0, REGIONS, 32);
	}
	memset(bad, 1, sizeof(bad));
	expect_search(test, bad, 0, REGIONS, REGIONS);
}

static struct kunit_case failures_cases[] = {
	KUNIT_CASE(test_later_and_later),
	KUNIT_CASE(test_as_often_as_anybody_likes),
	KUNIT_CASE(test_jiffies_wrap),
	KUNIT_CASE(test_soonest_of_several),
	KUNIT_CASE(test_postponed),
	KUNIT_CASE(test_too_many),
	KUNIT_CASE(test_room_of_the_healed),
	KUNIT_CASE(test_remembers_and_forgets),
	KUNIT_CASE(test_search_finds_each_one),
	KUNIT_CASE(test_search_is_short),
	{ }
};

static struct kunit_suite failures_suite = {
	.name = "xcopy-failures",
	.init = empty,
	.test_cases = failures_cases,
};

kunit_test_suite(failures_suite);

// SPDX-License-Identifier: GPL-2.0-only
/*
 * probation.c: when a copy without a known outcome is one too many.
 */
#include <kunit/test.h>

#include "../../dm-xcopy/probation.c"

#define HOUR	(3600UL * 250)

static struct xcopy_probation pair;

static int empty(struct kunit *test)
{
	memset(&pair, 0, sizeof(pair));
	return 0;
}

static bool slow(unsigned long sent_at, unsigned long now)
{
	return xcopy_probation_unknown(&pair, sent_at, now, HOUR, XCOPY_UNKNOWN_SLOW);
}

static bool lost(unsigned long sent_at, unsigned long now)
{
	return xcopy_probation_unknown(&pair, sent_at, now, HOUR, XCOPY_UNKNOWN_LOST);
}

static bool other(unsigned long sent_at, unsigned long now)
{
	return xcopy_probation_unknown(&pair, sent_at, now, HOUR, XCOPY_UNKNOWN_OTHER);
}

static void test_the_second_is_too_many(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, slow(100, 200));
	/* What was done in between is no excuse for who is too slow. */
	xcopy_probation_done(&pair, 300);
	KUNIT_EXPECT_TRUE(test, slow(400, 500));
}

static void test_what_was_sent_before_is_one_with_it(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, slow(100, 200));
	KUNIT_EXPECT_FALSE(test, slow(199, 201));
	KUNIT_EXPECT_FALSE(test, lost(150, 202));
	KUNIT_EXPECT_FALSE(test, other(200, 203));
	/* The path is still going. */
	KUNIT_EXPECT_FALSE(test, lost(203, 204));
	KUNIT_EXPECT_TRUE(test, slow(201, 205));
}

/* Two that hang, each sent again as soon as the other was given up. */
static void test_staggered(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, slow(0, 15000));
	KUNIT_EXPECT_FALSE(test, slow(100, 15100));
	KUNIT_EXPECT_TRUE(test, slow(15001, 30001));
	KUNIT_EXPECT_FALSE(test, slow(15101, 30101));
	KUNIT_EXPECT_TRUE(test, other(30002, 45000));
}

static void test_an_hour_later_it_is_the_first(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, slow(100, 200));
	KUNIT_EXPECT_FALSE(test, slow(300, 201 + HOUR));
	KUNIT_EXPECT_TRUE(test, slow(202 + HOUR, 201 + 2 * HOUR));
}

static void test_a_loss_is_excused_by_a_copy(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, lost(100, 200));
	xcopy_probation_done(&pair, 201);
	KUNIT_EXPECT_FALSE(test, lost(300, 400));
	/* One that was sent before says nothing of what came after. */
	xcopy_probation_done(&pair, 399);
	KUNIT_EXPECT_TRUE(test, lost(500, 600));
}

static void test_a_timeout_is_not_excused_by_a_loss(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, lost(100, 200));
	xcopy_probation_done(&pair, 201);
	KUNIT_EXPECT_TRUE(test, slow(300, 400));
}

/* But not by who has met the same loss in another way. */
static void test_joined_by_others(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, lost(100, 200));
	xcopy_probation_done(&pair, 300);
	KUNIT_EXPECT_FALSE(test, lost(390, 400));
	KUNIT_EXPECT_FALSE(test, other(395, 401));
	xcopy_probation_done(&pair, 500);
	KUNIT_EXPECT_TRUE(test, other(590, 600));
}

/* The driver ends all commands of a controller in any order when one of them is too slow. */
static void test_who_was_too_slow_is_found_behind_others(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, slow(100, 200));
	KUNIT_EXPECT_FALSE(test, lost(190, 200));
	xcopy_probation_done(&pair, 300);
	KUNIT_EXPECT_FALSE(test, lost(390, 400));
	KUNIT_EXPECT_FALSE(test, lost(395, 400));
	KUNIT_EXPECT_TRUE(test, slow(310, 401));
	/* Once is enough. */
	KUNIT_EXPECT_FALSE(test, slow(311, 402));
}

static void test_the_same_in_the_first_event_is_not(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, lost(190, 200));
	KUNIT_EXPECT_FALSE(test, slow(100, 201));
}

static void test_excuses_have_an_end(struct kunit *test)
{
	unsigned long now = 1000;
	unsigned int i;

	KUNIT_EXPECT_FALSE(test, lost(now - 10, now));
	for (i = 0; i < XCOPY_PROBATION_LOSSES; i++) {
		xcopy_probation_done(&pair, now + 1);
		now += 100;
		KUNIT_EXPECT_FALSE(test, lost(now - 10, now));
	}
	xcopy_probation_done(&pair, now + 1);
	now += 100;
	KUNIT_EXPECT_TRUE(test, lost(now - 10, now));
	/* Who says enable_offload then has as many again. */
	xcopy_probation_done(&pair, now + 1);
	now += 100;
	KUNIT_EXPECT_FALSE(test, lost(now - 10, now));
}

static void test_in_a_row_is_within_an_hour_each(struct kunit *test)
{
	unsigned long now = 1000;
	unsigned int i;

	for (i = 0; i < 10 * XCOPY_PROBATION_LOSSES; i++) {
		xcopy_probation_done(&pair, now + 1);
		now += i % XCOPY_PROBATION_LOSSES ? 100 : HOUR + 1;
		KUNIT_EXPECT_FALSE(test, lost(now - 10, now));
	}
}

static void test_jiffies_wrap(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, slow(-100UL, -50UL));
	KUNIT_EXPECT_FALSE(test, slow(-60UL, 10));
	KUNIT_EXPECT_TRUE(test, slow(20, 30));
	KUNIT_EXPECT_FALSE(test, slow(40, 31 + HOUR));
}

static struct kunit_case cases[] = {
	KUNIT_CASE(test_the_second_is_too_many),
	KUNIT_CASE(test_what_was_sent_before_is_one_with_it),
	KUNIT_CASE(test_staggered),
	KUNIT_CASE(test_an_hour_later_it_is_the_first),
	KUNIT_CASE(test_a_loss_is_excused_by_a_copy),
	KUNIT_CASE(test_a_timeout_is_not_excused_by_a_loss),
	KUNIT_CASE(test_who_was_too_slow_is_found_behind_others),
	KUNIT_CASE(test_joined_by_others),
	KUNIT_CASE(test_the_same_in_the_first_event_is_not),
	KUNIT_CASE(test_excuses_have_an_end),
	KUNIT_CASE(test_in_a_row_is_within_an_hour_each),
	KUNIT_CASE(test_jiffies_wrap),
	{ }
};

static struct kunit_suite suite = {
	.name = "xcopy-probation",
	.init = empty,
	.test_cases = cases,
};

kunit_test_suite(suite);

// SPDX-License-Identifier: GPL-2.0-only
/*
 * range-lock.c: random interleavings of requests, ends and cancellations against a model
 * that says of each request, from nothing but the order of arrival, whether it is held.
 */
#include <kunit/test.h>

#include <linux/sched.h>
#include <linux/slab.h>

#include "../../dm-xcopy/range-lock.c"
#include "random.h"

#define SLOTS	24U
#define REGIONS	40U
#define STEPS	40000U

enum state {
	FREE,
	WAITING,
	HELD,
};

/*
 * struct request - one range and what it should be
 * @range: first, so that a slot can be told from it
 * @state: what the lock has said so far
 * @arrived: order of arrival
 */
struct request {
	struct xcopy_range range;
	enum state state;
	u64 arrived;
};

static struct request requests[SLOTS];
static struct xcopy_range_locks locks;
static u64 seed, clock;
static unsigned int cancelled_in_all;

static struct request *request_of(struct xcopy_range *range)
{
	return container_of(range, struct request, range);
}

static unsigned int unexpected;

/* Two kinds, as a user's bio and a copy are. */
static void bio_granted(struct xcopy_range *range)
{
	unexpected += request_of(range)->state != WAITING;
	request_of(range)->state = HELD;
}

static void copy_granted(struct xcopy_range *range)
{
	bio_granted(range);
}

static int reset(struct kunit *test)
{
	memset(requests, 0, sizeof(requests));
	xcopy_range_locks_init(&locks);
	seed = 88172645463325252ULL;
	clock = 0;
	cancelled_in_all = 0;
	unexpected = 0;
	return 0;
}

/* ---- the model ---- */

static bool overlaps(const struct xcopy_range *a, u64 first, u64 last)
{
	return a->first <= last && a->last >= first;
}

/* How many earlier ones that overlap are still there? */
static unsigned int blockers(const struct request *request)
{
	unsigned int i, nr = 0;

	for (i = 0; i < SLOTS; i++)
		nr += requests[i].state != FREE && requests[i].arrived < request->arrived &&
		      overlaps(&requests[i].range, request->range.first, request->range.last);
	return nr;
}

static void expect_model(struct kunit *test)
{
	unsigned int i, used = 0;

	for (i = 0; i < SLOTS; i++) {
		const struct request *request = &requests[i];

		used += request->state != FREE;
		if (request->state == FREE)
			continue;
		KUNIT_ASSERT_EQ(test, request->state == HELD, !blockers(request));
		KUNIT_ASSERT_EQ(test, request->range.blockers, blockers(request));
	}
	KUNIT_ASSERT_EQ(test, unexpected, 0);
	KUNIT_ASSERT_EQ(test, xcopy_range_busy(&locks), used != 0);
}

/* ---- steps ---- */

static struct request *find(enum state state)
{
	unsigned int i, start = random_below(&seed, SLOTS);

	for (i = 0; i < SLOTS; i++)
		if (requests[(start + i) % SLOTS].state == state)
			return &requests[(start + i) % SLOTS];
	return NULL;
}

static void random_range(u64 *first, u64 *last)
{
	*first = random_below(&seed, REGIONS);
	*last = *first + random_below(&seed, random_below(&seed, 4) ? 4 : REGIONS);
}

static void step_lock(struct kunit *test)
{
	struct request *request = find(FREE);
	u64 first, last;

	if (!request)
		return;
	random_range(&first, &last);
	memset(&request->range, 0xa5, sizeof(request->range));
	request->range.granted = random_below(&seed, 2) ? bio_granted : copy_granted;
	request->arrived = ++clock;
	request->state = xcopy_range_lock(&locks, &request->range, first, last) ? HELD : WAITING;
	KUNIT_ASSERT_EQ(test, request->range.first, first);
	KUNIT_ASSERT_EQ(test, request->range.last, last);
}

static bool is_free(u64 region)
{
	unsigned int i;

	for (i = 0; i < SLOTS; i++)
		if (requests[i].state != FREE && overlaps(&requests[i].range, region, region))
			return false;
	return true;
}

/* Does somebody who covers @region end right before @skip? */
static bool ends_before(u64 region, u64 skip)
{
	unsigned int i;

	for (i = 0; i < SLOTS; i++)
		if (requests[i].state != FREE && overlaps(&requests[i].range, region, region) &&
		    requests[i].range.last + 1 == skip)
			return true;
	return false;
}

static void step_trylock(struct kunit *test)
{
	struct request *request = find(FREE);
	u64 first, last, free_last, skip = 0;
	bool held;

	if (!request)
		return;
	random_range(&first, &last);
	for (free_last = first; free_last <= last && is_free(free_last); )
		free_last++;
	memset(&request->range, 0xa5, sizeof(request->range));
	held = xcopy_range_trylock(&locks, &request->range, first, last, &skip);
	KUNIT_ASSERT_EQ(test, held, free_last > first);
	if (!held) {
		KUNIT_ASSERT_TRUE(test, ends_before(first, skip));
		return;
	}
	KUNIT_ASSERT_EQ(test, request->range.first, first);
	KUNIT_ASSERT_EQ(test, request->range.last, free_last - 1);
	request->arrived = ++clock;
	request->state = HELD;
}

static void step_unlock(void)
{
	struct request *request = find(HELD);

	if (!request)
		return;
	/* Free first: whoever is granted meanwhile is compared with those that are left. */
	request->state = FREE;
	xcopy_range_unlock(&locks, &request->range);
}

static unsigned int waiting(void (*kind)(struct xcopy_range *range))
{
	unsigned int i, nr = 0;

	for (i = 0; i < SLOTS; i++)
		nr += requests[i].state == WAITING && requests[i].range.granted == kind;
	return nr;
}

static void step_cancel(struct kunit *test)
{
	void (*kind)(struct xcopy_range *range) = random_below(&seed, 2) ? bio_granted :
									    copy_granted;
	unsigned int taken = 0, others = waiting(kind == bio_granted ? copy_granted : bio_granted);
	struct xcopy_range *range, *next;
	LIST_HEAD(cancelled);

	xcopy_range_cancel(&locks, kind, &cancelled);
	list_for_each_entry_safe(range, next, &cancelled, link) {
		KUNIT_ASSERT_EQ(test, request_of(range)->state, WAITING);
		KUNIT_ASSERT_TRUE(test, range->granted == kind);
		request_of(range)->state = FREE;
		taken++;
	}
	/* One that only waited for others of its kind may have been granted instead. */
	KUNIT_ASSERT_EQ(test, waiting(kind), 0);
	KUNIT_ASSERT_LE(test, waiting(kind == bio_granted ? copy_granted : bio_granted), others);
	cancelled_in_all += taken;
}

static void random_step(struct kunit *test)
{
	switch (random_below(&seed, 32)) {
	case 0:
		step_cancel(test);
		break;
	case 1 ... 11:
		step_lock(test);
		break;
	case 12 ... 17:
		step_trylock(test);
		break;
	default:
		step_unlock();
	}
}

static void release_all(struct kunit *test)
{
	while (find(HELD)) {
		step_unlock();
		expect_model(test);
	}
	KUNIT_EXPECT_NULL(test, find(WAITING));
	KUNIT_EXPECT_FALSE(test, xcopy_range_busy(&locks));
}

static void test_random_interleavings(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < STEPS; i++) {
		random_step(test);
		expect_model(test);
		if (!(i % 1000))
			release_all(test);
		cond_resched();
	}
	release_all(test);
	KUNIT_EXPECT_GT(test, cancelled_in_all, 100);
}

/* ---- order, and what call-backs may do ---- */

static void lock_slot(struct kunit *test, unsigned int slot, u64 first, u64 last, bool held)
{
	requests[slot].range.granted = bio_granted;
	requests[slot].arrived = ++clock;
	requests[slot].state = held ? HELD : WAITING;
	KUNIT_EXPECT_EQ(test, xcopy_range_lock(&locks, &requests[slot].range, first, last), held);
	expect_model(test);
}

static void unlock_slot(struct kunit *test, unsigned int slot)
{
	requests[slot].state = FREE;
	xcopy_range_unlock(&locks, &requests[slot].range);
	expect_model(test);
}

static void test_first_come_first_served(struct kunit *test)
{
	lock_slot(test, 0, 10, 19, true);
	lock_slot(test, 1, 15, 24, false);
	/* Free by itself, but the one before it wants it too. */
	lock_slot(test, 2, 20, 29, false);
	lock_slot(test, 3, 30, 39, true);
	unlock_slot(test, 0);
	KUNIT_EXPECT_EQ(test, requests[1].state, HELD);
	KUNIT_EXPECT_EQ(test, requests[2].state, WAITING);
	unlock_slot(test, 1);
	KUNIT_EXPECT_EQ(test, requests[2].state, HELD);
	unlock_slot(test, 3);
	unlock_slot(test, 2);
}

static void test_whole_range_waits_for_all(struct kunit *test)
{
	lock_slot(test, 0, 0, 3, true);
	lock_slot(test, 1, 8, 9, true);
	lock_slot(test, 2, 0, ~0ULL, false);
	lock_slot(test, 3, 5, 5, false);
	unlock_slot(test, 1);
	KUNIT_EXPECT_EQ(test, requests[2].state, WAITING);
	unlock_slot(test, 0);
	KUNIT_EXPECT_EQ(test, requests[2].state, HELD);
	KUNIT_EXPECT_EQ(test, requests[3].state, WAITING);
	unlock_slot(test, 2);
	unlock_slot(test, 3);
}

static void test_last_region(struct kunit *test)
{
	u64 skip = 1;

	lock_slot(test, 0, ~0ULL, ~0ULL, true);
	KUNIT_EXPECT_TRUE(test, xcopy_range_trylock(&locks, &requests[1].range, 0, ~0ULL, &skip));
	KUNIT_EXPECT_EQ(test, requests[1].range.last, ~0ULL - 1);
	xcopy_range_unlock(&locks, &requests[1].range);
	unlock_slot(test, 0);
}

/* A cancelled request between two others: the later one must wait for the earlier one only. */
static void test_cancel_in_the_middle(struct kunit *test)
{
	LIST_HEAD(cancelled);

	lock_slot(test, 0, 0, 9, true);
	lock_slot(test, 1, 5, 14, false);
	lock_slot(test, 2, 12, 20, false);
	requests[1].range.granted = copy_granted;
	xcopy_range_cancel(&locks, copy_granted, &cancelled);
	KUNIT_EXPECT_FALSE(test, list_empty(&cancelled));
	requests[1].state = FREE;
	KUNIT_EXPECT_EQ(test, requests[2].state, HELD);
	expect_model(test);
	unlock_slot(test, 0);
	unlock_slot(test, 2);
}

static unsigned int chained;

/* The call-back may end what it was given, and free it. */
static void unlock_and_free(struct xcopy_range *range)
{
	chained++;
	xcopy_range_unlock(&locks, range);
	memset(range, 0xee, sizeof(*range));
	kfree(range);
}

static void test_granted_may_free(struct kunit *test)
{
	struct xcopy_range *range;
	unsigned int i;

	chained = 0;
	lock_slot(test, 0, 0, 9, true);
	for (i = 0; i < 12; i++) {
		range = kzalloc(sizeof(*range), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, range);
		range->granted = unlock_and_free;
		/* Some wait for one another, some for the first only. */
		KUNIT_EXPECT_FALSE(test, xcopy_range_lock(&locks, range, i % 5, i % 5 + i % 3));
	}
	requests[0].state = FREE;
	xcopy_range_unlock(&locks, &requests[0].range);
	KUNIT_EXPECT_EQ(test, chained, 12);
	KUNIT_EXPECT_FALSE(test, xcopy_range_busy(&locks));
}

static struct kunit_case range_lock_cases[] = {
	KUNIT_CASE(test_random_interleavings),
	KUNIT_CASE(test_first_come_first_served),
	KUNIT_CASE(test_whole_range_waits_for_all),
	KUNIT_CASE(test_last_region),
	KUNIT_CASE(test_cancel_in_the_middle),
	KUNIT_CASE(test_granted_may_free),
	{ }
};

static struct kunit_suite range_lock_suite = {
	.name = "xcopy-range-lock",
	.init = reset,
	.test_cases = range_lock_cases,
};

kunit_test_suite(range_lock_suite);

// SPDX-License-Identifier: GPL-2.0-only
/*
 * segment.c against stacks of extents that are followed sector by sector.
 */
#include <kunit/test.h>

#include <linux/sched.h>

#include "../../dm-xcopy/segment.c"
#include "random.h"

#define LEVELS		4U
#define SECTORS		96U
#define MAX_EXTENTS	12U

struct model_extent {
	u32 begin;
	u32 length;
	u32 start;
};

/* One level of a stack: extents in order, without holes. */
struct level {
	struct model_extent extents[MAX_EXTENTS];
	u32 nr;
};

static struct level levels[LEVELS];

static u64 seed;

/* Cut at random places; below, the pieces lie in reverse order, each moved a little. */
static void make_level(struct level *level)
{
	u32 at = 0, length;

	for (level->nr = 0; at < SECTORS; level->nr++) {
		length = 1 + random_below(&seed, 24);
		if (level->nr == MAX_EXTENTS - 1 || length > SECTORS - at)
			length = SECTORS - at;
		level->extents[level->nr].begin = at;
		level->extents[level->nr].length = length;
		level->extents[level->nr].start = SECTORS - at - length;
		at += length;
	}
}

static const struct model_extent *find(u32 level, u64 sector)
{
	const struct model_extent *extent = levels[level].extents;

	while (sector >= extent->begin + extent->length)
		extent++;
	return extent;
}

static struct xcopy_place descend(u64 sector, u32 depth)
{
	struct xcopy_place place = {
		.sector = sector, .before = sector, .after = SECTORS - sector,
	};
	u32 i;

	for (i = 0; i < depth; i++) {
		const struct model_extent *extent = find(i, place.sector);

		xcopy_place_below(&place, extent->begin, extent->length, extent->start);
	}
	return place;
}

/* Do both go through the same extent at each level? */
static bool same_way(u64 a, u64 b, u32 depth)
{
	u32 i;

	for (i = 0; i < depth; i++) {
		const struct model_extent *extent = find(i, a);

		if (extent != find(i, b))
			return false;
		a = a - extent->begin + extent->start;
		b = b - extent->begin + extent->start;
	}
	return true;
}

static void expect_place(struct kunit *test, u64 sector, u32 depth)
{
	struct xcopy_place place = descend(sector, depth);
	u64 below = sector, first = sector, end = sector + 1;
	u32 i;

	for (i = 0; i < depth; i++) {
		const struct model_extent *extent = find(i, below);

		below = below - extent->begin + extent->start;
	}
	while (first && same_way(first - 1, sector, depth))
		first--;
	while (end < SECTORS && same_way(end, sector, depth))
		end++;
	KUNIT_EXPECT_EQ(test, place.sector, below);
	KUNIT_EXPECT_EQ(test, place.before, sector - first);
	KUNIT_EXPECT_EQ(test, place.after, end - sector);
}

static void test_stacks(struct kunit *test)
{
	u32 round, sector, depth, i;

	seed = 2463534242;
	for (round = 0; round < 100; round++) {
		for (i = 0; i < LEVELS; i++)
			make_level(&levels[i]);
		for (depth = 0; depth <= LEVELS; depth++)
			for (sector = 0; sector < SECTORS; sector++)
				expect_place(test, sector, depth);
		cond_resched();
	}
}

/* Wherever one enters an extent, it is recognised by the same start and length below. */
static void test_extent_is_the_same_from_everywhere(struct kunit *test)
{
	struct xcopy_place first, place;
	u64 sector;
	u32 i;

	seed = 7;
	for (i = 0; i < LEVELS; i++)
		make_level(&levels[i]);
	for (sector = 1; sector < SECTORS; sector++) {
		if (!same_way(sector - 1, sector, LEVELS))
			continue;
		first = descend(sector - 1, LEVELS);
		place = descend(sector, LEVELS);
		KUNIT_EXPECT_EQ(test, place.sector - place.before, first.sector - first.before);
		KUNIT_EXPECT_EQ(test, place.before + place.after, first.before + first.after);
	}
}

static void test_overlap(struct kunit *test)
{
	u64 a, b, sectors, i;
	bool common;

	for (sectors = 1; sectors < 6; sectors++) {
		for (a = 0; a < 14; a++) {
			for (b = 0; b < 14; b++) {
				common = false;
				for (i = a; i < a + sectors; i++)
					common |= i >= b && i < b + sectors;
				KUNIT_EXPECT_EQ(test, xcopy_segments_overlap(a, b, sectors),
						common);
			}
		}
	}
	KUNIT_EXPECT_FALSE(test, xcopy_segments_overlap(1ULL << 54, 0, 1ULL << 54));
	KUNIT_EXPECT_TRUE(test, xcopy_segments_overlap(1ULL << 54, 1, 1ULL << 54));
}

static void test_cut(struct kunit *test)
{
	/* 512-byte blocks: nothing is misaligned. */
	KUNIT_EXPECT_EQ(test, xcopy_segment_cut(1, 3, 100, 65535, 1), 100);
	KUNIT_EXPECT_EQ(test, xcopy_segment_cut(1, 3, 100, 99, 1), 99);
	/* Blocks of 4 KiB. */
	KUNIT_EXPECT_EQ(test, xcopy_segment_cut(8, 16, 100, 65536, 8), 96);
	KUNIT_EXPECT_EQ(test, xcopy_segment_cut(8, 16, 100, 60, 8), 56);
	KUNIT_EXPECT_EQ(test, xcopy_segment_cut(8, 17, 100, 65536, 8), 0);
	KUNIT_EXPECT_EQ(test, xcopy_segment_cut(12, 16, 100, 65536, 8), 0);
	KUNIT_EXPECT_EQ(test, xcopy_segment_cut(8, 16, 7, 65536, 8), 0);
	KUNIT_EXPECT_EQ(test, xcopy_segment_cut(8, 16, 100, 7, 8), 0);
	/* Beyond 32 bits. */
	KUNIT_EXPECT_EQ(test, xcopy_segment_cut(0, 1ULL << 40, 1ULL << 34, (1ULL << 33) + 1, 8),
			1ULL << 33);
	KUNIT_EXPECT_EQ(test, xcopy_segment_cut(0, (1ULL << 40) + 4, 64, 64, 8), 0);
}

static struct kunit_case segment_cases[] = {
	KUNIT_CASE(test_stacks),
	KUNIT_CASE(test_extent_is_the_same_from_everywhere),
	KUNIT_CASE(test_overlap),
	KUNIT_CASE(test_cut),
	{ }
};

static struct kunit_suite segment_suite = {
	.name = "xcopy-segment",
	.test_cases = segment_cases,
};

kunit_test_suite(segment_suite);

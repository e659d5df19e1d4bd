// SPDX-License-Identifier: GPL-2.0-only
/*
 * runs.c against a byte for each region, and against what each sector of a discard
 * belongs to.
 */
#include <kunit/test.h>

#include <linux/sched.h>

#include "../../dm-xcopy/runs.c"
#include "random.h"

#define BITS	331U
#define WORDS	((BITS + BITS_PER_LONG - 1) / BITS_PER_LONG)

static unsigned long bitmap[WORDS];
static bool model[BITS];

static int clear(struct kunit *test)
{
	memset(bitmap, 0, sizeof(bitmap));
	memset(model, 0, sizeof(model));
	return 0;
}

/* ---- the bitmap ---- */

static unsigned int model_set(u32 first, u32 end)
{
	unsigned int count = 0;

	for (; first < end; first++) {
		count += !model[first];
		model[first] = true;
	}
	return count;
}

static u32 model_end(u32 first, u32 end)
{
	u32 region = first;

	while (region < end && model[region] == model[first])
		region++;
	return region;
}

static void expect_run(struct kunit *test, u32 first, u32 end)
{
	bool set = !model[first];

	KUNIT_EXPECT_EQ(test, xcopy_run_end(bitmap, first, end, &set), model_end(first, end));
	KUNIT_EXPECT_EQ(test, set, model[first]);
	KUNIT_EXPECT_EQ(test, xcopy_run_test(bitmap, first), model[first]);
}

static void expect_next_clear(struct kunit *test, u32 from, u32 end)
{
	u32 region = from;

	while (region < end && model[region])
		region++;
	KUNIT_EXPECT_EQ(test, xcopy_run_next_clear(bitmap, from, end), region);
}

static void expect_all(struct kunit *test)
{
	u32 first;

	for (first = 0; first < BITS; first++) {
		expect_run(test, first, BITS);
		expect_next_clear(test, first, BITS);
	}
}

static void test_bytes_on_disk(struct kunit *test)
{
	static const u8 golden[8] = { 0x82, 0xff, 0x01, 0, 0, 0, 0, 0x80 };

	/* Little endian on every machine: bit n of byte b is region 8 * b + n. */
	KUNIT_EXPECT_EQ(test, xcopy_run_set(bitmap, 1, 2), 1);
	KUNIT_EXPECT_EQ(test, xcopy_run_set(bitmap, 7, 17), 10);
	KUNIT_EXPECT_EQ(test, xcopy_run_set(bitmap, 63, 64), 1);
	KUNIT_EXPECT_MEMEQ(test, bitmap, golden, sizeof(golden));
}

static void test_every_range(struct kunit *test)
{
	u32 first, end;

	for (first = 0; first < 130; first++) {
		for (end = first; end <= 130; end++) {
			clear(test);
			KUNIT_EXPECT_EQ(test, xcopy_run_set(bitmap, first, end), end - first);
			model_set(first, end);
			expect_run(test, 0, 130);
			expect_run(test, first, 130);
			expect_next_clear(test, 0, 130);
			expect_next_clear(test, first, 130);
			KUNIT_EXPECT_EQ(test, xcopy_run_set(bitmap, first, end), 0);
		}
		cond_resched();
	}
}

static void test_random_sets(struct kunit *test)
{
	u64 seed = 88172645463325252ULL;
	u32 first, end, step, fill;

	for (fill = 0; fill < 60; fill++) {
		clear(test);
		for (step = 0; step < 12; step++) {
			first = random_below(&seed, BITS);
			end = first + 1 + random_below(&seed, BITS - first);
			if (random_below(&seed, 3))
				end = min(end, first + 1 + random_below(&seed, 20));
			KUNIT_EXPECT_EQ(test, xcopy_run_set(bitmap, first, end),
					model_set(first, end));
			expect_all(test);
		}
		cond_resched();
	}
}

/* What lies behind the end is not looked at, whatever it is. */
static void test_ends_inside_words(struct kunit *test)
{
	u64 seed = 42;
	u32 first, end, i;

	xcopy_run_set(bitmap, 100, BITS);
	model_set(100, BITS);
	for (i = 0; i < 2000; i++) {
		first = random_below(&seed, BITS);
		end = first + 1 + random_below(&seed, BITS - first);
		expect_run(test, first, end);
		expect_next_clear(test, first, end);
	}
	KUNIT_EXPECT_EQ(test, xcopy_run_next_clear(bitmap, BITS, BITS), BITS);
	KUNIT_EXPECT_EQ(test, xcopy_run_next_clear(bitmap, BITS + 5, BITS), BITS);
}

/* ---- regions of sectors ---- */

static void test_layout_end(struct kunit *test)
{
	const struct xcopy_layout layout = { .shift = 3, .sectors = 83 };

	KUNIT_EXPECT_EQ(test, xcopy_layout_end(&layout, 0), 0);
	KUNIT_EXPECT_EQ(test, xcopy_layout_end(&layout, 10), 80);
	KUNIT_EXPECT_EQ(test, xcopy_layout_end(&layout, 11), 83);
}

/* Is every sector of the region in [sector, end)? */
static bool covered(const struct xcopy_layout *layout, u64 region, u64 sector, u64 end)
{
	return region << layout->shift >= sector && xcopy_layout_end(layout, region + 1) <= end;
}

static void expect_part(struct kunit *test, const struct xcopy_layout *layout, u64 sector, u64 end,
			u64 run)
{
	u64 until = 0, region = sector >> layout->shift;
	bool whole = xcopy_layout_whole(layout, sector, end, run, &until);

	KUNIT_ASSERT_GT(test, until, sector);
	KUNIT_ASSERT_LE(test, until, xcopy_layout_end(layout, run));
	KUNIT_ASSERT_EQ(test, whole, covered(layout, region, sector, end) && region < run);
	if (!whole)
		return;
	/* As much as there is: what follows is partial, or of another run. */
	for (; region << layout->shift < until; region++)
		KUNIT_EXPECT_TRUE(test, covered(layout, region, sector, end));
	KUNIT_EXPECT_EQ(test, until, xcopy_layout_end(layout, region));
	KUNIT_EXPECT_TRUE(test, region == run || !covered(layout, region, sector, end));
}

/* What a partial region at the start leaves over is not lost: it is the next part. */
static void expect_parts(struct kunit *test, const struct xcopy_layout *layout, u64 sector, u64 end,
			 u64 run)
{
	u64 until, wholes = 0, wanted = 0, region;

	for (region = 0; region < run; region++)
		wanted += covered(layout, region, sector, end);
	while (sector < min(end, xcopy_layout_end(layout, run))) {
		expect_part(test, layout, sector, end, run);
		if (xcopy_layout_whole(layout, sector, end, run, &until))
			wholes += ((until - 1) >> layout->shift) - (sector >> layout->shift) + 1;
		sector = until;
	}
	KUNIT_EXPECT_EQ(test, wholes, wanted);
}

static void test_whole_regions_of_every_range(struct kunit *test)
{
	const struct xcopy_layout layouts[] = { { 3, 40 }, { 3, 37 }, { 3, 33 }, { 0, 9 } };
	u64 sector, end, run;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(layouts); i++) {
		const struct xcopy_layout *layout = &layouts[i];
		u64 last;

		for (sector = 0; sector < layout->sectors; sector++) {
			for (end = sector + 1; end <= layout->sectors; end++) {
				last = (end - 1) >> layout->shift;
				run = sector >> layout->shift;
				while (++run <= last + 1)
					expect_parts(test, layout, sector, end, run);
			}
			cond_resched();
		}
	}
}

static void test_largest_clone(struct kunit *test)
{
	const struct xcopy_layout layout = { .shift = 21, .sectors = (1ULL << 54) - 1 };
	u64 until;

	KUNIT_EXPECT_EQ(test, xcopy_layout_end(&layout, 1ULL << 33), layout.sectors);
	KUNIT_EXPECT_TRUE(test, xcopy_layout_whole(&layout, 0, layout.sectors, 1ULL << 33, &until));
	KUNIT_EXPECT_EQ(test, until, layout.sectors);
}

static struct kunit_case runs_cases[] = {
	KUNIT_CASE(test_bytes_on_disk),
	KUNIT_CASE(test_every_range),
	KUNIT_CASE(test_random_sets),
	KUNIT_CASE(test_ends_inside_words),
	KUNIT_CASE(test_layout_end),
	KUNIT_CASE(test_whole_regions_of_every_range),
	KUNIT_CASE(test_largest_clone),
	{ }
};

static struct kunit_suite runs_suite = {
	.name = "xcopy-runs",
	.init = clear,
	.test_cases = runs_cases,
};

kunit_test_suite(runs_suite);

// SPDX-License-Identifier: GPL-2.0-only
/*
 * How many background copies run at a time, see tuner.h.
 */
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "tuner.h"

#define NO_LEVEL	XCOPY_TUNER_LEVELS

static __u32 depth_of(const struct xcopy_tuner *tuner, __u32 level)
{
	return min(1U << level, tuner->max_depth);
}

static __u32 top_level(const struct xcopy_tuner *tuner)
{
	__u32 level = 0;

	while (1U << level < tuner->max_depth)
		level++;
	return level;
}

/* ---- windows ---- */

static void begin(struct xcopy_tuner *tuner, __u64 now_ms)
{
	tuner->window_start_ms = now_ms;
	tuner->window_bytes = 0;
	tuner->window_copies = 0;
}

static void go_to(struct xcopy_tuner *tuner, __u32 level)
{
	__u32 in_flight = tuner->depth;

	tuner->level = level;
	tuner->depth = depth_of(tuner, level);
	tuner->settle = max(in_flight, tuner->depth);
}

/*
 * Copies that started together end together: only whole rounds of them, or how many a
 * window happens to see would be half of the result.
 */
static bool is_over(const struct xcopy_tuner *tuner, __u64 now_ms)
{
	return now_ms - tuner->window_start_ms >= XCOPY_TUNER_WINDOW_MS &&
	       tuner->window_copies >= max(XCOPY_TUNER_ROUNDS * tuner->depth, XCOPY_TUNER_COPIES) &&
	       !(tuner->window_copies % tuner->depth);
}

/* ---- levels ---- */

static __u64 best_rate(const struct xcopy_tuner *tuner)
{
	__u64 best = 0;
	__u32 level;

	for (level = 0; level < XCOPY_TUNER_LEVELS; level++)
		best = max(best, tuner->rates[level]);
	return best;
}

/* The lowest one that comes close to the best. */
static __u32 good_level(const struct xcopy_tuner *tuner)
{
	__u64 best = best_rate(tuner);
	__u32 level = 0;

	while (tuner->rates[level] < best - div_u64(best, 20))
		level++;
	return level;
}

static __u32 highest_known(const struct xcopy_tuner *tuner)
{
	__u32 level = XCOPY_TUNER_LEVELS - 1;

	while (!tuner->rates[level])
		level--;
	return level;
}

/* A level that should be tried beside the good one, or NO_LEVEL. */
static __u32 unknown_level(const struct xcopy_tuner *tuner, __u32 good)
{
	__u32 top = top_level(tuner), highest = highest_known(tuner);
	__u64 best = best_rate(tuner);

	if (good < top && !tuner->rates[good + 1])
		return good + 1;
	/* What is flat at one place may rise behind it. */
	if (highest < top && tuner->rates[highest] >= best - div_u64(best, 10))
		return highest + 1;
	if (good && !tuner->rates[good - 1])
		return good - 1;
	return NO_LEVEL;
}

/* What was seen there, and behind it, may not hold any more. */
static void forget_neighbour(struct xcopy_tuner *tuner)
{
	__u32 level;

	for (level = 0; level < XCOPY_TUNER_LEVELS; level++)
		if (tuner->downwards ? level < tuner->level : level > tuner->level)
			tuner->rates[level] = 0;
	tuner->downwards = !tuner->downwards;
	tuner->hold = XCOPY_TUNER_HOLD;
}

/* So far off that it must be a hiccup, or another device, as it were? */
static bool is_odd(__u64 known, __u64 rate)
{
	return known && (rate < known / 2 || rate / 2 > known);
}

static void remember(struct xcopy_tuner *tuner, __u64 rate)
{
	__u64 known = tuner->rates[tuner->level];
	bool odd = is_odd(known, rate), again = odd && tuner->doubt;

	tuner->doubt = odd && !again;
	if (tuner->doubt)
		return;
	if (again)
		/* What was learned of the old one is worth nothing. */
		memset(tuner->rates, 0, sizeof(tuner->rates));
	else if (known)
		rate = (known * 3 + rate) / 4;
	tuner->rates[tuner->level] = max(rate, 1ULL);
}

/* Stay, or go on to another level: the one that serves best, or one that is to be tried. */
static void judge(struct xcopy_tuner *tuner, __u64 rate)
{
	__u32 good, next;

	remember(tuner, rate);
	good = good_level(tuner);
	if (good == tuner->level && !--tuner->hold)
		forget_neighbour(tuner);
	next = unknown_level(tuner, good);
	if (next == NO_LEVEL)
		next = good;
	if (next != tuner->level)
		go_to(tuner, next);
}

static void count(struct xcopy_tuner *tuner, __u64 bytes, __u64 now_ms)
{
	__u64 rate;

	tuner->window_bytes += bytes;
	tuner->window_copies++;
	if (!is_over(tuner, now_ms))
		return;
	rate = div64_u64(tuner->window_bytes * 1000, now_ms - tuner->window_start_ms);
	begin(tuner, now_ms);
	judge(tuner, rate);
}

/* ---- what others call ---- */

void xcopy_tuner_init(struct xcopy_tuner *tuner, __u32 max_depth)
{
	memset(tuner, 0, sizeof(*tuner));
	tuner->max_depth = min(max_depth, XCOPY_TUNER_MAX_DEPTH);
	tuner->hold = XCOPY_TUNER_HOLD;
	go_to(tuner, max_depth > 1);
}

void xcopy_tuner_cap(struct xcopy_tuner *tuner, __u32 max_depth)
{
	if (max_depth != tuner->max_depth)
		xcopy_tuner_init(tuner, max_depth);
}

void xcopy_tuner_restart(struct xcopy_tuner *tuner)
{
	tuner->settle = max(tuner->settle, tuner->depth);
}

__u32 xcopy_tuner_done(struct xcopy_tuner *tuner, __u64 bytes, __u64 now_ms)
{
	if (!tuner->settle)
		count(tuner, bytes, now_ms);
	else if (!--tuner->settle)
		begin(tuner, now_ms);
	return tuner->depth;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * How large a copy command may be, see limits.h.
 *
 * Devices that advertise nothing are probed: sizes double until something is
 * refused, and then close in on the limit by halves.  A refusal does not say
 * which of its limits a device meant, so segments become more only after they
 * have become as large as they can be: a command of one segment can only have
 * been refused for that segment's length.
 */
#include <linux/minmax.h>

#include "limits.h"

/* The next size to try above @size; @size itself when it is not worth trying. */
static __u32 next_size(__u32 size, __u32 max)
{
	if (size >= max)
		return size;
	if (size <= max / 2)
		return size * 2;
	/* The step from 2^n to 2^(n+1) failed, or is not possible by one: fields are like that. */
	if (!(max & (max + 1)))
		return max;
	if (max - size <= size / 8)
		return size;
	return size + (max - size + 1) / 2;
}

/* @refused is too much: lower the ceiling, and go back to what worked. */
static void shrink(__u32 *size, __u32 *max, __u32 *good, __u32 refused)
{
	*max = min(*max, refused - 1);
	if (*good >= refused)
		*good = 0;
	*size = *good ? *good : max(refused / 2, 1U);
}

static __u32 start_blocks(const struct xcopy_limits *limits)
{
	return min(XCOPY_LIMITS_START_BLOCKS, limits->max_segment_blocks);
}

/* A segment longer than a whole command may be is of no use. */
static __u32 segment_ceiling(const struct xcopy_limits *limits)
{
	return min_t(__u64, limits->max_segment_blocks, limits->max_command_blocks);
}

static __u32 next_segment_blocks(const struct xcopy_limits *limits)
{
	return next_size(limits->segment_blocks, segment_ceiling(limits));
}

static __u32 next_segments(const struct xcopy_limits *limits)
{
	if ((__u64)limits->segment_blocks * limits->segments >= limits->max_command_blocks)
		return limits->segments;
	return next_size(limits->segments, limits->max_segments);
}

static void set_growing(struct xcopy_limits *limits)
{
	limits->growing = next_segment_blocks(limits) != limits->segment_blocks ||
			  next_segments(limits) != limits->segments;
}

static __u32 bounded(__u32 hard, __u32 hint)
{
	return hint ? min(hard, hint) : hard;
}

void xcopy_limits_init(struct xcopy_limits *limits, __u32 hard_segment_blocks,
		       __u32 hard_segments, __u32 hint_segment_blocks, __u32 hint_segments,
		       __u64 hint_command_blocks)
{
	*limits = (struct xcopy_limits) {
		.max_segment_blocks = bounded(hard_segment_blocks, hint_segment_blocks),
		.max_segments = bounded(hard_segments, hint_segments),
		.max_command_blocks = hint_command_blocks ? hint_command_blocks : ~0ULL,
		.segments = 1,
	};
	if (hint_segment_blocks) {
		limits->segment_blocks = segment_ceiling(limits);
		if (hint_segments)
			limits->segments = limits->max_segments;
	} else {
		limits->segment_blocks = min(start_blocks(limits), segment_ceiling(limits));
	}
	set_growing(limits);
}

__u64 xcopy_limits_blocks(const struct xcopy_limits *limits)
{
	__u64 blocks = (__u64)limits->segment_blocks * limits->segments;

	return min(blocks, limits->max_command_blocks);
}

bool xcopy_limits_too_big(struct xcopy_limits *limits, __u64 blocks, __u32 segments)
{
	if (segments > limits->segments)
		return true;
	if (segments > 1) {
		shrink(&limits->segments, &limits->max_segments, &limits->good_segments, segments);
	} else if (blocks <= 1) {
		return false;
	} else if (blocks <= limits->segment_blocks) {
		shrink(&limits->segment_blocks, &limits->max_segment_blocks,
		       &limits->good_segment_blocks, blocks);
		limits->segments = 1;
	}
	set_growing(limits);
	return true;
}

static void grow(struct xcopy_limits *limits)
{
	__u32 larger = next_segment_blocks(limits);

	if (larger != limits->segment_blocks)
		limits->segment_blocks = larger;
	else
		limits->segments = next_segments(limits);
	set_growing(limits);
}

void xcopy_limits_done(struct xcopy_limits *limits, __u64 blocks)
{
	bool full = blocks >= xcopy_limits_blocks(limits);

	if (full) {
		limits->good_segment_blocks = max(limits->good_segment_blocks,
						  limits->segment_blocks);
		limits->good_segments = max(limits->good_segments, limits->segments);
	}
	if (limits->caution)
		limits->caution--;
	else if (full && limits->growing)
		grow(limits);
}

void xcopy_limits_note(struct xcopy_limits *limits, __u64 blocks, __u32 segment_blocks,
		       __u32 segments)
{
	limits->done_segment_blocks = max(limits->done_segment_blocks, segment_blocks);
	limits->done_segments = max(limits->done_segments, segments);
	limits->done_blocks = max(limits->done_blocks, blocks);
}

bool xcopy_limits_grown(const struct xcopy_limits *limits, __u64 blocks, __u32 segment_blocks,
			__u32 segments)
{
	return limits->done_blocks && (segment_blocks > limits->done_segment_blocks ||
				       segments > limits->done_segments ||
				       blocks > limits->done_blocks);
}

void xcopy_limits_minimum(struct xcopy_limits *limits)
{
	limits->segment_blocks = min(start_blocks(limits), segment_ceiling(limits));
	limits->segments = 1;
	limits->caution = XCOPY_LIMITS_CAUTION;
	set_growing(limits);
}

void xcopy_limits_slow(struct xcopy_limits *limits, __u64 blocks)
{
	if (blocks > xcopy_limits_blocks(limits))
		return;
	if (limits->segments > 1)
		limits->segments /= 2;
	else if (limits->segment_blocks > start_blocks(limits))
		limits->segment_blocks = max(limits->segment_blocks / 2, start_blocks(limits));
	limits->caution = XCOPY_LIMITS_CAUTION;
	set_growing(limits);
}

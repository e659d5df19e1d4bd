// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sizes and depth of commands after any sequence of answers: within their limits, never
 * nothing, and never again what was refused.
 */
#include <linux/types.h>

#include "fuzz.h"
#include "limits.h"
#include "tuner.h"

static void check_limits(const struct xcopy_limits *limits, uint32_t hard_blocks,
			 uint32_t hard_segments)
{
	must(limits->segment_blocks >= 1 && limits->segment_blocks <= hard_blocks);
	must(limits->segments >= 1 && limits->segments <= hard_segments);
	must(xcopy_limits_blocks(limits) >= 1);
	must(xcopy_limits_blocks(limits) <= limits->max_command_blocks);
}

static uint32_t segments_of(const struct xcopy_limits *limits, uint64_t blocks)
{
	return (blocks + limits->segment_blocks - 1) / limits->segment_blocks;
}

/* An answer to the next command, or to one that was sent before something else was learned. */
static void answer(struct xcopy_limits *limits, struct input *input)
{
	uint64_t blocks = xcopy_limits_blocks(limits);
	uint32_t segments = segments_of(limits, blocks);

	switch (take(input, 1) % 8) {
	case 0:
		if (xcopy_limits_too_big(limits, blocks, segments))
			must(xcopy_limits_blocks(limits) < blocks);
		else
			must(blocks == 1);
		break;
	case 1:
		blocks = 1 + take(input, 4);
		xcopy_limits_too_big(limits, blocks, 1 + take(input, 1));
		break;
	case 2:
		xcopy_limits_slow(limits, blocks);
		break;
	case 3:
		xcopy_limits_slow(limits, take(input, 4));
		break;
	case 4:
		xcopy_limits_minimum(limits);
		break;
	case 5:
		xcopy_limits_done(limits, take(input, 4));
		break;
	default:
		xcopy_limits_done(limits, blocks);
	}
}

static void check_tuner(struct input *input)
{
	uint32_t cap = 1 + take(input, 1) % XCOPY_TUNER_MAX_DEPTH;
	struct xcopy_tuner tuner;
	uint64_t now = 0;

	xcopy_tuner_init(&tuner, cap);
	while (input->size) {
		uint8_t step = take(input, 1);

		if (step == 0xff)
			xcopy_tuner_restart(&tuner);
		if (step == 0xfe)
			xcopy_tuner_cap(&tuner, cap = 1 + take(input, 1) % XCOPY_TUNER_MAX_DEPTH);
		now += take(input, 2);
		xcopy_tuner_done(&tuner, take(input, step % 9), now);
		must(tuner.depth >= 1 && tuner.depth <= cap);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	uint32_t hard_blocks = 1 + take(&input, 2), hard_segments = 1 + take(&input, 1);
	uint32_t hint_blocks = take(&input, 4), hint_segments = take(&input, 4);
	size_t answers = take(&input, 1);
	struct xcopy_limits limits;

	xcopy_limits_init(&limits, hard_blocks, hard_segments, hint_blocks, hint_segments,
			  take(&input, 8));
	check_limits(&limits, hard_blocks, hard_segments);
	for (; answers && input.size; answers--) {
		answer(&limits, &input);
		check_limits(&limits, hard_blocks, hard_segments);
	}
	check_tuner(&input);
	return 0;
}

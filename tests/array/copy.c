// SPDX-License-Identifier: GPL-2.0-only
/*
 * EXTENDED COPY(LID1) and RECEIVE COPY OPERATING PARAMETERS, see array.h: what is done, and what is
 * said to be.
 */
#include <stdlib.h>
#include <string.h>

#include "array.h"

#define OPERATING_PARAMETERS	0x03U
#define FIXED_DEFERRED		0x71U

/* ---- one copy, by a worker ---- */

/* By its own length, so that what lies before it stays as it was. */
static uint64_t elsewhere(const struct segment *segment)
{
	uint64_t behind = segment->to_at + segment->length;

	if (segment->length <= segment->to->room - behind)
		return behind;
	return segment->to_at < segment->length ? 0 : segment->to_at - segment->length;
}

static bool clone_segment(const struct knobs *knobs, const struct segment *segment)
{
	uint64_t at = knobs->lie == LIE_ELSEWHERE ? elsewhere(segment) : segment->to_at;

	bandwidth_wait(knobs, segment->length);
	if (knobs->lie == LIE_NOTHING)
		return true;
	if (!store_clone(segment->to, at, segment->from, segment->from_at, segment->length))
		return false;
	stat_add(STAT_COPIED_BYTES, segment->length);
	return true;
}

static void clone_segments(const struct knobs *knobs, struct copy *copy)
{
	unsigned int i;

	if (__atomic_load_n(&copy->command->answered, __ATOMIC_RELAXED))
		stat_add(STAT_LATE, 1);
	for (i = 0; i < copy->nr; i++) {
		if (!clone_segment(knobs, &copy->segments[i])) {
			set_sense(copy->command, DATA_PROTECT, 0x27, 0x07);
			return;
		}
	}
}

static void fail_command(struct command *command, const struct failure *failure)
{
	set_sense(command, failure->key, failure->asc, failure->ascq);
	if (failure->deferred)
		command->sense[0] = FIXED_DEFERRED;
	command->status = failure->status;
}

static void run(const struct knobs *knobs, struct copy *copy)
{
	struct failure failure;
	bool fails = failure_take(copy->number, &failure);

	if (!fails || failure.after)
		clone_segments(knobs, copy);
	if (fails)
		fail_command(copy->command, &failure);
}

static void run_powered(const struct knobs *knobs, struct copy *copy)
{
	if (power_take(copy->command->unit, copy->since)) {
		run(knobs, copy);
		power_give();
	} else {
		set_gone(copy->command);
	}
}

static void copy_run(void *context)
{
	const struct knobs knobs = knobs_get();
	struct copy *copy = context;

	stat_max(STAT_MAX_RUNNING, stat_add(STAT_RUNNING, 1));
	hold_wait(&knobs);
	run_powered(&knobs, copy);
	stat_add(STAT_RUNNING, -1);
	if (copy->command->status == GOOD)
		stat_add(STAT_COPIES_GOOD, 1);
	command_end(copy->command);
	free(copy);
}

/* ---- the command ---- */

static void note_segments(const struct copy *copy)
{
	unsigned int i;

	stat_add(STAT_SEGMENTS, copy->nr);
	stat_max(STAT_MAX_SEGMENTS, copy->nr);
	for (i = 0; i < copy->nr; i++)
		stat_max(STAT_MAX_SEGMENT_BYTES, copy->segments[i].length);
}

void extended_copy(struct command *command)
{
	const struct knobs knobs = knobs_get();
	uint64_t number = stat_add(STAT_COPIES, 1);
	unsigned int since = power_since();
	struct copy *copy = copy_parse(command, &knobs);

	if (!copy) {
		command_end(command);
		return;
	}
	copy->number = number;
	copy->since = since;
	note_segments(copy);
	work(copy_run, copy);
}

/* ---- what it says of copies ---- */

static void operating_parameters(struct command *command)
{
	const struct knobs knobs = knobs_get();
	uint8_t data[46] = { 0 };

	put_be(data, sizeof(data) - 4, 4);
	put_be(data + 8, knobs.targets, 2);
	put_be(data + 10, knobs.segments, 2);
	put_be(data + 12, knobs.list_bytes, 4);
	put_be(data + 16, knobs.segment_bytes, 4);
	put_be(data + 34, knobs.concurrent, 2);
	data[36] = (uint8_t)knobs.concurrent;
	data[37] = (uint8_t)knobs.granularity;
	data[43] = 2;
	data[44] = SEGMENT_BLOCKS;
	data[45] = TARGET_NAA;
	give(command, data, sizeof(data), get_be(command->cdb + 10, 4));
}

void receive_copy_results(struct command *command)
{
	struct failure failure;

	if (failure_take_query(&failure))
		fail_command(command, &failure);
	else if (!knobs_get().operating_parameters)
		set_sense(command, ILLEGAL_REQUEST, 0x20, 0x00);
	else if ((command->cdb[1] & 0x1f) != OPERATING_PARAMETERS)
		set_sense(command, ILLEGAL_REQUEST, 0x24, 0x00);
	else
		operating_parameters(command);
}

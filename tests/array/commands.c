// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands that are executed at once, and the table of all, see array.h; SBC-3 and SPC-4.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "array.h"

#define FIXED_CURRENT	0x70U

/* ---- answers ---- */

void set_sense(struct command *command, uint8_t key, uint8_t asc, uint8_t ascq)
{
	command->status = CHECK_CONDITION;
	memset(command->sense, 0, sizeof(command->sense));
	command->sense[0] = FIXED_CURRENT;
	command->sense[2] = key;
	command->sense[7] = SENSE_SIZE - 8;
	command->sense[12] = asc;
	command->sense[13] = ascq;
}

static void invalid_field(struct command *command)
{
	set_sense(command, ILLEGAL_REQUEST, 0x24, 0x00);
}

static void length_error(struct command *command)
{
	set_sense(command, ILLEGAL_REQUEST, 0x1a, 0x00);
}

/* The buffer's tail holds what the last command left there. */
void give(struct command *command, const void *data, size_t length, size_t room)
{
	const uint8_t *from = data;
	size_t part;
	unsigned int i;

	if (length > room)
		length = room;
	if (length > command->length)
		length = command->length;
	command->read_length = length;
	for (i = 0; i < command->nr; i++, length -= part, from += part) {
		part = length < command->data[i].length ? length : command->data[i].length;
		memcpy(command->data[i].at, from, part);
		memset((uint8_t *)command->data[i].at + part, 0, command->data[i].length - part);
	}
}

bool take(const struct command *command, size_t at, void *data, size_t length)
{
	uint8_t *to = data;
	size_t part;
	unsigned int i;

	for (i = 0; i < command->nr && length; i++) {
		if (at >= command->data[i].length) {
			at -= command->data[i].length;
			continue;
		}
		part = command->data[i].length - at;
		part = length < part ? length : part;
		memcpy(to, (uint8_t *)command->data[i].at + at, part);
		to += part;
		length -= part;
		at = 0;
	}
	return !length;
}

/* ---- ranges ---- */

struct range {
	uint64_t at;
	uint64_t length;
};

/* Where a CDB has its LOGICAL BLOCK ADDRESS and its length, by its group. */
static void cdb_range(const uint8_t *cdb, uint64_t *lba, uint64_t *blocks)
{
	switch (cdb[0] >> 5) {
	case 0:
		*lba = get_be(cdb + 1, 3) & 0x1fffff;
		*blocks = cdb[4] ? cdb[4] : 256;
		break;
	case 4:
		*lba = get_be(cdb + 2, 8);
		*blocks = get_be(cdb + 10, 4);
		break;
	case 5:
		*lba = get_be(cdb + 2, 4);
		*blocks = get_be(cdb + 6, 4);
		break;
	default:
		*lba = get_be(cdb + 2, 4);
		*blocks = get_be(cdb + 7, 2);
		break;
	}
}

/* In bytes; false: it has its sense. */
static bool to_bytes(struct command *command, uint64_t lba, uint64_t blocks, struct range *range)
{
	const struct unit *unit = command->unit;
	uint64_t capacity = unit_size(unit) / unit->block;

	if (lba > capacity || blocks > capacity - lba) {
		set_sense(command, ILLEGAL_REQUEST, 0x21, 0x00);
		return false;
	}
	range->at = lba * unit->block;
	range->length = blocks * unit->block;
	return true;
}

static bool get_range(struct command *command, struct range *range)
{
	uint64_t lba, blocks;

	cdb_range(command->cdb, &lba, &blocks);
	return to_bytes(command, lba, blocks, range);
}

/* ---- data ---- */

static void no_space(struct command *command)
{
	set_sense(command, DATA_PROTECT, 0x27, 0x07);
}

/* The range, if the buffer is of its length. */
static bool get_transfer(struct command *command, struct range *range)
{
	if (!get_range(command, range))
		return false;
	if (range->length == command->length)
		return true;
	invalid_field(command);
	return false;
}

static void read_blocks(struct command *command)
{
	struct range range;
	unsigned int i;

	if (!get_transfer(command, &range))
		return;
	for (i = 0; i < command->nr; range.at += command->data[i].length, i++)
		store_read(command->unit, range.at, command->data[i].at, command->data[i].length);
	stat_add(STAT_READ_BYTES, range.length);
}

static void write_blocks(struct command *command)
{
	struct range range;
	unsigned int i;

	if (!get_transfer(command, &range))
		return;
	stat_add(STAT_WRITTEN_BYTES, range.length);
	for (i = 0; i < command->nr; range.at += command->data[i].length, i++) {
		if (!store_write(command->unit, range.at, command->data[i].at,
				 command->data[i].length)) {
			no_space(command);
			return;
		}
	}
}

static void unmap_range(struct command *command, const struct range *range)
{
	store_zero(command->unit, range->at, range->length);
	stat_add(STAT_UNMAPPED_BYTES, range->length);
}

#define UNMAP_HEADER		8U
#define UNMAP_DESCRIPTOR	16U

static void unmap_descriptor(struct command *command, size_t at)
{
	uint8_t descriptor[UNMAP_DESCRIPTOR];
	struct range range;

	if (!take(command, at, descriptor, sizeof(descriptor)))
		length_error(command);
	else if (to_bytes(command, get_be(descriptor, 8), get_be(descriptor + 8, 4), &range))
		unmap_range(command, &range);
}

static void unmap(struct command *command)
{
	size_t length = get_be(command->cdb + 7, 2), at, end;
	uint8_t header[UNMAP_HEADER];

	if (!length)
		return;
	if (length < UNMAP_HEADER || !take(command, 0, header, sizeof(header))) {
		length_error(command);
		return;
	}
	end = UNMAP_HEADER + get_be(header + 2, 2);
	if (end > length)
		end = length;
	for (at = UNMAP_HEADER; at + UNMAP_DESCRIPTOR <= end; at += UNMAP_DESCRIPTOR)
		if (command->status == GOOD)
			unmap_descriptor(command, at);
}

#define SAME_NDOB	0x01U
#define SAME_UNMAP	0x08U
#define SAME_ANCHOR	0x10U

static void write_pattern(struct command *command, const struct range *range)
{
	uint32_t block = command->unit->block, done = 0;
	uint8_t pattern[4096];

	if (!take(command, 0, pattern, block)) {
		invalid_field(command);
		return;
	}
	stat_add(STAT_WRITTEN_BYTES, range->length);
	for (; done < range->length; done += block) {
		if (!store_write(command->unit, range->at + done, pattern, block)) {
			no_space(command);
			return;
		}
	}
}

/* Of what unmaps, the data is zeros: it says that it is what unmapped blocks read as. */
static void write_same(struct command *command)
{
	bool no_data = command->cdb[0] == 0x93 && command->cdb[1] & SAME_NDOB;
	struct range range;

	if (!get_range(command, &range))
		return;
	if (!range.length || range.length > MAX_WRITE_SAME || command->cdb[1] & SAME_ANCHOR)
		invalid_field(command);
	else if (no_data || command->cdb[1] & SAME_UNMAP)
		unmap_range(command, &range);
	else
		write_pattern(command, &range);
}

/* ---- the rest ---- */

static void synchronize_cache(struct command *command)
{
	store_flush(command->unit);
}

/* Units are ready. */
static void nothing_to_do(struct command *command)
{
	(void)command;
}

static void request_sense(struct command *command)
{
	const uint8_t none[SENSE_SIZE] = { FIXED_CURRENT, [7] = SENSE_SIZE - 8 };

	give(command, none, sizeof(none), command->cdb[4]);
}

#define REPORT_LUNS_SIZE	16U

/* LUN 0: where there is one that knows of more, it does not ask here. */
static void report_luns(struct command *command)
{
	const uint8_t luns[REPORT_LUNS_SIZE] = { [3] = 8 };

	give(command, luns, sizeof(luns), get_be(command->cdb + 6, 4));
}

static void service_action_in(struct command *command)
{
	if ((command->cdb[1] & 0x1f) == 0x10)
		read_capacity_16(command);
	else
		invalid_field(command);
}

static const struct {
	uint8_t code;
	void (*execute)(struct command *command);
} commands[] = {
	{ 0x00, nothing_to_do },	/* TEST UNIT READY */
	{ 0x03, request_sense },
	{ 0x08, read_blocks },		/* READ(6) */
	{ 0x0a, write_blocks },		/* WRITE(6) */
	{ 0x12, inquiry },
	{ 0x1a, mode_sense },		/* MODE SENSE(6) */
	{ 0x1b, nothing_to_do },	/* START STOP UNIT */
	{ 0x25, read_capacity_10 },
	{ 0x28, read_blocks },		/* READ(10) */
	{ 0x2a, write_blocks },		/* WRITE(10) */
	{ 0x35, synchronize_cache },	/* SYNCHRONIZE CACHE(10) */
	{ 0x41, write_same },		/* WRITE SAME(10) */
	{ 0x42, unmap },
	{ 0x5a, mode_sense },		/* MODE SENSE(10) */
	{ 0x84, receive_copy_results },
	{ 0x88, read_blocks },		/* READ(16) */
	{ 0x8a, write_blocks },		/* WRITE(16) */
	{ 0x91, synchronize_cache },	/* SYNCHRONIZE CACHE(16) */
	{ 0x93, write_same },		/* WRITE SAME(16) */
	{ 0x9e, service_action_in },
	{ 0xa0, report_luns },
	{ 0xa8, read_blocks },		/* READ(12) */
	{ 0xaa, write_blocks },		/* WRITE(12) */
};

void set_gone(struct command *command)
{
	set_sense(command, ILLEGAL_REQUEST, 0x25, 0x00);
}

/* What is answered for a unit that is not there, too. */
static bool needs_unit(const struct command *command)
{
	switch (command->cdb[0]) {
	case 0x03: /* REQUEST SENSE */
	case 0x12: /* INQUIRY */
	case 0xa0: /* REPORT LUNS */
		return false;
	default:
		return true;
	}
}

static bool writes(const struct command *command)
{
	switch (command->cdb[0]) {
	case 0x0a: /* WRITE(6), (10), (12), (16) */
	case 0x2a:
	case 0x8a:
	case 0xaa:
	case 0x41: /* WRITE SAME(10), (16) */
	case 0x93:
	case 0x42: /* UNMAP */
	case 0x83: /* EXTENDED COPY */
		return true;
	default:
		return false;
	}
}

/* False: it has its sense. */
static bool admitted(struct command *command)
{
	if (unit_state(command->unit) != UNIT_PROTECTED || !writes(command))
		return true;
	set_sense(command, DATA_PROTECT, 0x27, 0x00);
	return false;
}

/* SPC-2 5.5.1 and SPC-4 5.13.1: what another host's reservation leaves. */
static bool conflicts(const struct command *command)
{
	enum unit_state state = unit_state(command->unit);

	if (!needs_unit(command))
		return false;
	switch (command->cdb[0]) {
	case 0x00: /* TEST UNIT READY */
	case 0x25: /* READ CAPACITY(10) */
	case 0x9e: /* READ CAPACITY(16) */
		return state == UNIT_RESERVED;
	default:
		return state == UNIT_RESERVED || state == UNIT_EXCLUSIVE;
	}
}

static void execute(struct command *command)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (commands[i].code == command->cdb[0]) {
			commands[i].execute(command);
			return;
		}
	}
	set_sense(command, ILLEGAL_REQUEST, 0x20, 0x00);
}

static void execute_powered(struct command *command)
{
	if (!power_take(command->unit, power_since())) {
		set_gone(command);
		return;
	}
	if (admitted(command))
		execute(command);
	power_give();
}

/* Ends the command by itself, maybe later, and takes the power when it is begun. */
static void begin_copy(struct command *command)
{
	if (unit_state(command->unit) == UNIT_GONE)
		set_gone(command);
	if (command->status == GOOD && admitted(command))
		extended_copy(command);
	else
		command_end(command);
}

/* By a worker, so that the path goes on. */
static void wait_for_voice(void *context)
{
	const struct timespec moment = { .tv_nsec = 50000000 };
	struct command *command = context;

	while (unit_state(command->unit) == UNIT_MUTE)
		nanosleep(&moment, NULL);
	if (unit_state(command->unit) == UNIT_GONE)
		set_gone(command);
	command_end(command);
}

void command_execute(struct command *command)
{
	if (conflicts(command)) {
		command->status = RESERVED;
		command_end(command);
		return;
	}
	if (command->cdb[0] == 0x83) {
		begin_copy(command);
		return;
	}
	if (command->cdb[0] == 0x00 && unit_state(command->unit) == UNIT_MUTE) {
		work(wait_for_voice, command);
		return;
	}
	if (needs_unit(command))
		execute_powered(command);
	else
		execute(command);
	command_end(command);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The parameter list of EXTENDED COPY(LID1), see array.h; SPC-3 6.3.  Nothing is begun before all
 * of it is right.
 */
#include <stdlib.h>
#include <string.h>

#include "array.h"

#define MAX_LIST	65536U
#define ANY_USAGE	4U
#define MAX_TARGETS	16U

/**
 * struct list - a parameter list
 * @command: whose it is, and who gets the sense
 * @knobs: what is taken
 * @bytes: of it
 * @targets: target descriptors, bytes
 * @segments: segment descriptors, bytes
 * @units: the targets' units, by index; NULL: none of this array
 */
struct list {
	struct command *command;
	const struct knobs *knobs;
	uint8_t *bytes;
	size_t targets;
	size_t segments;
	struct unit *units[MAX_TARGETS];
};

static bool refuse(struct list *list, uint8_t asc, uint8_t ascq)
{
	set_sense(list->command, ILLEGAL_REQUEST, asc, ascq);
	return false;
}

static bool too_much(struct list *list)
{
	return refuse(list, (uint8_t)(list->knobs->refusal >> 8), (uint8_t)list->knobs->refusal);
}

/* ---- header ---- */

static bool check_usage(struct list *list)
{
	uint8_t usage = list->bytes[1] >> 3 & 3;

	if (list->knobs->list_id_usage != ANY_USAGE && list->knobs->list_id_usage != usage)
		return refuse(list, 0x26, 0x00);
	/* None is kept: there is nothing to be identified. */
	return usage != 3 || !list->bytes[0] || refuse(list, 0x26, 0x00);
}

/* Of @length bytes. Inline data is for segments of other types. */
static bool check_header(struct list *list, size_t length)
{
	uint64_t inline_data = get_be(list->bytes + 12, 4);

	list->targets = get_be(list->bytes + 2, 2);
	list->segments = get_be(list->bytes + 8, 4);
	if (LIST_HEADER + list->targets + list->segments + inline_data > length)
		return refuse(list, 0x1a, 0x00);
	if (inline_data)
		return refuse(list, 0x26, 0x0b);
	if (list->targets % TARGET_SIZE || list->segments % SEGMENT_SIZE)
		return refuse(list, 0x26, 0x00);
	if (list->targets / TARGET_SIZE > MAX_TARGETS ||
	    list->targets / TARGET_SIZE > list->knobs->targets)
		return refuse(list, 0x26, 0x06);
	if (list->segments / SEGMENT_SIZE > list->knobs->take_segments)
		return too_much(list);
	if (list->targets + list->segments > list->knobs->list_bytes)
		return refuse(list, 0x1a, 0x00);
	return check_usage(list);
}

/* ---- targets ---- */

/* A unit of this array that has this name, association 0, and that hosts have. */
static struct unit *named(const uint8_t *target)
{
	struct designator designator = {
		.code_set = target[4] & 0x0f, .type = target[5] & 0x3f, .length = target[7],
	};
	enum designator_kind kind;
	struct unit *unit;

	if (designator.length > DESIGNATOR_SIZE)
		return NULL;
	memcpy(designator.bytes, target + 8, DESIGNATOR_SIZE);
	unit = unit_by_designator(&designator, &kind);
	if (!unit || unit_state(unit) == UNIT_GONE)
		return NULL;
	stat_add(STAT_BY_T10 + kind, 1);
	return unit;
}

static bool check_target(struct list *list, const uint8_t *target, struct unit **unit)
{
	if (target[0] != TARGET_NAA || target[1] & 0x1f)
		return refuse(list, 0x26, 0x07);
	/* NUL, which makes it name no unit, and relative initiator ports. */
	if (target[1] & 0x20 || get_be(target + 2, 2))
		return refuse(list, 0x26, 0x00);
	*unit = named(target);
	if (*unit && get_be(target + 29, 3) != (*unit)->block)
		return refuse(list, 0x26, 0x00);
	return true;
}

static bool check_targets(struct list *list)
{
	const uint8_t *target = list->bytes + LIST_HEADER;
	size_t i;

	for (i = 0; i < list->targets / TARGET_SIZE; i++, target += TARGET_SIZE)
		if (!check_target(list, target, &list->units[i]))
			return false;
	return true;
}

/* ---- segments ---- */

static bool find_unit(struct list *list, size_t index, struct unit **unit)
{
	if (index >= list->targets / TARGET_SIZE)
		return refuse(list, 0x26, 0x00);
	*unit = list->units[index];
	if (*unit)
		return true;
	set_sense(list->command, COPY_ABORTED, 0x0d, 0x02);
	return false;
}

static bool inside(const struct unit *unit, uint64_t lba, uint64_t bytes)
{
	uint64_t size = unit_size(unit);

	return lba <= size / unit->block && bytes <= size - lba * unit->block;
}

/* The number of blocks is counted in those of the source, or with DC of the destination. */
static bool check_range(struct list *list, const uint8_t *descriptor, struct segment *segment)
{
	uint64_t from = get_be(descriptor + 12, 8), to = get_be(descriptor + 20, 8);
	const struct unit *counts = descriptor[1] & 0x02 ? segment->to : segment->from;

	segment->length = get_be(descriptor + 10, 2) * counts->block;
	if (list->knobs->take_segment_bytes && segment->length > list->knobs->take_segment_bytes)
		return too_much(list);
	if (segment->length % segment->from->block || segment->length % segment->to->block)
		return refuse(list, 0x26, 0x0a);
	if (segment->length & ((1ULL << (list->knobs->granularity & 31)) - 1))
		return refuse(list, 0x26, 0x0d);
	if (!inside(segment->from, from, segment->length) ||
	    !inside(segment->to, to, segment->length))
		return refuse(list, 0x21, 0x00);
	segment->from_at = from * segment->from->block;
	segment->to_at = to * segment->to->block;
	return true;
}

static bool check_segment(struct list *list, const uint8_t *descriptor, struct segment *segment)
{
	if (descriptor[0] != SEGMENT_BLOCKS)
		return refuse(list, 0x26, 0x09);
	if (get_be(descriptor + 2, 2) != SEGMENT_SIZE - 4)
		return refuse(list, 0x26, 0x00);
	return find_unit(list, get_be(descriptor + 4, 2), &segment->from) &&
	       find_unit(list, get_be(descriptor + 6, 2), &segment->to) &&
	       check_range(list, descriptor, segment);
}

static bool check_segments(struct list *list, struct copy *copy)
{
	const uint8_t *descriptors = list->bytes + LIST_HEADER + list->targets;
	unsigned int i;

	for (i = 0; i < copy->nr; i++)
		if (!check_segment(list, descriptors + i * SEGMENT_SIZE, &copy->segments[i]))
			return false;
	return true;
}

static struct copy *make_copy(struct list *list)
{
	size_t nr = list->segments / SEGMENT_SIZE;
	struct copy *copy = calloc(1, sizeof(*copy) + nr * sizeof(copy->segments[0]));

	if (!copy)
		abort();
	copy->command = list->command;
	copy->nr = nr;
	if (check_segments(list, copy))
		return copy;
	free(copy);
	return NULL;
}

static struct copy *parse(struct list *list, size_t length)
{
	if (!take(list->command, 0, list->bytes, length)) {
		refuse(list, 0x1a, 0x00);
		return NULL;
	}
	if (!check_header(list, length) || !check_targets(list))
		return NULL;
	return make_copy(list);
}

struct copy *copy_parse(struct command *command, const struct knobs *knobs)
{
	size_t length = get_be(command->cdb + 10, 4);
	struct list list = { .command = command, .knobs = knobs };
	struct copy *copy;

	if (command->cdb[1] & 0x1f) {
		refuse(&list, 0x24, 0x00);
		return NULL;
	}
	if (!length)
		return NULL;
	if (length < LIST_HEADER || length > MAX_LIST) {
		refuse(&list, 0x1a, 0x00);
		return NULL;
	}
	list.bytes = malloc(length);
	if (!list.bytes)
		abort();
	copy = parse(&list, length);
	free(list.bytes);
	return copy;
}

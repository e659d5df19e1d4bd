// SPDX-License-Identifier: GPL-2.0-only
/*
 * SCSI EXTENDED COPY(LID1), see scsi-command.h.
 */
#include <linux/kernel.h>
#include <linux/string.h>

#include "scsi-command.h"

/* RECEIVE COPY OPERATING PARAMETERS, a service action of RECEIVE COPY RESULTS. */
#define OPERATING_PARAMETERS	0x03U

#define TARGET_IDENTIFICATION	0xe4U
#define SEGMENT_BLOCK_TO_BLOCK	0x02U
/* The destination's length is counted in its own blocks: the same here. */
#define SEGMENT_DC		0x02U

#define DESIGNATOR_T10		1U
#define DESIGNATOR_EUI64	2U
#define DESIGNATOR_NAA		3U
#define DESIGNATOR_NAME		8U

#define CODE_SET_BINARY		1U

static __u32 get_be(const __u8 *from, unsigned int bytes)
{
	__u32 value = 0;

	for (; bytes; bytes--)
		value = value << 8 | *from++;
	return value;
}

static void put_be(__u8 *to, __u64 value, unsigned int bytes)
{
	for (; bytes; bytes--, value >>= 8)
		to[bytes - 1] = (__u8)value;
}

/* ---- who a logical unit is ---- */

/* A walk over the designators of a page, which may say anything of its lengths. */
struct designators {
	const __u8 *at;
	size_t left;
};

static struct designators all_designators(const __u8 *page, size_t length)
{
	struct designators all = { };
	size_t says;

	if (length < 4 || page[1] != XCOPY_SCSI_VPD_IDENTIFICATION)
		return all;
	says = get_be(page + 2, 2);
	all.at = page + 4;
	all.left = says < length - 4 ? says : length - 4;
	return all;
}

static bool usable(const __u8 *designator)
{
	/* Association 0: the logical unit, not its port or target. */
	return !(designator[1] & 0x30) && designator[3] &&
	       designator[3] <= XCOPY_SCSI_DESIGNATOR_SIZE;
}

static void set_identity(struct xcopy_scsi_identity *identity, __u8 code_set, __u8 type,
			 const __u8 *bytes, __u8 length)
{
	*identity = (struct xcopy_scsi_identity){
		.code_set = code_set, .type = type, .length = length,
	};
	memcpy(identity->designator, bytes, length);
}

/* The next designator that can name the unit in a target descriptor. */
static bool next_identity(struct designators *rest, struct xcopy_scsi_identity *identity)
{
	const __u8 *at;
	size_t size;

	while (rest->left >= 4 && rest->left >= 4U + rest->at[3]) {
		at = rest->at;
		size = 4U + at[3];
		rest->at += size;
		rest->left -= size;
		if (!usable(at))
			continue;
		set_identity(identity, at[0] & 0x0f, at[1] & 0x0f, at + 4, at[3]);
		return true;
	}
	return false;
}

/* Larger is better, 0 is of no use. */
static unsigned int preference(const struct xcopy_scsi_identity *identity)
{
	switch (identity->type) {
	case DESIGNATOR_NAA:
		return 4000U + identity->length;
	case DESIGNATOR_EUI64:
		return 3000U + identity->length;
	case DESIGNATOR_NAME:
		return 2000U + identity->length;
	case DESIGNATOR_T10:
		return 1000U + identity->length;
	default:
		return 0;
	}
}

bool xcopy_scsi_identify(const __u8 *page, size_t length, struct xcopy_scsi_identity *identity)
{
	struct designators rest = all_designators(page, length);
	struct xcopy_scsi_identity next;
	unsigned int best = 0;

	while (next_identity(&rest, &next)) {
		if (preference(&next) <= best)
			continue;
		best = preference(&next);
		*identity = next;
	}
	return best;
}

bool xcopy_scsi_same_identity(const struct xcopy_scsi_identity *a,
			      const struct xcopy_scsi_identity *b)
{
	return a->type == b->type && a->length == b->length &&
	       !memcmp(a->designator, b->designator, a->length);
}

bool xcopy_scsi_has_identity(const __u8 *page, size_t length,
			     const struct xcopy_scsi_identity *identity)
{
	struct designators rest = all_designators(page, length);
	struct xcopy_scsi_identity next;

	while (next_identity(&rest, &next))
		if (xcopy_scsi_same_identity(&next, identity))
			return true;
	return false;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Return: bytes; 0 if @text is no even number of digits, or has too many. */
static __u8 parse_hex(const char *text, __u8 *bytes)
{
	unsigned int length;
	int high, low;

	for (length = 0; *text; length++, text += 2) {
		high = hex_digit(text[0]);
		low = high < 0 ? -1 : hex_digit(text[1]);
		if (low < 0 || length == XCOPY_SCSI_DESIGNATOR_SIZE)
			return 0;
		bytes[length] = (__u8)(high << 4 | low);
	}
	return (__u8)length;
}

bool xcopy_scsi_wwid(const char *uuid, struct xcopy_scsi_identity *identity)
{
	static const char prefix[] = "mpath-";
	__u8 bytes[XCOPY_SCSI_DESIGNATOR_SIZE], length;
	char kind;

	if (strncmp(uuid, prefix, sizeof(prefix) - 1))
		return false;
	kind = uuid[sizeof(prefix) - 1];
	if (kind != '3' && kind != '2')
		return false;
	length = parse_hex(uuid + sizeof(prefix), bytes);
	/* NAA designators have 8 or 16 bytes, EUI-64 ones 8, 12 or 16. */
	if (length != 8 && length != 16 && (kind == '3' || length != 12))
		return false;
	set_identity(identity, CODE_SET_BINARY, kind == '3' ? DESIGNATOR_NAA : DESIGNATOR_EUI64,
		     bytes, length);
	return true;
}

/* ---- the command ---- */

static void put_target(__u8 *target, const struct xcopy_scsi_identity *identity, __u32 block_size)
{
	target[0] = TARGET_IDENTIFICATION;
	target[4] = identity->code_set;
	target[5] = identity->type;
	target[7] = identity->length;
	memcpy(target + 8, identity->designator, identity->length);
	put_be(target + 29, block_size, 3);
}

static void put_segment(__u8 *segment, __u64 source, __u64 destination, __u32 blocks)
{
	segment[0] = SEGMENT_BLOCK_TO_BLOCK;
	segment[1] = SEGMENT_DC;
	put_be(segment + 2, XCOPY_SCSI_SEGMENT_SIZE - 4, 2);
	put_be(segment + 4, 0, 2);
	put_be(segment + 6, 1, 2);
	put_be(segment + 10, blocks, 2);
	put_be(segment + 12, source, 8);
	put_be(segment + 20, destination, 8);
}

static __u32 put_segments(const struct xcopy_scsi_copy *copy, __u8 *segments)
{
	__u64 done = 0;
	__u32 nr, blocks;

	for (nr = 0; done < copy->blocks; nr++, done += blocks) {
		blocks = copy->segment_blocks;
		if (copy->blocks - done < blocks)
			blocks = (__u32)(copy->blocks - done);
		put_segment(segments + nr * XCOPY_SCSI_SEGMENT_SIZE, copy->source_block + done,
			    copy->destination_block + done, blocks);
	}
	return nr;
}

/* The two target descriptors stand even where both are one unit: what every copy manager knows. */
static __u32 put_list(const struct xcopy_scsi_copy *copy, __u8 *list)
{
	__u8 *targets = list + XCOPY_SCSI_HEADER_SIZE;
	__u8 *segments = targets + XCOPY_SCSI_TARGETS * XCOPY_SCSI_TARGET_SIZE;
	__u32 length;

	put_target(targets, copy->source, copy->block_size);
	put_target(targets + XCOPY_SCSI_TARGET_SIZE, copy->destination, copy->block_size);
	length = put_segments(copy, segments) * XCOPY_SCSI_SEGMENT_SIZE;
	if (copy->list_id_usage != XCOPY_SCSI_LIST_ID_NONE)
		list[0] = copy->list_id;
	list[1] = (__u8)(copy->list_id_usage << 3);
	put_be(list + 2, XCOPY_SCSI_TARGETS * XCOPY_SCSI_TARGET_SIZE, 2);
	put_be(list + 8, length, 4);
	return (__u32)(segments - list) + length;
}

static bool can_say(const struct xcopy_scsi_copy *copy)
{
	return copy->blocks && copy->segment_blocks && copy->block_size &&
	       copy->block_size < 1U << 24 && copy->list_id_usage <= XCOPY_SCSI_LIST_ID_NONE &&
	       copy->segment_blocks <= XCOPY_SCSI_SEGMENT_BLOCKS &&
	       copy->blocks <= (__u64)copy->segment_blocks * XCOPY_SCSI_SEGMENTS;
}

__u32 xcopy_scsi_build(const struct xcopy_scsi_copy *copy, __u8 *cdb, __u8 *payload)
{
	__u32 length;

	if (!can_say(copy))
		return 0;
	memset(payload, 0, XCOPY_SCSI_PAYLOAD_SIZE);
	length = put_list(copy, payload);
	memset(cdb, 0, XCOPY_SCSI_CDB_SIZE);
	cdb[0] = XCOPY_SCSI_EXTENDED_COPY;
	put_be(cdb + 10, length, 4);
	return length;
}

/* ---- what a copy manager says of itself ---- */

void xcopy_scsi_ask_limits(__u8 *cdb, __u32 length)
{
	memset(cdb, 0, XCOPY_SCSI_CDB_SIZE);
	cdb[0] = XCOPY_SCSI_RECEIVE_COPY;
	cdb[1] = OPERATING_PARAMETERS;
	put_be(cdb + 10, length, 4);
}

static bool has_type(const __u8 *types, size_t nr, __u8 type)
{
	return memchr(types, type, nr);
}

/* The list of descriptor types, where there is one: some leave it out. */
static const char *check_types(const __u8 *data, size_t length)
{
	size_t nr;

	if (length < 44 || !data[43])
		return NULL;
	nr = data[43] < length - 44 ? data[43] : length - 44;
	if (!has_type(data + 44, nr, SEGMENT_BLOCK_TO_BLOCK))
		return "no-block-to-block-copy";
	if (!has_type(data + 44, nr, TARGET_IDENTIFICATION))
		return "no-identification-targets";
	return NULL;
}

const char *xcopy_scsi_parse_parameters(const __u8 *data, size_t length,
					struct xcopy_scsi_limits *limits)
{
	__u32 says;

	*limits = (struct xcopy_scsi_limits){ .granularity = 1 };
	if (length < 40)
		return "operating-parameters-short";
	says = get_be(data, 4);
	if (says < length - 4)
		length = says + 4;
	if (length < 40)
		return "operating-parameters-short";
	if (get_be(data + 8, 2) && get_be(data + 8, 2) < XCOPY_SCSI_TARGETS)
		return "too-few-targets";
	limits->segments = get_be(data + 10, 2);
	limits->list_bytes = get_be(data + 12, 4);
	limits->segment_bytes = get_be(data + 16, 4);
	limits->concurrent = data[36];
	if (data[37] > 31)
		return "granularity";
	limits->granularity = 1U << data[37];
	return check_types(data, length);
}

/* Descriptor types, and their lengths with the header. */
#define PARAMETER_DATA		0x0004U
#define PARAMETER_DATA_SIZE	32U
#define GENERAL_COPY		0x8001U
#define GENERAL_COPY_SIZE	36U

static bool take_descriptor(const __u8 *descriptor, size_t size, struct xcopy_scsi_limits *limits)
{
	__u32 type = get_be(descriptor, 2);

	if (type == PARAMETER_DATA && size >= PARAMETER_DATA_SIZE) {
		limits->segments = get_be(descriptor + 10, 2);
		limits->list_bytes = get_be(descriptor + 12, 4);
		return true;
	}
	if (type == GENERAL_COPY && size >= GENERAL_COPY_SIZE) {
		limits->concurrent = get_be(descriptor + 4, 4);
		limits->segment_bytes = get_be(descriptor + 12, 4);
		/* What is beyond these is refused as one of them is. */
		limits->granularity = 1U << (descriptor[16] < 31 ? descriptor[16] : 31);
		return true;
	}
	return false;
}

bool xcopy_scsi_parse_third_party(const __u8 *page, size_t length,
				  struct xcopy_scsi_limits *limits)
{
	struct xcopy_scsi_limits found = { .granularity = 1 };
	size_t says, at, size;
	bool any = false;

	if (length < 4 || page[1] != XCOPY_SCSI_VPD_THIRD_PARTY_COPY)
		return false;
	says = get_be(page + 2, 2);
	length = says < length - 4 ? says + 4 : length;
	for (at = 4; at + 4 <= length; at += size) {
		size = 4U + get_be(page + at + 2, 2);
		if (size > length - at)
			break;
		any |= take_descriptor(page + at, size, &found);
	}
	if (any)
		*limits = found;
	return any;
}

/* ---- what an answer means ---- */

struct status {
	__u8 status;
	__u8 outcome;
	const char *name;
};

/*
 * CHECK CONDITION is not here: its sense data tells. A task that was aborted was made to
 * stop by somebody, and what was under way may be under way still.
 */
static const struct status statuses[] = {
	{ 0x00, XCOPY_DONE, "good" },
	{ 0x04, XCOPY_RANGE, "condition-met" },
	{ 0x08, XCOPY_BUSY, "busy" },
	{ 0x18, XCOPY_RANGE, "reservation-conflict" },
	{ 0x28, XCOPY_BUSY, "task-set-full" },
	{ 0x30, XCOPY_BUSY, "aca-active" },
	{ 0x40, XCOPY_UNKNOWN, "task-aborted" },
};

#define CHECK_CONDITION	0x02U
#define UNIT_ATTENTION	0x06U
#define COPY_ABORTED	0x0aU
#define RESET_OCCURRED	0x29U

/* A row's code or qualifier that stands for all that have no row of their own. */
#define ANY	0x100U

struct sense_row {
	__u8 key;
	__u16 asc;
	__u16 ascq;
	__u8 outcome;
	const char *name;
};

/*
 * The first row that fits counts. A copy manager that answers has ended the command, by
 * the standard, partly done or not, and a partly done copy harms nobody: most errors
 * concern the range. ABORTED COMMAND is not believed but where the command cannot have been
 * begun: something made the device stop, and what was under way may be under way still. So it
 * may under any key where the answer comes from somebody who has lost touch with whoever
 * executes: a target whose backend did not answer in time (LIO says 02h/08h/00h then, and the
 * backend goes on), or a copy manager that has stopped waiting for a unit.
 * Nothing here is success: not even a recovered error, for what was recovered is not said.
 */
static const struct sense_row senses[] = {
	{ 0x0, 0x00, 0x16, XCOPY_UNKNOWN, "operation-in-progress" },
	{ 0x0, ANY, ANY, XCOPY_RANGE, "no-sense" },
	{ 0x1, ANY, ANY, XCOPY_RANGE, "recovered-error" },
	{ 0x2, 0x04, 0x0a, XCOPY_PATH, "asymmetric-access-state-transition" },
	{ 0x2, 0x04, 0x0b, XCOPY_PATH, "target-port-in-standby-state" },
	{ 0x2, 0x04, 0x0c, XCOPY_PATH, "target-port-in-unavailable-state" },
	{ 0x2, 0x05, ANY, XCOPY_UNKNOWN, "logical-unit-does-not-respond" },
	{ 0x2, 0x08, ANY, XCOPY_UNKNOWN, "logical-unit-communication-failure" },
	{ 0x2, 0x3a, ANY, XCOPY_RANGE, "medium-not-present" },
	{ 0x2, 0x3e, 0x01, XCOPY_UNKNOWN, "logical-unit-failure" },
	{ 0x2, 0x3e, 0x02, XCOPY_UNKNOWN, "timeout-on-logical-unit" },
	{ 0x2, 0x44, ANY, XCOPY_UNKNOWN, "internal-target-failure" },
	{ 0x2, ANY, ANY, XCOPY_BUSY, "not-ready" },
	{ 0x3, 0x0c, ANY, XCOPY_RANGE, "write-error" },
	{ 0x3, 0x11, ANY, XCOPY_RANGE, "unrecovered-read-error" },
	{ 0x3, ANY, ANY, XCOPY_RANGE, "medium-error" },
	{ 0x4, 0x05, ANY, XCOPY_UNKNOWN, "logical-unit-does-not-respond" },
	{ 0x4, 0x08, ANY, XCOPY_UNKNOWN, "logical-unit-communication-failure" },
	{ 0x4, 0x3e, 0x01, XCOPY_UNKNOWN, "logical-unit-failure" },
	{ 0x4, 0x3e, 0x02, XCOPY_UNKNOWN, "timeout-on-logical-unit" },
	{ 0x4, 0x44, ANY, XCOPY_UNKNOWN, "internal-target-failure" },
	{ 0x4, ANY, ANY, XCOPY_RANGE, "hardware-error" },
	{ 0x5, 0x1a, 0x00, XCOPY_TOO_BIG, "parameter-list-length-error" },
	{ 0x5, 0x20, 0x00, XCOPY_UNSUPPORTED, "invalid-command-operation-code" },
	{ 0x5, 0x20, 0x02, XCOPY_UNSUPPORTED, "access-denied" },
	{ 0x5, 0x21, 0x00, XCOPY_RANGE, "lba-out-of-range" },
	{ 0x5, 0x24, ANY, XCOPY_UNSUPPORTED, "invalid-field-in-cdb" },
	{ 0x5, 0x25, 0x00, XCOPY_PATH, "logical-unit-not-supported" },
	{ 0x5, 0x26, 0x00, XCOPY_REFUSED, "invalid-field-in-parameter-list" },
	{ 0x5, 0x26, 0x06, XCOPY_UNSUPPORTED, "too-many-target-descriptors" },
	{ 0x5, 0x26, 0x07, XCOPY_UNSUPPORTED, "unsupported-target-descriptor-type" },
	{ 0x5, 0x26, 0x08, XCOPY_TOO_BIG, "too-many-segment-descriptors" },
	{ 0x5, 0x26, 0x09, XCOPY_UNSUPPORTED, "unsupported-segment-descriptor-type" },
	{ 0x5, 0x26, 0x0a, XCOPY_RANGE, "unexpected-inexact-segment" },
	{ 0x5, 0x26, 0x0b, XCOPY_UNSUPPORTED, "inline-data-length-exceeded" },
	{ 0x5, 0x26, 0x0c, XCOPY_UNSUPPORTED,
	  "invalid-operation-for-copy-source-or-destination" },
	{ 0x5, 0x26, 0x0d, XCOPY_RANGE, "copy-segment-granularity-violation" },
	{ 0x5, 0x26, ANY, XCOPY_UNSUPPORTED, "invalid-field-in-parameter-list" },
	{ 0x5, 0x2c, ANY, XCOPY_RANGE, "command-sequence-error" },
	{ 0x5, 0x55, 0x01, XCOPY_BUSY, "system-buffer-full" },
	{ 0x5, 0x55, 0x03, XCOPY_BUSY, "insufficient-resources" },
	{ 0x5, ANY, ANY, XCOPY_RANGE, "illegal-request" },
	{ 0x6, ANY, ANY, XCOPY_BUSY, "unit-attention" },
	{ 0x7, 0x27, 0x07, XCOPY_RANGE, "space-allocation-failed-write-protect" },
	{ 0x7, 0x27, ANY, XCOPY_UNSUPPORTED, "write-protected" },
	{ 0x7, ANY, ANY, XCOPY_RANGE, "data-protect" },
	{ 0x8, ANY, ANY, XCOPY_RANGE, "blank-check" },
	{ 0x9, ANY, ANY, XCOPY_RANGE, "vendor-specific" },
	{ 0xa, 0x05, ANY, XCOPY_UNKNOWN, "logical-unit-does-not-respond" },
	{ 0xa, 0x08, 0x04, XCOPY_PATH, "unreachable-copy-target" },
	{ 0xa, 0x08, ANY, XCOPY_UNKNOWN, "logical-unit-communication-failure" },
	{ 0xa, 0x0d, 0x01, XCOPY_RANGE, "third-party-device-failure" },
	{ 0xa, 0x0d, 0x02, XCOPY_PATH, "copy-target-device-not-reachable" },
	{ 0xa, 0x0d, 0x03, XCOPY_UNSUPPORTED, "incorrect-copy-target-device-type" },
	{ 0xa, 0x0d, 0x04, XCOPY_RANGE, "copy-target-device-data-underrun" },
	{ 0xa, 0x0d, 0x05, XCOPY_RANGE, "copy-target-device-data-overrun" },
	{ 0xa, 0x3e, 0x01, XCOPY_UNKNOWN, "logical-unit-failure" },
	{ 0xa, 0x3e, 0x02, XCOPY_UNKNOWN, "timeout-on-logical-unit" },
	{ 0xa, 0x44, ANY, XCOPY_UNKNOWN, "internal-target-failure" },
	{ 0xa, ANY, ANY, XCOPY_RANGE, "copy-aborted" },
	{ 0xb, 0x47, 0x7f, XCOPY_UNKNOWN, "commands-cleared-by-iscsi-event" },
	{ 0xb, 0x47, ANY, XCOPY_BUSY, "scsi-parity-error" },
	{ 0xb, 0x4b, 0x07, XCOPY_UNKNOWN, "connection-lost" },
	{ 0xb, 0x4b, ANY, XCOPY_BUSY, "data-phase-error" },
	{ 0xb, ANY, ANY, XCOPY_UNKNOWN, "aborted-command" },
	{ 0xd, ANY, ANY, XCOPY_RANGE, "volume-overflow" },
	{ 0xe, ANY, ANY, XCOPY_RANGE, "miscompare" },
};

static const struct status *find_status(__u8 status)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(statuses); i++)
		if (statuses[i].status == status)
			return &statuses[i];
	return NULL;
}

static bool fits(__u16 row, __u8 code)
{
	return row == ANY || row == code;
}

static const struct sense_row *find_sense(__u8 key, __u8 asc, __u8 ascq)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(senses); i++)
		if (senses[i].key == key && fits(senses[i].asc, asc) && fits(senses[i].ascq, ascq))
			return &senses[i];
	return NULL;
}

static enum xcopy_outcome sense_outcome(const struct xcopy_scsi_sense *sense)
{
	const struct sense_row *row;

	/* It may have been an ABORTED COMMAND. */
	if (!sense)
		return XCOPY_UNKNOWN;
	/* About an earlier command; this one was not begun: SPC-4 4.5.5. */
	if (sense->deferred)
		return XCOPY_BUSY;
	row = find_sense(sense->key, sense->asc, sense->ascq);
	return row ? row->outcome : XCOPY_RANGE;
}

bool xcopy_scsi_lost_write(const struct xcopy_scsi_sense *sense)
{
	if (!sense->deferred)
		return false;
	switch (sense->key) {
	case 0x0: /* NO SENSE */
	case 0x1: /* RECOVERED ERROR */
	case 0x5: /* ILLEGAL REQUEST: that was no write which had been taken */
	case 0x6: /* UNIT ATTENTION */
		return false;
	default:
		return true;
	}
}

enum xcopy_outcome xcopy_scsi_outcome(__u8 status, const struct xcopy_scsi_sense *sense)
{
	const struct status *known = find_status(status);

	if (status == CHECK_CONDITION)
		return sense_outcome(sense);
	return known ? known->outcome : XCOPY_RANGE;
}

bool xcopy_scsi_was_reset(const struct xcopy_scsi_sense *sense)
{
	return !sense->deferred && sense->key == UNIT_ATTENTION && sense->asc == RESET_OCCURRED;
}

bool xcopy_scsi_unreached(const struct xcopy_scsi_sense *sense)
{
	const struct sense_row *row = find_sense(sense->key, sense->asc, sense->ascq);

	return !sense->deferred && sense->key == COPY_ABORTED && row->outcome == XCOPY_PATH;
}

/*
 * Bits of a status word, besides key, code and qualifier in its lower three bytes, and
 * XCOPY_SCSI_WORD_RESIDUE.
 */
#define WORD_STATUS_SHIFT	24
#define WORD_DEFERRED		0x100000U
#define WORD_SENSE		0x200000U

__u32 xcopy_scsi_status_word(__u8 status, const struct xcopy_scsi_sense *sense)
{
	__u32 word = (__u32)status << WORD_STATUS_SHIFT;

	if (status != CHECK_CONDITION || !sense)
		return word;
	word |= WORD_SENSE | (sense->deferred ? WORD_DEFERRED : 0);
	return word | (sense->key & 0xfU) << 16 | (__u32)sense->asc << 8 | sense->ascq;
}

const char *xcopy_scsi_status_name(__u32 word)
{
	const struct status *known = find_status(word >> WORD_STATUS_SHIFT);
	const struct sense_row *row;

	if (known)
		return known->name;
	if (word >> WORD_STATUS_SHIFT != CHECK_CONDITION)
		return "scsi-error";
	if (!(word & WORD_SENSE))
		return "no-sense-data";
	if (word & WORD_DEFERRED)
		return "deferred-error";
	row = find_sense(word >> 16 & 0xf, word >> 8 & 0xff, word & 0xff);
	return row ? row->name : "scsi-error";
}

bool xcopy_scsi_status_sense(__u32 word, struct xcopy_scsi_sense *sense)
{
	sense->deferred = word & WORD_DEFERRED;
	sense->key = word >> 16 & 0xf;
	sense->asc = word >> 8 & 0xff;
	sense->ascq = word & 0xff;
	return word & WORD_SENSE;
}

#define DEFERRED_TEXT	"deferred-"
#define STATUS_TEXT	"status-"

static char *put_hex(char *text, __u8 byte)
{
	static const char digits[] = "0123456789abcdef";

	*text++ = digits[byte >> 4];
	*text++ = digits[byte & 0xf];
	return text;
}

static char *put_text(char *text, const char *what)
{
	while (*what)
		*text++ = *what++;
	return text;
}

void xcopy_scsi_status_text(__u32 word, char *text)
{
	unsigned int shift;

	if (!(word & WORD_SENSE)) {
		text = put_hex(put_text(text, STATUS_TEXT), word >> WORD_STATUS_SHIFT);
		*text = 0;
		return;
	}
	if (word & WORD_DEFERRED)
		text = put_text(text, DEFERRED_TEXT);
	text = put_hex(text, word >> 16 & 0xf);
	for (shift = 16; shift; shift -= 8) {
		*text++ = '/';
		text = put_hex(text, word >> (shift - 8) & 0xff);
	}
	*text = 0;
}

/* Return: what is behind it; NULL: it does not begin so. */
static const char *behind(const char *text, const char *prefix)
{
	size_t length = strlen(prefix);

	return strncmp(text, prefix, length) ? NULL : text + length;
}

/* Two digits; advances @text. Return: -1 if that is no such number. */
static int get_hex(const char **text)
{
	int high = hex_digit((*text)[0]), low = high < 0 ? -1 : hex_digit((*text)[1]);

	if (low < 0)
		return -1;
	*text += 2;
	return high << 4 | low;
}

static bool parse_sense(const char *text, struct xcopy_scsi_sense *sense)
{
	int bytes[3], i;

	for (i = 0; i < 3; i++) {
		if (i && *text++ != '/')
			return false;
		bytes[i] = get_hex(&text);
		if (bytes[i] < 0)
			return false;
	}
	sense->key = bytes[0];
	sense->asc = bytes[1];
	sense->ascq = bytes[2];
	return !*text && sense->key < 16;
}

bool xcopy_scsi_parse_status(const char *text, __u32 *word)
{
	const char *deferred = behind(text, DEFERRED_TEXT), *status = behind(text, STATUS_TEXT);
	struct xcopy_scsi_sense sense = { .deferred = deferred };
	int byte;

	if (status) {
		byte = get_hex(&status);
		*word = xcopy_scsi_status_word(byte, NULL);
		return byte >= 0 && !*status;
	}
	if (!parse_sense(deferred ? deferred : text, &sense))
		return false;
	*word = xcopy_scsi_status_word(CHECK_CONDITION, &sense);
	return true;
}

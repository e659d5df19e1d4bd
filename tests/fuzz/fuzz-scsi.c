// SPDX-License-Identifier: GPL-2.0-only
/*
 * SCSI EXTENDED COPY: every command that can be asked for fits its payload and names exactly
 * its blocks; VPD pages, operating parameters, INQUIRY and sense data may say anything.
 */
#include "fuzz.h"
#include "scsi-ask.h"
#include "scsi-command.h"
#include "scsi.h"

static uint64_t get_be(const uint8_t *from, unsigned int bytes)
{
	uint64_t value = 0;

	while (bytes--)
		value = value << 8 | *from++;
	return value;
}

static void check_segments(const struct xcopy_scsi_copy *copy, const uint8_t *payload,
			   uint32_t length)
{
	uint64_t done = 0;
	uint32_t at = XCOPY_SCSI_HEADER_SIZE + XCOPY_SCSI_TARGETS * XCOPY_SCSI_TARGET_SIZE;

	must(length <= XCOPY_SCSI_PAYLOAD_SIZE && length > at);
	must(get_be(payload + 8, 4) == length - at);
	for (; at < length; at += XCOPY_SCSI_SEGMENT_SIZE) {
		uint64_t blocks = get_be(payload + at + 10, 2);

		must(payload[at] == 0x02 && blocks && blocks <= copy->segment_blocks);
		must(get_be(payload + at + 12, 8) == copy->source_block + done);
		must(get_be(payload + at + 20, 8) == copy->destination_block + done);
		done += blocks;
	}
	must(at == length && done == copy->blocks);
}

static void check_build(struct input *input, const struct xcopy_scsi_identity *source,
			const struct xcopy_scsi_identity *destination)
{
	struct xcopy_scsi_copy copy = {
		.source = source,
		.destination = destination,
		.source_block = take(input, 8),
		.destination_block = take(input, 8),
		.blocks = take(input, 4),
		.segment_blocks = take(input, 3),
		.block_size = take(input, 4),
		.list_id_usage = take(input, 1) & 7,
		.list_id = take(input, 1),
	};
	uint8_t *payload = malloc(XCOPY_SCSI_PAYLOAD_SIZE), *cdb = malloc(XCOPY_SCSI_CDB_SIZE);
	uint32_t length;

	must(payload && cdb);
	length = xcopy_scsi_build(&copy, cdb, payload);
	if (length) {
		check_segments(&copy, payload, length);
		must(cdb[0] == 0x83 && get_be(cdb + 10, 4) == length);
	} else {
		must(!copy.blocks || !copy.segment_blocks || copy.segment_blocks > 65535 ||
		     !copy.block_size || copy.block_size >= 1 << 24 || copy.list_id_usage > 3 ||
		     copy.blocks > 256ULL * copy.segment_blocks);
	}
	free(payload);
	free(cdb);
}

/* Whatever a number it is, it has a word, and a text that fits and is understood. */
static void check_status_text(uint32_t word, bool is_whole)
{
	char *text = malloc(XCOPY_SCSI_STATUS_TEXT);
	uint32_t back;

	must(text && *xcopy_scsi_status_name(word));
	xcopy_scsi_status_text(word, text);
	must(!strchr(text, ' ') && xcopy_scsi_parse_status(text, &back));
	must(!is_whole || back == word);
	free(text);
}

static void check_answer(struct input *input)
{
	uint8_t status = take(input, 1);
	struct xcopy_scsi_sense sense = {
		.deferred = take(input, 1) & 1,
		.key = take(input, 1) & 15,
		.asc = take(input, 1),
		.ascq = take(input, 1),
	};
	enum xcopy_outcome outcome = xcopy_scsi_outcome(status, &sense);
	const char *name = xcopy_scsi_status_name(xcopy_scsi_status_word(status, &sense));

	must(outcome >= XCOPY_DONE && outcome <= XCOPY_UNSUPPORTED);
	/* Nothing but success is taken for success. */
	must((outcome == XCOPY_DONE) == !status);
	must(*name && strlen(name) < 56 && !strchr(name, ' '));
	check_status_text(xcopy_scsi_status_word(status, &sense), true);
	take(input, 1);
	check_status_text(take(input, 4), false);
}

static void check_uuid(const uint8_t *data, size_t size)
{
	char *uuid = malloc(size + 7);
	struct xcopy_scsi_identity identity;

	must(uuid);
	memcpy(uuid, "mpath-", 6);
	memcpy(uuid + 6, data, size);
	uuid[size + 6] = '\0';
	if (xcopy_scsi_wwid(uuid, &identity))
		must(identity.length >= 8 && identity.length <= 16);
	free(uuid);
}

/* The kernel's words, but they may be anybody's. */
static void check_status_parse(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	uint32_t word;

	must(text);
	memcpy(text, data, size);
	text[size] = '\0';
	xcopy_scsi_parse_status(text, &word);
	free(text);
}

static void check_printable(const char *text, size_t size)
{
	size_t length = strnlen(text, size);

	must(length < size);
	while (length--)
		must(text[length] >= ' ' && text[length] < 127);
}

/* What probe shows: whatever a unit says of itself, root's terminal gets text. */
static void check_shown(const uint8_t *page, size_t size, const struct xcopy_scsi_identity *identity)
{
	char name[SCSI_NAME_SIZE];
	struct xcopy_scsi_sense sense;
	struct scsi_unit unit = { 0 };

	scsi_name(identity, name);
	check_printable(name, sizeof(name));
	scsi_decode_inquiry(page, size, &unit);
	check_printable(unit.vendor, sizeof(unit.vendor));
	check_printable(unit.product, sizeof(unit.product));
	check_printable(unit.revision, sizeof(unit.revision));
	if (scsi_decode_sense(page, size, &sense))
		must(sense.key < 16);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct xcopy_scsi_identity source = { .length = 8 }, destination = { .length = 20 };
	struct input input = { data, size };
	struct xcopy_scsi_limits limits = { 0 };
	/* Of just this size, so that a byte too far is seen. */
	uint8_t *page = malloc(size ? size : 1);

	must(page);
	check_answer(&input);
	memcpy(page, data, size);
	if (size > 1)
		page[1] = XCOPY_SCSI_VPD_IDENTIFICATION;
	if (xcopy_scsi_identify(page, size, &source)) {
		must(source.length && source.length <= XCOPY_SCSI_DESIGNATOR_SIZE);
		must(xcopy_scsi_has_identity(page, size, &source));
	}
	if (!xcopy_scsi_parse_parameters(page, size, &limits))
		must(limits.granularity);
	if (size > 1)
		page[1] = XCOPY_SCSI_VPD_THIRD_PARTY_COPY;
	xcopy_scsi_parse_third_party(page, size, &limits);
	check_shown(page, size, &source);
	check_uuid(data, size);
	check_status_parse(data, size);
	check_build(&input, &source, &destination);
	free(page);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a unit says of itself, see array.h; SPC-4 6.4, 7.8 and SBC-3 6.5.
 */
#include <string.h>

#include "array.h"

#define PAGE_SIZE	256U

static void invalid_field(struct command *command)
{
	set_sense(command, ILLEGAL_REQUEST, 0x24, 0x00);
}

/* ---- VPD pages: each returns its length, without the header ---- */

static size_t supported_pages(const struct unit *unit, uint8_t *page)
{
	const uint8_t pages[] = { 0x00, 0x80, 0x83, 0x8f, 0xb0, 0xb1, 0xb2 };
	size_t length = 0, i;

	(void)unit;
	for (i = 0; i < sizeof(pages); i++)
		if (pages[i] != 0x8f || knobs_get().third_party_page)
			page[4 + length++] = pages[i];
	return length;
}

static size_t serial_number(const struct unit *unit, uint8_t *page)
{
	unsigned int i;

	for (i = 0; i < NAA_SIZE; i++)
		snprintf((char *)page + 4 + 2 * i, 3, "%02x", unit->naa[i]);
	return 2 * NAA_SIZE;
}

static uint8_t *put_designator(uint8_t *at, uint8_t association,
			       const struct designator *designator)
{
	at[0] = designator->code_set;
	at[1] = (uint8_t)(association << 4 | designator->type);
	at[3] = designator->length;
	memcpy(at + 4, designator->bytes, designator->length);
	return at + 4 + designator->length;
}

/* One of a port first, which is not to be taken for the unit's. */
static size_t identification(const struct unit *unit, uint8_t *page)
{
	const struct designator port = { .code_set = 1, .type = 4, .length = 4, .bytes = { [3] = 1 } };
	uint8_t *at = put_designator(page + 4, 1, &port);
	unsigned int kind;

	for (kind = 0; kind < NR_NAMES; kind++) {
		const struct designator its = unit_designator(unit, kind);

		if (unit_has_name(unit, kind))
			at = put_designator(at, 0, &its);
	}
	return at - page - 4;
}

/* A Third-party Copy descriptor. */
static uint8_t *put_descriptor(uint8_t *at, uint16_t type, uint16_t length)
{
	put_be(at, type, 2);
	put_be(at + 2, length, 2);
	return at + 4 + length;
}

static size_t third_party_copy(const struct unit *unit, uint8_t *page)
{
	const struct knobs knobs = knobs_get();
	uint8_t *at = page + 4, *next;

	(void)unit;
	/* Supported Commands: EXTENDED COPY(LID1), RECEIVE COPY OPERATING PARAMETERS. */
	next = put_descriptor(at, 0x0001, 8);
	memcpy(at + 4, "\x06\x83\x01\x00\x84\x01\x03\x00", 8);
	at = next;
	next = put_descriptor(at, 0x0004, 28);
	put_be(at + 8, knobs.targets, 2);
	put_be(at + 10, knobs.segments, 2);
	put_be(at + 12, knobs.list_bytes, 4);
	at = next;
	/* Supported Descriptors. */
	next = put_descriptor(at, 0x0008, 4);
	memcpy(at + 4, "\x02\x02\xe4\x00", 4);
	at = next;
	/* General Copy Operations. */
	next = put_descriptor(at, 0x8001, 32);
	put_be(at + 4, knobs.concurrent, 4);
	put_be(at + 8, knobs.concurrent, 4);
	put_be(at + 12, knobs.segment_bytes, 4);
	at[16] = (uint8_t)knobs.granularity;
	return next - page - 4;
}

static size_t block_limits(const struct unit *unit, uint8_t *page)
{
	/* WSNZ */
	page[4] = 0x01;
	put_be(page + 6, EXTENT / unit->block, 2);
	put_be(page + 12, EXTENT / unit->block, 4);
	put_be(page + 20, UINT32_MAX, 4);
	put_be(page + 24, 128, 4);
	put_be(page + 28, EXTENT / unit->block, 4);
	put_be(page + 36, MAX_WRITE_SAME / unit->block, 8);
	return 0x3c;
}

static size_t characteristics(const struct unit *unit, uint8_t *page)
{
	(void)unit;
	put_be(page + 4, 1, 2);
	return 0x3c;
}

/* LBPU, LBPWS, LBPWS10, LBPRZ; thin. */
static size_t provisioning(const struct unit *unit, uint8_t *page)
{
	(void)unit;
	page[5] = 0xe4;
	page[6] = 0x02;
	return 4;
}

static const struct {
	uint8_t code;
	size_t (*fill)(const struct unit *unit, uint8_t *page);
} pages[] = {
	{ 0x00, supported_pages },
	{ 0x80, serial_number },
	{ 0x83, identification },
	{ 0x8f, third_party_copy },
	{ 0xb0, block_limits },
	{ 0xb1, characteristics },
	{ 0xb2, provisioning },
};

static void give_page(struct command *command, unsigned int i)
{
	uint8_t page[PAGE_SIZE] = { 0, pages[i].code };
	size_t length = pages[i].fill(command->unit, page);

	put_be(page + 2, length, 2);
	give(command, page, 4 + length, get_be(command->cdb + 3, 2));
}

static void vital_product_data(struct command *command)
{
	uint8_t code = command->cdb[2];
	unsigned int i;

	if (code == 0x8f && !knobs_get().third_party_page) {
		invalid_field(command);
		return;
	}
	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		if (pages[i].code == code) {
			give_page(command, i);
			return;
		}
	}
	invalid_field(command);
}

static void standard_inquiry(struct command *command)
{
	/* SPC-4; HISUP, response data format 2; 3PC; CMDQUE */
	uint8_t data[36] = { 0, 0, 0x06, 0x12, 31, 0x08, 0, 0x02 };

	memcpy(data + 8, "XCOPY   TEST ARRAY      0001", 28);
	give(command, data, sizeof(data), get_be(command->cdb + 3, 2));
}

void inquiry(struct command *command)
{
	if (command->cdb[1] & 0x01)
		vital_product_data(command);
	else if (command->cdb[2])
		invalid_field(command);
	else
		standard_inquiry(command);
}

/* ---- capacity and modes ---- */

void read_capacity_10(struct command *command)
{
	uint64_t last = unit_size(command->unit) / command->unit->block - 1;
	uint8_t data[8];

	put_be(data, last < UINT32_MAX ? last : UINT32_MAX, 4);
	put_be(data + 4, command->unit->block, 4);
	give(command, data, sizeof(data), sizeof(data));
}

void read_capacity_16(struct command *command)
{
	uint8_t data[32] = { 0 };

	put_be(data, unit_size(command->unit) / command->unit->block - 1, 8);
	put_be(data + 8, command->unit->block, 4);
	/* LBPME, LBPRZ */
	data[14] = 0xc0;
	give(command, data, sizeof(data), get_be(command->cdb + 10, 4));
}

#define CACHING		0x08U
#define WRITE_CACHE	0x04U
#define CONTROL		0x0aU
#define ALL_PAGES	0x3fU

static size_t put_modes(uint8_t *at, uint8_t wanted)
{
	size_t length = 0;

	if (wanted == CACHING || wanted == ALL_PAGES) {
		at[0] = CACHING;
		at[1] = 0x12;
		at[2] = store_caches() ? WRITE_CACHE : 0;
		length += 0x14;
	}
	if (wanted == CONTROL || wanted == ALL_PAGES) {
		at[length] = CONTROL;
		at[length + 1] = 0x0a;
		length += 0x0c;
	}
	return length;
}

/* No block descriptors. */
void mode_sense(struct command *command)
{
	bool six = command->cdb[0] == 0x1a;
	size_t header = six ? 4 : 8, length;
	uint8_t data[64] = { 0 };

	length = put_modes(data + header, command->cdb[2] & 0x3f);
	if (!length) {
		invalid_field(command);
		return;
	}
	length += header;
	/* WP */
	if (unit_state(command->unit) == UNIT_PROTECTED)
		data[six ? 2 : 3] = 0x80;
	/* The length does not count itself. */
	put_be(data, length - (six ? 1 : 2), six ? 1 : 2);
	give(command, data, length, six ? command->cdb[4] : get_be(command->cdb + 7, 2));
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * scsi-command.c against the bytes of the SPC standards, and the outcome of every answer.
 */
#include <kunit/test.h>

#include "../../dm-xcopy/scsi-command.c"

static __u8 payload[XCOPY_SCSI_PAYLOAD_SIZE + 1];
static __u8 cdb[XCOPY_SCSI_CDB_SIZE + 1];

static const struct xcopy_scsi_identity unit_a = {
	.code_set = 1, .type = 3, .length = 16,
	.designator = { 0x60, 0x01, 0x40, 0x5a, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 },
};

static const struct xcopy_scsi_identity unit_b = {
	.code_set = 1, .type = 3, .length = 8,
	.designator = { 0x50, 0x01, 0x40, 0x5b, 0xa1, 0xa2, 0xa3, 0xa4 },
};

static __u32 build(const struct xcopy_scsi_copy *copy)
{
	/* What was there before must not show through. */
	memset(payload, 0xee, sizeof(payload));
	memset(cdb, 0xee, sizeof(cdb));
	return xcopy_scsi_build(copy, cdb, payload);
}

/* ---- the command ---- */

static void test_one_segment(struct kunit *test)
{
	static const __u8 golden_cdb[16] = { 0x83, [13] = 16 + 64 + 28 };
	static const __u8 golden[16 + 64 + 28] = {
		/* header: LIST ID USAGE 3, lengths of the lists */
		[1] = 0x18, [3] = 64, [11] = 28,
		/* source */
		[16] = 0xe4, [20] = 0x01, [21] = 0x03, [23] = 16,
		[24] = 0x60, 0x01, 0x40, 0x5a, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
		[45] = 0x00, 0x02, 0x00,
		/* destination */
		[48] = 0xe4, [52] = 0x01, [53] = 0x03, [55] = 8,
		[56] = 0x50, 0x01, 0x40, 0x5b, 0xa1, 0xa2, 0xa3, 0xa4,
		[77] = 0x00, 0x02, 0x00,
		/* block to block, DC, from target 0 to target 1 */
		[80] = 0x02, 0x02, 0x00, 0x18, 0x00, 0x00, 0x00, 0x01,
		[90] = 0x12, 0x34,
		[92] = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08,
		[100] = 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18,
	};
	const struct xcopy_scsi_copy copy = {
		.source = &unit_a,
		.destination = &unit_b,
		.source_block = 0x0102030405060708,
		.destination_block = 0x1112131415161718,
		.blocks = 0x1234,
		.segment_blocks = 65535,
		.block_size = 512,
		.list_id_usage = 3,
		.list_id = 0x77,
	};

	KUNIT_EXPECT_EQ(test, build(&copy), sizeof(golden));
	KUNIT_EXPECT_MEMEQ(test, payload, golden, sizeof(golden));
	KUNIT_EXPECT_EQ(test, payload[XCOPY_SCSI_PAYLOAD_SIZE], 0xee);
	KUNIT_EXPECT_MEMEQ(test, cdb, golden_cdb, sizeof(golden_cdb));
	KUNIT_EXPECT_EQ(test, cdb[16], 0xee);
}

static void test_segments(struct kunit *test)
{
	const struct xcopy_scsi_copy copy = {
		.source = &unit_a,
		.destination = &unit_a,
		.source_block = 0xfffe,
		.destination_block = 0x20000,
		.blocks = 5,
		.segment_blocks = 2,
		.block_size = 4096,
		.list_id_usage = 0,
		.list_id = 0x77,
	};
	const __u8 *last = payload + 80 + 2 * 28;

	KUNIT_EXPECT_EQ(test, build(&copy), 80 + 3 * 28);
	KUNIT_EXPECT_EQ(test, payload[0], 0x77);
	KUNIT_EXPECT_EQ(test, payload[1], 0);
	KUNIT_EXPECT_EQ(test, payload[11], 3 * 28);
	KUNIT_EXPECT_EQ(test, get_be(payload + 45, 3), 4096);
	/* One unit or two: each end has its descriptor. */
	KUNIT_EXPECT_MEMEQ(test, payload + 16, payload + 48, 32);
	KUNIT_EXPECT_EQ(test, get_be(payload + 80 + 10, 2), 2);
	KUNIT_EXPECT_EQ(test, get_be(last + 10, 2), 1);
	KUNIT_EXPECT_EQ(test, get_be(last + 16, 4), 0x10002);
	KUNIT_EXPECT_EQ(test, get_be(last + 24, 4), 0x20004);
}

static void test_largest(struct kunit *test)
{
	struct xcopy_scsi_copy copy = {
		.source = &unit_a,
		.destination = &unit_b,
		.blocks = 65535ULL * 256,
		.segment_blocks = 65535,
		.block_size = 512,
		.list_id_usage = 2,
	};

	KUNIT_EXPECT_EQ(test, build(&copy), XCOPY_SCSI_PAYLOAD_SIZE);
	KUNIT_EXPECT_EQ(test, payload[1], 0x10);
	KUNIT_EXPECT_EQ(test, payload[XCOPY_SCSI_PAYLOAD_SIZE], 0xee);
	copy.blocks++;
	KUNIT_EXPECT_EQ(test, build(&copy), 0);
}

static void test_not_sayable(struct kunit *test)
{
	const struct xcopy_scsi_copy good = {
		.source = &unit_a,
		.destination = &unit_b,
		.blocks = 1,
		.segment_blocks = 1,
		.block_size = 512,
		.list_id_usage = 3,
	};
	struct xcopy_scsi_copy copy = good;

	KUNIT_EXPECT_NE(test, build(&copy), 0);
	copy.blocks = 0;
	KUNIT_EXPECT_EQ(test, build(&copy), 0);
	copy = good;
	copy.segment_blocks = 0;
	KUNIT_EXPECT_EQ(test, build(&copy), 0);
	copy.segment_blocks = 65536;
	KUNIT_EXPECT_EQ(test, build(&copy), 0);
	copy = good;
	copy.block_size = 1 << 24;
	KUNIT_EXPECT_EQ(test, build(&copy), 0);
	copy = good;
	copy.list_id_usage = 4;
	KUNIT_EXPECT_EQ(test, build(&copy), 0);
}

static void test_ask_limits(struct kunit *test)
{
	static const __u8 golden[16] = { 0x84, 0x03, [12] = 0x02 };

	memset(cdb, 0xee, sizeof(cdb));
	xcopy_scsi_ask_limits(cdb, 512);
	KUNIT_EXPECT_MEMEQ(test, cdb, golden, sizeof(golden));
}

/* ---- identities ---- */

static void test_identify(struct kunit *test)
{
	/* T10, NAA of the target port, EUI-64, two NAAs of the unit, a name that does not fit. */
	static const __u8 page[] = {
		0x00, 0x83, 0x00, 74,
		0x02, 0x01, 0x00, 8, 'V', 'E', 'N', 'D', 'O', 'R', ' ', '1',
		0x61, 0x93, 0x00, 8, 0x50, 9, 9, 9, 9, 9, 9, 9,
		0x01, 0x02, 0x00, 8, 1, 2, 3, 4, 5, 6, 7, 8,
		0x01, 0x03, 0x00, 8, 0x50, 0x01, 0x40, 0x5b, 0xa1, 0xa2, 0xa3, 0xa4,
		0x01, 0x03, 0x00, 16, 0x60, 0x01, 0x40, 0x5a, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
		0x03, 0x08, 0x00, 2, 'i', 'q',
	};
	struct xcopy_scsi_identity identity, other = unit_b;

	KUNIT_ASSERT_EQ(test, sizeof(page), 4U + page[3]);
	KUNIT_ASSERT_TRUE(test, xcopy_scsi_identify(page, sizeof(page), &identity));
	KUNIT_EXPECT_MEMEQ(test, &identity, &unit_a, sizeof(identity));
	KUNIT_EXPECT_TRUE(test, xcopy_scsi_has_identity(page, sizeof(page), &unit_a));
	KUNIT_EXPECT_TRUE(test, xcopy_scsi_has_identity(page, sizeof(page), &unit_b));
	other.designator[7]++;
	KUNIT_EXPECT_FALSE(test, xcopy_scsi_has_identity(page, sizeof(page), &other));
	/* The port's name is not the unit's. */
	memcpy(other.designator, page + 20, 8);
	KUNIT_EXPECT_FALSE(test, xcopy_scsi_has_identity(page, sizeof(page), &other));
	/* Without the two NAAs. */
	KUNIT_ASSERT_TRUE(test, xcopy_scsi_identify(page, 40, &identity));
	KUNIT_EXPECT_EQ(test, identity.type, 2);
	KUNIT_ASSERT_TRUE(test, xcopy_scsi_identify(page, 28, &identity));
	KUNIT_EXPECT_EQ(test, identity.type, 1);
	KUNIT_EXPECT_EQ(test, identity.code_set, 2);
}

/* Names that a unit may have, best first. */
static const struct xcopy_scsi_identity kinds[] = {
	{ .code_set = 1, .type = 3, .length = 16, .designator = { 0x60, 1 } },
	{ .code_set = 1, .type = 3, .length = 8, .designator = { 0x50, 1 } },
	{ .code_set = 1, .type = 2, .length = 16, .designator = { 1, 2, 3 } },
	{ .code_set = 1, .type = 2, .length = 8, .designator = { 1, 2, 4 } },
	{ .code_set = 3, .type = 8, .length = 20, .designator = "iqn.2024-01.t:abcd" },
	{ .code_set = 2, .type = 1, .length = 20, .designator = "VENDOR  abcd" },
};

static __u8 *put_designator(__u8 *at, const struct xcopy_scsi_identity *identity)
{
	at[0] = identity->code_set;
	at[1] = identity->type;
	at[2] = 0;
	at[3] = identity->length;
	memcpy(at + 4, identity->designator, identity->length);
	return at + 4 + identity->length;
}

/* Whatever of them there are, in whichever order, the best is taken. */
static void test_preference(struct kunit *test)
{
	struct xcopy_scsi_identity chosen;
	unsigned int set, i, backwards, which;
	static __u8 page[256];
	__u8 *at;

	for (set = 1; set < 1U << ARRAY_SIZE(kinds); set++)
		for (backwards = 0; backwards < 2; backwards++) {
			at = page + 4;
			for (i = 0; i < ARRAY_SIZE(kinds); i++) {
				which = backwards ? ARRAY_SIZE(kinds) - 1 - i : i;
				if (set >> which & 1)
					at = put_designator(at, &kinds[which]);
			}
			page[1] = 0x83;
			page[3] = at - page - 4;
			for (which = 0; !(set >> which & 1); which++)
				;
			KUNIT_ASSERT_TRUE(test, xcopy_scsi_identify(page, at - page, &chosen));
			KUNIT_EXPECT_MEMEQ(test, &chosen, &kinds[which], sizeof(chosen));
		}
}

static void test_bad_pages(struct kunit *test)
{
	static const __u8 other_page[] = { 0, 0x80, 0, 12, 1, 3, 0, 8, 0x50, 1, 2, 3, 4, 5, 6, 7 };
	static const __u8 empty[] = { 0, 0x83, 0, 0 };
	static const __u8 too_long[] = {
		0, 0x83, 0xff, 0xff, 1, 3, 0, 9, 0x50, 1, 2, 3, 4, 5, 6, 7
	};
	static const __u8 no_fit[] = { 0, 0x83, 0, 25, 3, 8, 0, 21, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
				       11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21 };
	static const __u8 no_length[] = { 0, 0x83, 0, 8, 1, 3, 0, 0, 1, 3, 0, 0 };
	struct xcopy_scsi_identity identity;
	size_t length;

	KUNIT_EXPECT_FALSE(test, xcopy_scsi_identify(other_page, sizeof(other_page), &identity));
	KUNIT_EXPECT_FALSE(test, xcopy_scsi_identify(empty, sizeof(empty), &identity));
	KUNIT_EXPECT_FALSE(test, xcopy_scsi_identify(too_long, sizeof(too_long), &identity));
	KUNIT_EXPECT_FALSE(test, xcopy_scsi_identify(no_fit, sizeof(no_fit), &identity));
	KUNIT_EXPECT_FALSE(test, xcopy_scsi_identify(no_length, sizeof(no_length), &identity));
	for (length = 0; length < 16; length++)
		KUNIT_EXPECT_FALSE(test, xcopy_scsi_identify(too_long, length, &identity));
}

static void test_wwid(struct kunit *test)
{
	struct xcopy_scsi_identity identity;

	KUNIT_ASSERT_TRUE(test, xcopy_scsi_wwid("mpath-36001405a0102030405060708090a0b0c",
						&identity));
	KUNIT_EXPECT_MEMEQ(test, &identity, &unit_a, sizeof(identity));
	KUNIT_ASSERT_TRUE(test, xcopy_scsi_wwid("mpath-35001405BA1A2A3A4", &identity));
	KUNIT_EXPECT_MEMEQ(test, &identity, &unit_b, sizeof(identity));
	KUNIT_ASSERT_TRUE(test, xcopy_scsi_wwid("mpath-20102030405060708090a0b0c", &identity));
	KUNIT_EXPECT_EQ(test, identity.type, 2);
	KUNIT_EXPECT_EQ(test, identity.length, 12);
	KUNIT_EXPECT_FALSE(test, xcopy_scsi_wwid("mpath-30102030405060708090a0b0c", &identity));
	KUNIT_EXPECT_FALSE(test, xcopy_scsi_wwid("mpath-3", &identity));
	KUNIT_EXPECT_FALSE(test, xcopy_scsi_wwid("mpath-", &identity));
	KUNIT_EXPECT_FALSE(test, xcopy_scsi_wwid("", &identity));
	KUNIT_EXPECT_FALSE(test, xcopy_scsi_wwid("LVM-36001405a0102030405060708090a0b0c",
						 &identity));
	KUNIT_EXPECT_FALSE(test, xcopy_scsi_wwid("mpath-1VENDOR  PRODUCT", &identity));
	KUNIT_EXPECT_FALSE(test, xcopy_scsi_wwid("mpath-35001405ba1a2a3a", &identity));
	KUNIT_EXPECT_FALSE(test, xcopy_scsi_wwid("mpath-35001405ba1a2a3ax", &identity));
	KUNIT_EXPECT_FALSE(test, xcopy_scsi_wwid("mpath-36001405a0102030405060708090a0b0c0d0e0f1011",
						 &identity));
	KUNIT_EXPECT_FALSE(test, xcopy_scsi_wwid("part1-mpath-35001405ba1a2a3a4", &identity));
}

/* ---- limits ---- */

static void set_parameters(__u8 *data)
{
	memset(data, 0, 64);
	put_be(data, 46, 4);
	put_be(data + 8, 2, 2);
	put_be(data + 10, 32, 2);
	put_be(data + 12, 1024, 4);
	put_be(data + 16, 16 << 20, 4);
	data[36] = 3;
	data[37] = 9;
	data[43] = 6;
	memcpy(data + 44, "\x00\x01\x02\x0b\xe4\xe5", 6);
}

static void test_parameters(struct kunit *test)
{
	struct xcopy_scsi_limits limits;
	__u8 data[64];

	set_parameters(data);
	KUNIT_EXPECT_NULL(test, xcopy_scsi_parse_parameters(data, sizeof(data), &limits));
	KUNIT_EXPECT_EQ(test, limits.segments, 32);
	KUNIT_EXPECT_EQ(test, limits.list_bytes, 1024);
	KUNIT_EXPECT_EQ(test, limits.segment_bytes, 16 << 20);
	KUNIT_EXPECT_EQ(test, limits.concurrent, 3);
	KUNIT_EXPECT_EQ(test, limits.granularity, 512);

	data[46] = 0x03;
	KUNIT_EXPECT_NOT_NULL(test, xcopy_scsi_parse_parameters(data, sizeof(data), &limits));
	set_parameters(data);
	data[48] = 0xe0;
	KUNIT_EXPECT_NOT_NULL(test, xcopy_scsi_parse_parameters(data, sizeof(data), &limits));
	/* Some leave the list out. */
	data[43] = 0;
	KUNIT_EXPECT_NULL(test, xcopy_scsi_parse_parameters(data, sizeof(data), &limits));
	data[37] = 32;
	KUNIT_EXPECT_NOT_NULL(test, xcopy_scsi_parse_parameters(data, sizeof(data), &limits));
	set_parameters(data);
	put_be(data + 8, 1, 2);
	KUNIT_EXPECT_NOT_NULL(test, xcopy_scsi_parse_parameters(data, sizeof(data), &limits));
	set_parameters(data);
	put_be(data, 20, 4);
	KUNIT_EXPECT_NOT_NULL(test, xcopy_scsi_parse_parameters(data, sizeof(data), &limits));
	set_parameters(data);
	KUNIT_EXPECT_NOT_NULL(test, xcopy_scsi_parse_parameters(data, 39, &limits));
	/* The list is cut off by the transport: what is there counts. */
	put_be(data, 0xffffffff, 4);
	KUNIT_EXPECT_NOT_NULL(test, xcopy_scsi_parse_parameters(data, 46, &limits));
}

static void test_third_party(struct kunit *test)
{
	__u8 page[4 + 6 + 32] = { 0, 0x8f, 0, 6 + 32, 0, 1, 0, 2, 0x83, 0, 0, 4, 0, 28 };
	struct xcopy_scsi_limits limits = { };

	put_be(page + 10 + 10, 7, 2);
	put_be(page + 10 + 12, 500, 4);
	KUNIT_EXPECT_TRUE(test, xcopy_scsi_parse_third_party(page, sizeof(page), &limits));
	KUNIT_EXPECT_EQ(test, limits.segments, 7);
	KUNIT_EXPECT_EQ(test, limits.list_bytes, 500);
	KUNIT_EXPECT_EQ(test, limits.granularity, 1);
	KUNIT_EXPECT_FALSE(test, xcopy_scsi_parse_third_party(page, sizeof(page) - 1, &limits));
	page[7] = 0xff;
	KUNIT_EXPECT_FALSE(test, xcopy_scsi_parse_third_party(page, sizeof(page), &limits));
	page[1] = 0x83;
	KUNIT_EXPECT_FALSE(test, xcopy_scsi_parse_third_party(page, sizeof(page), &limits));
	KUNIT_EXPECT_FALSE(test, xcopy_scsi_parse_third_party(page, 3, &limits));
}

static void test_general_copy(struct kunit *test)
{
	__u8 page[4 + 32 + 36] = { 0, 0x8f, 0, 32 + 36, 0, 4, 0, 28 };
	__u8 *general = page + 36;
	struct xcopy_scsi_limits limits = { };

	put_be(page + 4 + 10, 7, 2);
	put_be(general, 0x8001, 2);
	put_be(general + 2, 32, 2);
	put_be(general + 4, 9, 4);
	put_be(general + 12, 1000, 4);
	general[16] = 12;
	KUNIT_EXPECT_TRUE(test, xcopy_scsi_parse_third_party(page, sizeof(page), &limits));
	KUNIT_EXPECT_EQ(test, limits.segments, 7);
	KUNIT_EXPECT_EQ(test, limits.concurrent, 9);
	KUNIT_EXPECT_EQ(test, limits.segment_bytes, 1000);
	KUNIT_EXPECT_EQ(test, limits.granularity, 4096);
	general[16] = 255;
	KUNIT_EXPECT_TRUE(test, xcopy_scsi_parse_third_party(page, sizeof(page), &limits));
	KUNIT_EXPECT_EQ(test, limits.granularity, 1U << 31);
	/* The other alone counts; what is cut off, or too short, says nothing. */
	put_be(page + 4, 0x0005, 2);
	KUNIT_EXPECT_TRUE(test, xcopy_scsi_parse_third_party(page, sizeof(page), &limits));
	KUNIT_EXPECT_EQ(test, limits.segments, 0);
	KUNIT_EXPECT_FALSE(test, xcopy_scsi_parse_third_party(page, sizeof(page) - 1, &limits));
	put_be(general + 2, 31, 2);
	KUNIT_EXPECT_FALSE(test, xcopy_scsi_parse_third_party(page, sizeof(page), &limits));
}

/* ---- answers ---- */

struct answer {
	__u8 status;
	__u8 sense[3];
	enum xcopy_outcome outcome;
	const char *name;
};

#define STATUS(status, outcome, name)		{ status, { }, XCOPY_##outcome, name },
#define SENSE(key, asc, ascq, outcome, name)	{ 0x02, { key, asc, ascq }, XCOPY_##outcome, name },
#define MORE(key, asc, ascq, outcome, name)	SENSE(key, asc, ascq, outcome, name)

static const struct answer answers[] = {
#include "scsi-answers.h"
	/* COMMAND TERMINATED, which is obsolete */
	{ 0x22, { }, XCOPY_RANGE, "scsi-error" },
};

/* XCOPY_WORD in clone.h: what status has room for. */
#define WORD	56

static void test_answers(struct kunit *test)
{
	struct xcopy_scsi_sense sense = { };
	const struct answer *answer;
	__u32 word;

	for (answer = answers; answer < answers + ARRAY_SIZE(answers); answer++) {
		sense.key = answer->sense[0];
		sense.asc = answer->sense[1];
		sense.ascq = answer->sense[2];
		word = xcopy_scsi_status_word(answer->status, &sense);
		KUNIT_EXPECT_EQ(test, xcopy_scsi_outcome(answer->status, &sense), answer->outcome);
		KUNIT_EXPECT_STREQ(test, xcopy_scsi_status_name(word), answer->name);
	}
}

static bool is_tried(const struct sense_row *row)
{
	const struct answer *answer;

	for (answer = answers; answer < answers + ARRAY_SIZE(answers); answer++)
		if (answer->status == 0x02 &&
		    find_sense(answer->sense[0], answer->sense[1], answer->sense[2]) == row)
			return true;
	return false;
}

/* A row that has no entry was written without asking the standard, or is never reached. */
static void test_every_row(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(senses); i++)
		if (!is_tried(&senses[i]))
			KUNIT_FAIL(test, "row %u, %s, is not tried", i, senses[i].name);
}

/* Whatever a device may say: only GOOD is success, and every answer has a word that fits. */
static void check_sense(struct kunit *test, __u8 key, __u8 asc, __u8 ascq)
{
	const struct xcopy_scsi_sense sense = { .key = key, .asc = asc, .ascq = ascq };
	__u32 word = xcopy_scsi_status_word(0x02, &sense);

	if (xcopy_scsi_outcome(0x02, &sense) == XCOPY_DONE)
		KUNIT_FAIL(test, "%x/%x/%x is success", key, asc, ascq);
	if (!word || strlen(xcopy_scsi_status_name(word)) >= WORD)
		KUNIT_FAIL(test, "%x/%x/%x has no word", key, asc, ascq);
}

static void test_every_answer(struct kunit *test)
{
	unsigned int i, ascq, status;

	for (status = 0; status < 256; status++) {
		const char *name = xcopy_scsi_status_name(xcopy_scsi_status_word(status, NULL));

		KUNIT_EXPECT_EQ(test, xcopy_scsi_outcome(status, NULL) == XCOPY_DONE, !status);
		KUNIT_EXPECT_LT(test, strlen(name), WORD);
	}
	for (i = 0; i < 16 * 256; i++)
		for (ascq = 0; ascq < 16; ascq++)
			check_sense(test, i >> 8, i, ascq);
	check_sense(test, 0xb, 0x47, 0x7f);
}

/* COPY ABORTED that sends to another path, and nothing else. */
static void test_unreached(struct kunit *test)
{
	struct xcopy_scsi_sense sense = { .key = 0xa, .asc = 0x0d, .ascq = 0x02 };
	unsigned int i, ascq, unreached = 0;

	KUNIT_EXPECT_TRUE(test, xcopy_scsi_unreached(&sense));
	sense.deferred = true;
	KUNIT_EXPECT_FALSE(test, xcopy_scsi_unreached(&sense));
	sense = (struct xcopy_scsi_sense){ .key = 0xa, .asc = 0x08, .ascq = 0x04 };
	KUNIT_EXPECT_TRUE(test, xcopy_scsi_unreached(&sense));
	for (i = 0; i < 16 * 256; i++)
		for (ascq = 0; ascq < 256; ascq++) {
			sense.key = i >> 8;
			sense.asc = i;
			sense.ascq = ascq;
			unreached += xcopy_scsi_unreached(&sense);
		}
	KUNIT_EXPECT_EQ(test, unreached, 2);
}

/* Of a reset any qualifier tells, and nothing else does; paths that are checked go on at once. */
static void test_was_reset(struct kunit *test)
{
	struct xcopy_scsi_sense sense = { .key = 0x6, .asc = 0x29, .ascq = 0x00 };
	unsigned int i, ascq, resets = 0;

	KUNIT_EXPECT_TRUE(test, xcopy_scsi_was_reset(&sense));
	KUNIT_EXPECT_EQ(test, xcopy_scsi_outcome(0x02, &sense), XCOPY_BUSY);
	sense.deferred = true;
	KUNIT_EXPECT_FALSE(test, xcopy_scsi_was_reset(&sense));
	sense.deferred = false;
	for (i = 0; i < 16 * 256; i++)
		for (ascq = 0; ascq < 256; ascq++) {
			sense.key = i >> 8;
			sense.asc = i;
			sense.ascq = ascq;
			resets += xcopy_scsi_was_reset(&sense);
		}
	KUNIT_EXPECT_EQ(test, resets, 256);
}

static void test_deferred(struct kunit *test)
{
	const struct xcopy_scsi_sense sense = { .deferred = true, .key = 0x3, .asc = 0x0c };
	__u32 word = xcopy_scsi_status_word(0x02, &sense);

	KUNIT_EXPECT_EQ(test, xcopy_scsi_outcome(0x02, &sense), XCOPY_BUSY);
	KUNIT_EXPECT_STREQ(test, xcopy_scsi_status_name(word), "deferred-error");
	/* Sense data that could not be read says nothing. */
	KUNIT_EXPECT_EQ(test, xcopy_scsi_outcome(0x02, NULL), XCOPY_UNKNOWN);
}

static void text_is(struct kunit *test, __u8 status, const struct xcopy_scsi_sense *sense,
		    const char *wanted)
{
	__u32 word = xcopy_scsi_status_word(status, sense), back = 0;
	char text[XCOPY_SCSI_STATUS_TEXT];

	memset(text, 'x', sizeof(text));
	xcopy_scsi_status_text(word, text);
	KUNIT_EXPECT_STREQ(test, text, wanted);
	KUNIT_EXPECT_TRUE(test, xcopy_scsi_parse_status(text, &back));
	KUNIT_EXPECT_EQ(test, back, word);
}

static void test_status_text(struct kunit *test)
{
	struct xcopy_scsi_sense sense = { .key = 0x5, .asc = 0x26, .ascq = 0x08 }, back;
	__u32 word;

	text_is(test, 0x02, &sense, "05/26/08");
	sense.deferred = true;
	sense.key = 0xf;
	sense.ascq = 0xff;
	text_is(test, 0x02, &sense, "deferred-0f/26/ff");
	word = xcopy_scsi_status_word(0x02, &sense);
	KUNIT_EXPECT_TRUE(test, xcopy_scsi_status_sense(word, &back));
	KUNIT_EXPECT_TRUE(test, back.deferred && back.key == 0xf);
	KUNIT_EXPECT_TRUE(test, back.asc == 0x26 && back.ascq == 0xff);
	/* Sense data counts with CHECK CONDITION only; that there is none is not NO SENSE. */
	text_is(test, 0x18, &sense, "status-18");
	text_is(test, 0x02, NULL, "status-02");
	sense = (struct xcopy_scsi_sense){ };
	text_is(test, 0x02, &sense, "00/00/00");
	word = xcopy_scsi_status_word(0x02, NULL);
	KUNIT_EXPECT_STREQ(test, xcopy_scsi_status_name(word), "no-sense-data");
	/* GOOD is 0, and 0 is no answer. */
	KUNIT_EXPECT_STREQ(test, xcopy_scsi_status_name(XCOPY_SCSI_WORD_RESIDUE), "good");
	KUNIT_EXPECT_FALSE(test, xcopy_scsi_parse_status("", &word));
	KUNIT_EXPECT_FALSE(test, xcopy_scsi_parse_status("status-", &word));
	KUNIT_EXPECT_FALSE(test, xcopy_scsi_parse_status("status-1", &word));
	KUNIT_EXPECT_FALSE(test, xcopy_scsi_parse_status("status-183", &word));
	KUNIT_EXPECT_FALSE(test, xcopy_scsi_parse_status("05/26/0g", &word));
	KUNIT_EXPECT_FALSE(test, xcopy_scsi_parse_status("15/26/00", &word));
	KUNIT_EXPECT_FALSE(test, xcopy_scsi_parse_status("05-26-00", &word));
}

static void test_lost_write(struct kunit *test)
{
	/* NO SENSE, RECOVERED ERROR, ILLEGAL REQUEST, UNIT ATTENTION */
	static const unsigned int harmless = 1U << 0 | 1U << 1 | 1U << 5 | 1U << 6;
	struct xcopy_scsi_sense sense = { .asc = 0x0c };

	for (; sense.key < 16; sense.key++) {
		sense.deferred = false;
		KUNIT_EXPECT_FALSE(test, xcopy_scsi_lost_write(&sense));
		sense.deferred = true;
		KUNIT_EXPECT_EQ(test, xcopy_scsi_lost_write(&sense), !(harmless >> sense.key & 1));
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(test_one_segment),
	KUNIT_CASE(test_segments),
	KUNIT_CASE(test_largest),
	KUNIT_CASE(test_not_sayable),
	KUNIT_CASE(test_ask_limits),
	KUNIT_CASE(test_identify),
	KUNIT_CASE(test_preference),
	KUNIT_CASE(test_bad_pages),
	KUNIT_CASE(test_wwid),
	KUNIT_CASE(test_parameters),
	KUNIT_CASE(test_third_party),
	KUNIT_CASE(test_general_copy),
	KUNIT_CASE(test_answers),
	KUNIT_CASE(test_every_row),
	KUNIT_CASE(test_every_answer),
	KUNIT_CASE(test_unreached),
	KUNIT_CASE(test_was_reset),
	KUNIT_CASE(test_deferred),
	KUNIT_CASE(test_status_text),
	KUNIT_CASE(test_lost_write),
	{ }
};

static struct kunit_suite suite = {
	.name = "xcopy-scsi-command",
	.test_cases = cases,
};

kunit_test_suite(suite);

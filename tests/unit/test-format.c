// SPDX-License-Identifier: GPL-2.0-only
/*
 * format.c: what is written can be read for ever (golden bytes), and nothing else
 * is taken for it: damage, tearing, other formats, and lies with a right checksum.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include <asm/byteorder.h>
#include <linux/crc32c.h>
#include <linux/kernel.h>

#include "format.h"

#define BLOCK XCOPY_BLOCK_SIZE

union block {
	__u8 bytes[BLOCK];
	struct xcopy_superblock sb;
	struct xcopy_bitmap_block bitmap;
};

static const __u8 uuid[XCOPY_UUID_SIZE] = {
	0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17,
	0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f
};

static struct xcopy_device_id id_of(enum xcopy_id_kind kind, const char *text)
{
	struct xcopy_device_id id;

	memset(&id, 0, sizeof(id));
	id.kind = __cpu_to_le32(kind);
	id.length = __cpu_to_le32(strlen(text));
	memcpy(id.id, text, strlen(text));
	return id;
}

/* 1 TiB and one sector in regions of 4 KiB: 268435457 regions, 8257 bitmap blocks. */
static struct xcopy_geometry sample(void)
{
	struct xcopy_geometry geometry = {
		.sequence = 0x0102030405060708,
		.flags = XCOPY_SB_OFFLOAD_OPEN,
		.target_sectors = 0x80000001,
		.region_sectors = 8,
		.quarantine_ms = 30000,
		.bitmap_blocks = 8257,
		.source = id_of(XCOPY_ID_DM_UUID, "LVM-source"),
		.destination = id_of(XCOPY_ID_UNBOUND, ""),
	};

	memcpy(geometry.uuid, uuid, sizeof(uuid));
	return geometry;
}

static void sample_superblock(union block *block)
{
	struct xcopy_geometry geometry = sample();

	xcopy_superblock_encode(&block->sb, &geometry);
}

static void sample_bitmap(union block *block, unsigned int seed)
{
	unsigned int i;

	memset(block, 0, sizeof(*block));
	for (i = 0; i < XCOPY_BITMAP_BYTES; i++)
		block->bitmap.bits[i] = (i * 7 + seed) ^ (i >> 5);
	xcopy_bitmap_seal(&block->bitmap, uuid, 5, 9 + seed);
}

/* The checksum as metadata-format.rst words it, by other code than format.c's. */
static __u32 documented_crc(const __u8 *seed, const __u8 *bytes, size_t from)
{
	__u8 joined[XCOPY_UUID_SIZE + BLOCK];
	__u32 crc = ~0U;
	size_t i, length = XCOPY_UUID_SIZE + BLOCK - from;
	int bit;

	memcpy(joined, seed, XCOPY_UUID_SIZE);
	memcpy(joined + XCOPY_UUID_SIZE, bytes + from, BLOCK - from);
	for (i = 0; i < length; i++) {
		crc ^= joined[i];
		for (bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0x82f63b78 : crc >> 1;
	}
	return ~crc;
}

/* Makes a lie credible. */
static void reseal(union block *block)
{
	block->sb.crc = __cpu_to_le32(documented_crc(block->sb.uuid, block->bytes, 8));
}

static enum xcopy_format_error decode(const union block *block)
{
	struct xcopy_geometry out, untouched;
	enum xcopy_format_error error;

	memset(&out, 0xa5, sizeof(out));
	untouched = out;
	error = xcopy_superblock_decode(&block->sb, &out);
	if (error)
		assert_memory_equal(&out, &untouched, sizeof(out));
	return error;
}

static enum xcopy_format_error check(const union block *block)
{
	return xcopy_bitmap_check(&block->bitmap, uuid, 5);
}

/* ---- what the bytes are ---- */

static void test_crc_vector(void **state)
{
	(void)state;
	assert_int_equal(~crc32c(~0U, "123456789", 9), 0xe3069283);
	assert_int_equal(crc32c(crc32c(~0U, "1234", 4), "56789", 5), crc32c(~0U, "123456789", 9));
}

static void test_golden_superblock(void **state)
{
	static const __u8 head[96] = {
		0x27, 0x49, 0x3f, 0xb2, 0, 0, 0, 0,
		'd', 'm', '-', 'x', 'c', 'o', 'p', 'y', '-', 'f', 'o', 'r', 'm', 'a', 't', 0,
		0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17,
		0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f,
		1, 0, 0, 0, 1, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 0, 0,
		8, 7, 6, 5, 4, 3, 2, 1,
		1, 0, 0, 0, 0, 0, 0, 0,
		0x01, 0, 0, 0x80, 0, 0, 0, 0,
		8, 0, 0, 0, 0x30, 0x75, 0, 0,
		0x41, 0x20, 0, 0, 0, 0, 0, 0,
	};
	static const __u8 source[18] = {
		2, 0, 0, 0, 10, 0, 0, 0, 'L', 'V', 'M', '-', 's', 'o', 'u', 'r', 'c', 'e'
	};
	static const __u8 zeroes[BLOCK];
	union block block;

	(void)state;
	memset(&block, 0xee, sizeof(block));
	sample_superblock(&block);
	assert_memory_equal(block.bytes, head, sizeof(head));
	assert_memory_equal(block.bytes + 96, source, sizeof(source));
	assert_memory_equal(block.bytes + 96 + sizeof(source), zeroes, BLOCK - 96 - sizeof(source));
}

static void test_golden_bitmap(void **state)
{
	static const __u8 head[34] = {
		0x3c, 0xd5, 0xd3, 0xad, 'B', 'M', 'C', 'X',
		0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01,
		0x18, 0x17, 0x16, 0x15, 0x14, 0x13, 0x12, 0x11,
		0, 0, 0, 0, 0, 0, 0, 0,
		0x81, 0x02,
	};
	union block block;

	(void)state;
	memset(&block, 0, sizeof(block));
	memset(block.bytes, 0xee, 32);
	block.bitmap.bits[0] = 0x81;
	block.bitmap.bits[1] = 0x02;
	xcopy_bitmap_seal(&block.bitmap, uuid, 0x0102030405060708, 0x1112131415161718);
	assert_memory_equal(block.bytes, head, sizeof(head));
}

static void test_checksum_is_as_documented(void **state)
{
	union block block;

	(void)state;
	sample_superblock(&block);
	assert_int_equal(__le32_to_cpu(block.sb.crc), documented_crc(uuid, block.bytes, 8));
	sample_bitmap(&block, 1);
	assert_int_equal(__le32_to_cpu(block.bitmap.crc), documented_crc(uuid, block.bytes, 4));
}

static void test_round_trip(void **state)
{
	struct xcopy_geometry in = sample(), out;
	union block block;

	(void)state;
	in.destination = id_of(XCOPY_ID_DISK, "0123456789abcdef01234567");
	xcopy_superblock_encode(&block.sb, &in);
	memset(&out, 0xa5, sizeof(out));
	assert_int_equal(xcopy_superblock_decode(&block.sb, &out), XCOPY_FORMAT_OK);
	assert_memory_equal(out.uuid, in.uuid, sizeof(in.uuid));
	assert_int_equal(out.sequence, in.sequence);
	assert_int_equal(out.flags, in.flags);
	assert_int_equal(out.target_sectors, in.target_sectors);
	assert_int_equal(out.region_sectors, in.region_sectors);
	assert_int_equal(out.quarantine_ms, in.quarantine_ms);
	assert_int_equal(out.bitmap_blocks, in.bitmap_blocks);
	assert_memory_equal(&out.source, &in.source, sizeof(in.source));
	assert_memory_equal(&out.destination, &in.destination, sizeof(in.destination));
}

/* ---- where things are ---- */

static void test_regions(void **state)
{
	(void)state;
	assert_int_equal(xcopy_format_regions(1, 8), 1);
	assert_int_equal(xcopy_format_regions(8, 8), 1);
	assert_int_equal(xcopy_format_regions(9, 8), 2);
	assert_int_equal(xcopy_format_regions(2097152, 2097152), 1);
	assert_int_equal(xcopy_format_regions(2097153, 2097152), 2);
	assert_int_equal(xcopy_format_regions(~0ULL, 8), 1ULL << 61);
}

static void test_bitmap_blocks(void **state)
{
	(void)state;
	assert_int_equal(XCOPY_BITMAP_BITS, 32512);
	assert_int_equal(xcopy_format_bitmap_blocks(1), 1);
	assert_int_equal(xcopy_format_bitmap_blocks(32512), 1);
	assert_int_equal(xcopy_format_bitmap_blocks(32513), 2);
	assert_int_equal(xcopy_format_bitmap_blocks(268435457), 8257);
	assert_int_equal(xcopy_format_bitmap_blocks(1ULL << 61), 70922828777489ULL);
}

static void test_places(void **state)
{
	(void)state;
	assert_int_equal(xcopy_format_sb_block(0), 0);
	assert_int_equal(xcopy_format_sb_block(1), 8);
	assert_int_equal(xcopy_format_bitmap_block(0, 0), 16);
	assert_int_equal(xcopy_format_bitmap_block(0, 1), 17);
	assert_int_equal(xcopy_format_bitmap_block(8256, 1), 16529);
	assert_int_equal(xcopy_format_device_sectors(1, 8), 18 * 8);
	assert_int_equal(xcopy_format_device_sectors(0x80000001, 8), 16530 * 8);
}

static void test_region_sizes(void **state)
{
	static const __u64 bad[] = {
		0, 1, 4, 7, 9, 12, 2097151, 4194304, 1ULL << 32, (1ULL << 32) + 8, ~0ULL
	};
	unsigned int i;
	__u64 size;

	(void)state;
	for (size = 8; size <= 2097152; size *= 2)
		assert_true(xcopy_format_region_size_ok(size));
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(xcopy_format_region_size_ok(bad[i]));
}

/* ---- damage ---- */

static void test_every_bit_of_a_superblock_counts(void **state)
{
	union block block;
	unsigned int bit;

	(void)state;
	sample_superblock(&block);
	for (bit = 0; bit < BLOCK * 8; bit++) {
		block.bytes[bit / 8] ^= 1U << bit % 8;
		if (decode(&block) == XCOPY_FORMAT_OK)
			fail_msg("bit %u may flip unnoticed", bit);
		block.bytes[bit / 8] ^= 1U << bit % 8;
	}
	assert_int_equal(decode(&block), XCOPY_FORMAT_OK);
}

static void test_every_bit_of_a_bitmap_block_counts(void **state)
{
	union block block;
	unsigned int bit;

	(void)state;
	sample_bitmap(&block, 1);
	for (bit = 0; bit < BLOCK * 8; bit++) {
		block.bytes[bit / 8] ^= 1U << bit % 8;
		if (check(&block) == XCOPY_FORMAT_OK)
			fail_msg("bit %u may flip unnoticed", bit);
		block.bytes[bit / 8] ^= 1U << bit % 8;
	}
	assert_int_equal(check(&block), XCOPY_FORMAT_OK);
}

/* The first @cut bytes of @head, the rest of @tail. */
static void tear(union block *torn, const union block *head, const union block *tail,
		 unsigned int cut)
{
	memcpy(torn->bytes, head->bytes, cut);
	memcpy(torn->bytes + cut, tail->bytes + cut, BLOCK - cut);
}

static int whole(const union block *block, const union block *old, const union block *new)
{
	return !memcmp(block, old, BLOCK) || !memcmp(block, new, BLOCK);
}

static void test_torn_superblock(void **state)
{
	struct xcopy_geometry geometry = sample();
	union block old, new, torn;
	unsigned int cut;

	(void)state;
	sample_superblock(&old);
	geometry.sequence++;
	geometry.flags = 0;
	geometry.destination = id_of(XCOPY_ID_DM_UUID, "LVM-destination");
	xcopy_superblock_encode(&new.sb, &geometry);
	for (cut = 0; cut <= BLOCK; cut++) {
		tear(&torn, &new, &old, cut);
		if (whole(&torn, &old, &new))
			assert_int_equal(decode(&torn), XCOPY_FORMAT_OK);
		else
			assert_int_equal(decode(&torn), XCOPY_FORMAT_CRC);
	}
}

static void test_torn_bitmap_block(void **state)
{
	union block old, new, torn;
	unsigned int cut;

	(void)state;
	sample_bitmap(&old, 1);
	sample_bitmap(&new, 2);
	for (cut = 0; cut <= BLOCK; cut++) {
		tear(&torn, &new, &old, cut);
		if (whole(&torn, &old, &new))
			assert_int_equal(check(&torn), XCOPY_FORMAT_OK);
		else
			assert_int_equal(check(&torn), XCOPY_FORMAT_CRC);
	}
}

static void test_zeroes(void **state)
{
	union block block;

	(void)state;
	memset(&block, 0, sizeof(block));
	assert_int_equal(decode(&block), XCOPY_FORMAT_ZERO);
	assert_int_equal(check(&block), XCOPY_FORMAT_ZERO);
	block.bytes[BLOCK - 1] = 1;
	assert_int_equal(decode(&block), XCOPY_FORMAT_MAGIC);
	assert_int_equal(check(&block), XCOPY_FORMAT_MAGIC);
}

/* Even if the checksum of a block of zeroes were right, zeroes mean nothing. */
static void test_unsealed_zero_bitmap(void **state)
{
	union block block;

	(void)state;
	memset(&block, 0, sizeof(block));
	block.bitmap.crc = __cpu_to_le32(documented_crc(uuid, block.bytes, 4));
	assert_int_equal(check(&block), XCOPY_FORMAT_MAGIC);
}

static void test_other_blocks(void **state)
{
	union block block;

	(void)state;
	sample_bitmap(&block, 1);
	assert_int_equal(decode(&block), XCOPY_FORMAT_MAGIC);
	sample_superblock(&block);
	assert_int_equal(check(&block), XCOPY_FORMAT_MAGIC);
	memset(&block, 0xff, sizeof(block));
	assert_int_equal(decode(&block), XCOPY_FORMAT_MAGIC);
	assert_int_equal(check(&block), XCOPY_FORMAT_MAGIC);
}

static void test_block_of_another_place(void **state)
{
	union block block;

	(void)state;
	sample_bitmap(&block, 1);
	assert_int_equal(xcopy_bitmap_check(&block.bitmap, uuid, 4), XCOPY_FORMAT_INDEX);
	assert_int_equal(xcopy_bitmap_check(&block.bitmap, uuid, 5 + (1ULL << 32)),
			 XCOPY_FORMAT_INDEX);
}

static void test_block_of_another_format_run(void **state)
{
	__u8 other[XCOPY_UUID_SIZE];
	union block block;

	(void)state;
	memcpy(other, uuid, sizeof(other));
	other[15] ^= 1;
	sample_bitmap(&block, 1);
	assert_int_equal(xcopy_bitmap_check(&block.bitmap, other, 5), XCOPY_FORMAT_CRC);
}

/* ---- versions ---- */

static enum xcopy_format_error with_versions(__u32 version, __u32 min_version, __u64 incompat)
{
	union block block;

	sample_superblock(&block);
	block.sb.version = __cpu_to_le32(version);
	block.sb.min_version = __cpu_to_le32(min_version);
	block.sb.incompat = __cpu_to_le64(incompat);
	reseal(&block);
	return decode(&block);
}

static void test_versions(void **state)
{
	(void)state;
	assert_int_equal(with_versions(1, 1, 0), XCOPY_FORMAT_OK);
	assert_int_equal(with_versions(7, 1, 0), XCOPY_FORMAT_OK);
	assert_int_equal(with_versions(2, 2, 0), XCOPY_FORMAT_VERSION_ERR);
	assert_int_equal(with_versions(0xffffffff, 0xffffffff, 0), XCOPY_FORMAT_VERSION_ERR);
	assert_int_equal(with_versions(1, 1, 1), XCOPY_FORMAT_FEATURE);
	assert_int_equal(with_versions(1, 1, 1ULL << 63), XCOPY_FORMAT_FEATURE);
	assert_int_equal(with_versions(2, 2, 1), XCOPY_FORMAT_VERSION_ERR);
	assert_int_equal(with_versions(0, 0, 0), XCOPY_FORMAT_GEOMETRY);
	assert_int_equal(with_versions(0, 1, 0), XCOPY_FORMAT_GEOMETRY);
}

/* A damaged block must not be mistaken for a newer one: the checksum comes first. */
static void test_damage_is_not_a_newer_version(void **state)
{
	union block block;

	(void)state;
	sample_superblock(&block);
	block.sb.min_version = __cpu_to_le32(2);
	assert_int_equal(decode(&block), XCOPY_FORMAT_CRC);
}

static void test_unknown_flags_and_fields_survive(void **state)
{
	struct xcopy_geometry geometry;
	union block block;

	(void)state;
	sample_superblock(&block);
	block.sb.flags = __cpu_to_le64(1ULL << 40 | XCOPY_SB_COMPLETE);
	block.sb.reserved[17] = 0x55;
	reseal(&block);
	assert_int_equal(xcopy_superblock_decode(&block.sb, &geometry), XCOPY_FORMAT_OK);
	assert_int_equal(geometry.flags, 1ULL << 40 | XCOPY_SB_COMPLETE);
	xcopy_superblock_encode(&block.sb, &geometry);
	assert_int_equal(__le64_to_cpu(block.sb.flags), 1ULL << 40 | XCOPY_SB_COMPLETE);
}

/* ---- lies ---- */

static enum xcopy_format_error with_sizes(__u64 target, __u32 region, __u64 blocks)
{
	union block block;

	sample_superblock(&block);
	block.sb.target_sectors = __cpu_to_le64(target);
	block.sb.region_sectors = __cpu_to_le32(region);
	block.sb.bitmap_blocks = __cpu_to_le64(blocks);
	reseal(&block);
	return decode(&block);
}

static void test_sizes(void **state)
{
	(void)state;
	assert_int_equal(with_sizes(1, 8, 1), XCOPY_FORMAT_OK);
	assert_int_equal(with_sizes(32512 * 8, 8, 1), XCOPY_FORMAT_OK);
	assert_int_equal(with_sizes(32512 * 8 + 1, 8, 2), XCOPY_FORMAT_OK);
	assert_int_equal(with_sizes((1ULL << 54) - 1, 8, 69260574979ULL), XCOPY_FORMAT_OK);
	assert_int_equal(with_sizes(0, 8, 0), XCOPY_FORMAT_GEOMETRY);
	assert_int_equal(with_sizes(0, 8, 1), XCOPY_FORMAT_GEOMETRY);
	assert_int_equal(with_sizes(1ULL << 54, 8, 69260574979ULL), XCOPY_FORMAT_GEOMETRY);
	assert_int_equal(with_sizes(~0ULL, 8, 70922828777489ULL), XCOPY_FORMAT_GEOMETRY);
	assert_int_equal(with_sizes(~0ULL, 8, 0), XCOPY_FORMAT_GEOMETRY);
}

static void test_region_size_lies(void **state)
{
	static const __u32 bad[] = { 0, 1, 4, 7, 9, 24, 4194304, 0x80000000, 0xffffffff };
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(with_sizes(4096, bad[i], 1), XCOPY_FORMAT_GEOMETRY);
}

static void test_bitmap_blocks_lies(void **state)
{
	static const __u64 bad[] = { 0, 1, 8256, 8258, 8257 + (1ULL << 32), ~0ULL };
	unsigned int i;

	(void)state;
	assert_int_equal(with_sizes(0x80000001, 8, 8257), XCOPY_FORMAT_OK);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(with_sizes(0x80000001, 8, bad[i]), XCOPY_FORMAT_GEOMETRY);
}

static void test_sequence_lies(void **state)
{
	union block block;

	(void)state;
	sample_superblock(&block);
	block.sb.sequence = __cpu_to_le64(~0ULL);
	reseal(&block);
	assert_int_equal(decode(&block), XCOPY_FORMAT_GEOMETRY);
	xcopy_bitmap_seal(&block.bitmap, uuid, 5, XCOPY_MAX_SEQUENCE);
	assert_int_equal(check(&block), XCOPY_FORMAT_GEOMETRY);
	xcopy_bitmap_seal(&block.bitmap, uuid, 5, XCOPY_MAX_SEQUENCE - 1);
	assert_int_equal(check(&block), XCOPY_FORMAT_OK);
}

static enum xcopy_format_error with_id(int destination, __u32 kind, __u32 length, unsigned int used)
{
	struct xcopy_device_id *id;
	union block block;

	sample_superblock(&block);
	id = destination ? &block.sb.destination : &block.sb.source;
	memset(id, 0, sizeof(*id));
	id->kind = __cpu_to_le32(kind);
	id->length = __cpu_to_le32(length);
	memset(id->id, 'x', used);
	reseal(&block);
	return decode(&block);
}

static void test_identity_lies(void **state)
{
	int which;

	(void)state;
	for (which = 0; which < 2; which++) {
		assert_int_equal(with_id(which, XCOPY_ID_DM_UUID, 136, 136), XCOPY_FORMAT_OK);
		assert_int_equal(with_id(which, XCOPY_ID_DISK, 24, 24), XCOPY_FORMAT_OK);
		assert_int_equal(with_id(which, XCOPY_ID_NONE, 0, 0), XCOPY_FORMAT_OK);
		assert_int_equal(with_id(which, 4, 0, 0), XCOPY_FORMAT_GEOMETRY);
		assert_int_equal(with_id(which, 0xffffffff, 0, 0), XCOPY_FORMAT_GEOMETRY);
		assert_int_equal(with_id(which, XCOPY_ID_DM_UUID, 137, 136), XCOPY_FORMAT_GEOMETRY);
		assert_int_equal(with_id(which, XCOPY_ID_DM_UUID, 0xffffffff, 136),
				 XCOPY_FORMAT_GEOMETRY);
		assert_int_equal(with_id(which, XCOPY_ID_DM_UUID, 9, 10), XCOPY_FORMAT_GEOMETRY);
	}
}

static void test_reserved_word_outside_of_the_checksum(void **state)
{
	union block block;

	(void)state;
	sample_superblock(&block);
	block.sb.reserved0 = __cpu_to_le32(1);
	assert_int_equal(decode(&block), XCOPY_FORMAT_CRC);
}

/* ---- choosing ---- */

static int choose(enum xcopy_format_error first, __u64 first_sequence,
		  enum xcopy_format_error second, __u64 second_sequence)
{
	const enum xcopy_format_error errors[XCOPY_SB_COPIES] = { first, second };
	const struct xcopy_geometry copies[XCOPY_SB_COPIES] = {
		{ .sequence = first_sequence }, { .sequence = second_sequence }
	};

	return xcopy_superblock_choose(errors, copies);
}

static void test_choose(void **state)
{
	(void)state;
	assert_int_equal(choose(XCOPY_FORMAT_OK, 5, XCOPY_FORMAT_OK, 5), 0);
	assert_int_equal(choose(XCOPY_FORMAT_OK, 5, XCOPY_FORMAT_OK, 6), 1);
	assert_int_equal(choose(XCOPY_FORMAT_OK, 1ULL << 33, XCOPY_FORMAT_OK, 6), 0);
	assert_int_equal(choose(XCOPY_FORMAT_CRC, 9, XCOPY_FORMAT_OK, 6), 1);
	assert_int_equal(choose(XCOPY_FORMAT_OK, 0, XCOPY_FORMAT_ZERO, 9), 0);
	assert_int_equal(choose(XCOPY_FORMAT_MAGIC, 1, XCOPY_FORMAT_GEOMETRY, 2), -1);
}

static void test_texts(void **state)
{
	int a, b;

	(void)state;
	for (a = XCOPY_FORMAT_OK; a <= XCOPY_FORMAT_INDEX; a++) {
		for (b = XCOPY_FORMAT_OK; b < a; b++)
			assert_string_not_equal(xcopy_format_error_text(a),
						xcopy_format_error_text(b));
	}
	assert_non_null(xcopy_format_error_text((enum xcopy_format_error)99));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crc_vector),
		cmocka_unit_test(test_golden_superblock),
		cmocka_unit_test(test_golden_bitmap),
		cmocka_unit_test(test_checksum_is_as_documented),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_regions),
		cmocka_unit_test(test_bitmap_blocks),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_region_sizes),
		cmocka_unit_test(test_every_bit_of_a_superblock_counts),
		cmocka_unit_test(test_every_bit_of_a_bitmap_block_counts),
		cmocka_unit_test(test_torn_superblock),
		cmocka_unit_test(test_torn_bitmap_block),
		cmocka_unit_test(test_zeroes),
		cmocka_unit_test(test_unsealed_zero_bitmap),
		cmocka_unit_test(test_other_blocks),
		cmocka_unit_test(test_block_of_another_place),
		cmocka_unit_test(test_block_of_another_format_run),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_damage_is_not_a_newer_version),
		cmocka_unit_test(test_unknown_flags_and_fields_survive),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_region_size_lies),
		cmocka_unit_test(test_bitmap_blocks_lies),
		cmocka_unit_test(test_sequence_lies),
		cmocka_unit_test(test_identity_lies),
		cmocka_unit_test(test_reserved_word_outside_of_the_checksum),
		cmocka_unit_test(test_choose),
		cmocka_unit_test(test_texts),
	};

	return cmocka_run_group_tests_name("format", tests, NULL, NULL);
}

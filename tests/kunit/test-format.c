// SPDX-License-Identifier: GPL-2.0-only
/*
 * format.c: what is written can be read for ever (golden bytes), and nothing else
 * is taken for it: damage, tearing, other formats, and lies with a right checksum.
 */
#include <kunit/test.h>

#include <linux/kernel.h>
#include <linux/sched.h>

#include "../../dm-xcopy/format.c"

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
	static __u8 joined[XCOPY_UUID_SIZE + BLOCK];
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

static enum xcopy_format_error decode(struct kunit *test, const union block *block)
{
	static struct xcopy_geometry out, untouched;
	enum xcopy_format_error error;

	memset(&out, 0xa5, sizeof(out));
	untouched = out;
	error = xcopy_superblock_decode(&block->sb, &out);
	if (error)
		KUNIT_EXPECT_MEMEQ(test, &out, &untouched, sizeof(out));
	return error;
}

static enum xcopy_format_error check(const union block *block)
{
	return xcopy_bitmap_check(&block->bitmap, uuid, 5);
}

/* ---- what the bytes are ---- */

static void test_crc_vector(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, ~crc32c(~0U, "123456789", 9), 0xe3069283);
	KUNIT_EXPECT_EQ(test, crc32c(crc32c(~0U, "1234", 4), "56789", 5),
			crc32c(~0U, "123456789", 9));
}

static void test_golden_superblock(struct kunit *test)
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
	static union block block;

	memset(&block, 0xee, sizeof(block));
	sample_superblock(&block);
	KUNIT_EXPECT_MEMEQ(test, block.bytes, head, sizeof(head));
	KUNIT_EXPECT_MEMEQ(test, block.bytes + 96, source, sizeof(source));
	KUNIT_EXPECT_MEMEQ(test, block.bytes + 96 + sizeof(source), zeroes,
			   BLOCK - 96 - sizeof(source));
}

static void test_golden_bitmap(struct kunit *test)
{
	static const __u8 head[34] = {
		0x3c, 0xd5, 0xd3, 0xad, 'B', 'M', 'C', 'X',
		0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01,
		0x18, 0x17, 0x16, 0x15, 0x14, 0x13, 0x12, 0x11,
		0, 0, 0, 0, 0, 0, 0, 0,
		0x81, 0x02,
	};
	static union block block;

	memset(&block, 0, sizeof(block));
	memset(block.bytes, 0xee, 32);
	block.bitmap.bits[0] = 0x81;
	block.bitmap.bits[1] = 0x02;
	xcopy_bitmap_seal(&block.bitmap, uuid, 0x0102030405060708, 0x1112131415161718);
	KUNIT_EXPECT_MEMEQ(test, block.bytes, head, sizeof(head));
}

static void test_checksum_is_as_documented(struct kunit *test)
{
	static union block block;

	sample_superblock(&block);
	KUNIT_EXPECT_EQ(test, __le32_to_cpu(block.sb.crc), documented_crc(uuid, block.bytes, 8));
	sample_bitmap(&block, 1);
	KUNIT_EXPECT_EQ(test, __le32_to_cpu(block.bitmap.crc),
			documented_crc(uuid, block.bytes, 4));
}

static void test_round_trip(struct kunit *test)
{
	struct xcopy_geometry in = sample(), out;
	static union block block;

	in.destination = id_of(XCOPY_ID_DISK, "0123456789abcdef01234567");
	xcopy_superblock_encode(&block.sb, &in);
	memset(&out, 0xa5, sizeof(out));
	KUNIT_EXPECT_EQ(test, xcopy_superblock_decode(&block.sb, &out), XCOPY_FORMAT_OK);
	KUNIT_EXPECT_MEMEQ(test, out.uuid, in.uuid, sizeof(in.uuid));
	KUNIT_EXPECT_EQ(test, out.sequence, in.sequence);
	KUNIT_EXPECT_EQ(test, out.flags, in.flags);
	KUNIT_EXPECT_EQ(test, out.target_sectors, in.target_sectors);
	KUNIT_EXPECT_EQ(test, out.region_sectors, in.region_sectors);
	KUNIT_EXPECT_EQ(test, out.quarantine_ms, in.quarantine_ms);
	KUNIT_EXPECT_EQ(test, out.bitmap_blocks, in.bitmap_blocks);
	KUNIT_EXPECT_MEMEQ(test, &out.source, &in.source, sizeof(in.source));
	KUNIT_EXPECT_MEMEQ(test, &out.destination, &in.destination, sizeof(in.destination));
}

/* ---- where things are ---- */

static void test_regions(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, xcopy_format_regions(1, 8), 1);
	KUNIT_EXPECT_EQ(test, xcopy_format_regions(8, 8), 1);
	KUNIT_EXPECT_EQ(test, xcopy_format_regions(9, 8), 2);
	KUNIT_EXPECT_EQ(test, xcopy_format_regions(2097152, 2097152), 1);
	KUNIT_EXPECT_EQ(test, xcopy_format_regions(2097153, 2097152), 2);
	KUNIT_EXPECT_EQ(test, xcopy_format_regions(~0ULL, 8), 1ULL << 61);
}

static void test_bitmap_blocks(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, XCOPY_BITMAP_BITS, 32512);
	KUNIT_EXPECT_EQ(test, xcopy_format_bitmap_blocks(1), 1);
	KUNIT_EXPECT_EQ(test, xcopy_format_bitmap_blocks(32512), 1);
	KUNIT_EXPECT_EQ(test, xcopy_format_bitmap_blocks(32513), 2);
	KUNIT_EXPECT_EQ(test, xcopy_format_bitmap_blocks(268435457), 8257);
	KUNIT_EXPECT_EQ(test, xcopy_format_bitmap_blocks(1ULL << 61), 70922828777489ULL);
}

static void test_places(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, xcopy_format_sb_block(0), 0);
	KUNIT_EXPECT_EQ(test, xcopy_format_sb_block(1), 8);
	KUNIT_EXPECT_EQ(test, xcopy_format_bitmap_block(0, 0), 16);
	KUNIT_EXPECT_EQ(test, xcopy_format_bitmap_block(0, 1), 17);
	KUNIT_EXPECT_EQ(test, xcopy_format_bitmap_block(8256, 1), 16529);
	KUNIT_EXPECT_EQ(test, xcopy_format_device_sectors(1, 8), 18 * 8);
	KUNIT_EXPECT_EQ(test, xcopy_format_device_sectors(0x80000001, 8), 16530 * 8);
}

static void test_region_sizes(struct kunit *test)
{
	static const __u64 bad[] = {
		0, 1, 4, 7, 9, 12, 2097151, 4194304, 1ULL << 32, (1ULL << 32) + 8, ~0ULL
	};
	unsigned int i;
	__u64 size;

	for (size = 8; size <= 2097152; size *= 2)
		KUNIT_EXPECT_TRUE(test, xcopy_format_region_size_ok(size));
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_FALSE(test, xcopy_format_region_size_ok(bad[i]));
}

/* ---- damage ---- */

static void test_every_bit_of_a_superblock_counts(struct kunit *test)
{
	static union block block;
	unsigned int bit;

	sample_superblock(&block);
	for (bit = 0; bit < BLOCK * 8; bit++) {
		block.bytes[bit / 8] ^= 1U << bit % 8;
		if (decode(test, &block) == XCOPY_FORMAT_OK)
			KUNIT_FAIL(test, "bit %u may flip unnoticed", bit);
		block.bytes[bit / 8] ^= 1U << bit % 8;
		cond_resched();
	}
	KUNIT_EXPECT_EQ(test, decode(test, &block), XCOPY_FORMAT_OK);
}

static void test_every_bit_of_a_bitmap_block_counts(struct kunit *test)
{
	static union block block;
	unsigned int bit;

	sample_bitmap(&block, 1);
	for (bit = 0; bit < BLOCK * 8; bit++) {
		block.bytes[bit / 8] ^= 1U << bit % 8;
		if (check(&block) == XCOPY_FORMAT_OK)
			KUNIT_FAIL(test, "bit %u may flip unnoticed", bit);
		block.bytes[bit / 8] ^= 1U << bit % 8;
		cond_resched();
	}
	KUNIT_EXPECT_EQ(test, check(&block), XCOPY_FORMAT_OK);
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

static void test_torn_superblock(struct kunit *test)
{
	struct xcopy_geometry geometry = sample();
	static union block old, new, torn;
	unsigned int cut;

	sample_superblock(&old);
	geometry.sequence++;
	geometry.flags = 0;
	geometry.destination = id_of(XCOPY_ID_DM_UUID, "LVM-destination");
	xcopy_superblock_encode(&new.sb, &geometry);
	for (cut = 0; cut <= BLOCK; cut++) {
		tear(&torn, &new, &old, cut);
		if (whole(&torn, &old, &new))
			KUNIT_EXPECT_EQ(test, decode(test, &torn), XCOPY_FORMAT_OK);
		else
			KUNIT_EXPECT_EQ(test, decode(test, &torn), XCOPY_FORMAT_CRC);
	}
}

static void test_torn_bitmap_block(struct kunit *test)
{
	static union block old, new, torn;
	unsigned int cut;

	sample_bitmap(&old, 1);
	sample_bitmap(&new, 2);
	for (cut = 0; cut <= BLOCK; cut++) {
		tear(&torn, &new, &old, cut);
		if (whole(&torn, &old, &new))
			KUNIT_EXPECT_EQ(test, check(&torn), XCOPY_FORMAT_OK);
		else
			KUNIT_EXPECT_EQ(test, check(&torn), XCOPY_FORMAT_CRC);
	}
}

static void test_zeroes(struct kunit *test)
{
	static union block block;

	memset(&block, 0, sizeof(block));
	KUNIT_EXPECT_EQ(test, decode(test, &block), XCOPY_FORMAT_ZERO);
	KUNIT_EXPECT_EQ(test, check(&block), XCOPY_FORMAT_ZERO);
	block.bytes[BLOCK - 1] = 1;
	KUNIT_EXPECT_EQ(test, decode(test, &block), XCOPY_FORMAT_MAGIC);
	KUNIT_EXPECT_EQ(test, check(&block), XCOPY_FORMAT_MAGIC);
}

/* Even if the checksum of a block of zeroes were right, zeroes mean nothing. */
static void test_unsealed_zero_bitmap(struct kunit *test)
{
	static union block block;

	memset(&block, 0, sizeof(block));
	block.bitmap.crc = __cpu_to_le32(documented_crc(uuid, block.bytes, 4));
	KUNIT_EXPECT_EQ(test, check(&block), XCOPY_FORMAT_MAGIC);
}

static void test_other_blocks(struct kunit *test)
{
	static union block block;

	sample_bitmap(&block, 1);
	KUNIT_EXPECT_EQ(test, decode(test, &block), XCOPY_FORMAT_MAGIC);
	sample_superblock(&block);
	KUNIT_EXPECT_EQ(test, check(&block), XCOPY_FORMAT_MAGIC);
	memset(&block, 0xff, sizeof(block));
	KUNIT_EXPECT_EQ(test, decode(test, &block), XCOPY_FORMAT_MAGIC);
	KUNIT_EXPECT_EQ(test, check(&block), XCOPY_FORMAT_MAGIC);
}

static void test_block_of_another_place(struct kunit *test)
{
	static union block block;

	sample_bitmap(&block, 1);
	KUNIT_EXPECT_EQ(test, xcopy_bitmap_check(&block.bitmap, uuid, 4), XCOPY_FORMAT_INDEX);
	KUNIT_EXPECT_EQ(test, xcopy_bitmap_check(&block.bitmap, uuid, 5 + (1ULL << 32)),
			XCOPY_FORMAT_INDEX);
}

static void test_block_of_another_format_run(struct kunit *test)
{
	__u8 other[XCOPY_UUID_SIZE];
	static union block block;

	memcpy(other, uuid, sizeof(other));
	other[15] ^= 1;
	sample_bitmap(&block, 1);
	KUNIT_EXPECT_EQ(test, xcopy_bitmap_check(&block.bitmap, other, 5), XCOPY_FORMAT_CRC);
}

/* ---- versions ---- */

static enum xcopy_format_error with_versions(struct kunit *test, __u32 version,
					     __u32 min_version, __u64 incompat)
{
	static union block block;

	sample_superblock(&block);
	block.sb.version = __cpu_to_le32(version);
	block.sb.min_version = __cpu_to_le32(min_version);
	block.sb.incompat = __cpu_to_le64(incompat);
	reseal(&block);
	return decode(test, &block);
}

static void test_versions(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, with_versions(test, 1, 1, 0), XCOPY_FORMAT_OK);
	KUNIT_EXPECT_EQ(test, with_versions(test, 7, 1, 0), XCOPY_FORMAT_OK);
	KUNIT_EXPECT_EQ(test, with_versions(test, 2, 2, 0), XCOPY_FORMAT_VERSION_ERR);
	KUNIT_EXPECT_EQ(test, with_versions(test, 0xffffffff, 0xffffffff, 0),
			XCOPY_FORMAT_VERSION_ERR);
	KUNIT_EXPECT_EQ(test, with_versions(test, 1, 1, 1), XCOPY_FORMAT_FEATURE);
	KUNIT_EXPECT_EQ(test, with_versions(test, 1, 1, 1ULL << 63), XCOPY_FORMAT_FEATURE);
	KUNIT_EXPECT_EQ(test, with_versions(test, 2, 2, 1), XCOPY_FORMAT_VERSION_ERR);
	KUNIT_EXPECT_EQ(test, with_versions(test, 0, 0, 0), XCOPY_FORMAT_GEOMETRY);
	KUNIT_EXPECT_EQ(test, with_versions(test, 0, 1, 0), XCOPY_FORMAT_GEOMETRY);
}

/* A damaged block must not be mistaken for a newer one: the checksum comes first. */
static void test_damage_is_not_a_newer_version(struct kunit *test)
{
	static union block block;

	sample_superblock(&block);
	block.sb.min_version = __cpu_to_le32(2);
	KUNIT_EXPECT_EQ(test, decode(test, &block), XCOPY_FORMAT_CRC);
}

static void test_unknown_flags_and_fields_survive(struct kunit *test)
{
	struct xcopy_geometry geometry;
	static union block block;

	sample_superblock(&block);
	block.sb.flags = __cpu_to_le64(1ULL << 40 | XCOPY_SB_COMPLETE);
	block.sb.reserved[17] = 0x55;
	reseal(&block);
	KUNIT_EXPECT_EQ(test, xcopy_superblock_decode(&block.sb, &geometry), XCOPY_FORMAT_OK);
	KUNIT_EXPECT_EQ(test, geometry.flags, 1ULL << 40 | XCOPY_SB_COMPLETE);
	xcopy_superblock_encode(&block.sb, &geometry);
	KUNIT_EXPECT_EQ(test, __le64_to_cpu(block.sb.flags), 1ULL << 40 | XCOPY_SB_COMPLETE);
}

/* ---- lies ---- */

static enum xcopy_format_error with_sizes(struct kunit *test, __u64 target, __u32 region,
					  __u64 blocks)
{
	static union block block;

	sample_superblock(&block);
	block.sb.target_sectors = __cpu_to_le64(target);
	block.sb.region_sectors = __cpu_to_le32(region);
	block.sb.bitmap_blocks = __cpu_to_le64(blocks);
	reseal(&block);
	return decode(test, &block);
}

static void test_sizes(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, with_sizes(test, 1, 8, 1), XCOPY_FORMAT_OK);
	KUNIT_EXPECT_EQ(test, with_sizes(test, 32512 * 8, 8, 1), XCOPY_FORMAT_OK);
	KUNIT_EXPECT_EQ(test, with_sizes(test, 32512 * 8 + 1, 8, 2), XCOPY_FORMAT_OK);
	KUNIT_EXPECT_EQ(test, with_sizes(test, (1ULL << 54) - 1, 8, 69260574979ULL),
			XCOPY_FORMAT_OK);
	KUNIT_EXPECT_EQ(test, with_sizes(test, 0, 8, 0), XCOPY_FORMAT_GEOMETRY);
	KUNIT_EXPECT_EQ(test, with_sizes(test, 0, 8, 1), XCOPY_FORMAT_GEOMETRY);
	KUNIT_EXPECT_EQ(test, with_sizes(test, 1ULL << 54, 8, 69260574979ULL),
			XCOPY_FORMAT_GEOMETRY);
	KUNIT_EXPECT_EQ(test, with_sizes(test, ~0ULL, 8, 70922828777489ULL), XCOPY_FORMAT_GEOMETRY);
	KUNIT_EXPECT_EQ(test, with_sizes(test, ~0ULL, 8, 0), XCOPY_FORMAT_GEOMETRY);
}

static void test_region_size_lies(struct kunit *test)
{
	static const __u32 bad[] = { 0, 1, 4, 7, 9, 24, 4194304, 0x80000000, 0xffffffff };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_EQ(test, with_sizes(test, 4096, bad[i], 1), XCOPY_FORMAT_GEOMETRY);
}

static void test_bitmap_blocks_lies(struct kunit *test)
{
	static const __u64 bad[] = { 0, 1, 8256, 8258, 8257 + (1ULL << 32), ~0ULL };
	unsigned int i;

	KUNIT_EXPECT_EQ(test, with_sizes(test, 0x80000001, 8, 8257), XCOPY_FORMAT_OK);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_EQ(test, with_sizes(test, 0x80000001, 8, bad[i]),
				XCOPY_FORMAT_GEOMETRY);
}

static void test_sequence_lies(struct kunit *test)
{
	static union block block;

	sample_superblock(&block);
	block.sb.sequence = __cpu_to_le64(~0ULL);
	reseal(&block);
	KUNIT_EXPECT_EQ(test, decode(test, &block), XCOPY_FORMAT_GEOMETRY);
	xcopy_bitmap_seal(&block.bitmap, uuid, 5, XCOPY_MAX_SEQUENCE);
	KUNIT_EXPECT_EQ(test, check(&block), XCOPY_FORMAT_GEOMETRY);
	xcopy_bitmap_seal(&block.bitmap, uuid, 5, XCOPY_MAX_SEQUENCE - 1);
	KUNIT_EXPECT_EQ(test, check(&block), XCOPY_FORMAT_OK);
}

static enum xcopy_format_error with_quarantine(struct kunit *test, __u32 ms)
{
	static union block block;

	sample_superblock(&block);
	block.sb.quarantine_ms = __cpu_to_le32(ms);
	reseal(&block);
	return decode(test, &block);
}

/* Whoever activates the clone would wait that long. */
static void test_quarantine_lies(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, with_quarantine(test, 0), XCOPY_FORMAT_OK);
	KUNIT_EXPECT_EQ(test, with_quarantine(test, 3600000), XCOPY_FORMAT_OK);
	KUNIT_EXPECT_EQ(test, with_quarantine(test, 3600001), XCOPY_FORMAT_GEOMETRY);
	KUNIT_EXPECT_EQ(test, with_quarantine(test, 0x80000000), XCOPY_FORMAT_GEOMETRY);
	KUNIT_EXPECT_EQ(test, with_quarantine(test, 0xffffffff), XCOPY_FORMAT_GEOMETRY);
}

static enum xcopy_format_error with_id(struct kunit *test, int destination, __u32 kind,
				       __u32 length, unsigned int used)
{
	struct xcopy_device_id *id;
	static union block block;

	sample_superblock(&block);
	id = destination ? &block.sb.destination : &block.sb.source;
	memset(id, 0, sizeof(*id));
	id->kind = __cpu_to_le32(kind);
	id->length = __cpu_to_le32(length);
	memset(id->id, 'x', used);
	reseal(&block);
	return decode(test, &block);
}

static void test_identity_lies(struct kunit *test)
{
	int which;

	for (which = 0; which < 2; which++) {
		KUNIT_EXPECT_EQ(test, with_id(test, which, XCOPY_ID_DM_UUID, 136, 136),
				XCOPY_FORMAT_OK);
		KUNIT_EXPECT_EQ(test, with_id(test, which, XCOPY_ID_DISK, 24, 24), XCOPY_FORMAT_OK);
		KUNIT_EXPECT_EQ(test, with_id(test, which, XCOPY_ID_NONE, 0, 0), XCOPY_FORMAT_OK);
		KUNIT_EXPECT_EQ(test, with_id(test, which, 4, 0, 0), XCOPY_FORMAT_GEOMETRY);
		KUNIT_EXPECT_EQ(test, with_id(test, which, 0xffffffff, 0, 0),
				XCOPY_FORMAT_GEOMETRY);
		KUNIT_EXPECT_EQ(test, with_id(test, which, XCOPY_ID_DM_UUID, 137, 136),
				XCOPY_FORMAT_GEOMETRY);
		KUNIT_EXPECT_EQ(test, with_id(test, which, XCOPY_ID_DM_UUID, 0xffffffff, 136),
				XCOPY_FORMAT_GEOMETRY);
		KUNIT_EXPECT_EQ(test, with_id(test, which, XCOPY_ID_DM_UUID, 9, 10),
				XCOPY_FORMAT_GEOMETRY);
	}
}

static void test_reserved_word_outside_of_the_checksum(struct kunit *test)
{
	static union block block;

	sample_superblock(&block);
	block.sb.reserved0 = __cpu_to_le32(1);
	KUNIT_EXPECT_EQ(test, decode(test, &block), XCOPY_FORMAT_CRC);
}

/* ---- choosing ---- */

static int choose(enum xcopy_format_error first, __u64 first_sequence,
		  enum xcopy_format_error second, __u64 second_sequence)
{
	const enum xcopy_format_error errors[XCOPY_SB_COPIES] = { first, second };
	static struct xcopy_geometry copies[XCOPY_SB_COPIES];

	copies[0].sequence = first_sequence;
	copies[1].sequence = second_sequence;
	return xcopy_superblock_choose(errors, copies);
}

static void test_choose(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, choose(XCOPY_FORMAT_OK, 5, XCOPY_FORMAT_OK, 5), 0);
	KUNIT_EXPECT_EQ(test, choose(XCOPY_FORMAT_OK, 5, XCOPY_FORMAT_OK, 6), 1);
	KUNIT_EXPECT_EQ(test, choose(XCOPY_FORMAT_OK, 1ULL << 33, XCOPY_FORMAT_OK, 6), 0);
	KUNIT_EXPECT_EQ(test, choose(XCOPY_FORMAT_CRC, 9, XCOPY_FORMAT_OK, 6), 1);
	KUNIT_EXPECT_EQ(test, choose(XCOPY_FORMAT_OK, 0, XCOPY_FORMAT_ZERO, 9), 0);
	KUNIT_EXPECT_EQ(test, choose(XCOPY_FORMAT_MAGIC, 1, XCOPY_FORMAT_GEOMETRY, 2), -1);
}

static unsigned int worse(enum xcopy_format_error first, __u64 first_sequence,
			  enum xcopy_format_error second, __u64 second_sequence)
{
	const enum xcopy_format_error errors[XCOPY_SLOTS] = { first, second };
	static struct xcopy_bitmap_block slots[XCOPY_SLOTS];

	slots[0].sequence = __cpu_to_le64(first_sequence);
	slots[1].sequence = __cpu_to_le64(second_sequence);
	return xcopy_bitmap_worse_slot(errors, slots);
}

static void test_worse_slot(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, worse(XCOPY_FORMAT_OK, 5, XCOPY_FORMAT_OK, 6), 0);
	KUNIT_EXPECT_EQ(test, worse(XCOPY_FORMAT_OK, 6, XCOPY_FORMAT_OK, 5), 1);
	KUNIT_EXPECT_EQ(test, worse(XCOPY_FORMAT_OK, 1ULL << 33, XCOPY_FORMAT_OK, 6), 1);
	/* What a bad slot says of its age counts for nothing. */
	KUNIT_EXPECT_EQ(test, worse(XCOPY_FORMAT_CRC, 9, XCOPY_FORMAT_OK, 6), 0);
	KUNIT_EXPECT_EQ(test, worse(XCOPY_FORMAT_CRC, 1, XCOPY_FORMAT_OK, 6), 0);
	KUNIT_EXPECT_EQ(test, worse(XCOPY_FORMAT_OK, 1, XCOPY_FORMAT_ZERO, 0), 1);
	KUNIT_EXPECT_EQ(test, worse(XCOPY_FORMAT_OK, 1, XCOPY_FORMAT_INDEX, 9), 1);
}

static void test_padding(struct kunit *test)
{
	static __u8 bits[XCOPY_BITMAP_BYTES + 8];
	unsigned int regions, i;

	for (regions = 1; regions <= XCOPY_BITMAP_BITS; regions += regions < 40 ? 1 : 1271) {
		memset(bits, 0xff, sizeof(bits));
		xcopy_bitmap_clear_padding(bits, regions);
		for (i = 0; i < XCOPY_BITMAP_BITS; i++)
			KUNIT_EXPECT_EQ(test, bits[i / 8] >> i % 8 & 1, i < regions);
		KUNIT_EXPECT_EQ(test, bits[XCOPY_BITMAP_BYTES], 0xff);
	}
	memset(bits, 0xff, sizeof(bits));
	xcopy_bitmap_clear_padding(bits, XCOPY_BITMAP_BITS);
	KUNIT_EXPECT_EQ(test, bits[XCOPY_BITMAP_BYTES - 1], 0xff);
}

static void test_texts(struct kunit *test)
{
	int a, b;

	for (a = XCOPY_FORMAT_OK; a <= XCOPY_FORMAT_INDEX; a++) {
		for (b = XCOPY_FORMAT_OK; b < a; b++)
			KUNIT_EXPECT_STRNEQ(test, xcopy_format_error_text(a),
					    xcopy_format_error_text(b));
	}
	KUNIT_EXPECT_NOT_NULL(test, xcopy_format_error_text((enum xcopy_format_error)99));
}

static struct kunit_case format_cases[] = {
	KUNIT_CASE(test_crc_vector),
	KUNIT_CASE(test_golden_superblock),
	KUNIT_CASE(test_golden_bitmap),
	KUNIT_CASE(test_checksum_is_as_documented),
	KUNIT_CASE(test_round_trip),
	KUNIT_CASE(test_regions),
	KUNIT_CASE(test_bitmap_blocks),
	KUNIT_CASE(test_places),
	KUNIT_CASE(test_region_sizes),
	KUNIT_CASE(test_every_bit_of_a_superblock_counts),
	KUNIT_CASE(test_every_bit_of_a_bitmap_block_counts),
	KUNIT_CASE(test_torn_superblock),
	KUNIT_CASE(test_torn_bitmap_block),
	KUNIT_CASE(test_zeroes),
	KUNIT_CASE(test_unsealed_zero_bitmap),
	KUNIT_CASE(test_other_blocks),
	KUNIT_CASE(test_block_of_another_place),
	KUNIT_CASE(test_block_of_another_format_run),
	KUNIT_CASE(test_versions),
	KUNIT_CASE(test_damage_is_not_a_newer_version),
	KUNIT_CASE(test_unknown_flags_and_fields_survive),
	KUNIT_CASE(test_sizes),
	KUNIT_CASE(test_region_size_lies),
	KUNIT_CASE(test_bitmap_blocks_lies),
	KUNIT_CASE(test_sequence_lies),
	KUNIT_CASE(test_quarantine_lies),
	KUNIT_CASE(test_identity_lies),
	KUNIT_CASE(test_reserved_word_outside_of_the_checksum),
	KUNIT_CASE(test_choose),
	KUNIT_CASE(test_worse_slot),
	KUNIT_CASE(test_padding),
	KUNIT_CASE(test_texts),
	{ }
};

static struct kunit_suite format_suite = {
	.name = "xcopy-format",
	.test_cases = format_cases,
};

kunit_test_suite(format_suite);

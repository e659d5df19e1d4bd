// SPDX-License-Identifier: GPL-2.0-only
/*
 * Codec of the on-disk format: native integers to and from blocks, and every
 * check that a block can be put to by itself.
 *
 * The device may be rotten, torn, trimmed or hostile: nothing that was read is
 * used in arithmetic before it has been held against its limits.
 */
#include <linux/build_bug.h>
#include <linux/crc32c.h>
#include <linux/math64.h>
#include <linux/stddef.h>
#include <linux/string.h>
#include <asm/byteorder.h>

#include "format.h"

static_assert(sizeof(struct xcopy_superblock) == XCOPY_BLOCK_SIZE, "superblock size");
static_assert(sizeof(struct xcopy_bitmap_block) == XCOPY_BLOCK_SIZE, "bitmap block size");
static_assert(sizeof(XCOPY_SB_MAGIC) == sizeof_field(struct xcopy_superblock, magic),
	      "magic size");
/* Words of the bitmap must not straddle two blocks, on disk or in memory. */
static_assert(XCOPY_BITMAP_BYTES % sizeof(__u64) == 0, "bitmap words");
static_assert(offsetof(struct xcopy_bitmap_block, bits) % sizeof(__u64) == 0, "bitmap alignment");

/* ---- where things are ---- */

__u64 xcopy_format_regions(__u64 target_sectors, __u32 region_sectors)
{
	unsigned int shift = __builtin_ctz(region_sectors);

	return (target_sectors >> shift) + !!(target_sectors & (region_sectors - 1));
}

__u64 xcopy_format_bitmap_blocks(__u64 regions)
{
	__u32 remainder;
	__u64 blocks = div_u64_rem(regions, XCOPY_BITMAP_BITS, &remainder);

	return blocks + !!remainder;
}

__u64 xcopy_format_device_sectors(__u64 target_sectors, __u32 region_sectors)
{
	__u64 regions = xcopy_format_regions(target_sectors, region_sectors);
	__u64 blocks = xcopy_format_bitmap_blocks(regions);

	return xcopy_format_bitmap_block(blocks, 0) * XCOPY_BLOCK_SECTORS;
}

__u64 xcopy_format_sb_block(unsigned int copy)
{
	return (__u64)copy * XCOPY_SB_STRIDE;
}

__u64 xcopy_format_bitmap_block(__u64 index, unsigned int slot)
{
	return XCOPY_SB_AREA_BLOCKS + XCOPY_SLOTS * index + slot;
}

int xcopy_format_region_size_ok(__u64 region_sectors)
{
	return region_sectors >= XCOPY_MIN_REGION && region_sectors <= XCOPY_MAX_REGION &&
	       !(region_sectors & (region_sectors - 1));
}

/* ---- checksums ---- */

static __le32 checksum(const __u8 *uuid, const void *block, size_t from)
{
	__u32 crc = crc32c(~0U, uuid, XCOPY_UUID_SIZE);

	crc = crc32c(crc, (const __u8 *)block + from, XCOPY_BLOCK_SIZE - from);
	return __cpu_to_le32(~crc);
}

static __le32 superblock_checksum(const struct xcopy_superblock *sb)
{
	return checksum(sb->uuid, sb, offsetof(struct xcopy_superblock, magic));
}

static __le32 bitmap_checksum(const struct xcopy_bitmap_block *block, const __u8 *uuid)
{
	return checksum(uuid, block, offsetof(struct xcopy_bitmap_block, magic));
}

/* A block of zeroes is told apart from damage: it was trimmed, or never written. */
static int is_zero(const void *block)
{
	const __u8 *bytes = block;

	return !bytes[0] && !memcmp(bytes, bytes + 1, XCOPY_BLOCK_SIZE - 1);
}

/* ---- superblock ---- */

void xcopy_superblock_encode(struct xcopy_superblock *sb, const struct xcopy_geometry *geometry)
{
	memset(sb, 0, sizeof(*sb));
	memcpy(sb->magic, XCOPY_SB_MAGIC, sizeof(sb->magic));
	memcpy(sb->uuid, geometry->uuid, sizeof(sb->uuid));
	sb->version = __cpu_to_le32(XCOPY_FORMAT_VERSION);
	sb->min_version = __cpu_to_le32(XCOPY_FORMAT_MIN_VERSION);
	sb->incompat = __cpu_to_le64(XCOPY_INCOMPAT_KNOWN);
	sb->sequence = __cpu_to_le64(geometry->sequence);
	sb->flags = __cpu_to_le64(geometry->flags);
	sb->target_sectors = __cpu_to_le64(geometry->target_sectors);
	sb->region_sectors = __cpu_to_le32(geometry->region_sectors);
	sb->quarantine_ms = __cpu_to_le32(geometry->quarantine_ms);
	sb->bitmap_blocks = __cpu_to_le64(geometry->bitmap_blocks);
	sb->source = geometry->source;
	sb->destination = geometry->destination;
	sb->crc = superblock_checksum(sb);
}

static void geometry_from(const struct xcopy_superblock *sb, struct xcopy_geometry *geometry)
{
	memcpy(geometry->uuid, sb->uuid, sizeof(geometry->uuid));
	geometry->sequence = __le64_to_cpu(sb->sequence);
	geometry->flags = __le64_to_cpu(sb->flags);
	geometry->target_sectors = __le64_to_cpu(sb->target_sectors);
	geometry->region_sectors = __le32_to_cpu(sb->region_sectors);
	geometry->quarantine_ms = __le32_to_cpu(sb->quarantine_ms);
	geometry->bitmap_blocks = __le64_to_cpu(sb->bitmap_blocks);
	geometry->source = sb->source;
	geometry->destination = sb->destination;
}

static enum xcopy_format_error check_versions(const struct xcopy_superblock *sb)
{
	if (__le32_to_cpu(sb->min_version) > XCOPY_FORMAT_VERSION)
		return XCOPY_FORMAT_VERSION_ERR;
	if (__le64_to_cpu(sb->incompat) & ~XCOPY_INCOMPAT_KNOWN)
		return XCOPY_FORMAT_FEATURE;
	if (!sb->min_version || __le32_to_cpu(sb->min_version) > __le32_to_cpu(sb->version))
		return XCOPY_FORMAT_GEOMETRY;
	return XCOPY_FORMAT_OK;
}

static int id_ok(const struct xcopy_device_id *id)
{
	__u32 length = __le32_to_cpu(id->length);
	unsigned int i;

	if (__le32_to_cpu(id->kind) > XCOPY_ID_DISK || length > XCOPY_ID_SIZE)
		return 0;
	for (i = length; i < XCOPY_ID_SIZE; i++) {
		if (id->id[i])
			return 0;
	}
	return 1;
}

static int sizes_ok(const struct xcopy_geometry *geometry)
{
	__u64 regions;

	if (!xcopy_format_region_size_ok(geometry->region_sectors) ||
	    !geometry->target_sectors || geometry->target_sectors > XCOPY_MAX_TARGET)
		return 0;
	regions = xcopy_format_regions(geometry->target_sectors, geometry->region_sectors);
	return geometry->bitmap_blocks == xcopy_format_bitmap_blocks(regions);
}

static int geometry_ok(const struct xcopy_geometry *geometry)
{
	return sizes_ok(geometry) && geometry->sequence < XCOPY_MAX_SEQUENCE &&
	       geometry->quarantine_ms <= XCOPY_MAX_QUARANTINE_MS &&
	       id_ok(&geometry->source) && id_ok(&geometry->destination);
}

static enum xcopy_format_error check_envelope(const struct xcopy_superblock *sb)
{
	if (is_zero(sb))
		return XCOPY_FORMAT_ZERO;
	if (memcmp(sb->magic, XCOPY_SB_MAGIC, sizeof(sb->magic)))
		return XCOPY_FORMAT_MAGIC;
	if (sb->reserved0 || sb->crc != superblock_checksum(sb))
		return XCOPY_FORMAT_CRC;
	return check_versions(sb);
}

enum xcopy_format_error xcopy_superblock_decode(const struct xcopy_superblock *sb,
						struct xcopy_geometry *geometry)
{
	enum xcopy_format_error error = check_envelope(sb);
	struct xcopy_geometry decoded;

	if (error)
		return error;
	geometry_from(sb, &decoded);
	if (!geometry_ok(&decoded))
		return XCOPY_FORMAT_GEOMETRY;
	*geometry = decoded;
	return XCOPY_FORMAT_OK;
}

int xcopy_superblock_choose(const enum xcopy_format_error errors[XCOPY_SB_COPIES],
			    const struct xcopy_geometry copies[XCOPY_SB_COPIES])
{
	int best = -1;
	unsigned int i;

	for (i = 0; i < XCOPY_SB_COPIES; i++) {
		if (errors[i])
			continue;
		if (best < 0 || copies[i].sequence > copies[best].sequence)
			best = i;
	}
	return best;
}

/* ---- bitmap blocks ---- */

void xcopy_bitmap_seal(struct xcopy_bitmap_block *block, const __u8 *uuid, __u64 index,
		       __u64 sequence)
{
	block->magic = __cpu_to_le32(XCOPY_BITMAP_MAGIC);
	block->index = __cpu_to_le64(index);
	block->sequence = __cpu_to_le64(sequence);
	block->reserved = 0;
	block->crc = bitmap_checksum(block, uuid);
}

enum xcopy_format_error xcopy_bitmap_check(const struct xcopy_bitmap_block *block,
					   const __u8 *uuid, __u64 index)
{
	if (is_zero(block))
		return XCOPY_FORMAT_ZERO;
	if (block->magic != __cpu_to_le32(XCOPY_BITMAP_MAGIC))
		return XCOPY_FORMAT_MAGIC;
	if (block->crc != bitmap_checksum(block, uuid))
		return XCOPY_FORMAT_CRC;
	if (__le64_to_cpu(block->index) != index)
		return XCOPY_FORMAT_INDEX;
	if (__le64_to_cpu(block->sequence) >= XCOPY_MAX_SEQUENCE)
		return XCOPY_FORMAT_GEOMETRY;
	return XCOPY_FORMAT_OK;
}

unsigned int xcopy_bitmap_worse_slot(const enum xcopy_format_error errors[XCOPY_SLOTS],
				     const struct xcopy_bitmap_block slots[XCOPY_SLOTS])
{
	if (errors[0] || errors[1])
		return !errors[0];
	return __le64_to_cpu(slots[0].sequence) > __le64_to_cpu(slots[1].sequence);
}

void xcopy_bitmap_clear_padding(__u8 *bits, unsigned int regions)
{
	unsigned int whole = (regions + 7) / 8;

	memset(bits + whole, 0, XCOPY_BITMAP_BYTES - whole);
	if (regions % 8)
		bits[whole - 1] &= (1U << (regions % 8)) - 1;
}

/* ---- words ---- */

const char *xcopy_format_error_text(enum xcopy_format_error error)
{
	switch (error) {
	case XCOPY_FORMAT_OK:
		return "valid";
	case XCOPY_FORMAT_ZERO:
		return "only zeroes";
	case XCOPY_FORMAT_MAGIC:
		return "not dm-xcopy metadata";
	case XCOPY_FORMAT_CRC:
		return "wrong checksum";
	case XCOPY_FORMAT_VERSION_ERR:
		return "made by a newer version";
	case XCOPY_FORMAT_FEATURE:
		return "uses an unknown feature";
	case XCOPY_FORMAT_GEOMETRY:
		return "a field is out of range";
	case XCOPY_FORMAT_INDEX:
		return "belongs to another place";
	}
	return "unknown error";
}

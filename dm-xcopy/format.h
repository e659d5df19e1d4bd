/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * On-disk format of the dm-xcopy metadata device, shared by the kernel and by
 * userspace.  Documentation/metadata-format.rst explains it.
 *
 * All integers are little endian.  The device is an array of blocks of
 * XCOPY_BLOCK_SIZE bytes:
 *
 *   block 0                     superblock, copy 0
 *   block XCOPY_SB_STRIDE       superblock, copy 1
 *   (the rest of the first XCOPY_SB_AREA_BLOCKS blocks is reserved, zero)
 *   block AREA + 2 * i + s      bitmap block i, slot s (s = 0, 1)
 *
 * Nothing here needs a kernel object: format.c compiles in the kernel, under
 * KUnit and in userspace unchanged (there with userspace/compat/ first in the
 * include path, which has the few kernel headers that it needs).
 */
#ifndef XCOPY_FORMAT_H
#define XCOPY_FORMAT_H

#include <linux/types.h>

#define XCOPY_SECTOR_SIZE	512U
#define XCOPY_BLOCK_SIZE	4096U
#define XCOPY_BLOCK_SECTORS	(XCOPY_BLOCK_SIZE / XCOPY_SECTOR_SIZE)
#define XCOPY_SB_AREA_BLOCKS	16U
#define XCOPY_SB_COPIES		2U
#define XCOPY_SB_STRIDE		8U
#define XCOPY_SLOTS		2U

#define XCOPY_SB_MAGIC		"dm-xcopy-format"	/* 16 bytes with its NUL */
#define XCOPY_BITMAP_MAGIC	0x58434d42U		/* "BMCX" on disk */
#define XCOPY_UUID_SIZE		16U
#define XCOPY_ID_SIZE		136U

/*
 * Version rule: an implementation reads a superblock when
 * min_version <= its own version and it knows every bit of incompat.  A change
 * that older code may ignore raises version only; one that it must not ignore
 * raises min_version or takes an incompat bit.
 */
#define XCOPY_FORMAT_VERSION	1U
#define XCOPY_FORMAT_MIN_VERSION	1U
#define XCOPY_INCOMPAT_KNOWN	0ULL

/* Superblock flags. */
#define XCOPY_SB_OFFLOAD_OPEN	0x1ULL	/* a device may still be copying by itself */
#define XCOPY_SB_COMPLETE	0x2ULL	/* every region is hydrated */

/* Region size limits, in sectors (dm-clone's: a power of two, 4 KiB to 1 GiB). */
#define XCOPY_MIN_REGION	8U
#define XCOPY_MAX_REGION	2097152U

/* Longest clone, in sectors: 8 EiB, what a loff_t can hold. */
#define XCOPY_MAX_TARGET	((1ULL << 54) - 1)

/* Longest quarantine, in ms: an hour. */
#define XCOPY_MAX_QUARANTINE_MS	3600000U

/* No sequence number gets here by counting: it is a lie, and would wrap. */
#define XCOPY_MAX_SEQUENCE	0x4000000000000000ULL

/**
 * enum xcopy_id_kind - how a device is recognised
 * @XCOPY_ID_UNBOUND: not recorded yet; the next activation records it
 *	(a fresh format, or ``xcopysetup metadata rebind``)
 * @XCOPY_ID_NONE: the device offers no identity; nothing is compared
 * @XCOPY_ID_DM_UUID: device-mapper UUID (for an LV: "LVM-" and two UUIDs)
 * @XCOPY_ID_DISK: 16 bytes of the disk's unique id (NGUID, EUI-64 or NAA),
 *	followed by the partition's first sector as le64 (0: the whole disk)
 */
enum xcopy_id_kind {
	XCOPY_ID_UNBOUND = 0,
	XCOPY_ID_NONE = 1,
	XCOPY_ID_DM_UUID = 2,
	XCOPY_ID_DISK = 3,
};

/**
 * struct xcopy_device_id - identity of a source or destination device
 * @kind: enum xcopy_id_kind
 * @length: bytes used in @id, at most XCOPY_ID_SIZE; the rest is zero
 * @id: the identity, not NUL-terminated
 */
struct xcopy_device_id {
	__le32 kind;
	__le32 length;
	__u8 id[XCOPY_ID_SIZE];
} __packed;

/**
 * struct xcopy_superblock - one copy of the superblock, XCOPY_BLOCK_SIZE bytes
 * @crc: CRC-32C of the 16 bytes of @uuid followed by the block from @magic to
 *	its end
 * @reserved0: zero; not in @crc, so that it is checked
 * @magic: XCOPY_SB_MAGIC
 * @uuid: identity of this format run; seeds every checksum, so that blocks of
 *	an older format on the same device are never taken for valid
 * @version: XCOPY_FORMAT_VERSION of the writer
 * @min_version: oldest implementation that may use this device
 * @incompat: feature bits that a reader has to know
 * @sequence: raised by one with each update; the valid copy with the higher
 *	one is current
 * @flags: XCOPY_SB_* flags
 * @target_sectors: length of the clone, sectors of 512 bytes
 * @region_sectors: region size, sectors of 512 bytes
 * @quarantine_ms: how long, in ms, a copy whose outcome is unknown may still
 *	be under way after a crash while XCOPY_SB_OFFLOAD_OPEN is set; at most
 *	XCOPY_MAX_QUARANTINE_MS
 * @bitmap_blocks: number of bitmap blocks (each with XCOPY_SLOTS slots)
 * @source: identity of the source device
 * @destination: identity of the destination device
 * @reserved: zero, not checked: later versions may use it
 */
struct xcopy_superblock {
	__le32 crc;
	__le32 reserved0;
	__u8 magic[16];
	__u8 uuid[XCOPY_UUID_SIZE];
	__le32 version;
	__le32 min_version;
	__le64 incompat;
	__le64 sequence;
	__le64 flags;
	__le64 target_sectors;
	__le32 region_sectors;
	__le32 quarantine_ms;
	__le64 bitmap_blocks;
	struct xcopy_device_id source;
	struct xcopy_device_id destination;
	__u8 reserved[4096 - 96 - 2 * 144];
} __packed;

#define XCOPY_BITMAP_BYTES	(XCOPY_BLOCK_SIZE - 32U)
#define XCOPY_BITMAP_BITS	(XCOPY_BITMAP_BYTES * 8U)

/**
 * struct xcopy_bitmap_block - one slot of one bitmap block, XCOPY_BLOCK_SIZE bytes
 * @crc: CRC-32C of the 16 bytes of the superblock's uuid followed by the block
 *	from @magic to its end
 * @magic: XCOPY_BITMAP_MAGIC; a block of zeroes is therefore invalid
 * @index: which bitmap block this is; one written to the wrong place is invalid
 * @sequence: of the commit that wrote it
 * @reserved: zero, not checked: later versions may use it
 * @bits: bit n of byte b says that region
 *	@index * XCOPY_BITMAP_BITS + 8 * b + n is hydrated
 */
struct xcopy_bitmap_block {
	__le32 crc;
	__le32 magic;
	__le64 index;
	__le64 sequence;
	__le64 reserved;
	__u8 bits[XCOPY_BITMAP_BYTES];
} __packed;

/**
 * enum xcopy_format_error - what is wrong with a block
 * @XCOPY_FORMAT_OK: nothing
 * @XCOPY_FORMAT_ZERO: the block holds only zeroes
 * @XCOPY_FORMAT_MAGIC: not a block of this format
 * @XCOPY_FORMAT_CRC: the checksum is wrong (torn, rotten, or of another format run)
 * @XCOPY_FORMAT_VERSION_ERR: made by a newer implementation that forbids ours
 * @XCOPY_FORMAT_FEATURE: needs a feature that is not known here
 * @XCOPY_FORMAT_GEOMETRY: a field is out of its range, or contradicts another
 * @XCOPY_FORMAT_INDEX: a bitmap block that belongs elsewhere
 */
enum xcopy_format_error {
	XCOPY_FORMAT_OK,
	XCOPY_FORMAT_ZERO,
	XCOPY_FORMAT_MAGIC,
	XCOPY_FORMAT_CRC,
	XCOPY_FORMAT_VERSION_ERR,
	XCOPY_FORMAT_FEATURE,
	XCOPY_FORMAT_GEOMETRY,
	XCOPY_FORMAT_INDEX,
};

/**
 * struct xcopy_geometry - a superblock in native integers
 * @uuid: see struct xcopy_superblock
 * @sequence: see struct xcopy_superblock
 * @flags: see struct xcopy_superblock
 * @target_sectors: clone length, sectors
 * @region_sectors: region size, sectors
 * @quarantine_ms: ms
 * @bitmap_blocks: derived from the two above; checked when decoding
 * @source: identity, as on disk
 * @destination: identity, as on disk
 */
struct xcopy_geometry {
	__u8 uuid[XCOPY_UUID_SIZE];
	__u64 sequence;
	__u64 flags;
	__u64 target_sectors;
	__u32 region_sectors;
	__u32 quarantine_ms;
	__u64 bitmap_blocks;
	struct xcopy_device_id source;
	struct xcopy_device_id destination;
};

/**
 * xcopy_format_regions() - number of regions; the last one may be short
 *
 * @region_sectors is a power of two, as for all that take it.
 */
__u64 xcopy_format_regions(__u64 target_sectors, __u32 region_sectors);

/** xcopy_format_bitmap_blocks() - number of bitmap blocks for so many regions */
__u64 xcopy_format_bitmap_blocks(__u64 regions);

/** xcopy_format_device_sectors() - least size of the metadata device, sectors */
__u64 xcopy_format_device_sectors(__u64 target_sectors, __u32 region_sectors);

/** xcopy_format_sb_block() - block number of a superblock copy (0, 1) */
__u64 xcopy_format_sb_block(unsigned int copy);

/** xcopy_format_bitmap_block() - block number of slot @slot of bitmap block @index */
__u64 xcopy_format_bitmap_block(__u64 index, unsigned int slot);

/** xcopy_format_region_size_ok() - is it a power of two within the limits (sectors)? */
int xcopy_format_region_size_ok(__u64 region_sectors);

/**
 * xcopy_superblock_encode() - fill @sb from @geometry, checksum included
 *
 * version, min_version and incompat are those of this implementation.
 */
void xcopy_superblock_encode(struct xcopy_superblock *sb, const struct xcopy_geometry *geometry);

/**
 * xcopy_superblock_decode() - validate @sb completely and fill @geometry
 *
 * @geometry is written only when XCOPY_FORMAT_OK is returned.  No value in @sb
 * is trusted: geometry, identities' lengths and bitmap_blocks are checked
 * against each other.  The checksum comes before the versions: a later version
 * keeps what the checksum covers.
 */
enum xcopy_format_error xcopy_superblock_decode(const struct xcopy_superblock *sb,
						struct xcopy_geometry *geometry);

/**
 * xcopy_superblock_choose() - the current one of the decoded copies
 * @errors: outcome of decoding each copy
 * @copies: the decoded copies; those with an error are not looked at
 *
 * XCOPY_SB_OFFLOAD_OPEN counts when any valid copy of the same uuid has it: the
 * caller ORs it in.
 *
 * Return: index of the valid copy with the highest sequence, or -1.
 */
int xcopy_superblock_choose(const enum xcopy_format_error errors[XCOPY_SB_COPIES],
			    const struct xcopy_geometry copies[XCOPY_SB_COPIES]);

/** xcopy_bitmap_seal() - set header and checksum of a block whose bits are in place */
void xcopy_bitmap_seal(struct xcopy_bitmap_block *block, const __u8 *uuid, __u64 index,
		       __u64 sequence);

/** xcopy_bitmap_check() - is @block a valid slot of bitmap block @index? */
enum xcopy_format_error xcopy_bitmap_check(const struct xcopy_bitmap_block *block,
					   const __u8 *uuid, __u64 index);

/**
 * xcopy_bitmap_worse_slot() - the slot that the next commit overwrites
 * @errors: of both slots; at most one is bad
 * @slots: both
 *
 * Return: the bad one, or else the older one.
 */
unsigned int xcopy_bitmap_worse_slot(const enum xcopy_format_error errors[XCOPY_SLOTS],
				     const struct xcopy_bitmap_block slots[XCOPY_SLOTS]);

/**
 * xcopy_bitmap_clear_padding() - bits past the last region mean nothing, whoever set them
 * @bits: of one block
 * @regions: that the block really has, at most XCOPY_BITMAP_BITS
 */
void xcopy_bitmap_clear_padding(__u8 *bits, unsigned int regions);

/** xcopy_format_error_text() - a short phrase for messages, never NULL */
const char *xcopy_format_error_text(enum xcopy_format_error error);

#endif /* XCOPY_FORMAT_H */

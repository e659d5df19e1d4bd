/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the metadata store share among themselves: metadata.c (the
 * bitmap in memory, commits), metadata-super.c (superblocks), metadata-open.c
 * (from the device to memory, formatting).
 */
#ifndef XCOPY_METADATA_PRIVATE_H
#define XCOPY_METADATA_PRIVATE_H

#include <linux/device-mapper.h>
#include <linux/spinlock.h>

#include "metadata.h"
#include "metadata-io.h"

#define DM_MSG_PREFIX "xcopy"

#define metadata_err(md, fmt, ...) DMERR("%pg: " fmt, (md)->io.bdev, ##__VA_ARGS__)
#define metadata_warn(md, fmt, ...) DMWARN("%pg: " fmt, (md)->io.bdev, ##__VA_ARGS__)
#define metadata_info(md, fmt, ...) DMINFO("%pg: " fmt, (md)->io.bdev, ##__VA_ARGS__)

/**
 * struct xcopy_metadata - see metadata.h
 * @io: the device
 * @geometry: the current superblock
 * @was_open: XCOPY_SB_OFFLOAD_OPEN was set when the device was read
 * @super: buffer for writing a superblock copy
 * @super_sequence: the highest ever read or tried
 * @super_next: the copy to be written first: not the one that is surely good
 * @super_level: both copies are valid and say the same
 * @nr_regions: number of regions
 * @nr_blocks: number of bitmap blocks
 * @nr_hydrated: number of bits set
 * @sequence: of the last commit
 * @lock: for stores to everything below; any context
 * @bitmap: little endian, block after block without headers: bit n is region n.
 *	NULL when the clone is complete
 * @images: one per bitmap block: what the last commit wrote or is writing
 * @states: memory of the five bitmaps below, one bit per bitmap block
 * @dirty: @bitmap has bits that the image lacks
 * @committing: the image has bits that may not be durable
 * @writing: the current commit writes the image
 * @stale: the slots differ, or one is bad
 * @next: the slot to be written next: not the newest durable one
 */
struct xcopy_metadata {
	struct xcopy_metadata_io io;
	struct xcopy_geometry geometry;
	bool was_open;
	struct xcopy_superblock *super;
	u64 super_sequence;
	unsigned int super_next;
	bool super_level;
	u64 nr_regions;
	unsigned long nr_blocks;
	atomic64_t nr_hydrated;
	u64 sequence;
	spinlock_t lock;	/* stores to what follows */
	unsigned long *bitmap;
	struct xcopy_bitmap_block *images;
	unsigned long *states;
	unsigned long *dirty;
	unsigned long *committing;
	unsigned long *writing;
	unsigned long *stale;
	unsigned long *next;
};

/* The bits of bitmap block @block in memory: a multiple of whole words. */
static inline void *xcopy_metadata_bits(const struct xcopy_metadata *md, unsigned long block)
{
	return (void *)md->bitmap + block * XCOPY_BITMAP_BYTES;
}

/**
 * xcopy_super_read() - read and judge the superblocks; writes nothing
 * @md: metadata, @io initialised; its superblock fields are filled
 * @config: what they are held against
 * @error: set to a sentence when a negative errno is returned
 *
 * Return: 1: there is one, and it fits; 0: the area is zero, and may be
 * formatted; or a negative errno.
 */
int xcopy_super_read(struct xcopy_metadata *md, const struct xcopy_metadata_config *config,
		     const char **error);

/**
 * xcopy_super_settle() - record identities, repair a bad or old copy
 * @md: metadata, everything validated
 * @config: for the devices
 *
 * Return: 0 or a negative errno.
 */
int xcopy_super_settle(struct xcopy_metadata *md, const struct xcopy_metadata_config *config);

/** xcopy_super_new() - geometry of a new format: a new uuid, @config's numbers and devices */
void xcopy_super_new(struct xcopy_metadata *md, const struct xcopy_metadata_config *config);

/** xcopy_super_invalidate() - zero both copies, and flush; 0 or a negative errno */
int xcopy_super_invalidate(struct xcopy_metadata *md);

/**
 * xcopy_super_write() - make @geometry (but for its sequence) current, durably
 *
 * One copy after the other, each flushed, that first which is not surely good:
 * after any interruption one is whole.
 *
 * Return: 0, or a negative errno; the old one then still counts in memory.
 */
int xcopy_super_write(struct xcopy_metadata *md, const struct xcopy_geometry *geometry);

#endif /* XCOPY_METADATA_PRIVATE_H */

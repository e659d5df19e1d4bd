/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A bio-based disk, made the way that this kernel wants it.
 */
#ifndef XCOPY_CUT_DISK_H
#define XCOPY_CUT_DISK_H

#include <linux/blkdev.h>

/**
 * cut_alloc_disk() - allocate a disk that takes discards and write-zeroes
 * @block: logical block size, bytes
 * @cache: it says that it has a volatile write cache, and takes FUA
 *
 * Return: the disk, or an ERR_PTR().
 */
#ifdef BLK_FEAT_WRITE_CACHE
static inline struct gendisk *cut_alloc_disk(unsigned int block, bool cache)
{
	struct queue_limits limits = {
		.logical_block_size = block,
		.physical_block_size = block,
		.max_hw_discard_sectors = UINT_MAX >> SECTOR_SHIFT,
		.max_write_zeroes_sectors = UINT_MAX >> SECTOR_SHIFT,
		.discard_granularity = block,
		.features = cache ? BLK_FEAT_WRITE_CACHE | BLK_FEAT_FUA : 0,
	};

	return blk_alloc_disk(&limits, NUMA_NO_NODE);
}
#else
static inline struct gendisk *cut_alloc_disk(unsigned int block, bool cache)
{
	struct gendisk *disk = blk_alloc_disk(NUMA_NO_NODE);

	if (!disk)
		return ERR_PTR(-ENOMEM);
	blk_queue_logical_block_size(disk->queue, block);
	blk_queue_physical_block_size(disk->queue, block);
	blk_queue_max_discard_sectors(disk->queue, UINT_MAX >> SECTOR_SHIFT);
	blk_queue_max_write_zeroes_sectors(disk->queue, UINT_MAX >> SECTOR_SHIFT);
	disk->queue->limits.discard_granularity = block;
	blk_queue_write_cache(disk->queue, cache, cache);
	return disk;
}
#endif

#endif /* XCOPY_CUT_DISK_H */

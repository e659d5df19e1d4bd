/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xcopy-linear, and from a device to the sector on a disk.
 *
 * The kernel has no way to ask a device-mapper device where a sector lies.  An
 * "xcopy-linear" target maps like "linear" and publishes its extent, keyed by
 * the gendisk of its mapped device.  A copy takes references on the extents
 * that it goes through; suspending an extent's device refuses new references and
 * waits for those held, and the kernel swaps a table only while the device is
 * suspended: no copy is in flight across a remap.
 *
 * Locking: the registry has one spinlock, taken from any context without others
 * under it.  References are counted per extent under that lock.
 */
#ifndef XCOPY_EXTENT_H
#define XCOPY_EXTENT_H

#include <linux/blkdev.h>

/* How many xcopy-linear devices may lie on top of one another. */
#define XCOPY_EXTENT_DEPTH	4

struct xcopy_extent;
struct xcopy_extent_watch;

/**
 * struct xcopy_mapping - where a range of a device lies on a disk
 * @disk: the disk at the bottom, whole, never a partition
 * @sector: first sector on @disk
 * @sectors: length, sectors; no more than was asked for, up to the end of the extent
 * @extent_start: first sector on @disk of the extent that the range belongs to
 * @extent_sectors: length of that extent, sectors; @disk, @extent_start and
 *	@extent_sectors together identify the extent for trust (verification)
 * @nr: number of references in @extents; 0 for a plain disk or partition
 * @extents: the extents passed through, from the top; referenced
 * @generations: generation of each when it was resolved
 */
struct xcopy_mapping {
	struct gendisk *disk;
	sector_t sector;
	sector_t sectors;
	sector_t extent_start;
	sector_t extent_sectors;
	unsigned int nr;
	struct xcopy_extent *extents[XCOPY_EXTENT_DEPTH];
	u64 generations[XCOPY_EXTENT_DEPTH];
};

/**
 * xcopy_extent_resolve() - find the disk below, and hold the way there
 * @bdev: disk, partition, or mapped device whose table is xcopy-linear
 * @sector: first sector on @bdev
 * @sectors: wanted length, sectors
 * @mapping: filled on success; give back with xcopy_mapping_put()
 *
 * Partitions are resolved to their disk, at each level.
 *
 * Context: process; does not sleep for long, never waits for a suspend.
 * Return: 0;
 * -EAGAIN: an extent is suspended, or being suspended; later;
 * -ENXIO: a mapped device in the stack has no extent there (LVM's plain linear, or
 * any other target: the kernel does not tell which);
 * -EOPNOTSUPP: it can never be (zoned, DAX, too many levels);
 * -ENODEV: the disk has been removed, or a partition ends before @sector;
 * -EINVAL: the range is outside of @bdev.
 */
int xcopy_extent_resolve(struct block_device *bdev, sector_t sector, sector_t sectors,
			 struct xcopy_mapping *mapping);

/**
 * xcopy_mapping_put() - give back the references
 *
 * @mapping keeps its values, for xcopy_mapping_unchanged(); @disk may vanish.
 * Calling it twice is harmless.
 *
 * Context: any.
 */
void xcopy_mapping_put(struct xcopy_mapping *mapping);

/**
 * xcopy_mapping_unchanged() - is @mapping still where @sector of @bdev lies?
 * @mapping: resolved before, given back since
 * @bdev: what it was resolved from
 * @sector: what it was resolved from
 *
 * Context: process.
 * Return: true when resolving now goes through the same extents of the same
 * generations.
 */
bool xcopy_mapping_unchanged(const struct xcopy_mapping *mapping, struct block_device *bdev,
			     sector_t sector);

/**
 * xcopy_extent_watch() - count the writes that a device's extents map
 * @bdev: the clone's source, open until the watch is ended; of a partition all
 *	writes to its disk are counted
 *
 * Works whether the extents are published before or after.  On a device
 * without extents the count stays 0.
 *
 * Context: process, GFP_KERNEL.
 * Return: a watch, or ERR_PTR(-ENOMEM).
 */
struct xcopy_extent_watch *xcopy_extent_watch(struct block_device *bdev);

/** xcopy_extent_watch_writes() - write-like bios (discards included) mapped since; any context */
u64 xcopy_extent_watch_writes(const struct xcopy_extent_watch *watch);

/** xcopy_extent_unwatch() - end it; process context */
void xcopy_extent_unwatch(struct xcopy_extent_watch *watch);

/** xcopy_extent_init() - register the xcopy-linear target; 0 or a negative errno */
int xcopy_extent_init(void);

/** xcopy_extent_exit() - unregister it */
void xcopy_extent_exit(void);

#endif /* XCOPY_EXTENT_H */

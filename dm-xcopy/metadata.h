/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hydrated bitmap of one clone: in memory, and on the metadata device.
 *
 * Bits are only ever set.  xcopy_metadata_hydrated() and friends may be called
 * from any context without a lock; a bit is set with release semantics after
 * the data is in place, and tested with acquire semantics.
 *
 * A bitmap block has two slots on disk.  A commit writes the slot that is
 * *not* the newest durable one, so the newest durable one is intact whatever
 * happens to the write; the next commit brings the other slot level.  Loading
 * ORs the valid slots.
 *
 * Locking: one committer at a time (the caller's, see clone.h).  Everything
 * that does I/O sleeps, and is called from process context under
 * memalloc_noio_save() once the clone is live.
 */
#ifndef XCOPY_METADATA_H
#define XCOPY_METADATA_H

#include <linux/blkdev.h>

#include "format.h"

struct xcopy_metadata;

/**
 * struct xcopy_metadata_config - what a table says about its metadata
 * @bdev: metadata device
 * @target_sectors: length of the clone, sectors
 * @region_sectors: region size, sectors
 * @quarantine_ms: value to store when formatting, ms
 * @source: source device, for its identity
 * @destination: destination device, for its identity
 * @may_format: format when the superblock area is entirely zero
 */
struct xcopy_metadata_config {
	struct block_device *bdev;
	sector_t target_sectors;
	unsigned int region_sectors;
	unsigned int quarantine_ms;
	struct block_device *source;
	struct block_device *destination;
	bool may_format;
};

/**
 * xcopy_metadata_open() - read the metadata device, formatting it if allowed
 * @config: see there; copied
 * @error: set to a static sentence for ti->error when an ERR_PTR is returned
 *
 * Two bad slots of one block, bad superblocks, a device that is too small, of
 * another geometry, or of other source or destination devices: refused, and
 * nothing is written.  Identities that are XCOPY_ID_UNBOUND are recorded.  Which
 * regions or which device are concerned goes to the log.
 *
 * Context: process, sleeps, GFP_KERNEL.
 */
struct xcopy_metadata *xcopy_metadata_open(const struct xcopy_metadata_config *config,
					   const char **error);

/**
 * xcopy_metadata_close() - free it; nothing is written
 *
 * NULL and ERR_PTRs are fine.
 *
 * Context: process; nobody may use it any more.
 */
void xcopy_metadata_close(struct xcopy_metadata *md);

/** xcopy_metadata_uuid() - the format's UUID, XCOPY_UUID_SIZE bytes */
const u8 *xcopy_metadata_uuid(const struct xcopy_metadata *md);

/** xcopy_metadata_nr_regions() - number of regions */
u64 xcopy_metadata_nr_regions(const struct xcopy_metadata *md);

/** xcopy_metadata_nr_hydrated() - number of bits set; any context, may lag behind setters */
u64 xcopy_metadata_nr_hydrated(const struct xcopy_metadata *md);

/** xcopy_metadata_quarantine_ms() - stored quarantine, ms */
unsigned int xcopy_metadata_quarantine_ms(const struct xcopy_metadata *md);

/** xcopy_metadata_device_sectors() - size used on the metadata device, sectors (for status) */
u64 xcopy_metadata_device_sectors(const struct xcopy_metadata *md);

/** xcopy_metadata_was_open() - was XCOPY_SB_OFFLOAD_OPEN set when the device was read? */
bool xcopy_metadata_was_open(const struct xcopy_metadata *md);

/**
 * xcopy_metadata_hydrated() - is region @region hydrated?
 *
 * Context: any.  Acquire: what was written before the bit was set is visible.
 */
bool xcopy_metadata_hydrated(const struct xcopy_metadata *md, u64 region);

/**
 * xcopy_metadata_run() - end of the run of regions that are in one state
 * @md: metadata
 * @first: first region
 * @end: do not look at or beyond this region; > @first
 * @hydrated: set to the state of the run
 *
 * Context: any.  Acquire, as above.
 * Return: first region after the run, at most @end.
 */
u64 xcopy_metadata_run(const struct xcopy_metadata *md, u64 first, u64 end, bool *hydrated);

/**
 * xcopy_metadata_next_unhydrated() - first region not hydrated at or after @from
 *
 * Context: any.
 * Return: the region, or xcopy_metadata_nr_regions() when there is none.
 */
u64 xcopy_metadata_next_unhydrated(const struct xcopy_metadata *md, u64 from);

/**
 * xcopy_metadata_set() - regions [first, end) are hydrated: their data is in place
 *
 * Context: any, including hard interrupts.  Release: orders the data before the bit.
 * The caller holds a range lock over the regions (range-lock.h).
 * Return: number of bits that were not set before.
 */
u64 xcopy_metadata_set(struct xcopy_metadata *md, u64 first, u64 end);

/**
 * xcopy_metadata_committed() - are the bits of [first, end) durable?
 *
 * Context: any.  False may be stale, true never is.  A FUA write to hydrated
 * regions that are not committed has to wait for a commit.
 */
bool xcopy_metadata_committed(const struct xcopy_metadata *md, u64 first, u64 end);

/**
 * xcopy_metadata_dirty() - does a commit have anything to write?
 *
 * True also while a slot has not been brought level, so that a clone which
 * comes to rest ends with both slots equal.
 *
 * Context: any.
 */
bool xcopy_metadata_dirty(struct xcopy_metadata *md);

/**
 * xcopy_metadata_commit_prepare() - commit, step 1: take copies of the dirty blocks
 *
 * Between this and xcopy_metadata_commit_write() the caller flushes the
 * destination.  If that fails the caller does not go on.
 *
 * Context: process, the committer.  Does not allocate, does no I/O.
 */
void xcopy_metadata_commit_prepare(struct xcopy_metadata *md);

/**
 * xcopy_metadata_commit_write() - commit, steps 3 and 4: write those copies, flush
 *
 * After an error the same copies are written to the same slots by the next
 * call; no xcopy_metadata_commit_prepare() may come in between.
 *
 * Context: process, the committer; sleeps; allocates from pools only.
 * Return: 0, or a negative errno of the metadata device.
 */
int xcopy_metadata_commit_write(struct xcopy_metadata *md);

/**
 * xcopy_metadata_set_flags() - change superblock flags durably
 * @md: metadata
 * @set: XCOPY_SB_* flags to set
 * @clear: XCOPY_SB_* flags to clear
 * @quarantine_ms: value to store with them, ms
 *
 * Both copies are written, one after the other, each flushed.  Does nothing
 * when nothing changes.
 *
 * Context: process, the committer; sleeps; allocates from pools only.
 * Return: 0, or a negative errno of the metadata device.
 */
int xcopy_metadata_set_flags(struct xcopy_metadata *md, u64 set, u64 clear,
			     unsigned int quarantine_ms);

/**
 * xcopy_metadata_free_bitmap() - give up the bitmap of a complete clone
 *
 * Afterwards every region counts as hydrated and committed.
 *
 * Context: process; nobody else may be inside any function of this file
 * (the caller has waited for an RCU grace period).
 */
void xcopy_metadata_free_bitmap(struct xcopy_metadata *md);

#endif /* XCOPY_METADATA_H */

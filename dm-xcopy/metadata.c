// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hydrated bitmap in memory, and commits.
 *
 * Setters and the committer change things under md->lock; setters once for each
 * bitmap block that they touch.  Because the bit of a region and the dirty mark
 * of its block change in one critical section, a commit that starts after anybody
 * has seen a region hydrated finds its block dirty, or the bit in an image.
 *
 * Without the lock are read: the bitmap (stores release, tests acquire), and by
 * xcopy_metadata_committed() the image and then the committing mark.
 *
 * A bitmap block's way through commits:
 *
 *	clean --set()--> dirty --prepare--> committing --write--> stale --write--> clean
 *
 * Both kinds of write are the same: the image goes to slot "next", which then is
 * the newest durable one, and next becomes the other.  A stale block's image is
 * in one slot and is now written to the other; if the block gets dirty before, the
 * next commit writes newer bits there instead, and it stays stale.
 */
#include <linux/bitmap.h>
#include <linux/bitops.h>
#include <linux/export.h>
#include <linux/math64.h>
#include <linux/vmalloc.h>

#include "metadata-private.h"
#include "runs.h"

/* ---- what a metadata device says ---- */

const u8 *xcopy_metadata_uuid(const struct xcopy_metadata *md)
{
	return md->geometry.uuid;
}

u64 xcopy_metadata_nr_regions(const struct xcopy_metadata *md)
{
	return md->nr_regions;
}

u64 xcopy_metadata_nr_hydrated(const struct xcopy_metadata *md)
{
	return atomic64_read(&md->nr_hydrated);
}

unsigned int xcopy_metadata_quarantine_ms(const struct xcopy_metadata *md)
{
	return READ_ONCE(md->geometry.quarantine_ms);
}

u64 xcopy_metadata_device_sectors(const struct xcopy_metadata *md)
{
	return xcopy_format_device_sectors(md->geometry.target_sectors,
					   md->geometry.region_sectors);
}

bool xcopy_metadata_was_open(const struct xcopy_metadata *md)
{
	return md->was_open;
}

/* ---- testing ---- */

bool xcopy_metadata_hydrated(const struct xcopy_metadata *md, u64 region)
{
	if (!md->bitmap)
		return true;
	return xcopy_run_test(md->bitmap, region);
}

u64 xcopy_metadata_run(const struct xcopy_metadata *md, u64 first, u64 end, bool *hydrated)
{
	if (md->bitmap)
		return xcopy_run_end(md->bitmap, first, end, hydrated);
	*hydrated = true;
	return end;
}

u64 xcopy_metadata_next_unhydrated(const struct xcopy_metadata *md, u64 from)
{
	if (!md->bitmap)
		return md->nr_regions;
	return xcopy_run_next_clear(md->bitmap, from, md->nr_regions);
}

/* ---- setting ---- */

static unsigned long block_of(u64 region)
{
	return div_u64(region, XCOPY_BITMAP_BITS);
}

static u64 end_of_block(unsigned long block)
{
	return ((u64)block + 1) * XCOPY_BITMAP_BITS;
}

static unsigned int set_in_block(struct xcopy_metadata *md, unsigned long block, u64 first,
				 u64 end)
{
	unsigned long flags;
	unsigned int count;

	spin_lock_irqsave(&md->lock, flags);
	count = xcopy_run_set(md->bitmap, first, end);
	if (count)
		__set_bit(block, md->dirty);
	spin_unlock_irqrestore(&md->lock, flags);
	return count;
}

u64 xcopy_metadata_set(struct xcopy_metadata *md, u64 first, u64 end)
{
	u64 stop, count = 0;

	if (!md->bitmap)
		return 0;
	for (; first < end; first = stop) {
		unsigned long block = block_of(first);

		stop = min(end, end_of_block(block));
		count += set_in_block(md, block, first, stop);
	}
	atomic64_add(count, &md->nr_hydrated);
	return count;
}

/* ---- durability ---- */

static bool block_committed(const struct xcopy_metadata *md, unsigned long block, u64 first,
			    u64 end)
{
	unsigned long from = first - (u64)block * XCOPY_BITMAP_BITS;
	unsigned long to = end - (u64)block * XCOPY_BITMAP_BITS;

	if (find_next_zero_bit_le(md->images[block].bits, to, from) < to)
		return false;
	/*
	 * Pairs with smp_wmb() in take_copy(): who sees bits in the image also sees
	 * that they are being committed, until they are.
	 */
	smp_rmb();
	return !test_bit(block, md->committing);
}

bool xcopy_metadata_committed(const struct xcopy_metadata *md, u64 first, u64 end)
{
	u64 stop;

	if (!md->bitmap)
		return true;
	for (; first < end; first = stop) {
		unsigned long block = block_of(first);

		stop = min(end, end_of_block(block));
		if (!block_committed(md, block, first, stop))
			return false;
	}
	return true;
}

static bool any(const struct xcopy_metadata *md, const unsigned long *state)
{
	return find_first_bit(state, md->nr_blocks) < md->nr_blocks;
}

bool xcopy_metadata_dirty(struct xcopy_metadata *md)
{
	unsigned long flags;
	bool dirty;

	if (!md->bitmap)
		return false;
	spin_lock_irqsave(&md->lock, flags);
	dirty = any(md, md->dirty) || any(md, md->writing) || any(md, md->stale);
	spin_unlock_irqrestore(&md->lock, flags);
	return dirty;
}

/* ---- commits ---- */

static void take_copy(struct xcopy_metadata *md, unsigned long block)
{
	__set_bit(block, md->committing);
	/* Pairs with smp_rmb() in block_committed(): the mark before the bits. */
	smp_wmb();
	__clear_bit(block, md->dirty);
	memcpy(md->images[block].bits, xcopy_metadata_bits(md, block), XCOPY_BITMAP_BYTES);
}

/* Return: the first dirty block at or after @from, now copied, or nr_blocks. */
static unsigned long copy_next(struct xcopy_metadata *md, unsigned long from)
{
	unsigned long flags, block;

	spin_lock_irqsave(&md->lock, flags);
	block = find_next_bit(md->dirty, md->nr_blocks, from);
	if (block < md->nr_blocks)
		take_copy(md, block);
	spin_unlock_irqrestore(&md->lock, flags);
	return block;
}

void xcopy_metadata_commit_prepare(struct xcopy_metadata *md)
{
	unsigned long flags, block;

	/* Copies of a commit that failed are written again, unchanged. */
	if (!md->bitmap || any(md, md->writing))
		return;
	md->sequence++;
	for (block = copy_next(md, 0); block < md->nr_blocks; block = copy_next(md, block + 1))
		xcopy_bitmap_seal(&md->images[block], md->geometry.uuid, block, md->sequence);
	spin_lock_irqsave(&md->lock, flags);
	bitmap_or(md->writing, md->committing, md->stale, md->nr_blocks);
	spin_unlock_irqrestore(&md->lock, flags);
}

static int write_images(struct xcopy_metadata *md)
{
	unsigned long block;
	int r;

	xcopy_metadata_io_begin(&md->io);
	for_each_set_bit(block, md->writing, md->nr_blocks)
		xcopy_metadata_io_write(&md->io,
					xcopy_format_bitmap_block(block, test_bit(block, md->next)),
					&md->images[block]);
	r = xcopy_metadata_io_end(&md->io);
	return r ? r : xcopy_metadata_io_flush(&md->io);
}

/* The slot that was written is the newest durable one now. */
static void settle(struct xcopy_metadata *md, unsigned long block)
{
	unsigned long flags;

	spin_lock_irqsave(&md->lock, flags);
	__change_bit(block, md->next);
	__clear_bit(block, md->writing);
	__assign_bit(block, md->stale, test_bit(block, md->committing));
	__clear_bit(block, md->committing);
	spin_unlock_irqrestore(&md->lock, flags);
}

int xcopy_metadata_commit_write(struct xcopy_metadata *md)
{
	unsigned long block;
	int r;

	if (!md->bitmap || !any(md, md->writing))
		return 0;
	r = write_images(md);
	if (r)
		return r;
	for_each_set_bit(block, md->writing, md->nr_blocks)
		settle(md, block);
	return 0;
}

int xcopy_metadata_set_flags(struct xcopy_metadata *md, u64 set, u64 clear,
			     unsigned int quarantine_ms)
{
	struct xcopy_geometry new = md->geometry;

	new.flags = (new.flags & ~clear) | set;
	new.quarantine_ms = quarantine_ms;
	if (new.flags == md->geometry.flags && quarantine_ms == md->geometry.quarantine_ms)
		return 0;
	return xcopy_super_write(md, &new);
}

void xcopy_metadata_free_bitmap(struct xcopy_metadata *md)
{
	vfree(md->bitmap);
	vfree(md->images);
	vfree(md->states);
	md->bitmap = NULL;
	md->images = NULL;
	md->states = NULL;
	atomic64_set(&md->nr_hydrated, md->nr_regions);
}

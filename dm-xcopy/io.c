// SPDX-License-Identifier: GPL-2.0-only
/*
 * User bios: where each goes, and what has to happen before and after.
 *
 *   hydrated regions             -> destination
 *   not hydrated, read           -> source
 *   not hydrated, write-like     -> range lock; the partial regions at its ends are
 *                                   copied by the host; destination; bits set
 *   not hydrated, discard        -> range lock over its whole regions; zeroed on the
 *                                   destination; bits set.  Zeroed, not discarded:
 *                                   what the destination held before this clone must
 *                                   never be read.  Where it has no write-zeroes, the
 *                                   discard is a hint that is not taken.
 *
 * A bio owns at most one range, from map until end_io.  The bits of the range
 * can only change under the lock, so whoever holds it may look at them and act.
 *
 * A bit is set before its bio is ended: whoever submits after the write was
 * acknowledged sees it.
 */
#include <linux/dm-kcopyd.h>
#include <linux/rcupdate.h>

#include "clone.h"

#define DM_MSG_PREFIX XCOPY_MSG_PREFIX

/**
 * enum io_state - what end_io has to do
 * @IO_PLAIN: nothing is held; a FUA write may have to wait for a commit
 * @IO_LOCKED: @range is held
 * @IO_WAITING: @range is queued, and may be cancelled
 * @IO_ENDED: nothing
 */
enum io_state {
	IO_PLAIN,
	IO_LOCKED,
	IO_WAITING,
	IO_ENDED,
};

/**
 * struct xcopy_io - per-bio data
 * @range: the regions that the bio touches; queued or held in IO_WAITING, IO_LOCKED
 * @clone: the clone
 * @link: on clone->ready, or clone->durable
 * @sector: first sector, relative to the clone; the bio's own is used up below
 * @sectors: length, sectors
 * @copies: edges being copied, and one for whoever starts them
 * @error: of an edge
 * @state: enum io_state
 * @fua: a write that has to be durable when it ends; the bio itself forgets on its
 *	way through a device without a volatile cache
 * @counted: counted in clone->inflight
 * @filled: the edges are in place
 * @discard: was a discard before it became a write-zeroes
 */
struct xcopy_io {
	struct xcopy_range range;
	struct xcopy_clone *clone;
	struct list_head link;
	sector_t sector;
	sector_t sectors;
	atomic_t copies;
	blk_status_t error;
	enum io_state state;
	bool fua;
	bool counted;
	bool filled;
	bool discard;
};

unsigned int xcopy_io_size(void)
{
	return sizeof(struct xcopy_io);
}

static struct bio *bio_of(struct xcopy_io *io)
{
	return dm_bio_from_per_bio_data(io, sizeof(*io));
}

static struct xcopy_io *io_of(struct bio *bio)
{
	return dm_per_bio_data(bio, sizeof(struct xcopy_io));
}

static void end_with(struct xcopy_io *io, blk_status_t status)
{
	struct bio *bio = bio_of(io);

	bio->bi_status = status;
	bio_endio(bio);
}

static int to_destination(struct xcopy_clone *clone, struct bio *bio)
{
	bio_set_dev(bio, clone->destination);
	return DM_MAPIO_REMAPPED;
}

static int done_at_once(struct bio *bio)
{
	bio_endio(bio);
	return DM_MAPIO_SUBMITTED;
}

/* ---- worker: bios that hold their range ---- */

static void make_ready(struct xcopy_io *io)
{
	struct xcopy_clone *clone = io->clone;
	unsigned long flags;

	spin_lock_irqsave(&clone->lock, flags);
	list_add_tail(&io->link, &clone->ready);
	spin_unlock_irqrestore(&clone->lock, flags);
	queue_work(clone->wq, &clone->io_work);
}

/* Sectors of the bio's first region before it, 0 if they need no copy. Range held. */
static sector_t head_sectors(const struct xcopy_io *io)
{
	const struct xcopy_clone *clone = io->clone;

	if (xcopy_metadata_hydrated(clone->md, io->range.first))
		return 0;
	return io->sector - xcopy_region_start(clone, io->range.first);
}

/* Sectors of the bio's last region behind it, 0 if they need no copy. Range held. */
static sector_t tail_sectors(const struct xcopy_io *io)
{
	const struct xcopy_clone *clone = io->clone;

	if (xcopy_metadata_hydrated(clone->md, io->range.last))
		return 0;
	return xcopy_region_end(clone, io->range.last + 1) - (io->sector + io->sectors);
}

static void edge_put(struct xcopy_io *io)
{
	if (!atomic_dec_and_test(&io->copies))
		return;
	io->filled = true;
	make_ready(io);
}

static void edge_copied(int read_err, unsigned long write_err, void *context)
{
	struct xcopy_io *io = context;

	if (read_err || write_err) {
		WRITE_ONCE(io->error, BLK_STS_IOERR);
		xcopy_clone_set_word(io->clone, io->clone->last_error,
				     read_err ? "source-read" : "destination-write");
	}
	edge_put(io);
}

static void copy_edge(struct xcopy_io *io, sector_t sector, sector_t sectors)
{
	struct xcopy_clone *clone = io->clone;
	struct dm_io_region from = {
		.bdev = clone->source, .sector = sector, .count = sectors,
	};
	struct dm_io_region to = {
		.bdev = clone->destination, .sector = sector, .count = sectors,
	};

	if (!sectors)
		return;
	atomic_inc(&io->copies);
	xcopy_stat_add(clone, XCOPY_STAT_HOST_COPIED, sectors);
	dm_kcopyd_copy(clone->kcopyd, &from, 1, &to, 0, edge_copied, io);
}

static void fill(struct xcopy_io *io)
{
	sector_t head = head_sectors(io), tail = tail_sectors(io);

	atomic_set(&io->copies, 1);
	copy_edge(io, io->sector - head, head);
	copy_edge(io, io->sector + io->sectors, tail);
	edge_put(io);
}

static void handle_ready(struct xcopy_io *io)
{
	if (io->error || xcopy_mode(io->clone) != XCOPY_RW) {
		end_with(io, BLK_STS_IOERR);
	} else if (io->filled) {
		to_destination(io->clone, bio_of(io));
		submit_bio_noacct(bio_of(io));
	} else {
		fill(io);
	}
}

void xcopy_io_work(struct work_struct *work)
{
	struct xcopy_clone *clone = container_of(work, struct xcopy_clone, io_work);
	struct xcopy_io *io, *next;
	struct blk_plug plug;
	LIST_HEAD(ready);

	spin_lock_irq(&clone->lock);
	list_splice_init(&clone->ready, &ready);
	spin_unlock_irq(&clone->lock);

	blk_start_plug(&plug);
	list_for_each_entry_safe(io, next, &ready, link)
		handle_ready(io);
	blk_finish_plug(&plug);
}

/* ---- map ---- */

static void range_granted(struct xcopy_range *range)
{
	struct xcopy_io *io = container_of(range, struct xcopy_io, range);

	io->state = IO_LOCKED;
	make_ready(io);
}

/*
 * Take part of @bio only, up to @end (a sector of the clone), and remember which.
 * To be called at most once, before anything else sees the bio.
 */
static void accept(struct xcopy_io *io, struct bio *bio, sector_t end)
{
	struct xcopy_clone *clone = io->clone;

	if (end < bio_end_sector(bio))
		dm_accept_partial_bio(bio, end - bio->bi_iter.bi_sector);
	io->sector = bio->bi_iter.bi_sector;
	io->sectors = bio_sectors(bio);
	io->range.first = xcopy_region_of(clone, io->sector);
	io->range.last = xcopy_region_of(clone, io->sector + io->sectors - 1);
}

static u64 first_region(const struct xcopy_clone *clone, struct bio *bio)
{
	return xcopy_region_of(clone, bio->bi_iter.bi_sector);
}

/* End, as a region, of the run of equal state at the start of @bio. */
static u64 run_end(const struct xcopy_clone *clone, struct bio *bio, bool *hydrated)
{
	return xcopy_metadata_run(clone->md, first_region(clone, bio),
				  xcopy_region_of(clone, bio_end_sector(bio) - 1) + 1, hydrated);
}

static int map_read(struct xcopy_clone *clone, struct xcopy_io *io, struct bio *bio)
{
	bool hydrated;
	u64 end = run_end(clone, bio, &hydrated);

	accept(io, bio, xcopy_region_end(clone, end));
	if (hydrated)
		return to_destination(clone, bio);
	xcopy_engine_hint(clone->engine, io->range.first);
	bio_set_dev(bio, clone->source);
	return DM_MAPIO_REMAPPED;
}

/* From here on the bio belongs to whoever grants the range, unless it is held at once. */
static int map_locked(struct xcopy_clone *clone, struct xcopy_io *io, struct bio *bio)
{
	io->state = IO_WAITING;
	io->range.granted = range_granted;
	if (!xcopy_range_lock(&clone->locks, &io->range, io->range.first, io->range.last)) {
		/* It may have come after the suspend looked for those that wait. */
		xcopy_io_requeue(clone);
		return DM_MAPIO_SUBMITTED;
	}

	io->state = IO_LOCKED;
	if (!head_sectors(io) && !tail_sectors(io))
		return to_destination(clone, bio);
	make_ready(io);
	return DM_MAPIO_SUBMITTED;
}

static int map_write(struct xcopy_clone *clone, struct xcopy_io *io, struct bio *bio)
{
	bool hydrated;
	u64 end = run_end(clone, bio, &hydrated);

	accept(io, bio, xcopy_region_end(clone, end));
	if (hydrated)
		return to_destination(clone, bio);
	return map_locked(clone, io, bio);
}

static int map_discard_hydrated(struct xcopy_clone *clone, struct bio *bio)
{
	if (xcopy_feature(&clone->args, XCOPY_NO_DISCARD_PASSDOWN) ||
	    !bdev_max_discard_sectors(clone->destination))
		return done_at_once(bio);
	return to_destination(clone, bio);
}

/*
 * Only whole regions can become hydrated by a discard: a partial one at either
 * end is accepted by itself, and ignored.
 */
static int map_discard_unhydrated(struct xcopy_clone *clone, struct xcopy_io *io,
				  struct bio *bio, u64 run)
{
	const struct xcopy_layout layout = xcopy_layout(clone);
	u64 until = xcopy_region_end(clone, run);

	if (!bdev_write_zeroes_sectors(clone->destination) ||
	    !xcopy_layout_whole(&layout, bio->bi_iter.bi_sector, bio_end_sector(bio), run,
				&until)) {
		accept(io, bio, until);
		return done_at_once(bio);
	}
	accept(io, bio, until);
	io->discard = true;
	bio->bi_opf = (bio->bi_opf & ~REQ_OP_MASK) | REQ_OP_WRITE_ZEROES;
	if (xcopy_feature(&clone->args, XCOPY_NO_DISCARD_PASSDOWN))
		bio->bi_opf |= REQ_NOUNMAP;
	return map_locked(clone, io, bio);
}

static int map_discard(struct xcopy_clone *clone, struct xcopy_io *io, struct bio *bio)
{
	bool hydrated;
	u64 run = run_end(clone, bio, &hydrated);

	if (!hydrated)
		return map_discard_unhydrated(clone, io, bio, run);
	accept(io, bio, xcopy_region_end(clone, run));
	return map_discard_hydrated(clone, bio);
}

static int map_flush(struct xcopy_clone *clone, struct bio *bio)
{
	xcopy_commit_flush_bio(clone, bio);
	return DM_MAPIO_SUBMITTED;
}

/* device-mapper does not call end_io for a bio that map kills: count what is not. */
static void count(struct xcopy_clone *clone, struct xcopy_io *io)
{
	this_cpu_inc(*clone->inflight);
	io->counted = true;
}

static int map_write_like(struct xcopy_clone *clone, struct xcopy_io *io, struct bio *bio)
{
	if (xcopy_mode(clone) != XCOPY_RW)
		return DM_MAPIO_KILL;
	count(clone, io);
	return bio_op(bio) == REQ_OP_DISCARD ? map_discard(clone, io, bio) :
					       map_write(clone, io, bio);
}

static int map_hydrating(struct xcopy_clone *clone, struct xcopy_io *io, struct bio *bio)
{
	if ((bio->bi_opf & REQ_PREFLUSH) || !bio_sectors(bio))
		return map_flush(clone, bio);

	switch (bio_op(bio)) {
	case REQ_OP_READ:
		count(clone, io);
		return map_read(clone, io, bio);
	case REQ_OP_WRITE:
	case REQ_OP_WRITE_ZEROES:
	case REQ_OP_DISCARD:
		return map_write_like(clone, io, bio);
	default:
		return DM_MAPIO_KILL;
	}
}

static int map_complete(struct xcopy_clone *clone, struct xcopy_io *io, struct bio *bio)
{
	io->state = IO_ENDED;
	if (bio_op(bio) == REQ_OP_DISCARD)
		return map_discard_hydrated(clone, bio);
	return to_destination(clone, bio);
}

int xcopy_io_map(struct xcopy_clone *clone, struct dm_target *ti, struct bio *bio)
{
	struct xcopy_io *io = io_of(bio);
	int r;

	memset(io, 0, sizeof(*io));
	io->clone = clone;
	io->state = IO_PLAIN;
	io->fua = op_is_write(bio_op(bio)) && (bio->bi_opf & REQ_FUA);
	INIT_LIST_HEAD(&io->link);
	bio->bi_iter.bi_sector = dm_target_offset(ti, bio->bi_iter.bi_sector);
	if (xcopy_mode(clone) == XCOPY_FAIL)
		return DM_MAPIO_KILL;

	/* Pairs with the grace period in xcopy_clone_check_complete(). */
	rcu_read_lock();
	r = xcopy_complete(clone) ? map_complete(clone, io, bio) : map_hydrating(clone, io, bio);
	rcu_read_unlock();
	return r;
}

/* ---- end ---- */

/* Return: were these the last regions that were not hydrated? */
static bool set_bits(struct xcopy_io *io)
{
	struct xcopy_clone *clone = io->clone;

	if (!xcopy_metadata_set(clone->md, io->range.first, io->range.last + 1))
		return false;
	xcopy_stat_add(clone, XCOPY_STAT_SKIPPED, io->sectors);
	return xcopy_metadata_nr_hydrated(clone->md) == clone->nr_regions;
}

static void unlock_range(struct xcopy_io *io, blk_status_t *error)
{
	struct xcopy_clone *clone = io->clone;
	bool last = !*error && set_bits(io);

	/* A discard is a hint; where it could not be taken, the regions are hydrated later. */
	if (io->discard && *error != BLK_STS_DM_REQUEUE)
		*error = BLK_STS_OK;
	io->state = IO_PLAIN;
	xcopy_range_unlock(&clone->locks, &io->range);
	if (last)
		xcopy_commit_kick(clone);
}

static bool needs_commit(struct xcopy_io *io)
{
	struct xcopy_clone *clone = io->clone;
	bool needed;

	if (!io->fua)
		return false;
	rcu_read_lock();
	needed = !xcopy_complete(clone) &&
		 !xcopy_metadata_committed(clone->md, io->range.first, io->range.last + 1);
	if (needed)
		xcopy_commit_fua(clone, &io->link);
	rcu_read_unlock();
	return needed;
}

int xcopy_io_end(struct xcopy_clone *clone, struct bio *bio, blk_status_t *error)
{
	struct xcopy_io *io = io_of(bio);

	if (io->state == IO_LOCKED)
		unlock_range(io, error);
	/* The commit may end the bio at any time once it knows of it. */
	if (io->state == IO_PLAIN && !*error && io->sectors) {
		io->state = IO_ENDED;
		if (needs_commit(io))
			return DM_ENDIO_INCOMPLETE;
	}
	if (io->counted)
		this_cpu_dec(*clone->inflight);
	return DM_ENDIO_DONE;
}

void xcopy_io_durable(struct list_head *list, blk_status_t status)
{
	struct xcopy_io *io, *next;

	list_for_each_entry_safe(io, next, list, link)
		end_with(io, status);
}

void xcopy_io_requeue(struct xcopy_clone *clone)
{
	struct xcopy_range *range, *next;
	struct dm_target *ti = READ_ONCE(clone->ti);
	LIST_HEAD(cancelled);

	if (!ti || !dm_noflush_suspending(ti))
		return;
	xcopy_range_cancel(&clone->locks, range_granted, &cancelled);
	list_for_each_entry_safe(range, next, &cancelled, link) {
		struct xcopy_io *io = container_of(range, struct xcopy_io, range);

		io->state = IO_ENDED;
		end_with(io, BLK_STS_DM_REQUEUE);
	}
}

long xcopy_io_inflight(const struct xcopy_clone *clone)
{
	long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += *per_cpu_ptr(clone->inflight, cpu);
	return sum;
}

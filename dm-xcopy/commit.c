// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commits: when hydrated bits become durable, and who waits for it.
 *
 * One commit, under commit_mutex:
 *
 *   1. copies of the dirty bitmap blocks are taken
 *   2. the destination is flushed: what the copies say is in place is durable
 *   3. the copies are written to the metadata device, and it is flushed
 *   4. the flushes and FUA writes that arrived before 1. are ended
 *
 * A flush that fails at 2. says that data which a bit promises may be lost, and
 * asking again would succeed: the clone becomes read-only.  So does a loss that the
 * destination has told to a copy command instead.  A write that fails at
 * 3. is repeated with the same copies into the same slots.
 *
 * The superblock flag "offload_open" is durable before the first copy command is
 * sent, and is cleared by a commit that finds neither commands nor quarantines:
 * clone->open becomes false before that commit writes, so that a command which
 * comes meanwhile waits for the mutex and sets the flag again.
 */
#include <linux/delay.h>
#include <linux/sched/mm.h>

#include "clone.h"

#define DM_MSG_PREFIX XCOPY_MSG_PREFIX

/* How often a metadata write is tried before the clone becomes read-only. */
#define WRITE_ATTEMPTS		3
#define WRITE_RETRY_MS		50

static int write_copies(struct xcopy_clone *clone)
{
	int r, attempt;

	for (attempt = 1; ; attempt++) {
		r = xcopy_metadata_commit_write(clone->md);
		if (!r || attempt == WRITE_ATTEMPTS)
			return r;
		msleep(WRITE_RETRY_MS);
	}
}

/* Return: NULL, or why what the destination has acknowledged cannot be relied on. */
static const char *flush_destination(struct xcopy_clone *clone)
{
	if (blkdev_issue_flush(clone->destination))
		return "the destination failed a flush";
	if (test_bit(XCOPY_CLONE_WRITE_LOST, &clone->flags))
		return "the destination has lost writes that it had acknowledged";
	return NULL;
}

static int commit_bits(struct xcopy_clone *clone)
{
	const char *lost;
	int r;

	if (!clone->commit_pending)
		xcopy_metadata_commit_prepare(clone->md);
	lost = flush_destination(clone);
	if (lost) {
		clone->commit_pending = true;
		xcopy_clone_set_mode(clone, XCOPY_RO, lost);
		return -EIO;
	}
	r = write_copies(clone);
	clone->commit_pending = r;
	if (r)
		xcopy_clone_set_mode(clone, XCOPY_RO, "the metadata device failed a write");
	return r;
}

/* Is it this commit's task to clear the flag? If so, no command starts before it did. */
static bool take_open(struct xcopy_clone *clone)
{
	bool take;

	spin_lock_irq(&clone->lock);
	take = clone->open && !clone->outstanding && !clone->open_used;
	if (take)
		clone->open = false;
	clone->open_used = false;
	spin_unlock_irq(&clone->lock);
	return take;
}

static int set_flags(struct xcopy_clone *clone, u64 set, u64 clear, unsigned int quarantine_ms)
{
	int r = xcopy_metadata_set_flags(clone->md, set, clear, quarantine_ms);

	if (r)
		xcopy_clone_set_mode(clone, XCOPY_RO, "the metadata device failed a superblock write");
	return r;
}

/* There is no mode to fall into any more: told just before, a loss fails one flush. */
static int flush_complete(struct xcopy_clone *clone)
{
	int r = blkdev_issue_flush(clone->destination);

	return test_and_clear_bit(XCOPY_CLONE_WRITE_LOST, &clone->flags) ? -EIO : r;
}

static int commit_locked(struct xcopy_clone *clone)
{
	bool clear;
	int r;

	if (xcopy_complete(clone))
		return flush_complete(clone);
	if (xcopy_mode(clone) != XCOPY_RW)
		return -EROFS;
	clear = take_open(clone);
	r = commit_bits(clone);
	if (!r && clear)
		r = set_flags(clone, 0, XCOPY_SB_OFFLOAD_OPEN,
			      xcopy_metadata_quarantine_ms(clone->md));
	return r;
}

int xcopy_commit_now(struct xcopy_clone *clone)
{
	unsigned int noio = memalloc_noio_save();
	int r;

	mutex_lock(&clone->commit_mutex);
	r = commit_locked(clone);
	mutex_unlock(&clone->commit_mutex);
	memalloc_noio_restore(noio);
	return r;
}

int xcopy_commit_complete(struct xcopy_clone *clone)
{
	int r;

	mutex_lock(&clone->commit_mutex);
	/* Whoever found everything committed may have looked in the middle of a commit. */
	if (xcopy_mode(clone) != XCOPY_RW || xcopy_metadata_dirty(clone->md) ||
	    test_bit(XCOPY_CLONE_WRITE_LOST, &clone->flags))
		r = -EAGAIN;
	else
		r = set_flags(clone, XCOPY_SB_COMPLETE, XCOPY_SB_OFFLOAD_OPEN,
			      xcopy_metadata_quarantine_ms(clone->md));
	mutex_unlock(&clone->commit_mutex);
	return r;
}

static void end_flushes(struct bio_list *flushes, blk_status_t status)
{
	struct bio *bio;

	while ((bio = bio_list_pop(flushes))) {
		bio->bi_status = status;
		bio_endio(bio);
	}
}

static void commit_work(struct work_struct *work)
{
	struct xcopy_clone *clone = container_of(work, struct xcopy_clone, commit_work);
	struct bio_list flushes;
	LIST_HEAD(durable);
	blk_status_t status;

	bio_list_init(&flushes);
	spin_lock_irq(&clone->lock);
	bio_list_merge(&flushes, &clone->flushes);
	bio_list_init(&clone->flushes);
	list_splice_init(&clone->durable, &durable);
	spin_unlock_irq(&clone->lock);

	status = xcopy_commit_now(clone) ? BLK_STS_IOERR : BLK_STS_OK;
	end_flushes(&flushes, status);
	xcopy_io_durable(&durable, status);
	xcopy_clone_check_complete(clone);
}

static void notice_source_writes(struct xcopy_clone *clone)
{
	if (!xcopy_extent_watch_writes(clone->watch) ||
	    test_and_set_bit(XCOPY_CLONE_SOURCE_MODIFIED, &clone->flags))
		return;
	xcopy_err(clone, "The source was written to: what was not hydrated yet may be a mixture of old and new");
	xcopy_clone_event(clone);
}

static bool open_is_idle(struct xcopy_clone *clone)
{
	bool idle;

	spin_lock_irq(&clone->lock);
	idle = clone->open && !clone->outstanding;
	spin_unlock_irq(&clone->lock);
	return idle;
}

static bool needs_commit(struct xcopy_clone *clone)
{
	return xcopy_metadata_dirty(clone->md) || open_is_idle(clone);
}

/*
 * Once a period, look at everything that may have been left undone: a region that was
 * locked when the planner came by, and whose owner did not hydrate it, has no other
 * way to be noticed.
 */
static void look_around(struct xcopy_clone *clone)
{
	bool all = xcopy_metadata_nr_hydrated(clone->md) == clone->nr_regions;
	bool commit = all;

	rcu_read_lock();
	if (!xcopy_complete(clone)) {
		commit |= needs_commit(clone);
		if (!all)
			xcopy_engine_kick(clone);
	}
	rcu_read_unlock();
	if (commit)
		xcopy_commit_kick(clone);
}

static void commit_timer(struct work_struct *work)
{
	struct xcopy_clone *clone = container_of(to_delayed_work(work), struct xcopy_clone,
						 commit_timer);

	if (!test_bit(XCOPY_CLONE_RUNNING, &clone->flags) || !READ_ONCE(clone->engine))
		return;
	notice_source_writes(clone);
	look_around(clone);
	if (test_bit(XCOPY_CLONE_EVENT, &clone->flags))
		xcopy_clone_event(clone);
	queue_delayed_work(clone->wq, &clone->commit_timer,
			   msecs_to_jiffies(xcopy_number(&clone->args, XCOPY_COMMIT_MS)));
}

void xcopy_commit_settle(struct xcopy_clone *clone)
{
	/* One round commits, one brings the other slots level, one clears the flag. */
	unsigned int rounds = 3;

	while (rounds-- && xcopy_mode(clone) == XCOPY_RW && needs_commit(clone))
		xcopy_commit_now(clone);
}

void xcopy_commit_init(struct xcopy_clone *clone)
{
	mutex_init(&clone->commit_mutex);
	INIT_WORK(&clone->commit_work, commit_work);
	INIT_DELAYED_WORK(&clone->commit_timer, commit_timer);
	bio_list_init(&clone->flushes);
	INIT_LIST_HEAD(&clone->durable);
	init_waitqueue_head(&clone->drained);
}

void xcopy_commit_kick(struct xcopy_clone *clone)
{
	queue_work(clone->wq, &clone->commit_work);
}

void xcopy_commit_flush_bio(struct xcopy_clone *clone, struct bio *bio)
{
	unsigned long flags;

	spin_lock_irqsave(&clone->lock, flags);
	bio_list_add(&clone->flushes, bio);
	spin_unlock_irqrestore(&clone->lock, flags);
	xcopy_commit_kick(clone);
}

void xcopy_commit_fua(struct xcopy_clone *clone, struct list_head *link)
{
	unsigned long flags;

	spin_lock_irqsave(&clone->lock, flags);
	list_add_tail(link, &clone->durable);
	spin_unlock_irqrestore(&clone->lock, flags);
	xcopy_commit_kick(clone);
}

/* ---- offload_open ---- */

bool xcopy_commit_outstanding(struct xcopy_clone *clone)
{
	bool outstanding;

	spin_lock_irq(&clone->lock);
	outstanding = clone->outstanding;
	spin_unlock_irq(&clone->lock);
	return outstanding;
}

/* What a crash left open, with a shorter quarantine than the table asks for, is not open enough. */
static bool long_enough(const struct xcopy_clone *clone)
{
	return xcopy_number(&clone->args, XCOPY_QUARANTINE_MS) <=
	       xcopy_metadata_quarantine_ms(clone->md);
}

static bool count_command(struct xcopy_clone *clone, bool now_open)
{
	bool open;

	spin_lock_irq(&clone->lock);
	clone->open |= now_open;
	open = clone->open && (now_open || long_enough(clone));
	if (open) {
		clone->outstanding++;
		clone->commands++;
		clone->open_used = true;
	}
	spin_unlock_irq(&clone->lock);
	return open;
}

bool xcopy_commit_try_open(struct xcopy_clone *clone)
{
	return count_command(clone, false);
}

int xcopy_commit_open(struct xcopy_clone *clone)
{
	int r = 0;

	if (xcopy_mode(clone) != XCOPY_RW)
		return -EROFS;
	if (count_command(clone, false))
		return 0;
	mutex_lock(&clone->commit_mutex);
	/*
	 * A write that failed meanwhile may have left a flag on disk that is not in memory, or the
	 * reverse.
	 */
	if (xcopy_mode(clone) != XCOPY_RW) {
		r = -EROFS;
	} else if (!count_command(clone, false)) {
		/* Read here: xcopy_commit_set_quarantine() changes it under the mutex. */
		r = set_flags(clone, XCOPY_SB_OFFLOAD_OPEN, 0,
			      xcopy_number(&clone->args, XCOPY_QUARANTINE_MS));
		if (!r)
			count_command(clone, true);
	}
	mutex_unlock(&clone->commit_mutex);
	return r;
}

void xcopy_commit_answered(struct xcopy_clone *clone)
{
	unsigned long flags;

	spin_lock_irqsave(&clone->lock, flags);
	if (!--clone->commands)
		wake_up_all(&clone->drained);
	spin_unlock_irqrestore(&clone->lock, flags);
}

void xcopy_commit_close(struct xcopy_clone *clone)
{
	unsigned long flags;

	spin_lock_irqsave(&clone->lock, flags);
	if (!--clone->outstanding)
		wake_up_all(&clone->drained);
	spin_unlock_irqrestore(&clone->lock, flags);
}

static bool shorter_while_open(struct xcopy_clone *clone, unsigned int ms)
{
	bool open;

	spin_lock_irq(&clone->lock);
	open = clone->open;
	spin_unlock_irq(&clone->lock);
	return open && ms < xcopy_metadata_quarantine_ms(clone->md);
}

int xcopy_commit_set_quarantine(struct xcopy_clone *clone, unsigned int ms)
{
	unsigned int noio = memalloc_noio_save();
	int r;

	mutex_lock(&clone->commit_mutex);
	if (shorter_while_open(clone, ms))
		r = -EBUSY;
	else
		r = set_flags(clone, 0, 0, ms);
	/* Whoever opens next must not put the old one back. */
	if (!r)
		WRITE_ONCE(clone->args.numbers[XCOPY_QUARANTINE_MS], ms);
	mutex_unlock(&clone->commit_mutex);
	memalloc_noio_restore(noio);
	return r;
}

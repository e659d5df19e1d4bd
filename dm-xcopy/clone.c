// SPDX-License-Identifier: GPL-2.0-only
/*
 * The core object: registry, lifetime, modes, events, completion. See clone.h.
 */
#include <linux/dm-kcopyd.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "clone.h"
#include "copier.h"

#define DM_MSG_PREFIX XCOPY_MSG_PREFIX

/*
 * All cores. The spinlock protects the list and each core's users and newest table. The
 * mutex is held while a core is made, which does I/O, so that two tables never make two of
 * one device; whoever suspends or destroys a table does not take it.
 */
static DEFINE_MUTEX(create_mutex);
static DEFINE_SPINLOCK(registry_lock);
static LIST_HEAD(registry);

const char *xcopy_clone_name(const struct xcopy_clone *clone)
{
	return clone->md_disk->disk_name;
}

void xcopy_clone_set_word(struct xcopy_clone *clone, char *word, const char *text)
{
	unsigned long flags;

	spin_lock_irqsave(&clone->lock, flags);
	strscpy(word, text, XCOPY_WORD);
	spin_unlock_irqrestore(&clone->lock, flags);
}

/* ---- events and modes ---- */

static void event_work(struct work_struct *work)
{
	struct xcopy_clone *clone = container_of(work, struct xcopy_clone, event_work);
	struct dm_target *ti = READ_ONCE(clone->ti);

	/* xcopy_clone_stop() waits for this work before the table can go. */
	if (ti && test_and_clear_bit(XCOPY_CLONE_EVENT, &clone->flags))
		dm_table_event(ti->table);
}

void xcopy_clone_event(struct xcopy_clone *clone)
{
	set_bit(XCOPY_CLONE_EVENT, &clone->flags);
	queue_work(clone->wq, &clone->event_work);
}

void xcopy_clone_set_mode(struct xcopy_clone *clone, enum xcopy_mode mode, const char *why)
{
	static const char * const names[] = { "read-write", "read-only", "fail" };
	bool worse;

	spin_lock_irq(&clone->lock);
	worse = mode > clone->mode;
	if (worse)
		WRITE_ONCE(clone->mode, mode);
	spin_unlock_irq(&clone->lock);
	if (!worse)
		return;
	xcopy_err(clone, "Switching to %s mode: %s", names[mode], why);
	xcopy_clone_event(clone);
}

/* ---- hold after a crash ---- */

static void release_hold(struct xcopy_clone *clone)
{
	bool held;

	spin_lock_irq(&clone->lock);
	held = clone->holding;
	clone->holding = false;
	spin_unlock_irq(&clone->lock);
	if (!held)
		return;
	xcopy_stat_add(clone, XCOPY_STAT_QUARANTINED, -1);
	xcopy_commit_close(clone);
	xcopy_range_unlock(&clone->locks, &clone->hold);
}

static void hold_work(struct work_struct *work)
{
	struct xcopy_clone *clone = container_of(to_delayed_work(work), struct xcopy_clone,
						 hold_work);

	release_hold(clone);
	rcu_read_lock();
	if (!xcopy_complete(clone))
		xcopy_engine_kick(clone);
	rcu_read_unlock();
}

/*
 * The last user of the metadata went away with copy commands on the way: they may
 * still land. Until they cannot, nothing that is not hydrated may be written.
 */
static void hold_everything(struct xcopy_clone *clone)
{
	unsigned int ms = xcopy_metadata_quarantine_ms(clone->md);

	/* Whoever says how long knows the storage better than whoever began. */
	if (test_bit(XCOPY_QUARANTINE_MS, &clone->args.given))
		ms = max(ms, xcopy_number(&clone->args, XCOPY_QUARANTINE_MS));
	clone->open = true;
	clone->outstanding = 1;
	clone->holding = true;
	xcopy_stat_add(clone, XCOPY_STAT_QUARANTINED, 1);
	xcopy_range_lock(&clone->locks, &clone->hold, 0, clone->nr_regions - 1);
	queue_delayed_work(clone->wq, &clone->hold_work, msecs_to_jiffies(ms));
	xcopy_info(clone, "Storage copies were under way when this clone was last used: writes to regions that are not hydrated wait for %u ms",
		   ms);
}

void xcopy_clone_release_quarantine(struct xcopy_clone *clone)
{
	mod_delayed_work(clone->wq, &clone->hold_work, 0);
	xcopy_engine_release_quarantine(clone);
}

/* ---- completion ---- */

static bool all_in_place(struct xcopy_clone *clone)
{
	if (xcopy_metadata_nr_hydrated(clone->md) != clone->nr_regions)
		return false;
	if (xcopy_metadata_dirty(clone->md)) {
		xcopy_commit_kick(clone);
		return false;
	}
	return !xcopy_range_busy(&clone->locks);
}

static void become_complete(struct xcopy_clone *clone)
{
	/* Only what is clean: a dirty page is older than what the clone has written since. */
	invalidate_bdev(clone->destination);
	if (xcopy_commit_complete(clone))
		return;
	set_bit(XCOPY_CLONE_COMPLETE, &clone->flags);
	spin_lock_irq(&clone->lock);
	clone->offload = XCOPY_OFFLOAD_DONE;
	strscpy(clone->reason, "-", XCOPY_WORD);
	clone->open = false;
	spin_unlock_irq(&clone->lock);
	xcopy_info(clone, "Hydration finished");
	xcopy_clone_event(clone);
	/* Pairs with rcu_read_lock() in io.c: whoever saw it incomplete is through. */
	synchronize_rcu();
}

/* Nobody comes to bitmap and engine any more, but those who still hold a range. */
static void free_engine(struct xcopy_clone *clone)
{
	struct xcopy_engine *engine;

	if (xcopy_range_busy(&clone->locks))
		return;
	mutex_lock(&clone->commit_mutex);
	spin_lock_irq(&clone->lock);
	engine = clone->engine;
	WRITE_ONCE(clone->engine, NULL);
	spin_unlock_irq(&clone->lock);
	mutex_unlock(&clone->commit_mutex);
	/* Without the mutex, which its works take. */
	xcopy_engine_destroy(engine);
	mutex_lock(&clone->commit_mutex);
	xcopy_metadata_free_bitmap(clone->md);
	mutex_unlock(&clone->commit_mutex);
}

static bool may_complete(const struct xcopy_clone *clone)
{
	return READ_ONCE(clone->engine) && test_bit(XCOPY_CLONE_RUNNING, &clone->flags) &&
	       xcopy_mode(clone) == XCOPY_RW &&
	       xcopy_metadata_nr_hydrated(clone->md) == clone->nr_regions;
}

static void complete_work(struct work_struct *work)
{
	struct xcopy_clone *clone = container_of(work, struct xcopy_clone, complete_work);

	if (!may_complete(clone))
		return;
	if (!xcopy_complete(clone) && all_in_place(clone))
		become_complete(clone);
	if (xcopy_complete(clone))
		free_engine(clone);
}

void xcopy_clone_check_complete(struct xcopy_clone *clone)
{
	if (may_complete(clone))
		queue_work(system_long_wq, &clone->complete_work);
}

/* ---- going live, and back ---- */

static void take_arguments(struct xcopy_clone *clone, const struct xcopy_arguments *args)
{
	unsigned int i;

	for (i = 0; i < XCOPY_NR_NUMBERS; i++)
		WRITE_ONCE(clone->args.numbers[i], args->numbers[i]);
	WRITE_ONCE(clone->args.features, args->features);
	assign_bit(XCOPY_CLONE_HYDRATION, &clone->flags,
		   !xcopy_feature(args, XCOPY_NO_HYDRATION));
	if (xcopy_feature(args, XCOPY_NO_OFFLOAD))
		xcopy_clone_disable_offload(clone, "table");
	else if (!test_bit(XCOPY_CLONE_OFFLOAD, &clone->flags))
		xcopy_clone_enable_offload(clone);
}

void xcopy_clone_disable_offload(struct xcopy_clone *clone, const char *reason)
{
	clear_bit(XCOPY_CLONE_OFFLOAD, &clone->flags);
	spin_lock_irq(&clone->lock);
	if (clone->offload != XCOPY_OFFLOAD_DONE) {
		clone->offload = XCOPY_OFFLOAD_OFF;
		strscpy(clone->reason, reason, XCOPY_WORD);
	}
	spin_unlock_irq(&clone->lock);
}

void xcopy_clone_enable_offload(struct xcopy_clone *clone)
{
	set_bit(XCOPY_CLONE_OFFLOAD, &clone->flags);
	mutex_lock(&clone->commit_mutex);
	if (clone->engine && !xcopy_complete(clone))
		xcopy_engine_enable_offload(clone);
	mutex_unlock(&clone->commit_mutex);
}

void xcopy_clone_start(struct xcopy_clone *clone, struct dm_target *ti,
		       const struct xcopy_arguments *args)
{
	spin_lock_irq(&clone->lock);
	WRITE_ONCE(clone->ti, ti);
	wake_up_all(&clone->drained);
	spin_unlock_irq(&clone->lock);
	take_arguments(clone, args);
	xcopy_engine_forget_failures(clone);
	/* What udev or blkid read since the constructor would come back later. */
	invalidate_bdev(clone->destination);
	xcopy_clone_unquiesce(clone);
	queue_work(clone->wq, &clone->event_work);
}

void xcopy_clone_quiesce(struct xcopy_clone *clone)
{
	clear_bit(XCOPY_CLONE_RUNNING, &clone->flags);
	/* Ordered by the range locks' spinlock against map_locked() in io.c. */
	xcopy_io_requeue(clone);
}

void xcopy_clone_unquiesce(struct xcopy_clone *clone)
{
	set_bit(XCOPY_CLONE_RUNNING, &clone->flags);
	rcu_read_lock();
	if (!xcopy_complete(clone))
		xcopy_engine_kick(clone);
	rcu_read_unlock();
	mod_delayed_work(clone->wq, &clone->commit_timer, 0);
}

/* The clone is not running any more: nothing that is queued from here on does anything. */
static void settle_works(struct xcopy_clone *clone)
{
	cancel_delayed_work_sync(&clone->commit_timer);
	flush_work(&clone->commit_work);
	cancel_work_sync(&clone->complete_work);
}

void xcopy_clone_stop(struct xcopy_clone *clone)
{
	settle_works(clone);
	if (clone->engine) {
		xcopy_engine_drain(clone);
		/*
		 * Whether or not another table of this clone is loaded: it may be replaced by one
		 * of another target before it is resumed, and nobody would wait any more.
		 * Idle: it may take longer than the hung-task limit, and that is right.
		 */
		wait_event_idle(clone->drained, !xcopy_commit_outstanding(clone));
		settle_works(clone);
		if (!xcopy_complete(clone))
			xcopy_commit_settle(clone);
	}
	spin_lock_irq(&clone->lock);
	WRITE_ONCE(clone->ti, NULL);
	spin_unlock_irq(&clone->lock);
	cancel_work_sync(&clone->event_work);
}

/* ---- lifetime ---- */

static void destroy(struct xcopy_clone *clone)
{
	cancel_delayed_work_sync(&clone->hold_work);
	cancel_delayed_work_sync(&clone->commit_timer);
	cancel_work_sync(&clone->complete_work);
	cancel_work_sync(&clone->commit_work);
	cancel_work_sync(&clone->io_work);
	cancel_work_sync(&clone->event_work);
	if (!IS_ERR_OR_NULL(clone->engine))
		xcopy_engine_destroy(clone->engine);
	if (!IS_ERR_OR_NULL(clone->kcopyd))
		dm_kcopyd_client_destroy(clone->kcopyd);
	if (!IS_ERR_OR_NULL(clone->watch))
		xcopy_extent_unwatch(clone->watch);
	if (!IS_ERR_OR_NULL(clone->md))
		xcopy_metadata_close(clone->md);
	if (clone->copy_wq)
		destroy_workqueue(clone->copy_wq);
	if (clone->wq)
		destroy_workqueue(clone->wq);
	free_percpu(clone->inflight);
	kfree(clone);
}

static void init_plain(struct xcopy_clone *clone, const struct xcopy_binding *binding)
{
	clone->md_disk = binding->md_disk;
	clone->newest = binding->table;
	clone->metadata = binding->metadata;
	clone->destination = binding->destination;
	clone->source = binding->source;
	clone->target_sectors = binding->target_sectors;
	clone->region_shift = ilog2(binding->region_sectors);
	clone->nr_regions = xcopy_format_regions(binding->target_sectors, binding->region_sectors);
	clone->args = *binding->args;
	clone->users = 1;
	clone->offload = XCOPY_OFFLOAD_OFF;
	strscpy(clone->reason, "-", XCOPY_WORD);
	strscpy(clone->copier, "none", XCOPY_WORD);
	strscpy(clone->last_error, "-", XCOPY_WORD);
	strscpy(clone->last_answer, "-", XCOPY_WORD);
	spin_lock_init(&clone->lock);
	xcopy_range_locks_init(&clone->locks);
	INIT_LIST_HEAD(&clone->list);
	INIT_LIST_HEAD(&clone->ready);
	INIT_WORK(&clone->io_work, xcopy_io_work);
	INIT_WORK(&clone->event_work, event_work);
	INIT_WORK(&clone->complete_work, complete_work);
	INIT_DELAYED_WORK(&clone->hold_work, hold_work);
	xcopy_commit_init(clone);
}

/*
 * Reads and edges of writes take the source's blocks from the device from the first
 * bio on: what is in its page cache has to be there before. What is in the
 * destination's must not get there afterwards.
 */
static int write_out(const struct xcopy_binding *binding, const char **error)
{
	int r = sync_blockdev(binding->source);

	if (r) {
		*error = "source dev: what is in its page cache cannot be written out";
		return r;
	}
	r = sync_blockdev(binding->destination);
	if (r)
		*error = "destination dev: what is in its page cache cannot be written out";
	invalidate_bdev(binding->destination);
	return r;
}

static int open_metadata(struct xcopy_clone *clone, const struct xcopy_binding *binding,
			 const char **error)
{
	const struct xcopy_metadata_config config = {
		.bdev = binding->metadata,
		.target_sectors = binding->target_sectors,
		.region_sectors = binding->region_sectors,
		.quarantine_ms = xcopy_number(binding->args, XCOPY_QUARANTINE_MS),
		.source = binding->source,
		.destination = binding->destination,
		.may_format = !xcopy_feature(binding->args, XCOPY_NO_FORMAT),
	};

	clone->md = xcopy_metadata_open(&config, error);
	return PTR_ERR_OR_ZERO(clone->md);
}

static int allocate(struct xcopy_clone *clone)
{
	clone->inflight = alloc_percpu(long);
	clone->wq = alloc_workqueue("xcopy", WQ_MEM_RECLAIM | WQ_UNBOUND, 0);
	clone->copy_wq = alloc_workqueue("xcopy-copy", WQ_MEM_RECLAIM | WQ_UNBOUND,
					 XCOPY_MAX_DEPTH);
	if (!clone->inflight || !clone->wq || !clone->copy_wq)
		return -ENOMEM;
	clone->kcopyd = dm_kcopyd_client_create(NULL);
	if (IS_ERR(clone->kcopyd))
		return PTR_ERR(clone->kcopyd);
	clone->watch = xcopy_extent_watch(clone->source);
	if (IS_ERR(clone->watch))
		return PTR_ERR(clone->watch);
	clone->engine = xcopy_engine_create(clone);
	return PTR_ERR_OR_ZERO(clone->engine);
}

static struct xcopy_clone *create(const struct xcopy_binding *binding, const char **error)
{
	struct xcopy_clone *clone = kzalloc(sizeof(*clone), GFP_KERNEL);
	int r = -ENOMEM;

	*error = "Out of memory";
	if (!clone)
		return ERR_PTR(r);
	init_plain(clone, binding);
	r = allocate(clone);
	if (!r)
		r = write_out(binding, error);
	if (!r)
		r = open_metadata(clone, binding, error);
	if (r) {
		destroy(clone);
		return ERR_PTR(r);
	}
	if (xcopy_metadata_was_open(clone->md))
		hold_everything(clone);
	return clone;
}

static struct xcopy_clone *find(const struct block_device *metadata)
{
	struct xcopy_clone *clone;

	list_for_each_entry(clone, &registry, list)
		if (clone->metadata == metadata)
			return clone;
	return NULL;
}

static bool uses(const struct xcopy_clone *clone, const struct block_device *bdev)
{
	return clone->metadata == bdev || clone->destination == bdev || clone->source == bdev;
}

static const char *conflict_with(const struct xcopy_clone *clone,
				 const struct xcopy_binding *binding)
{
	if (uses(clone, binding->metadata))
		return "metadata dev: is a device of another clone; use one that is free";
	if (uses(clone, binding->destination))
		return "destination dev: is a device of another clone; use one that is free";
	if (clone->metadata == binding->source || clone->destination == binding->source)
		return "source dev: another clone writes to it; wait until that one is removed";
	return NULL;
}

/* Device-mapper lets two devices open one: what must not be shared is refused here. */
static const char *conflict(const struct xcopy_binding *binding)
{
	const char *error = NULL;
	struct xcopy_clone *clone;

	list_for_each_entry(clone, &registry, list) {
		error = conflict_with(clone, binding);
		if (error)
			break;
	}
	return error;
}

static const char *mismatch(const struct xcopy_clone *clone, const struct xcopy_binding *binding)
{
	if (clone->destination != binding->destination)
		return "destination dev: is not that of the live table; a reload cannot change it";
	if (clone->source != binding->source)
		return "source dev: is not that of the live table; a reload cannot change it";
	if (clone->target_sectors != binding->target_sectors)
		return "length: is not that of the live table; a reload cannot change it";
	if (1UL << clone->region_shift != binding->region_sectors)
		return "region size: is not that of the live table; a reload cannot change it";
	if (strcmp(clone->args.driver, binding->args->driver))
		return "offload_driver: is not that of the live table; remove the device first";
	return NULL;
}

static int not_bindable(const struct xcopy_clone *clone, const struct xcopy_binding *binding,
			const char **error)
{
	*error = "metadata dev: is a device of another clone; use one that is free";
	if (clone->md_disk != binding->md_disk || clone->newest == binding->table)
		return -EBUSY;
	*error = mismatch(clone, binding);
	return *error ? -EINVAL : 0;
}

/* Return: NULL if there is no core of this metadata device. */
static struct xcopy_clone *bind(const struct xcopy_binding *binding, const char **error)
{
	struct xcopy_clone *clone;
	int r = 0;

	spin_lock(&registry_lock);
	clone = find(binding->metadata);
	if (clone)
		r = not_bindable(clone, binding, error);
	if (clone && !r) {
		clone->users++;
		clone->newest = binding->table;
	}
	spin_unlock(&registry_lock);
	return r ? ERR_PTR(r) : clone;
}

static struct xcopy_clone *make(const struct xcopy_binding *binding, const char **error)
{
	struct xcopy_clone *clone;

	spin_lock(&registry_lock);
	*error = conflict(binding);
	spin_unlock(&registry_lock);
	if (*error)
		return ERR_PTR(-EBUSY);
	clone = create(binding, error);
	if (IS_ERR(clone))
		return clone;
	spin_lock(&registry_lock);
	list_add(&clone->list, &registry);
	spin_unlock(&registry_lock);
	return clone;
}

struct xcopy_clone *xcopy_clone_get(const struct xcopy_binding *binding, const char **error)
{
	struct xcopy_clone *clone;

	mutex_lock(&create_mutex);
	clone = bind(binding, error);
	if (!clone)
		clone = make(binding, error);
	mutex_unlock(&create_mutex);
	return clone;
}

void xcopy_clone_put(struct xcopy_clone *clone, const struct dm_table *table)
{
	bool last;

	/*
	 * Still counted: nobody gets these devices before nothing can land on them. A table that
	 * is live, or goes live meanwhile, waits in xcopy_clone_stop().
	 */
	wait_event_idle(clone->drained,
			READ_ONCE(clone->ti) || !xcopy_commit_outstanding(clone));

	spin_lock(&registry_lock);
	if (clone->newest == table)
		clone->newest = NULL;
	last = !--clone->users;
	if (last)
		list_del(&clone->list);
	spin_unlock(&registry_lock);
	if (last)
		destroy(clone);
}

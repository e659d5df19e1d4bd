// SPDX-License-Identifier: GPL-2.0-only
/*
 * Background hydration: what to copy next, how much at a time, how fast.
 *
 * One planner per clone hands ranges to copy workers. It takes the range lock
 * without waiting, so user I/O always goes first, and looks at the bits again
 * under the lock: an overwrite may have ended between the look and the lock.
 *
 * Budget: as many copies as the tuner allows while no user bio is in flight; one,
 * short, paced to hydration_floor, while there is one. So it neither starves
 * nor is starved.
 *
 * A region whose host copy fails is tried again later and later, alone, and is
 * given up after XCOPY_FAILED_ATTEMPTS, with event and status; everything else goes on.
 */
#include <linux/dm-kcopyd.h>
#include <linux/ktime.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "engine.h"

#define DM_MSG_PREFIX XCOPY_MSG_PREFIX

static_assert(XCOPY_MAX_DEPTH <= XCOPY_TUNER_MAX_DEPTH);

#define THROTTLE_TEXT "A percentage of time allocated for the host's background copies"
DECLARE_DM_KCOPYD_THROTTLE_WITH_MODULE_PARM(xcopy_hydration_throttle, THROTTLE_TEXT);

/* ---- regions that failed ---- */

/* Overwritten by the user, who does not know of failures. */
static bool is_healed(void *clone, u64 region)
{
	return xcopy_metadata_hydrated(((struct xcopy_clone *)clone)->md, region);
}

static unsigned int count_failure(struct xcopy_engine *engine, u64 region)
{
	struct xcopy_failures *failures = &engine->failures;
	unsigned int attempts;

	spin_lock_irq(&engine->clone->lock);
	attempts = xcopy_failures_count(failures, region, jiffies, HZ);
	if (!attempts) {
		xcopy_failures_forget_healed(failures, is_healed, engine->clone);
		attempts = xcopy_failures_count(failures, region, jiffies, HZ);
	}
	spin_unlock_irq(&engine->clone->lock);
	return attempts;
}

/* Something larger is wrong than some blocks: trying on would only be a storm of errors. */
static void stop_hydration(struct xcopy_clone *clone)
{
	if (!test_and_clear_bit(XCOPY_CLONE_HYDRATION, &clone->flags))
		return;
	xcopy_err(clone, "Too many regions cannot be copied (%s); hydration stops until enable_hydration",
		  clone->last_error);
	xcopy_clone_event(clone);
}

static void region_failed(struct xcopy_engine *engine, u64 region)
{
	struct xcopy_clone *clone = engine->clone;
	unsigned int attempts = count_failure(engine, region);

	if (!attempts)
		stop_hydration(clone);
	if (attempts != XCOPY_FAILED_ATTEMPTS)
		return;
	xcopy_warn_limit(clone, "Region %llu cannot be copied (%s); given up until enable_hydration",
			 region, clone->last_error);
	if (!test_and_set_bit(XCOPY_CLONE_STOPPED_RANGES, &clone->flags))
		xcopy_clone_event(clone);
}

static void forget_failure(struct xcopy_engine *engine, u64 first, u64 end)
{
	spin_lock_irq(&engine->clone->lock);
	xcopy_failures_forget(&engine->failures, first, end);
	spin_unlock_irq(&engine->clone->lock);
}

static u64 next_failed(struct xcopy_engine *engine, u64 first, u64 end)
{
	spin_lock_irq(&engine->clone->lock);
	end = xcopy_failures_next(&engine->failures, first, end);
	spin_unlock_irq(&engine->clone->lock);
	return end;
}

static u64 due_failed(struct xcopy_engine *engine, unsigned long *delay)
{
	u64 region;

	spin_lock_irq(&engine->clone->lock);
	region = xcopy_failures_due(&engine->failures, jiffies, delay);
	spin_unlock_irq(&engine->clone->lock);
	return region;
}

/* ---- one copy ---- */

static void mark(struct xcopy_copy *copy)
{
	struct xcopy_clone *clone = copy->engine->clone;
	u64 until = copy->position >= xcopy_region_end(clone, copy->end) ?
		   copy->end : xcopy_region_of(clone, copy->position);

	if (until <= copy->marked)
		return;
	xcopy_metadata_set(clone->md, copy->marked, until);
	forget_failure(copy->engine, copy->marked, until);
	copy->marked = until;
}

static bool stopping(const struct xcopy_clone *clone)
{
	return !test_bit(XCOPY_CLONE_RUNNING, &clone->flags) || xcopy_mode(clone) != XCOPY_RW;
}

static bool host_copy_regions(struct xcopy_copy *copy, u64 first, u64 end)
{
	struct xcopy_clone *clone = copy->engine->clone;
	sector_t start = xcopy_region_start(clone, first);

	if (xcopy_host_copy(clone, copy->engine->kcopyd, start,
			    xcopy_region_end(clone, end) - start))
		return false;
	xcopy_metadata_set(clone->md, first, end);
	forget_failure(copy->engine, first, end);
	return true;
}

/*
 * The host failed somewhere in [sector, sector + sectors): go through it in
 * smaller and smaller pieces, down to the regions that fail.
 */
static void host_copy_around(struct xcopy_copy *copy, sector_t sector, sector_t sectors)
{
	struct xcopy_clone *clone = copy->engine->clone;
	struct xcopy_search search = {
		.region = xcopy_region_of(clone, sector),
		.end = xcopy_region_of(clone, sector + sectors - 1) + 1,
		.step = 1,
	};
	u64 n;

	while ((n = xcopy_search_length(&search)) && !stopping(clone)) {
		u64 region = search.region;

		if (host_copy_regions(copy, region, region + n))
			xcopy_search_copied(&search);
		else if (xcopy_search_failed(&search))
			region_failed(copy->engine, region);
	}
}

static void copy_by_host(struct xcopy_copy *copy, sector_t sectors)
{
	struct xcopy_clone *clone = copy->engine->clone;

	if (!strcmp(clone->copier, "none"))
		xcopy_clone_set_word(clone, clone->copier, "host");
	if (!xcopy_host_copy(clone, copy->engine->kcopyd, copy->position, sectors)) {
		copy->position += sectors;
		return;
	}
	copy->failed = true;
	host_copy_around(copy, copy->position, sectors);
}

/*
 * A copy in quarantine holds references on the extents: no more I/O through the clone's
 * devices. What is left of its range is planned again afterwards.
 */
static void copy_step(struct xcopy_copy *copy, sector_t end)
{
	struct xcopy_clone *clone = copy->engine->clone;
	bool by_host;
	sector_t sectors = xcopy_offload_copy(copy, copy->position, end - copy->position, &by_host);

	if (!by_host)
		copy->position += sectors;
	else if (!copy->quarantined && !stopping(clone))
		copy_by_host(copy, min_t(sector_t, sectors, XCOPY_HOST_SECTORS));
	mark(copy);
}

static void copy_all(struct xcopy_copy *copy)
{
	struct xcopy_clone *clone = copy->engine->clone;
	sector_t end = xcopy_region_end(clone, copy->end);
	unsigned int noio = memalloc_noio_save();

	while (copy->position < end && !copy->failed && !copy->quarantined && !stopping(clone))
		copy_step(copy, end);
	memalloc_noio_restore(noio);
}

static bool may_plan(const struct xcopy_clone *clone)
{
	return !stopping(clone);
}

static void kick(struct xcopy_engine *engine)
{
	if (may_plan(engine->clone))
		mod_delayed_work(engine->clone->wq, &engine->planner, 0);
}

/* Caller holds clone->lock. */
static void begin_quarantine(struct xcopy_copy *copy)
{
	unsigned long delay = msecs_to_jiffies(copy->quarantine_ms);

	copy->engine->quarantined++;
	copy->release_now = false;
	copy->release_at = jiffies + delay;
	/* Not queue: the work may be pending still for the slot's quarantine before. */
	mod_delayed_work(copy->engine->clone->wq, &copy->release, delay);
}

/*
 * The slot stops running. Once clone->lock is dropped with nothing running and
 * nothing quarantined, the engine may be freed.
 */
static void leave_running(struct xcopy_copy *copy, enum xcopy_copy_state state)
{
	struct xcopy_engine *engine = copy->engine;
	struct xcopy_clone *clone = engine->clone;

	spin_lock_irq(&clone->lock);
	if (copy->state == XCOPY_COPY_RUNNING)
		engine->running--;
	else
		engine->quarantined--;
	if (state == XCOPY_COPY_QUARANTINED)
		begin_quarantine(copy);
	copy->state = state;
	/* Not by way of clone->engine, which may be NULL already. */
	kick(engine);
	wake_up_all(&engine->idle);
	spin_unlock_irq(&clone->lock);
}

static void count_bytes(struct xcopy_copy *copy)
{
	struct xcopy_engine *engine = copy->engine;
	struct xcopy_clone *clone = engine->clone;
	u64 bytes = (copy->position - xcopy_region_start(clone, copy->range.first)) << 9;

	spin_lock_irq(&clone->lock);
	engine->running_regions -= copy->range.last + 1 - copy->range.first;
	xcopy_tuner_cap(&engine->tuner, xcopy_number(&clone->args, XCOPY_OFFLOAD_DEPTH));
	xcopy_tuner_done(&engine->tuner, bytes, div_u64(ktime_get_ns(), NSEC_PER_MSEC));
	spin_unlock_irq(&clone->lock);
}

static void copy_work(struct work_struct *work)
{
	struct xcopy_copy *copy = container_of(work, struct xcopy_copy, work);
	struct xcopy_clone *clone = copy->engine->clone;

	copy_all(copy);
	count_bytes(copy);
	if (xcopy_metadata_nr_hydrated(clone->md) == clone->nr_regions)
		xcopy_commit_kick(clone);
	if (copy->quarantined) {
		xcopy_stat_add(clone, XCOPY_STAT_QUARANTINED, 1);
		xcopy_clone_event(clone);
		leave_running(copy, XCOPY_COPY_QUARANTINED);
	} else {
		xcopy_range_unlock(&clone->locks, &copy->range);
		leave_running(copy, XCOPY_COPY_FREE);
	}
}

/*
 * A release_quarantine message may queue the work again while it runs, and the slot may be in
 * its next quarantine when that run comes: only the time or the word for this one counts.
 */
static bool begin_release(struct xcopy_copy *copy)
{
	struct xcopy_clone *clone = copy->engine->clone;
	bool mine;

	spin_lock_irq(&clone->lock);
	mine = copy->state == XCOPY_COPY_QUARANTINED &&
	       (copy->release_now || time_after_eq(jiffies, copy->release_at));
	if (mine)
		copy->state = XCOPY_COPY_RELEASING;
	spin_unlock_irq(&clone->lock);
	return mine;
}

static void release_work(struct work_struct *work)
{
	struct xcopy_copy *copy = container_of(to_delayed_work(work), struct xcopy_copy, release);
	struct xcopy_clone *clone = copy->engine->clone;

	if (!begin_release(copy))
		return;
	xcopy_mapping_put(&copy->source);
	xcopy_mapping_put(&copy->destination);
	xcopy_commit_close(clone);
	xcopy_stat_add(clone, XCOPY_STAT_QUARANTINED, -1);
	xcopy_range_unlock(&clone->locks, &copy->range);
	leave_running(copy, XCOPY_COPY_FREE);
}

/* ---- planner ---- */

static struct xcopy_copy *find_slot(struct xcopy_engine *engine)
{
	struct xcopy_copy *copy = NULL;
	unsigned int i;

	spin_lock_irq(&engine->clone->lock);
	for (i = 0; i < XCOPY_NR_SLOTS && !copy; i++)
		if (engine->slots[i].state == XCOPY_COPY_FREE)
			copy = &engine->slots[i];
	spin_unlock_irq(&engine->clone->lock);
	return copy;
}

/*
 * Lock up to @max regions that are not hydrated, at or after @from and before
 * @limit. Regions that failed are left out unless @retry.
 */
static bool claim(struct xcopy_engine *engine, struct xcopy_copy *copy, u64 from, u64 limit,
		  u64 max, bool retry)
{
	struct xcopy_clone *clone = engine->clone;
	bool hydrated;
	u64 end, skip;

	while ((from = xcopy_metadata_next_unhydrated(clone->md, from)) < limit) {
		end = xcopy_metadata_run(clone->md, from, min(limit, from + max), &hydrated);
		if (!retry)
			end = next_failed(engine, from, end);
		if (end == from) {
			from++;
			continue;
		}
		if (!xcopy_range_trylock(&clone->locks, &copy->range, from, end - 1, &skip)) {
			from = skip;
			continue;
		}
		/* Under the lock: what was seen before may have been overwritten since. */
		copy->end = xcopy_metadata_run(clone->md, from, copy->range.last + 1, &hydrated);
		if (!hydrated)
			return true;
		xcopy_range_unlock(&clone->locks, &copy->range);
		from = copy->end;
	}
	return false;
}

static bool claim_request(struct xcopy_engine *engine, struct xcopy_copy *copy, u64 max)
{
	struct xcopy_clone *clone = engine->clone;
	u64 first, end;
	bool claimed;

	spin_lock_irq(&clone->lock);
	first = engine->request_first;
	end = engine->request_end;
	spin_unlock_irq(&clone->lock);
	if (!end)
		return false;

	claimed = claim(engine, copy, first, end, max, true);
	if (claimed)
		first = copy->end;
	/* What is left may just be locked by others: the request stays. */
	if (xcopy_metadata_next_unhydrated(clone->md, first) >= end)
		end = 0;
	spin_lock_irq(&clone->lock);
	engine->request_first = first;
	engine->request_end = end;
	spin_unlock_irq(&clone->lock);
	return claimed;
}

/* Whoever has it locked, a quarantine for example, must not keep the others from being tried. */
static void postpone_failed(struct xcopy_engine *engine, u64 region)
{
	spin_lock_irq(&engine->clone->lock);
	xcopy_failures_postpone(&engine->failures, region, jiffies + HZ);
	spin_unlock_irq(&engine->clone->lock);
}

static bool claim_failed(struct xcopy_engine *engine, struct xcopy_copy *copy,
			 unsigned long *delay)
{
	u64 region;

	while ((region = due_failed(engine, delay)) != XCOPY_NO_REGION) {
		if (claim(engine, copy, region, region + 1, 1, true))
			return true;
		/* An overwrite has hydrated it; or it is locked. */
		if (xcopy_metadata_hydrated(engine->clone->md, region))
			forget_failure(engine, region, region + 1);
		else
			postpone_failed(engine, region);
	}
	return false;
}

static bool claim_next(struct xcopy_engine *engine, struct xcopy_copy *copy, u64 max,
		       unsigned long *delay)
{
	struct xcopy_clone *clone = engine->clone;
	u64 from = READ_ONCE(engine->hint);

	if (claim_request(engine, copy, max))
		return true;
	if (!test_bit(XCOPY_CLONE_HYDRATION, &clone->flags))
		return false;
	/* Beyond the end: no hint; or one that was torn, where a u64 is stored in two halves. */
	if (from >= clone->nr_regions)
		from = engine->cursor;
	else
		WRITE_ONCE(engine->hint, XCOPY_NO_REGION);

	if (claim(engine, copy, from, clone->nr_regions, max, false) ||
	    claim(engine, copy, 0, from, max, false)) {
		engine->cursor = copy->end;
		return true;
	}
	return claim_failed(engine, copy, delay);
}

static bool user_busy(const struct xcopy_clone *clone)
{
	return xcopy_io_inflight(clone) > 0;
}

/* KiB/s that hydration may use now; 0: no limit */
static unsigned int rate_now(const struct xcopy_clone *clone)
{
	return xcopy_plan_rate(xcopy_number(&clone->args, XCOPY_HYDRATION_RATE),
			       xcopy_number(&clone->args, XCOPY_HYDRATION_FLOOR),
			       user_busy(clone));
}

/* Most regions that the next copy may have. */
static u64 copy_regions(const struct xcopy_engine *engine)
{
	const struct xcopy_clone *clone = engine->clone;

	return xcopy_plan_regions(xcopy_offload_sectors(engine->offload), clone->region_shift,
				  rate_now(clone),
				  xcopy_number(&clone->args, XCOPY_HYDRATION_THRESHOLD),
				  xcopy_number(&clone->args, XCOPY_HYDRATION_BATCH_SIZE));
}

/* Until the storage has been seen to copy right, it copies alone. */
static bool on_trial(const struct xcopy_engine *engine)
{
	return READ_ONCE(engine->clone->offload) == XCOPY_OFFLOAD_ON &&
	       !xcopy_offload_proven(engine->offload);
}

static bool below_depth(struct xcopy_engine *engine)
{
	struct xcopy_clone *clone = engine->clone;
	u64 threshold = xcopy_number(&clone->args, XCOPY_HYDRATION_THRESHOLD);
	unsigned int depth = min(xcopy_number(&clone->args, XCOPY_OFFLOAD_DEPTH),
				 READ_ONCE(engine->tuner.depth));
	bool alone = user_busy(clone) || on_trial(engine), below;

	if (alone)
		depth = 1;
	spin_lock_irq(&clone->lock);
	below = xcopy_plan_may_start(engine->running, engine->running_regions, depth, threshold);
	/* The tuner is to see only what its depth brings about. */
	if (alone || (!below && engine->running < engine->tuner.depth))
		xcopy_tuner_restart(&engine->tuner);
	spin_unlock_irq(&clone->lock);
	return below;
}

/* Return: jiffies to wait before the next copy may start. */
static unsigned long pace(struct xcopy_engine *engine)
{
	u64 wait = xcopy_pace_wait(&engine->pace, ktime_get_ns(), rate_now(engine->clone));

	return wait ? nsecs_to_jiffies(wait) + 1 : 0;
}

static void charge(struct xcopy_engine *engine, u64 regions)
{
	struct xcopy_clone *clone = engine->clone;

	xcopy_pace_charge(&engine->pace, ktime_get_ns(),
			  regions << (clone->region_shift + SECTOR_SHIFT), rate_now(clone));
}

static void start_copy(struct xcopy_engine *engine, struct xcopy_copy *copy)
{
	struct xcopy_clone *clone = engine->clone;

	copy->marked = copy->range.first;
	copy->position = xcopy_region_start(clone, copy->range.first);
	copy->failed = false;
	copy->quarantined = false;
	charge(engine, copy->end - copy->range.first);

	spin_lock_irq(&clone->lock);
	copy->state = XCOPY_COPY_RUNNING;
	engine->running++;
	engine->running_regions += copy->range.last + 1 - copy->range.first;
	spin_unlock_irq(&clone->lock);
	queue_work(clone->copy_wq, &copy->work);
}

static void keep_back(struct xcopy_engine *engine)
{
	spin_lock_irq(&engine->clone->lock);
	xcopy_tuner_restart(&engine->tuner);
	spin_unlock_irq(&engine->clone->lock);
}

/* Return: was a copy started? If not, *delay may be lowered to when to try again, jiffies. */
static bool plan_one(struct xcopy_engine *engine, unsigned long *delay)
{
	unsigned long wait = pace(engine);
	struct xcopy_copy *copy;

	if (wait) {
		/* by then the rate may be another */
		*delay = min3(*delay, wait, (unsigned long)HZ);
		return false;
	}
	copy = find_slot(engine);
	if (!copy || !claim_next(engine, copy, copy_regions(engine), delay))
		return false;
	start_copy(engine, copy);
	return true;
}

static void plan_work(struct work_struct *work)
{
	struct xcopy_engine *engine = container_of(to_delayed_work(work), struct xcopy_engine,
						   planner);
	struct xcopy_clone *clone = engine->clone;
	unsigned long delay = MAX_JIFFY_OFFSET;

	while (may_plan(clone) && below_depth(engine)) {
		if (plan_one(engine, &delay))
			continue;
		keep_back(engine);
		break;
	}
	if (may_plan(clone) && delay != MAX_JIFFY_OFFSET)
		queue_delayed_work(clone->wq, &engine->planner, delay);
}

/* ---- what others call ---- */

void xcopy_engine_kick(struct xcopy_clone *clone)
{
	kick(clone->engine);
}

void xcopy_engine_hint(struct xcopy_engine *engine, u64 region)
{
	WRITE_ONCE(engine->hint, region);
}

int xcopy_engine_request(struct xcopy_clone *clone, u64 first, u64 count)
{
	struct xcopy_engine *engine = clone->engine;
	int r = 0;

	spin_lock_irq(&clone->lock);
	if (engine->request_end) {
		r = -EBUSY;
	} else {
		engine->request_first = first;
		engine->request_end = first + count;
	}
	spin_unlock_irq(&clone->lock);
	xcopy_engine_kick(clone);
	return r;
}

void xcopy_engine_forget_failures(struct xcopy_clone *clone)
{
	spin_lock_irq(&clone->lock);
	if (clone->engine)
		clone->engine->failures.nr = 0;
	spin_unlock_irq(&clone->lock);
	clear_bit(XCOPY_CLONE_STOPPED_RANGES, &clone->flags);
}

void xcopy_engine_retry(struct xcopy_clone *clone)
{
	xcopy_engine_forget_failures(clone);
	xcopy_engine_kick(clone);
}

static bool none_running(struct xcopy_engine *engine)
{
	bool none;

	spin_lock_irq(&engine->clone->lock);
	none = !engine->running;
	spin_unlock_irq(&engine->clone->lock);
	return none;
}

void xcopy_engine_drain(struct xcopy_clone *clone)
{
	struct xcopy_engine *engine = clone->engine;

	cancel_delayed_work_sync(&engine->planner);
	/* Idle: a command may take as long as the transport's error handling. */
	wait_event_idle(engine->idle, none_running(engine));
}

void xcopy_engine_release_quarantine(struct xcopy_clone *clone)
{
	struct xcopy_engine *engine;
	unsigned int i;

	spin_lock_irq(&clone->lock);
	engine = clone->engine;
	for (i = 0; engine && i < XCOPY_NR_SLOTS; i++) {
		if (engine->slots[i].state != XCOPY_COPY_QUARANTINED)
			continue;
		engine->slots[i].release_now = true;
		mod_delayed_work(clone->wq, &engine->slots[i].release, 0);
	}
	spin_unlock_irq(&clone->lock);
}

void xcopy_engine_enable_offload(struct xcopy_clone *clone)
{
	xcopy_offload_reset(clone->engine->offload);
}

/* Those that are not tried again: with hydration off, all. Caller holds clone->lock. */
static unsigned int failed_regions(struct xcopy_engine *engine)
{
	struct xcopy_clone *clone = engine->clone;

	xcopy_failures_forget_healed(&engine->failures, is_healed, clone);
	return test_bit(XCOPY_CLONE_HYDRATION, &clone->flags) ?
	       xcopy_failures_given_up(&engine->failures) : engine->failures.nr;
}

void xcopy_engine_status(struct xcopy_clone *clone, struct xcopy_engine_status *status)
{
	struct xcopy_engine *engine;

	memset(status, 0, sizeof(*status));
	spin_lock_irq(&clone->lock);
	engine = clone->engine;
	if (engine) {
		status->hydrating = engine->running_regions;
		xcopy_offload_status(engine->offload, status);
		status->depth = engine->tuner.depth;
		status->failed_regions = failed_regions(engine);
	}
	spin_unlock_irq(&clone->lock);
}

/* ---- lifetime ---- */

static void init_slots(struct xcopy_engine *engine)
{
	unsigned int i;

	for (i = 0; i < XCOPY_NR_SLOTS; i++) {
		engine->slots[i].engine = engine;
		INIT_WORK(&engine->slots[i].work, copy_work);
		INIT_DELAYED_WORK(&engine->slots[i].release, release_work);
	}
}

static int alloc_payloads(struct xcopy_engine *engine)
{
	unsigned int i;

	for (i = 0; i < XCOPY_NR_SLOTS; i++) {
		engine->slots[i].payload = kzalloc(XCOPY_PAYLOAD_SIZE, GFP_KERNEL);
		if (!engine->slots[i].payload)
			return -ENOMEM;
	}
	return 0;
}

static void settle_slots(struct xcopy_engine *engine)
{
	unsigned int i;

	for (i = 0; i < XCOPY_NR_SLOTS; i++) {
		flush_work(&engine->slots[i].work);
		flush_delayed_work(&engine->slots[i].release);
	}
}

static void free_payloads(struct xcopy_engine *engine)
{
	unsigned int i;

	for (i = 0; i < XCOPY_NR_SLOTS; i++)
		kfree(engine->slots[i].payload);
}

void xcopy_engine_destroy(struct xcopy_engine *engine)
{
	if (!engine)
		return;
	/* The last slots may have kicked the planner once more. */
	settle_slots(engine);
	cancel_delayed_work_sync(&engine->planner);
	free_payloads(engine);
	if (!IS_ERR_OR_NULL(engine->kcopyd))
		dm_kcopyd_client_destroy(engine->kcopyd);
	xcopy_offload_destroy(engine->offload);
	kvfree(engine);
}

static int fill_engine(struct xcopy_engine *engine)
{
	if (alloc_payloads(engine))
		return -ENOMEM;
	engine->offload = xcopy_offload_create(engine->clone);
	if (!engine->offload)
		return -ENOMEM;
	engine->kcopyd = dm_kcopyd_client_create(&dm_kcopyd_throttle);
	return PTR_ERR_OR_ZERO(engine->kcopyd);
}

struct xcopy_engine *xcopy_engine_create(struct xcopy_clone *clone)
{
	struct xcopy_engine *engine = kvzalloc(sizeof(*engine), GFP_KERNEL);
	int r;

	if (!engine)
		return ERR_PTR(-ENOMEM);
	engine->clone = clone;
	engine->hint = XCOPY_NO_REGION;
	INIT_DELAYED_WORK(&engine->planner, plan_work);
	init_waitqueue_head(&engine->idle);
	init_slots(engine);
	xcopy_tuner_init(&engine->tuner, xcopy_number(&clone->args, XCOPY_OFFLOAD_DEPTH));
	r = fill_engine(engine);
	if (!r)
		return engine;
	xcopy_engine_destroy(engine);
	return ERR_PTR(r);
}

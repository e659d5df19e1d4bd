/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The core object: one clone, found by its metadata device.
 *
 * A table binds to the core of its metadata device, or makes it; a reloaded
 * table shares the one that is live.  At most one table is live: between its
 * resume and its postsuspend the core may do I/O by itself.
 *
 * Files, and who calls whom:
 *
 *   target.c     device-mapper's hooks; owns struct xcopy_target, one per table
 *   io.c         map and end_io: user bios, their range locks, their edges
 *   commit.c     flush, FUA, periodic commits, superblock flags
 *   hydration.c  what the background copies next, how much, how fast
 *   offload.c    a range by the storage: commands, outcomes, quarantine;  offload-pair.c,
 *                offload-route.c, offload-trust.c  what offload-private.h says
 *   copier-host.c  a range by the host: dm-kcopyd
 *   metadata.c   the bitmap;  range-lock.c  ranges in flight
 *
 * Locks, outermost first; each file's own are described there:
 *
 *   create mutex (clone.c)  >  clone->commit_mutex  >  clone->lock (spinlock,
 *   interrupts off)  >  clone->locks.lock (spinlock, interrupts off)
 *
 * Who may use the bitmap and the engine: everything between "not complete" seen
 * under rcu_read_lock() and its end, and every holder of a range lock.
 * Completing sets the flag, waits for a grace period and for the range locks, and
 * frees both (clone.c).
 */
#ifndef XCOPY_CLONE_H
#define XCOPY_CLONE_H

#include <linux/atomic.h>
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/device-mapper.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "arguments.h"
#include "extent.h"
#include "limits.h"
#include "metadata.h"
#include "range-lock.h"
#include "runs.h"

#define XCOPY_MSG_PREFIX	"xcopy"

struct dm_kcopyd_client;
struct xcopy_engine;
struct xcopy_verifier;

/**
 * enum xcopy_mode - what may be changed; only ever gets worse
 * @XCOPY_RW: everything
 * @XCOPY_RO: no writes and no hydration: metadata or flushes cannot be trusted
 * @XCOPY_FAIL: no I/O
 */
enum xcopy_mode {
	XCOPY_RW,
	XCOPY_RO,
	XCOPY_FAIL,
};

/**
 * enum xcopy_clone_flag - bits of struct xcopy_clone.flags
 * @XCOPY_CLONE_RUNNING: a table is live and not being suspended: new background
 *	copies may start
 * @XCOPY_CLONE_HYDRATION: background hydration is enabled
 * @XCOPY_CLONE_OFFLOAD: offload is enabled
 * @XCOPY_CLONE_COMPLETE: all hydrated and committed: I/O goes straight through
 * @XCOPY_CLONE_EVENT: a dm event is due
 * @XCOPY_CLONE_SOURCE_MODIFIED: somebody wrote to the source
 * @XCOPY_CLONE_STOPPED_RANGES: some range failed for good
 * @XCOPY_CLONE_WRITE_LOST: the destination has told, and no flush will tell again, that it
 *	lost writes
 */
enum xcopy_clone_flag {
	XCOPY_CLONE_RUNNING,
	XCOPY_CLONE_HYDRATION,
	XCOPY_CLONE_OFFLOAD,
	XCOPY_CLONE_COMPLETE,
	XCOPY_CLONE_EVENT,
	XCOPY_CLONE_SOURCE_MODIFIED,
	XCOPY_CLONE_STOPPED_RANGES,
	XCOPY_CLONE_WRITE_LOST,
};

/**
 * enum xcopy_offload_state - what status says of offload
 * @XCOPY_OFFLOAD_OFF: by table, message, or because there is no copier
 * @XCOPY_OFFLOAD_ON: in use
 * @XCOPY_OFFLOAD_WAITING: something that it needs is not there now
 * @XCOPY_OFFLOAD_FAILED: given up for at least one pair of devices
 * @XCOPY_OFFLOAD_DONE: the clone is complete
 */
enum xcopy_offload_state {
	XCOPY_OFFLOAD_OFF,
	XCOPY_OFFLOAD_ON,
	XCOPY_OFFLOAD_WAITING,
	XCOPY_OFFLOAD_FAILED,
	XCOPY_OFFLOAD_DONE,
};

/* Bytes for a word of status. Copies, since the module that said it may be unloaded. */
#define XCOPY_WORD	56

/* Counters of status; each only grows, but for the quarantined ranges. */
enum xcopy_stat {
	XCOPY_STAT_OFFLOADED,		/* sectors */
	XCOPY_STAT_HOST_COPIED,		/* sectors */
	XCOPY_STAT_SKIPPED,		/* sectors */
	XCOPY_STAT_COMMANDS,
	XCOPY_STAT_RETRIES,
	XCOPY_STAT_FALLBACKS,
	XCOPY_STAT_VERIFIED,
	XCOPY_STAT_VERIFY_FAILURES,
	XCOPY_STAT_QUARANTINED,
	XCOPY_NR_STATS,
};

/**
 * struct xcopy_clone - one clone
 * @list: the registry's
 * @users: tables bound to it; registry lock
 * @md_disk: gendisk of the mapped device, to tell a reload from a second device
 * @newest: the table bound last, NULL once it is gone; registry lock
 * @metadata: metadata device; its dm_dev is held by every bound table
 * @destination: destination device, as above
 * @source: source device, as above
 * @target_sectors: length, sectors
 * @region_shift: log2 of the region size in sectors
 * @nr_regions: number of regions
 * @md: the bitmap
 * @locks: ranges in flight
 * @flags: bits of enum xcopy_clone_flag
 * @mode: enum xcopy_mode, READ_ONCE()
 * @args: those of the live table
 * @ti: the live table's target, under @lock; NULL when there is none
 * @lock: protects @ti, @ready, @flushes, @durable, and what engine and
 *	offload say that it protects
 * @wq: WQ_MEM_RECLAIM workers for everything but hydration
 * @copy_wq: WQ_MEM_RECLAIM workers for background copies
 * @event_work: raises the dm event
 * @inflight: per-CPU count of user bios, sum = in flight
 * @io_work: handles @ready
 * @ready: struct xcopy_io that hold their range and need the worker
 * @kcopyd: client for edges of user writes
 * @commit_mutex: the committer
 * @commit_work: commits for @flushes and @durable
 * @commit_timer: periodic commit
 * @complete_work: ends hydration; no WQ_MEM_RECLAIM worker, for it waits for others
 * @flushes: flush bios that wait for a commit
 * @durable: struct xcopy_io of FUA writes that wait for a commit
 * @commit_pending: a prepared commit failed to be written and is repeated;
 *	@commit_mutex
 * @open: XCOPY_SB_OFFLOAD_OPEN is durable; @lock
 * @outstanding: commands in flight, quarantines, and @hold; @lock
 * @commands: commands in flight alone; @lock
 * @open_used: a command was sent since the last commit; @lock
 * @drained: woken when @commands, and when @outstanding becomes 0
 * @hold: range over everything, after an activation with the flag set
 * @holding: @hold is held; @lock
 * @hold_work: ends it
 * @engine: hydration, NULL once complete
 * @offload: state for status, enum xcopy_offload_state
 * @reason: why @offload is what it is; @lock
 * @copier: name of the copier used last; @lock
 * @last_error: of a copy; @lock
 * @last_answer: what the device said to the last copy command that was not done; @lock
 * @watch: counts writes to the source
 * @stats: counters, enum xcopy_stat
 */
struct xcopy_clone {
	struct list_head list;
	unsigned int users;
	struct gendisk *md_disk;
	const struct dm_table *newest;
	struct block_device *metadata;
	struct block_device *destination;
	struct block_device *source;
	sector_t target_sectors;
	unsigned int region_shift;
	u64 nr_regions;
	struct xcopy_metadata *md;
	struct xcopy_range_locks locks;
	unsigned long flags;
	enum xcopy_mode mode;
	struct xcopy_arguments args;
	struct dm_target *ti;
	spinlock_t lock; /* see above */
	struct workqueue_struct *wq;
	struct workqueue_struct *copy_wq;
	struct work_struct event_work;

	long __percpu *inflight;
	struct work_struct io_work;
	struct list_head ready;
	struct dm_kcopyd_client *kcopyd;

	struct mutex commit_mutex; /* see above */
	struct work_struct commit_work;
	struct delayed_work commit_timer;
	struct work_struct complete_work;
	struct bio_list flushes;
	struct list_head durable;
	bool commit_pending;
	bool open;
	unsigned int outstanding;
	unsigned int commands;
	bool open_used;
	wait_queue_head_t drained;
	struct xcopy_range hold;
	bool holding;
	struct delayed_work hold_work;

	struct xcopy_engine *engine;
	enum xcopy_offload_state offload;
	char reason[XCOPY_WORD];
	char copier[XCOPY_WORD];
	char last_error[XCOPY_WORD];
	char last_answer[XCOPY_WORD];
	struct xcopy_extent_watch *watch;
	atomic64_t stats[XCOPY_NR_STATS];
};

/* ---- geometry, any context ---- */

static inline u64 xcopy_region_of(const struct xcopy_clone *clone, sector_t sector)
{
	return sector >> clone->region_shift;
}

static inline sector_t xcopy_region_start(const struct xcopy_clone *clone, u64 region)
{
	return region << clone->region_shift;
}

static inline struct xcopy_layout xcopy_layout(const struct xcopy_clone *clone)
{
	return (struct xcopy_layout){
		.shift = clone->region_shift,
		.sectors = clone->target_sectors,
	};
}

/* One past the last sector of the regions before @end; the last region may be short. */
static inline sector_t xcopy_region_end(const struct xcopy_clone *clone, u64 end)
{
	const struct xcopy_layout layout = xcopy_layout(clone);

	return xcopy_layout_end(&layout, end);
}

static inline enum xcopy_mode xcopy_mode(const struct xcopy_clone *clone)
{
	return READ_ONCE(clone->mode);
}

static inline bool xcopy_complete(const struct xcopy_clone *clone)
{
	return test_bit(XCOPY_CLONE_COMPLETE, &clone->flags);
}

static inline void xcopy_stat_add(struct xcopy_clone *clone, enum xcopy_stat stat, s64 n)
{
	atomic64_add(n, &clone->stats[stat]);
}

/* ---- clone.c ---- */

/**
 * struct xcopy_binding - what a table brings to its core
 * @md_disk: gendisk of the mapped device
 * @table: the table
 * @metadata: metadata device, opened by the table
 * @destination: destination device, as above
 * @source: source device, as above
 * @target_sectors: length, sectors
 * @region_sectors: region size, sectors
 * @args: parsed arguments
 */
struct xcopy_binding {
	struct gendisk *md_disk;
	const struct dm_table *table;
	struct block_device *metadata;
	struct block_device *destination;
	struct block_device *source;
	sector_t target_sectors;
	unsigned int region_sectors;
	const struct xcopy_arguments *args;
};

/**
 * xcopy_clone_get() - find or make the core for a table
 * @binding: what the table says
 * @error: set to a static sentence on failure
 *
 * Context: process (constructor); reads, and may format, the metadata device
 * when the core is made.
 * Return: the core, or ERR_PTR: -EBUSY if a device serves another clone in a
 * conflicting role, -EINVAL if a live core has another geometry or devices.
 */
struct xcopy_clone *xcopy_clone_get(const struct xcopy_binding *binding, const char **error);

/**
 * xcopy_clone_put() - a table lets go; the last one frees the core
 *
 * With no live table this waits for what may still land since before the core was made
 * (quarantine_ms at the most): the devices must not be handed to others before.
 *
 * Context: process (destructor); the table is not live.
 */
void xcopy_clone_put(struct xcopy_clone *clone, const struct dm_table *table);

/**
 * xcopy_clone_start() - a table goes live
 *
 * Context: process (resume). Allocates nothing; cannot fail.
 */
void xcopy_clone_start(struct xcopy_clone *clone, struct dm_target *ti,
		       const struct xcopy_arguments *args);

/**
 * xcopy_clone_quiesce() - no new background copies; on a noflush suspend, bios that
 * wait for a range are given back
 *
 * Context: process (presuspend). Does not wait.
 */
void xcopy_clone_quiesce(struct xcopy_clone *clone);

/** xcopy_clone_unquiesce() - takes xcopy_clone_quiesce() back; presuspend_undo */
void xcopy_clone_unquiesce(struct xcopy_clone *clone);

/**
 * xcopy_clone_stop() - the table is no longer live
 *
 * Waits for copies in flight and for quarantines, commits, and leaves both slots of every
 * block level.
 *
 * Context: process (postsuspend).
 */
void xcopy_clone_stop(struct xcopy_clone *clone);

/** xcopy_clone_set_mode() - change to a worse mode: one event, one log line; may sleep */
void xcopy_clone_set_mode(struct xcopy_clone *clone, enum xcopy_mode mode, const char *why);

/** xcopy_clone_event() - raise a dm event soon; any context */
void xcopy_clone_event(struct xcopy_clone *clone);

/** xcopy_clone_set_word() - set one of the words of status; any context, no locks held */
void xcopy_clone_set_word(struct xcopy_clone *clone, char *word, const char *text);

/** xcopy_clone_name() - the device's name for log lines; process context */
const char *xcopy_clone_name(const struct xcopy_clone *clone);

/** xcopy_clone_disable_offload() - no new copy commands; @reason is a static word; process */
void xcopy_clone_disable_offload(struct xcopy_clone *clone, const char *reason);

/** xcopy_clone_enable_offload() - use them (again), whatever was given up before; process */
void xcopy_clone_enable_offload(struct xcopy_clone *clone);

/** xcopy_clone_check_complete() - finish soon if nothing seems left to do; any context */
void xcopy_clone_check_complete(struct xcopy_clone *clone);

/**
 * xcopy_clone_release_quarantine() - the administrator says no copy is running
 *
 * Context: process.
 */
void xcopy_clone_release_quarantine(struct xcopy_clone *clone);

#define xcopy_err(clone, fmt, ...) \
	DMERR("%s: " fmt, xcopy_clone_name(clone), ##__VA_ARGS__)
#define xcopy_warn_limit(clone, fmt, ...) \
	DMWARN_LIMIT("%s: " fmt, xcopy_clone_name(clone), ##__VA_ARGS__)
#define xcopy_info(clone, fmt, ...) \
	DMINFO("%s: " fmt, xcopy_clone_name(clone), ##__VA_ARGS__)

/* ---- io.c ---- */

/** xcopy_io_size() - bytes of per-bio data that a target needs */
unsigned int xcopy_io_size(void);

/** xcopy_io_map() - the target's map; returns DM_MAPIO_*; never sleeps */
int xcopy_io_map(struct xcopy_clone *clone, struct dm_target *ti, struct bio *bio);

/** xcopy_io_end() - the target's end_io; returns DM_ENDIO_*; any context */
int xcopy_io_end(struct xcopy_clone *clone, struct bio *bio, blk_status_t *error);

/** xcopy_io_durable() - end the FUA writes on @list, with @status; process context */
void xcopy_io_durable(struct list_head *list, blk_status_t status);

/** xcopy_io_requeue() - in a noflush suspend, give back bios that wait for a range; any context */
void xcopy_io_requeue(struct xcopy_clone *clone);

/** xcopy_io_inflight() - number of user bios in flight; a snapshot */
long xcopy_io_inflight(const struct xcopy_clone *clone);

/** xcopy_io_work() - the worker of @io_work */
void xcopy_io_work(struct work_struct *work);

/* ---- commit.c ---- */

/** xcopy_commit_init() - set up the works; part of making a core */
void xcopy_commit_init(struct xcopy_clone *clone);

/** xcopy_commit_flush_bio() - @bio, an empty flush, ends after the next commit; any context */
void xcopy_commit_flush_bio(struct xcopy_clone *clone, struct bio *bio);

/** xcopy_commit_fua() - the FUA write of @link (in struct xcopy_io) ends after the next commit */
void xcopy_commit_fua(struct xcopy_clone *clone, struct list_head *link);

/** xcopy_commit_kick() - commit soon, nobody waits; any context */
void xcopy_commit_kick(struct xcopy_clone *clone);

/**
 * xcopy_commit_now() - commit, and wait for it
 *
 * Context: process, sleeps.
 * Return: 0, or a negative errno; the mode is then already XCOPY_RO or worse.
 */
int xcopy_commit_now(struct xcopy_clone *clone);

/**
 * xcopy_commit_settle() - leave the metadata at rest: both slots of each block level, and
 * XCOPY_SB_OFFLOAD_OPEN cleared if nothing can land any more
 *
 * Context: process, sleeps; no copies are running.
 */
void xcopy_commit_settle(struct xcopy_clone *clone);

/**
 * xcopy_commit_complete() - make XCOPY_SB_COMPLETE durable
 *
 * Return: 0; -EAGAIN if not everything is committed; or the metadata device's error.
 */
int xcopy_commit_complete(struct xcopy_clone *clone);

/**
 * xcopy_commit_try_open() - count one more copy command, if XCOPY_SB_OFFLOAD_OPEN is durable
 *
 * Context: process; does not sleep.
 * Return: whether it was counted, as by xcopy_commit_open().
 */
bool xcopy_commit_try_open(struct xcopy_clone *clone);

/**
 * xcopy_commit_open() - count one more copy command, after making sure that
 * XCOPY_SB_OFFLOAD_OPEN and the quarantine time are durable
 *
 * Context: process, sleeps. No references on extents may be held: this waits for the
 * metadata device and the destination, and either may be suspended together with them.
 * Return: 0: send it, and call xcopy_commit_close() when its outcome is known or
 * its quarantine is over; or a negative errno: do not send.
 */
int xcopy_commit_open(struct xcopy_clone *clone);

/** xcopy_commit_answered() - the command has an outcome, maybe an unknown one; any context */
void xcopy_commit_answered(struct xcopy_clone *clone);

/** xcopy_commit_close() - nothing of the command can land any more; any context */
void xcopy_commit_close(struct xcopy_clone *clone);

/** xcopy_commit_outstanding() - may anything still land? process context */
bool xcopy_commit_outstanding(struct xcopy_clone *clone);

/**
 * xcopy_commit_set_quarantine() - a new quarantine_ms, durable before it is used
 *
 * Return: 0; -EBUSY if it were to become shorter while one is open; or the
 * metadata device's error.
 */
int xcopy_commit_set_quarantine(struct xcopy_clone *clone, unsigned int ms);

/* ---- hydration.c ---- */

/** xcopy_engine_create() - engine of a new core, or ERR_PTR; GFP_KERNEL */
struct xcopy_engine *xcopy_engine_create(struct xcopy_clone *clone);

/** xcopy_engine_destroy() - nothing may be in flight in it; NULL is fine */
void xcopy_engine_destroy(struct xcopy_engine *engine);

/** xcopy_engine_kick() - look for work soon; any context; under RCU or a range lock */
void xcopy_engine_kick(struct xcopy_clone *clone);

/** xcopy_engine_hint() - a reader waits for source data at @region; any context, no lock */
void xcopy_engine_hint(struct xcopy_engine *engine, u64 region);

/** xcopy_engine_request() - copy @count regions from @first next; -EBUSY if one is under way */
int xcopy_engine_request(struct xcopy_clone *clone, u64 first, u64 count);

/**
 * xcopy_engine_forget_failures() - all ranges are to be tried again
 *
 * Context: any that may take clone->lock, which keeps the engine; nothing is done without one.
 */
void xcopy_engine_forget_failures(struct xcopy_clone *clone);

/** xcopy_engine_retry() - forget which ranges failed, and try them again; under commit_mutex */
void xcopy_engine_retry(struct xcopy_clone *clone);

/** xcopy_engine_drain() - wait until no copy is running (quarantines may be); process */
void xcopy_engine_drain(struct xcopy_clone *clone);

/** xcopy_engine_release_quarantine() - end all of them now; also once complete */
void xcopy_engine_release_quarantine(struct xcopy_clone *clone);

/** xcopy_engine_enable_offload() - forget what was given up; process */
void xcopy_engine_enable_offload(struct xcopy_clone *clone);

/**
 * struct xcopy_engine_status - what status says of the engine
 * @hydrating: regions that are being copied now
 * @command_kib: size of a copy command in use, KiB
 * @depth: copies at a time in use
 * @segments: descriptors in a command, as many as are in use
 * @segment_bytes: length of one, bytes
 * @failed_regions: regions that are given up, until hydration is enabled again
 */
struct xcopy_engine_status {
	u64 hydrating;
	unsigned int command_kib;
	unsigned int depth;
	u32 segments;
	u64 segment_bytes;
	unsigned int failed_regions;
};

/** xcopy_engine_status() - a snapshot; all zero once complete; any context */
void xcopy_engine_status(struct xcopy_clone *clone, struct xcopy_engine_status *status);

/* ---- offload.c ---- */

/**
 * xcopy_offload_prepare() - load the copiers that the devices call for
 *
 * Context: process that may load modules, and that no suspend waits for: loading may
 * read from a file system on the clone.
 */
void xcopy_offload_prepare(struct xcopy_clone *clone);

/* ---- copier-host.c ---- */

/**
 * xcopy_host_copy() - copy source to destination by the host, and wait
 * @clone: the clone
 * @kcopyd: client
 * @sector: first sector, of source and destination alike
 * @sectors: length, sectors
 *
 * The caller holds a range lock over the regions.
 * Context: process, sleeps.
 * Return: 0, -EREMOTEIO if the source failed, -EIO if the destination did.
 */
int xcopy_host_copy(struct xcopy_clone *clone, struct dm_kcopyd_client *kcopyd, sector_t sector,
		    sector_t sectors);

#endif /* XCOPY_CLONE_H */

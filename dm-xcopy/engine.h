/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What hydration.c and offload.c share: the engine of a clone that is not yet
 * complete, and its background copies.
 */
#ifndef XCOPY_ENGINE_H
#define XCOPY_ENGINE_H

#include "clone.h"
#include "failures.h"
#include "planner.h"
#include "tuner.h"

struct xcopy_offload;

/* A copy in quarantine keeps its slot: as many again as can run. */
#define XCOPY_NR_SLOTS		(2 * XCOPY_MAX_DEPTH)

/* Bytes for the parameter list of a copy command. */
#define XCOPY_PAYLOAD_SIZE	8192U

/* Least and usual length of a background copy by the host, sectors. */
#define XCOPY_HOST_SECTORS	8192U

/**
 * enum xcopy_copy_state - state of a slot; clone->lock
 * @XCOPY_COPY_FREE: not in use
 * @XCOPY_COPY_RUNNING: its worker copies
 * @XCOPY_COPY_QUARANTINED: it waits until nothing can land on its range any more
 * @XCOPY_COPY_RELEASING: its quarantine is being ended; counted as quarantined
 */
enum xcopy_copy_state {
	XCOPY_COPY_FREE,
	XCOPY_COPY_RUNNING,
	XCOPY_COPY_QUARANTINED,
	XCOPY_COPY_RELEASING,
};

/**
 * struct xcopy_copy - one background copy
 * @engine: its engine
 * @state: enum xcopy_copy_state
 * @range: held from the start to the end, quarantine included
 * @end: one past the last region to copy; at most range.last + 1
 * @marked: regions before this one have their bits set
 * @position: sectors before this one are in place
 * @failed: the host copy failed at @position
 * @work: copies
 * @release: ends the quarantine
 * @quarantined: a command of this copy may still be running
 * @quarantine_ms: how long, ms
 * @release_at: jiffies when the quarantine is over; clone->lock
 * @release_now: somebody said that it is over; clone->lock
 * @source: extents of that command, referenced while @quarantined
 * @destination: as above
 * @payload: XCOPY_PAYLOAD_SIZE bytes for parameter lists
 */
struct xcopy_copy {
	struct xcopy_engine *engine;
	enum xcopy_copy_state state;
	struct xcopy_range range;
	u64 end;
	u64 marked;
	sector_t position;
	bool failed;
	struct work_struct work;
	struct delayed_work release;
	bool quarantined;
	unsigned int quarantine_ms;
	unsigned long release_at;
	bool release_now;
	struct xcopy_mapping source;
	struct xcopy_mapping destination;
	void *payload;
};

/**
 * struct xcopy_engine - background hydration
 * @clone: its clone
 * @offload: copying by the storage
 * @kcopyd: client for copying by the host
 * @planner: starts copies; everything below without a word on locks is its own
 * @idle: woken when @running becomes 0
 * @running: slots that are copying; clone->lock
 * @running_regions: regions in them; clone->lock
 * @quarantined: slots in quarantine; clone->lock
 * @tuner: clone->lock
 * @cursor: where to go on
 * @hint: region that a reader waits for, XCOPY_NO_REGION if none; no lock, may be lost
 * @request_first: next region of an explicit request; clone->lock
 * @request_end: its end, 0 if there is none; clone->lock
 * @pace: the planner's own
 * @failures: regions that failed; clone->lock
 * @slots: the copies
 */
struct xcopy_engine {
	struct xcopy_clone *clone;
	struct xcopy_offload *offload;
	struct dm_kcopyd_client *kcopyd;
	struct delayed_work planner;
	wait_queue_head_t idle;
	unsigned int running;
	u64 running_regions;
	unsigned int quarantined;
	struct xcopy_tuner tuner;
	u64 cursor;
	u64 hint;
	u64 request_first;
	u64 request_end;
	struct xcopy_pace pace;
	struct xcopy_failures failures;
	struct xcopy_copy slots[XCOPY_NR_SLOTS];
};

/* ---- offload.c ---- */

/** xcopy_offload_create() - state of a new core, or NULL; GFP_KERNEL */
struct xcopy_offload *xcopy_offload_create(struct xcopy_clone *clone);

/** xcopy_offload_destroy() - no copy is running any more; NULL is fine; process */
void xcopy_offload_destroy(struct xcopy_offload *offload);

/** xcopy_offload_reset() - forget what was given up; "enable_offload" */
void xcopy_offload_reset(struct xcopy_offload *offload);

/** xcopy_offload_sectors() - length that a background copy should have now, sectors; any context */
sector_t xcopy_offload_sectors(const struct xcopy_offload *offload);

/** xcopy_offload_proven() - was any command done, and found to be right?  Any context */
bool xcopy_offload_proven(const struct xcopy_offload *offload);

/** xcopy_offload_kib() - size of a command in use, KiB, 0 if none; any context */
unsigned int xcopy_offload_kib(const struct xcopy_offload *offload);

/**
 * xcopy_offload_status() - sizes in use
 * @offload: of the clone
 * @status: command_kib, segments and segment_bytes are filled; 0 before the first command
 *
 * Context: any; caller holds clone->lock.
 */
void xcopy_offload_status(const struct xcopy_offload *offload, struct xcopy_engine_status *status);

/**
 * xcopy_offload_copy() - have the storage copy the start of a range
 * @copy: the background copy that holds the range lock
 * @sector: first sector of the clone
 * @sectors: length, sectors
 * @by_host: set if the sectors that are returned are still to be copied by the host
 *
 * When a command's outcome is unknown, @copy becomes quarantined with the
 * extents' references, and nothing else may be done to its range.
 *
 * Context: process, WQ_MEM_RECLAIM worker under memalloc_noio_save(); sleeps.
 * Return: number of sectors that were dealt with, at least 1.
 */
sector_t xcopy_offload_copy(struct xcopy_copy *copy, sector_t sector, sector_t sectors,
			    bool *by_host);

#endif /* XCOPY_ENGINE_H */

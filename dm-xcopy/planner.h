/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How much the next background copy may have, and when it may start.  Arithmetic only:
 * compiles in the kernel, under KUnit and in userspace unchanged.
 */
#ifndef XCOPY_PLANNER_H
#define XCOPY_PLANNER_H

#include <linux/types.h>

/**
 * xcopy_plan_rate() - KiB/s that hydration may use now
 * @limit: hydration_rate; 0: no limit
 * @floor: hydration_floor
 * @busy: user I/O is in flight
 *
 * Return: KiB/s; 0: no limit.
 */
u32 xcopy_plan_rate(u32 limit, u32 floor, bool busy);

/**
 * xcopy_plan_regions() - most regions that one copy may have
 * @sectors: length that suits the copier
 * @region_shift: log2 of the region size in sectors
 * @rate: from xcopy_plan_rate(); a paced copy has a quarter of a second's worth, so that
 *	it is not felt as a hiccup
 * @threshold: hydration_threshold; 0: none
 * @batch: hydration_batch_size; 0: none
 *
 * Return: regions, at least 1.
 */
u64 xcopy_plan_regions(u64 sectors, unsigned int region_shift, u32 rate, u64 threshold, u64 batch);

/**
 * xcopy_plan_may_start() - may one more copy run?
 * @running: copies that run
 * @regions: regions in them
 * @depth: copies that may run at a time
 * @threshold: hydration_threshold: regions in flight from which on none is started; 0: none
 */
bool xcopy_plan_may_start(unsigned int running, u64 regions, unsigned int depth, u64 threshold);

/**
 * struct xcopy_pace - what copies that were started cost the next one
 * @next_start: its earliest start, ns on any monotonic clock
 * @rate: that this was found with, KiB/s; 0: none
 */
struct xcopy_pace {
	u64 next_start;
	u32 rate;
};

/**
 * xcopy_pace_wait() - how long has the next copy to wait?
 * @pace: a rate that is higher than its own makes the wait shorter; a lower one is for
 *	the copies to come
 * @now: ns
 * @rate: from xcopy_plan_rate()
 *
 * Return: ns.
 */
u64 xcopy_pace_wait(struct xcopy_pace *pace, u64 now, u32 rate);

/**
 * xcopy_pace_charge() - a copy starts
 * @pace: changed
 * @now: ns
 * @bytes: of the copy
 * @rate: from xcopy_plan_rate()
 */
void xcopy_pace_charge(struct xcopy_pace *pace, u64 now, u64 bytes, u32 rate);

#endif /* XCOPY_PLANNER_H */

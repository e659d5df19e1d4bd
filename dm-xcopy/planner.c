// SPDX-License-Identifier: GPL-2.0-only
/*
 * How much the next background copy may have, see planner.h.
 */
#include <linux/math64.h>
#include <linux/minmax.h>

#include "planner.h"

#define NS_PER_SECOND	1000000000ULL

u32 xcopy_plan_rate(u32 limit, u32 floor, bool busy)
{
	if (!busy)
		return limit;
	return limit ? min(limit, floor) : floor;
}

u64 xcopy_plan_regions(u64 sectors, unsigned int region_shift, u32 rate, u64 threshold, u64 batch)
{
	u64 regions;

	if (rate)
		sectors = min_t(u64, sectors, rate / 2);
	regions = max_t(u64, sectors >> region_shift, 1);
	if (threshold)
		regions = min(regions, threshold);
	return batch ? min(regions, batch) : regions;
}

bool xcopy_plan_may_start(unsigned int running, u64 regions, unsigned int depth, u64 threshold)
{
	/* One may always run, or nothing would get on. */
	return running < depth && (!threshold || !running || regions < threshold);
}

u64 xcopy_pace_wait(struct xcopy_pace *pace, u64 now, u32 rate)
{
	u64 wait;

	if (!rate || pace->next_start <= now)
		return 0;
	wait = pace->next_start - now;
	if (rate > pace->rate) {
		wait = div_u64(wait, rate) * pace->rate;
		pace->next_start = now + wait;
		pace->rate = rate;
	}
	return wait;
}

void xcopy_pace_charge(struct xcopy_pace *pace, u64 now, u64 bytes, u32 rate)
{
	pace->rate = rate;
	if (rate)
		pace->next_start = max(now, pace->next_start) +
				   div_u64(bytes * (NS_PER_SECOND >> 10), rate);
	else
		pace->next_start = now;
}

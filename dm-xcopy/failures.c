// SPDX-License-Identifier: GPL-2.0-only
/*
 * Regions that the host could not copy, see failures.h.
 */
#include <linux/kernel.h>
#include <linux/minmax.h>

#include "failures.h"

static struct xcopy_failed_region *find(struct xcopy_failures *failures, u64 region)
{
	unsigned int i;

	for (i = 0; i < failures->nr; i++)
		if (failures->regions[i].region == region)
			return &failures->regions[i];
	return NULL;
}

static struct xcopy_failed_region *find_or_add(struct xcopy_failures *failures, u64 region)
{
	struct xcopy_failed_region *failed = find(failures, region);

	if (failed || failures->nr == XCOPY_NR_FAILED)
		return failed;
	failed = &failures->regions[failures->nr++];
	failed->region = region;
	failed->attempts = 0;
	return failed;
}

unsigned int xcopy_failures_count(struct xcopy_failures *failures, u64 region, unsigned long now,
				  unsigned long second)
{
	struct xcopy_failed_region *failed = find_or_add(failures, region);

	if (!failed)
		return 0;
	/* Beyond giving up only a message tries it, any number of times: the shift has an end. */
	if (failed->attempts <= XCOPY_FAILED_ATTEMPTS)
		failed->attempts++;
	failed->retry_at = now + (second << failed->attempts) / 2;
	return failed->attempts;
}

void xcopy_failures_postpone(struct xcopy_failures *failures, u64 region, unsigned long until)
{
	struct xcopy_failed_region *failed = find(failures, region);

	if (failed)
		failed->retry_at = until;
}

void xcopy_failures_forget_healed(struct xcopy_failures *failures,
				  bool (*healed)(void *context, u64 region), void *context)
{
	unsigned int i = failures->nr;

	/* Downwards: what takes a place has been looked at. */
	while (i--)
		if (healed(context, failures->regions[i].region))
			failures->regions[i] = failures->regions[--failures->nr];
}

static bool within(const struct xcopy_failed_region *failed, u64 first, u64 end)
{
	return failed->region >= first && failed->region < end;
}

void xcopy_failures_forget(struct xcopy_failures *failures, u64 first, u64 end)
{
	unsigned int i = 0;

	while (i < failures->nr) {
		if (within(&failures->regions[i], first, end))
			failures->regions[i] = failures->regions[--failures->nr];
		else
			i++;
	}
}

u64 xcopy_failures_next(const struct xcopy_failures *failures, u64 first, u64 end)
{
	unsigned int i;

	for (i = 0; i < failures->nr; i++)
		if (within(&failures->regions[i], first, end))
			end = failures->regions[i].region;
	return end;
}

static bool is_given_up(const struct xcopy_failed_region *failed)
{
	return failed->attempts >= XCOPY_FAILED_ATTEMPTS;
}

unsigned int xcopy_failures_given_up(const struct xcopy_failures *failures)
{
	unsigned int i, nr = 0;

	for (i = 0; i < failures->nr; i++)
		nr += is_given_up(&failures->regions[i]);
	return nr;
}

static bool due(const struct xcopy_failed_region *failed, unsigned long now, unsigned long *delay)
{
	if (is_given_up(failed))
		return false;
	/* Jiffies wrap. */
	if ((long)(now - failed->retry_at) >= 0)
		return true;
	*delay = min(*delay, failed->retry_at - now);
	return false;
}

u64 xcopy_failures_due(const struct xcopy_failures *failures, unsigned long now,
		       unsigned long *delay)
{
	unsigned int i;

	for (i = 0; i < failures->nr; i++)
		if (due(&failures->regions[i], now, delay))
			return failures->regions[i].region;
	return XCOPY_NO_REGION;
}

/* ---- search ---- */

u64 xcopy_search_length(const struct xcopy_search *search)
{
	return min(search->step, search->end - search->region);
}

void xcopy_search_copied(struct xcopy_search *search)
{
	search->region += xcopy_search_length(search);
	search->step *= 2;
}

bool xcopy_search_failed(struct xcopy_search *search)
{
	u64 length = xcopy_search_length(search);

	if (length == 1) {
		search->region++;
		return true;
	}
	search->step = length / 2;
	return false;
}

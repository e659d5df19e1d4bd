/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Regions that the host could not copy: finding them in a range that failed, and when
 * each is tried again.  No kernel object: compiles in the kernel, under KUnit and in
 * userspace unchanged.
 *
 * Locking: the caller's.
 */
#ifndef XCOPY_FAILURES_H
#define XCOPY_FAILURES_H

#include <linux/types.h>

#define XCOPY_NR_FAILED		64U

/* So often is a region tried before it is given up. */
#define XCOPY_FAILED_ATTEMPTS	6U

#define XCOPY_NO_REGION		(~0ULL)

/**
 * struct xcopy_failed_region - a region that the host could not copy
 * @region: which
 * @attempts: how often it was tried
 * @retry_at: when to try it again, jiffies
 */
struct xcopy_failed_region {
	u64 region;
	unsigned int attempts;
	unsigned long retry_at;
};

/**
 * struct xcopy_failures - those of one clone
 * @regions: in no order
 * @nr: entries in @regions
 */
struct xcopy_failures {
	struct xcopy_failed_region regions[XCOPY_NR_FAILED];
	unsigned int nr;
};

/**
 * xcopy_failures_count() - @region failed (again)
 * @failures: remembers it
 * @region: which
 * @now: jiffies
 * @second: jiffies in a second; the next try is one second away, and each time twice as long
 *
 * Return: how often it has failed now, at most XCOPY_FAILED_ATTEMPTS + 1; 0 if there are
 * too many to keep count of.
 */
unsigned int xcopy_failures_count(struct xcopy_failures *failures, u64 region, unsigned long now,
				  unsigned long second);

/** xcopy_failures_postpone() - @region cannot be tried now, but at @until, jiffies; not counted */
void xcopy_failures_postpone(struct xcopy_failures *failures, u64 region, unsigned long until);

/** xcopy_failures_forget() - regions [first, end) are in place */
void xcopy_failures_forget(struct xcopy_failures *failures, u64 first, u64 end);

/**
 * xcopy_failures_forget_healed() - make room for others
 * @failures: which
 * @healed: says of a region whether it has come into place, by whatever way
 * @context: for it
 */
void xcopy_failures_forget_healed(struct xcopy_failures *failures,
				  bool (*healed)(void *context, u64 region), void *context);

/** xcopy_failures_next() - first region in [first, end) that failed, or @end */
u64 xcopy_failures_next(const struct xcopy_failures *failures, u64 first, u64 end);

/**
 * xcopy_failures_due() - a region whose time has come, and which is not given up
 * @failures: where to look
 * @now: jiffies
 * @delay: lowered to the wait for the next one, jiffies, when none is due
 *
 * Return: the region, or XCOPY_NO_REGION.
 */
u64 xcopy_failures_due(const struct xcopy_failures *failures, unsigned long now,
		       unsigned long *delay);

/** xcopy_failures_given_up() - how many regions are not tried again */
unsigned int xcopy_failures_given_up(const struct xcopy_failures *failures);

/**
 * struct xcopy_search - the way through a range that failed somewhere
 * @region: where the next try begins
 * @end: of the range
 * @step: most regions of the next try; 1 at first
 *
 * Pieces become longer while they succeed, shorter when they fail, and a region that
 * fails alone is found.
 */
struct xcopy_search {
	u64 region;
	u64 end;
	u64 step;
};

/** xcopy_search_length() - regions of the next try, from @region on; 0: the search is over */
u64 xcopy_search_length(const struct xcopy_search *search);

/** xcopy_search_copied() - the try succeeded: go on behind it */
void xcopy_search_copied(struct xcopy_search *search);

/** xcopy_search_failed() - it failed; true if that was one region, which is left behind */
bool xcopy_search_failed(struct xcopy_search *search);

#endif /* XCOPY_FAILURES_H */

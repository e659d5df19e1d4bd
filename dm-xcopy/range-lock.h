/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Range locks: the few ranges of regions that have something in flight.
 *
 * All requests, held and waiting, are in one interval tree.  A request counts
 * the overlapping requests that came before it; each of those takes one off
 * when it leaves, and at zero the request is granted.  So grants are first
 * come, first served among overlapping requests, and whoever owns at most one
 * range at a time can never be part of a deadlock.
 */
#ifndef XCOPY_RANGE_LOCK_H
#define XCOPY_RANGE_LOCK_H

#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/spinlock.h>
#include <linux/types.h>

/**
 * struct xcopy_range_locks - the ranges in flight of one clone
 * @lock: protects everything here and in the queued struct xcopy_range;
 *	taken with interrupts off; no other lock is taken under it
 * @tree: all requests, held and waiting
 * @ticket: what the next request gets; tells earlier from later
 */
struct xcopy_range_locks {
	spinlock_t lock; /* see above */
	struct rb_root_cached tree;
	u64 ticket;
};

/**
 * struct xcopy_range - a request for, or a hold of, regions [@first, @last]
 * @node: in the tree
 * @first: first region
 * @last: last region, inclusive
 * @subtree_last: augmented value of the interval tree
 * @ticket: order of arrival
 * @blockers: earlier overlapping requests that are still in the tree
 * @granted: called once when a request that had to wait is granted; runs in the
 *	context of whoever unlocked, possibly a hard interrupt, without locks held
 * @link: used while grants or cancellations are being delivered
 */
struct xcopy_range {
	struct rb_node node;
	u64 first;
	u64 last;
	u64 subtree_last;
	u64 ticket;
	unsigned int blockers;
	void (*granted)(struct xcopy_range *range);
	struct list_head link;
};

/** xcopy_range_locks_init() - make an empty set */
void xcopy_range_locks_init(struct xcopy_range_locks *locks);

/**
 * xcopy_range_lock() - request regions [first, last]
 * @locks: the set
 * @range: caller's memory, untouched by the caller until it is unlocked or cancelled;
 *	@granted is set by the caller
 * @first: first region
 * @last: last region, inclusive
 *
 * Context: any; never sleeps.
 * Return: true if the range is held now; false if it waits: @granted is called
 * later (it may already have run when this returns).
 */
bool xcopy_range_lock(struct xcopy_range_locks *locks, struct xcopy_range *range, u64 first,
		      u64 last);

/**
 * xcopy_range_trylock() - hold what is free at the start of [first, last], without waiting
 * @locks: the set
 * @range: as for xcopy_range_lock(); @granted is not used
 * @first: first region
 * @last: last region, inclusive
 * @skip: set, when nothing could be locked, to the first region behind the
 *	request that covers @first
 *
 * Holds the longest prefix of [first, last] that no other request touches.
 *
 * Context: any.
 * Return: true if range->first .. range->last is held; false if @first itself is
 * taken, and nothing was queued.
 */
bool xcopy_range_trylock(struct xcopy_range_locks *locks, struct xcopy_range *range, u64 first,
			 u64 last, u64 *skip);

/**
 * xcopy_range_unlock() - release a range that is held, and grant those it blocked
 *
 * Context: any.
 */
void xcopy_range_unlock(struct xcopy_range_locks *locks, struct xcopy_range *range);

/**
 * xcopy_range_cancel() - take back all requests of one kind that still wait
 * @locks: the set
 * @granted: which kind: those with this call-back; it is then never called for them
 * @cancelled: they are put on this list by their @link
 *
 * Context: any.
 */
void xcopy_range_cancel(struct xcopy_range_locks *locks,
			void (*granted)(struct xcopy_range *range), struct list_head *cancelled);

/** xcopy_range_busy() - is anything held or waiting? any context; a snapshot */
bool xcopy_range_busy(struct xcopy_range_locks *locks);

#endif /* XCOPY_RANGE_LOCK_H */

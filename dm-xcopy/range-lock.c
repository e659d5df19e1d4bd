// SPDX-License-Identifier: GPL-2.0-only
/*
 * Range locks, see range-lock.h.
 *
 * Why counting is enough: a request is counted against exactly the overlapping
 * requests that are in the tree when it arrives.  Each of those leaves the tree
 * once, and takes one off every overlapping request that is still there.  Whoever
 * holds a range has no blockers, so all overlapping requests that remain when it
 * leaves came later, and counted it.  A request that is cancelled while it waits
 * may have earlier ones beside it, which did not count it: the ticket tells.
 */
#include <linux/interval_tree_generic.h>

#include "range-lock.h"

#define RANGE_FIRST(range) ((range)->first)
#define RANGE_LAST(range) ((range)->last)

INTERVAL_TREE_DEFINE(struct xcopy_range, node, u64, subtree_last, RANGE_FIRST, RANGE_LAST, static,
		     range_tree)

void xcopy_range_locks_init(struct xcopy_range_locks *locks)
{
	spin_lock_init(&locks->lock);
	locks->tree = RB_ROOT_CACHED;
	locks->ticket = 0;
}

static unsigned int count_overlaps(struct xcopy_range_locks *locks, u64 first, u64 last)
{
	struct xcopy_range *other;
	unsigned int nr = 0;

	for (other = range_tree_iter_first(&locks->tree, first, last); other;
	     other = range_tree_iter_next(other, first, last))
		nr++;
	return nr;
}

static void insert(struct xcopy_range_locks *locks, struct xcopy_range *range, u64 first, u64 last)
{
	range->first = first;
	range->last = last;
	range->ticket = locks->ticket++;
	range_tree_insert(range, &locks->tree);
}

bool xcopy_range_lock(struct xcopy_range_locks *locks, struct xcopy_range *range, u64 first,
		      u64 last)
{
	unsigned long flags;
	bool held;

	spin_lock_irqsave(&locks->lock, flags);
	range->blockers = count_overlaps(locks, first, last);
	held = !range->blockers;
	insert(locks, range, first, last);
	spin_unlock_irqrestore(&locks->lock, flags);
	return held;
}

bool xcopy_range_trylock(struct xcopy_range_locks *locks, struct xcopy_range *range, u64 first,
			 u64 last, u64 *skip)
{
	struct xcopy_range *other;
	unsigned long flags;
	bool held = true;

	spin_lock_irqsave(&locks->lock, flags);
	/* In order of first: the first overlap is where the free prefix ends. */
	other = range_tree_iter_first(&locks->tree, first, last);
	if (other && other->first <= first) {
		*skip = other->last + 1;
		held = false;
	} else {
		range->blockers = 0;
		insert(locks, range, first, other ? other->first - 1 : last);
	}
	spin_unlock_irqrestore(&locks->lock, flags);
	return held;
}

/* Take @range out, and collect in @granted the requests that it was the last to block. */
static void leave(struct xcopy_range_locks *locks, struct xcopy_range *range,
		  struct list_head *granted)
{
	u64 first = range->first, last = range->last, ticket = range->ticket;
	struct xcopy_range *other;

	range_tree_remove(range, &locks->tree);
	for (other = range_tree_iter_first(&locks->tree, first, last); other;
	     other = range_tree_iter_next(other, first, last)) {
		if (other->ticket > ticket && !--other->blockers)
			list_add_tail(&other->link, granted);
	}
}

static void deliver(struct list_head *granted)
{
	struct xcopy_range *range, *next;

	/* granted() may free the range: it is off the list before. */
	list_for_each_entry_safe(range, next, granted, link) {
		list_del_init(&range->link);
		range->granted(range);
	}
}

void xcopy_range_unlock(struct xcopy_range_locks *locks, struct xcopy_range *range)
{
	unsigned long flags;
	LIST_HEAD(granted);

	spin_lock_irqsave(&locks->lock, flags);
	leave(locks, range, &granted);
	spin_unlock_irqrestore(&locks->lock, flags);
	deliver(&granted);
}

void xcopy_range_cancel(struct xcopy_range_locks *locks,
			void (*granted)(struct xcopy_range *range), struct list_head *cancelled)
{
	struct xcopy_range *range, *next;
	unsigned long flags;
	LIST_HEAD(unblocked);

	spin_lock_irqsave(&locks->lock, flags);
	for (range = range_tree_iter_first(&locks->tree, 0, U64_MAX); range; range = next) {
		/* Leaving may unblock it: then it is granted. It stays in the tree. */
		next = range_tree_iter_next(range, 0, U64_MAX);
		if (!range->blockers || range->granted != granted)
			continue;
		leave(locks, range, &unblocked);
		list_add_tail(&range->link, cancelled);
	}
	spin_unlock_irqrestore(&locks->lock, flags);
	deliver(&unblocked);
}

bool xcopy_range_busy(struct xcopy_range_locks *locks)
{
	unsigned long flags;
	bool busy;

	spin_lock_irqsave(&locks->lock, flags);
	busy = !RB_EMPTY_ROOT(&locks->tree.rb_root);
	spin_unlock_irqrestore(&locks->lock, flags);
	return busy;
}

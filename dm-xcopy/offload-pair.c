// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pairs of disks: which copier can copy between them, and for which that is given up. A pair
 * stays as long as its clone.
 */
#include <linux/blk-integrity.h>
#include <linux/device.h>
#include <linux/slab.h>

#include "offload-private.h"

/* Caller holds clone->lock. */
static void change_state(struct xcopy_clone *clone, enum xcopy_offload_state state,
			 const char *reason)
{
	/* Given up, and switched off, stay until somebody says enable_offload. */
	if (clone->offload != XCOPY_OFFLOAD_ON && clone->offload != XCOPY_OFFLOAD_WAITING)
		return;
	/* Not more often than once a commit: a volume that is in part without extents toggles. */
	if (clone->offload != state)
		set_bit(XCOPY_CLONE_EVENT, &clone->flags);
	clone->offload = state;
	strscpy(clone->reason, reason, XCOPY_WORD);
}

void xcopy_offload_set_state(struct xcopy_clone *clone, enum xcopy_offload_state state,
			     const char *reason)
{
	spin_lock_irq(&clone->lock);
	change_state(clone, state, reason);
	spin_unlock_irq(&clone->lock);
}

void xcopy_offload_give_up(struct xcopy_clone *clone, struct xcopy_offload_pair *p,
			   const char *reason)
{
	bool first;

	spin_lock_irq(&clone->lock);
	first = !p->failed;
	p->failed = true;
	strscpy(p->reason, reason, XCOPY_WORD);
	if (first)
		change_state(clone, XCOPY_OFFLOAD_FAILED, reason);
	spin_unlock_irq(&clone->lock);
	if (first)
		xcopy_err(clone, "The storage does not copy from %s to %s (%s); the host copies instead",
			  p->pair.source->disk_name, p->pair.destination->disk_name, reason);
}

void xcopy_offload_free_pair(struct xcopy_offload_pair *p)
{
	struct xcopy_trusted_extents *extents, *next;

	list_for_each_entry_safe(extents, next, &p->trusted, list)
		kfree(extents);
	if (p->pair.type) {
		p->pair.type->close(&p->pair);
		xcopy_copier_put(p->pair.type);
	}
	put_device(disk_to_dev(p->pair.source));
	put_device(disk_to_dev(p->pair.destination));
	kfree(p);
}

/* The next commit finds it. */
static void write_lost(struct xcopy_pair *pair)
{
	struct xcopy_offload_pair *p = container_of(pair, struct xcopy_offload_pair, pair);

	set_bit(XCOPY_CLONE_WRITE_LOST, &p->clone->flags);
}

static struct xcopy_offload_pair *alloc_pair(struct xcopy_clone *clone, struct gendisk *source,
					     struct gendisk *destination)
{
	struct xcopy_offload_pair *p = kzalloc(sizeof(*p), GFP_NOIO);

	if (!p)
		return NULL;
	INIT_LIST_HEAD(&p->trusted);
	p->verify_since = jiffies - 1;
	get_device(disk_to_dev(source));
	get_device(disk_to_dev(destination));
	p->clone = clone;
	p->pair.lost = write_lost;
	p->pair.source = source;
	p->pair.destination = destination;
	p->pair.block_size = queue_logical_block_size(destination->queue);
	return p;
}

static const char *unfit(struct gendisk *source, struct gendisk *destination)
{
	if (queue_logical_block_size(source->queue) !=
	    queue_logical_block_size(destination->queue))
		return "block-sizes-differ";
	if (blk_queue_is_zoned(source->queue) || blk_queue_is_zoned(destination->queue))
		return "zoned";
	if (blk_get_integrity(source) || blk_get_integrity(destination))
		return "integrity";
	return NULL;
}

bool xcopy_offload_failed(struct xcopy_clone *clone, const struct xcopy_offload_pair *p)
{
	bool failed;

	if (!READ_ONCE(p->failed))
		return false;
	spin_lock_irq(&clone->lock);
	failed = p->failed;
	if (failed)
		change_state(clone, XCOPY_OFFLOAD_FAILED, p->reason);
	spin_unlock_irq(&clone->lock);
	return failed;
}

/* Ask for the module once; false: there is none that could be asked for. */
static bool want_module(struct xcopy_offload *offload, struct gendisk *disk)
{
	const char *kind = xcopy_copier_kind(disk);

	if (!kind || offload->clone->args.driver[0])
		return false;
	if (READ_ONCE(offload->wanted) != kind) {
		WRITE_ONCE(offload->wanted, kind);
		xcopy_copier_request(kind);
	}
	return true;
}

static int open_type(struct xcopy_offload_pair *p, const char **reason)
{
	struct xcopy_copier_type *type = p->pair.type;
	int r;

	if (type->payload_size > XCOPY_PAYLOAD_SIZE) {
		*reason = "payload";
		r = -E2BIG;
	} else {
		r = type->open(&p->pair, reason);
	}
	if (r) {
		xcopy_copier_put(type);
		p->pair.type = NULL;
	}
	return r;
}

/* Return: NULL, or why not; *again is set if it may be different next time. */
static const char *find_type(struct xcopy_offload *offload, struct xcopy_offload_pair *p,
			     bool *again)
{
	struct gendisk *source = p->pair.source, *destination = p->pair.destination;
	const char *reason = unfit(source, destination);
	int r;

	if (reason)
		return reason;
	p->pair.type = xcopy_copier_find(offload->clone->args.driver, source, destination);
	if (!p->pair.type) {
		*again = want_module(offload, destination);
		return "no-copier";
	}
	reason = "not-offloadable";
	r = open_type(p, &reason);
	*again = r == -EAGAIN;
	return r ? reason : NULL;
}

/* Return: may the pair be kept, good or bad? */
static bool open_pair(struct xcopy_offload *offload, struct xcopy_offload_pair *p)
{
	struct xcopy_clone *clone = offload->clone;
	bool again = false;
	const char *reason = find_type(offload, p, &again);

	if (again)
		xcopy_offload_set_state(clone, XCOPY_OFFLOAD_WAITING, reason);
	else if (reason)
		xcopy_offload_give_up(clone, p, reason);
	else
		xcopy_limits_init(&p->limits, p->pair.hard_segment_blocks, p->pair.hard_segments,
				  xcopy_number(&clone->args, XCOPY_OFFLOAD_SEGMENT_BLOCKS) ?:
				  p->pair.hint_segment_blocks,
				  xcopy_number(&clone->args, XCOPY_OFFLOAD_SEGMENTS),
				  xcopy_number(&clone->args, XCOPY_OFFLOAD_COMMAND_BLOCKS));
	return !again;
}

static struct xcopy_offload_pair *make_pair(struct xcopy_offload *offload, struct gendisk *source,
					    struct gendisk *destination)
{
	struct xcopy_offload_pair *p = alloc_pair(offload->clone, source, destination);

	if (!p)
		return NULL;
	if (!open_pair(offload, p)) {
		xcopy_offload_free_pair(p);
		return NULL;
	}
	spin_lock_irq(&offload->clone->lock);
	list_add_tail(&p->list, &offload->pairs);
	spin_unlock_irq(&offload->clone->lock);
	return p;
}

/* The references on the disks' devices keep their addresses from being used again. */
struct xcopy_offload_pair *xcopy_offload_get_pair(struct xcopy_offload *offload,
						  struct gendisk *source,
						  struct gendisk *destination)
{
	struct xcopy_offload_pair *p;

	mutex_lock(&offload->mutex);
	list_for_each_entry(p, &offload->pairs, list)
		if (p->pair.source == source && p->pair.destination == destination)
			goto found;
	p = make_pair(offload, source, destination);
found:
	mutex_unlock(&offload->mutex);
	return p;
}

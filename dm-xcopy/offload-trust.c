// SPDX-License-Identifier: GPL-2.0-only
/*
 * Trust: a pair of extents, a path, and a size of command are believed only after a command of
 * that kind was seen to be right.
 */
#include <linux/slab.h>

#include "offload-private.h"

bool xcopy_trust_is_larger(const struct xcopy_route *route, sector_t segment)
{
	const struct xcopy_offload_pair *p = route->pair;

	return xcopy_limits_grown(&p->limits, pair_blocks(p, route->sectors),
				  route_longest_segment(route, segment), route_segments(route,
											segment));
}

static bool extents_trusted(const struct xcopy_offload_pair *p, const struct xcopy_route *route)
{
	const struct xcopy_trusted_extents *extents;

	list_for_each_entry(extents, &p->trusted, list)
		if (extents->source_start == route->source.extent_start &&
		    extents->source_sectors == route->source.extent_sectors &&
		    extents->destination_start == route->destination.extent_start &&
		    extents->destination_sectors == route->destination.extent_sectors)
			return true;
	return false;
}

static bool path_trusted(const struct xcopy_offload_pair *p, u64 key)
{
	unsigned int i;

	for (i = 0; i < min(p->nr_paths, XCOPY_TRUSTED_PATHS); i++)
		if (p->paths[i] == key)
			return true;
	return false;
}

void xcopy_trust_demand_verification(struct xcopy_offload_pair *p)
{
	p->verify_next = true;
	p->verify_since = jiffies;
}

static bool must_verify_whole(const struct xcopy_clone *clone, const struct xcopy_route *route)
{
	const struct xcopy_offload_pair *p = route->pair;
	unsigned int every = xcopy_number(&clone->args, XCOPY_VERIFY);

	return p->verify_next || !extents_trusted(p, route) ||
	       !path_trusted(p, route->path.key) ||
	       (every && !((u32)(p->commands + 1) % every));
}

enum xcopy_step xcopy_trust_must_verify(struct xcopy_clone *clone, struct xcopy_route *route,
					sector_t segment, enum xcopy_verify *how)
{
	struct xcopy_offload_pair *p = route->pair;
	enum xcopy_step step = STEP_DONE;

	*how = VERIFY_NOT;
	spin_lock_irq(&clone->lock);
	if (must_verify_whole(clone, route)) {
		*how = VERIFY_WHOLE;
	} else if (!p->limits.done_blocks || xcopy_trust_is_larger(route, segment)) {
		*how = VERIFY_ENDS;
		step = p->growing ? STEP_NOW : STEP_DONE;
		if (!p->growing)
			route->grower = p;
		p->growing = true;
	}
	spin_unlock_irq(&clone->lock);
	return step;
}

void xcopy_trust_end_growth(struct xcopy_clone *clone, struct xcopy_route *route)
{
	if (!route->grower)
		return;
	spin_lock_irq(&clone->lock);
	route->grower->growing = false;
	spin_unlock_irq(&clone->lock);
	route->grower = NULL;
}

bool xcopy_trust_wants_whole(struct xcopy_clone *clone, const struct xcopy_route *route)
{
	bool wants;

	spin_lock_irq(&clone->lock);
	wants = must_verify_whole(clone, route);
	spin_unlock_irq(&clone->lock);
	return wants;
}

void xcopy_trust_add(struct xcopy_clone *clone, const struct xcopy_route *route)
{
	struct xcopy_trusted_extents *extents = kmalloc(sizeof(*extents), GFP_NOIO);
	struct xcopy_offload_pair *p = route->pair;

	spin_lock_irq(&clone->lock);
	if (time_after(route->sent_at, p->verify_since)) {
		p->verify_next = false;
		/* Not by one that slipped through while offload was being ended. */
		p->lied &= p->failed;
	}
	if (!path_trusted(p, route->path.key))
		p->paths[p->nr_paths++ % XCOPY_TRUSTED_PATHS] = route->path.key;
	if (extents && !extents_trusted(p, route)) {
		extents->source_start = route->source.extent_start;
		extents->source_sectors = route->source.extent_sectors;
		extents->destination_start = route->destination.extent_start;
		extents->destination_sectors = route->destination.extent_sectors;
		list_add(&extents->list, &p->trusted);
		extents = NULL;
	}
	spin_unlock_irq(&clone->lock);
	kfree(extents);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Routes: where both ends of a range lie, how much of it one command may hold, by which path it
 * goes.
 */
#include "offload-private.h"
#include "segment.h"

/* ---- sizes ---- */

sector_t xcopy_offload_segment_length(const struct xcopy_offload_pair *p)
{
	sector_t sectors = p->limits.segment_blocks * pair_block_sectors(p);

	return max(round_down(sectors, pair_granularity(p)), pair_granularity(p));
}

/* Is another command growing, so that this one has to keep to what is known to be right? */
static bool keeps_small(const struct xcopy_route *route)
{
	const struct xcopy_offload_pair *p = route->pair;

	return p->growing && route->grower != p && p->limits.done_blocks;
}

/* Sectors in a segment that is no longer than one that was done. Caller holds clone->lock. */
static sector_t proven_segment(const struct xcopy_offload_pair *p)
{
	sector_t done = (sector_t)p->limits.done_segment_blocks * pair_block_sectors(p);

	done = max(round_down(done, pair_granularity(p)), pair_granularity(p));
	return min(xcopy_offload_segment_length(p), done);
}

/* Of the largest command that is no larger than one that was done. Caller holds clone->lock. */
static u64 proven_sectors(const struct xcopy_offload_pair *p)
{
	return min((u64)p->limits.done_segments * proven_segment(p),
		   p->limits.done_blocks * pair_block_sectors(p));
}

sector_t xcopy_route_segment_sectors(struct xcopy_clone *clone, const struct xcopy_route *route)
{
	const struct xcopy_offload_pair *p = route->pair;
	sector_t sectors;

	spin_lock_irq(&clone->lock);
	sectors = keeps_small(route) ? proven_segment(p) : xcopy_offload_segment_length(p);
	spin_unlock_irq(&clone->lock);
	return sectors;
}

/* ---- routes ---- */

/* Ranges of one disk must not overlap: NVMe's formats do not look. */
static bool overlaps(const struct xcopy_route *route)
{
	const struct xcopy_mapping *s = &route->source, *d = &route->destination;

	return s->disk == d->disk && xcopy_segments_overlap(s->sector, d->sector, route->sectors);
}

/* Cut the route to one command. False: the host has to copy route->sectors. */
static bool trim(struct xcopy_clone *clone, struct xcopy_route *route)
{
	const struct xcopy_offload_pair *p = route->pair;
	sector_t sectors;
	u64 most;

	route->sectors = route->destination.sectors;
	spin_lock_irq(&clone->lock);
	most = min(xcopy_limits_blocks(&p->limits) * pair_block_sectors(p),
		   (u64)p->limits.segments * xcopy_offload_segment_length(p));
	if (keeps_small(route))
		most = min(most, proven_sectors(p));
	spin_unlock_irq(&clone->lock);
	/* Less than that is no command at all. */
	most = max_t(u64, most, pair_granularity(p));
	most = min(most, 2ULL * xcopy_number(&clone->args, XCOPY_OFFLOAD_MAX_KIB));
	sectors = xcopy_segment_cut(route->source.sector, route->destination.sector,
				    route->sectors, most, pair_block_sectors(p));
	sectors = round_down(sectors, pair_granularity(p));
	if (!sectors)
		return false;
	route->sectors = sectors;
	return !overlaps(route);
}

int xcopy_route_resolve(struct xcopy_clone *clone, struct xcopy_route *route)
{
	int r;

	r = xcopy_extent_resolve(clone->source, route->sector, route->sectors, &route->source);
	if (r)
		return r;
	r = xcopy_extent_resolve(clone->destination, route->sector, route->source.sectors,
				 &route->destination);
	if (r)
		xcopy_mapping_put(&route->source);
	return r;
}

void xcopy_route_close(struct xcopy_route *route)
{
	if (route->on_path)
		route->pair->pair.type->path_put(&route->pair->pair, &route->path);
	route->on_path = false;
	xcopy_mapping_put(&route->source);
	xcopy_mapping_put(&route->destination);
}

static enum xcopy_step unresolved(struct xcopy_clone *clone, int r)
{
	switch (r) {
	case -EAGAIN:
		return STEP_AGAIN;
	case -ENXIO:
		xcopy_offload_set_state(clone, XCOPY_OFFLOAD_WAITING, "no-extents");
		return STEP_HOST;
	case -EOPNOTSUPP:
		xcopy_offload_set_state(clone, XCOPY_OFFLOAD_WAITING, "stack");
		return STEP_HOST;
	default:
		xcopy_offload_set_state(clone, XCOPY_OFFLOAD_WAITING, "not-resolved");
		return STEP_HOST;
	}
}

static enum xcopy_step find_path(struct xcopy_clone *clone, struct xcopy_route *route)
{
	struct xcopy_pair *pair = &route->pair->pair;
	const char *reason = NULL;
	enum xcopy_outcome outcome = pair->type->path_get(pair, &route->path, &reason);

	switch (outcome) {
	case XCOPY_DONE:
		route->on_path = true;
		return STEP_DONE;
	case XCOPY_UNSUPPORTED:
		xcopy_offload_give_up(clone, route->pair, reason ?: "unsupported");
		return STEP_HOST;
	default:
		xcopy_clone_set_word(clone, clone->last_error,
				     outcome == XCOPY_PATH && reason ? reason : "no-path");
		return STEP_AGAIN;
	}
}

enum xcopy_step xcopy_route_open(struct xcopy_offload *offload, struct xcopy_route *route)
{
	struct xcopy_clone *clone = offload->clone;
	enum xcopy_step step = STEP_HOST;
	int r = xcopy_route_resolve(clone, route);

	if (r)
		return unresolved(clone, r);
	route->pair = xcopy_offload_get_pair(offload, route->source.disk, route->destination.disk);
	if (route->pair && !xcopy_offload_failed(clone, route->pair) && trim(clone, route))
		step = find_path(clone, route);
	else
		route->sectors = min(route->sectors, route->destination.sectors);
	if (step != STEP_DONE)
		xcopy_route_close(route);
	return step;
}

static bool same_place(const struct xcopy_mapping *a, const struct xcopy_mapping *b)
{
	return a->disk == b->disk && a->sector == b->sector && a->nr == b->nr &&
	       !memcmp(a->generations, b->generations, a->nr * sizeof(a->generations[0]));
}

enum xcopy_step xcopy_route_compare(struct xcopy_clone *clone, const struct xcopy_route *now,
				    const struct xcopy_route *old, enum xcopy_verify how)
{
	if (now->pair != old->pair || !same_place(&now->source, &old->source) ||
	    !same_place(&now->destination, &old->destination))
		return STEP_AGAIN;
	/* shorter: another command's refusal has made commands smaller meanwhile */
	if (now->sectors != old->sectors ||
	    (how == VERIFY_ENDS && xcopy_trust_wants_whole(clone, now)))
		return STEP_NOW;
	return STEP_DONE;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copying by the storage: which pair of disks, in commands of which size,
 * whether to trust them, and what follows from each outcome.
 *
 * One attempt at a piece of a range:
 *
 *   resolve both ends to disks, with references on the extents;
 *   find the pair, cut the piece to what one command may hold; find a path;
 *   if "offload_open" is not durable: let go of all that, make it so, come back;
 *   if this pair of extents, or this path, was not verified yet, or if no command as large as
 *   this one was seen to be right: let go of all that, poison the destination, and come back
 *   the same way;
 *   send; let go;
 *   if this was to be verified: compare, and only then trust.
 *
 * References are never held while one of the clone's own devices, metadata included,
 * is read or written, or commit_mutex is waited for: any of them may be suspended, and
 * whoever suspends them would wait for the references.
 *
 * A copy whose outcome is unknown keeps its references until the quarantine is
 * over (hydration.c ends it). An unknown outcome also puts the pair on probation:
 * smallest commands, the next one verified, and a second one within an hour
 * ends offload for the pair. Where the transport was lost, which is no fault of the
 * copy's, there has to be a copy that succeeds between the two.
 *
 * Locking: offload->mutex protects the list of pairs and opening them. What a
 * pair has learned is under clone->lock.
 */
#include <linux/blk-integrity.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/ktime.h>
#include <linux/log2.h>
#include <linux/slab.h>

#include "copier.h"
#include "engine.h"
#include "segment.h"
#include "verify.h"

#define DM_MSG_PREFIX XCOPY_MSG_PREFIX

#define ATTEMPTS		12U
/* Nor are there more of them when they took that long: writes wait for the range. */
#define PATIENCE		(10 * HZ)
/* When they did not help, the next ranges need not go through all of them as well. */
#define PAUSE			(5 * HZ)
/* A row of refused ranges says more about the pair than about the ranges. */
#define MAX_RANGE_FAILURES	16U
#define PROBATION		(3600UL * HZ)
/* Verifying reads both sides: keep the commands that need it short. */
#define VERIFY_SECTORS		16384U
#define NR_PATHS		16U

/**
 * struct trusted_extents - a pair of extents whose copies were seen to be right
 * @list: pair->trusted
 * @source_start: first sector on the source disk
 * @source_sectors: length, sectors
 * @destination_start: first sector on the destination disk
 * @destination_sectors: length, sectors
 */
struct trusted_extents {
	struct list_head list;
	sector_t source_start;
	sector_t source_sectors;
	sector_t destination_start;
	sector_t destination_sectors;
};

/**
 * struct offload_pair - what is known of one pair of disks
 * @list: offload->pairs
 * @clone: whose pair it is
 * @pair: the copier's view; references on both disks' devices are held
 * @limits: size of commands
 * @trusted: list of struct trusted_extents
 * @paths: keys of paths that were seen to be right, the oldest is replaced
 * @nr_paths: how many were ever added
 * @failed: given up; @reason says why
 * @reason: a word
 * @verify_next: the next command has to be verified
 * @verify_since: jiffies when that was found; commands sent before do not count
 * @growing: a command larger than all that were done is being verified: the others are kept smaller
 * @had_unknown: @unknown_at is valid
 * @unknown_at: jiffies of the last unknown outcome
 * @done_since: a command sent after that was done
 * @range_failures: ranges refused in a row
 * @commands: sent
 */
struct offload_pair {
	struct list_head list;
	struct xcopy_clone *clone;
	struct xcopy_pair pair;
	struct xcopy_limits limits;
	struct list_head trusted;
	u64 paths[NR_PATHS];
	unsigned int nr_paths;
	bool failed;
	char reason[XCOPY_WORD];
	bool verify_next;
	unsigned long verify_since;
	bool growing;
	bool had_unknown;
	unsigned long unknown_at;
	bool done_since;
	unsigned int range_failures;
	u64 commands;
};

/**
 * struct xcopy_offload - offload of one clone
 * @clone: the clone
 * @mutex: see above
 * @pairs: list of struct offload_pair
 * @verifier: buffers
 * @wanted: kind of disk that no copier is registered for
 * @pausing: @pause_until is valid; clone->lock
 * @pause_until: jiffies; the host copies until then
 * @proven: some command was done, and found to be right
 * @sectors: length that a background copy should have, sectors
 * @kib: size of a command in use, KiB
 * @segments: descriptors in it; clone->lock, as below
 * @segment_bytes: length of one, bytes
 */
struct xcopy_offload {
	struct xcopy_clone *clone;
	struct mutex mutex; /* see above */
	struct list_head pairs;
	struct xcopy_verifier *verifier;
	const char *wanted;
	bool pausing;
	unsigned long pause_until;
	bool proven;
	sector_t sectors;
	unsigned int kib;
	u32 segments;
	u64 segment_bytes;
};

/**
 * struct route - how one command gets from source to destination
 * @sector: first sector of the clone
 * @sectors: length, sectors; cut down on the way
 * @source: where it lies on the source disk
 * @destination: where it lies on the destination disk
 * @pair: the pair
 * @path: path to the destination, if @on_path
 * @on_path: @path is held
 * @sent_at: jiffies when the command was sent
 * @grower: the pair that is growing for this command; @pair may be another by then
 * @lost: it has no known outcome because the transport was lost
 */
struct route {
	sector_t sector;
	sector_t sectors;
	struct xcopy_mapping source;
	struct xcopy_mapping destination;
	struct offload_pair *pair;
	struct xcopy_path path;
	bool on_path;
	unsigned long sent_at;
	struct offload_pair *grower;
	bool lost;
};

/*
 * How a command is verified. At the ends of its descriptors is enough for what a device does
 * right when it is smaller: what is too long for it, or one descriptor too many, ends early.
 */
enum verify {
	VERIFY_NOT,
	VERIFY_ENDS,
	VERIFY_WHOLE,
};

/* What to do after an attempt. */
enum step {
	STEP_DONE,
	STEP_NOW,	/* again, at once: something was put right */
	STEP_AGAIN,	/* again, after a while */
	STEP_HOST,
};

/* ---- state for status ---- */

static void set_state(struct xcopy_clone *clone, enum xcopy_offload_state state,
		      const char *reason)
{
	bool changed = false;

	spin_lock_irq(&clone->lock);
	/* Given up, and switched off, stay until somebody says enable_offload. */
	if (clone->offload == XCOPY_OFFLOAD_ON || clone->offload == XCOPY_OFFLOAD_WAITING) {
		changed = clone->offload != state;
		clone->offload = state;
		strscpy(clone->reason, reason, XCOPY_WORD);
	}
	spin_unlock_irq(&clone->lock);
	/* Not more often than once a commit: a volume that is in part without extents toggles. */
	if (changed)
		set_bit(XCOPY_CLONE_EVENT, &clone->flags);
}

static void give_up(struct xcopy_clone *clone, struct offload_pair *p, const char *reason)
{
	bool first;

	spin_lock_irq(&clone->lock);
	first = !p->failed;
	p->failed = true;
	strscpy(p->reason, reason, XCOPY_WORD);
	spin_unlock_irq(&clone->lock);
	if (!first)
		return;
	xcopy_err(clone, "The storage does not copy from %s to %s (%s); the host copies instead",
		  p->pair.source->disk_name, p->pair.destination->disk_name, reason);
	set_state(clone, XCOPY_OFFLOAD_FAILED, reason);
}

/* ---- pairs ---- */

static void free_pair(struct offload_pair *p)
{
	struct trusted_extents *extents, *next;

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
	struct offload_pair *p = container_of(pair, struct offload_pair, pair);

	set_bit(XCOPY_CLONE_WRITE_LOST, &p->clone->flags);
}

static struct offload_pair *alloc_pair(struct xcopy_clone *clone, struct gendisk *source,
				       struct gendisk *destination)
{
	struct offload_pair *p = kzalloc(sizeof(*p), GFP_NOIO);

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

static bool failed(struct xcopy_clone *clone, const struct offload_pair *p)
{
	if (!READ_ONCE(p->failed))
		return false;
	set_state(clone, XCOPY_OFFLOAD_FAILED, p->reason);
	return true;
}

/* Ask for the module once; false: there is none that could be asked for. */
static bool want_module(struct xcopy_offload *offload, struct gendisk *disk)
{
	const char *kind = xcopy_copier_kind(disk);

	if (!kind || offload->clone->args.driver[0])
		return false;
	if (offload->wanted != kind) {
		offload->wanted = kind;
		xcopy_copier_request(kind);
	}
	return true;
}

static int open_type(struct offload_pair *p, const char **reason)
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
static const char *find_type(struct xcopy_offload *offload, struct offload_pair *p, bool *again)
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
static bool open_pair(struct xcopy_offload *offload, struct offload_pair *p)
{
	struct xcopy_clone *clone = offload->clone;
	bool again = false;
	const char *reason = find_type(offload, p, &again);

	if (again)
		set_state(clone, XCOPY_OFFLOAD_WAITING, reason);
	else if (reason)
		give_up(clone, p, reason);
	else
		xcopy_limits_init(&p->limits, p->pair.hard_segment_blocks, p->pair.hard_segments,
				  xcopy_number(&clone->args, XCOPY_OFFLOAD_SEGMENT_BLOCKS) ?:
				  p->pair.hint_segment_blocks,
				  xcopy_number(&clone->args, XCOPY_OFFLOAD_SEGMENTS),
				  xcopy_number(&clone->args, XCOPY_OFFLOAD_COMMAND_BLOCKS));
	return !again;
}

static struct offload_pair *make_pair(struct xcopy_offload *offload, struct gendisk *source,
				      struct gendisk *destination)
{
	struct offload_pair *p = alloc_pair(offload->clone, source, destination);

	if (!p)
		return NULL;
	if (!open_pair(offload, p)) {
		free_pair(p);
		return NULL;
	}
	list_add_tail(&p->list, &offload->pairs);
	return p;
}

/* The references on the disks' devices keep their addresses from being used again. */
static struct offload_pair *get_pair(struct xcopy_offload *offload, struct gendisk *source,
				     struct gendisk *destination)
{
	struct offload_pair *p;

	mutex_lock(&offload->mutex);
	list_for_each_entry(p, &offload->pairs, list)
		if (p->pair.source == source && p->pair.destination == destination)
			goto found;
	p = make_pair(offload, source, destination);
found:
	mutex_unlock(&offload->mutex);
	return p;
}

/* ---- sizes ---- */

static u64 to_blocks(const struct offload_pair *p, sector_t sectors)
{
	return sectors >> (ilog2(p->pair.block_size) - SECTOR_SHIFT);
}

/* Segments of a command whose descriptors are @segment sectors long. */
static u32 nr_segments(const struct route *route, sector_t segment)
{
	return DIV_ROUND_UP_SECTOR_T(route->sectors, segment);
}

static u32 longest_segment(const struct route *route, sector_t segment)
{
	return to_blocks(route->pair, min(route->sectors, segment));
}

/* Than every command of the pair that was done? Caller holds clone->lock. */
static bool is_larger(const struct route *route, sector_t segment)
{
	const struct offload_pair *p = route->pair;

	return xcopy_limits_grown(&p->limits, to_blocks(p, route->sectors),
				  longest_segment(route, segment), nr_segments(route, segment));
}

/* ---- trust ---- */

static bool extents_trusted(const struct offload_pair *p, const struct route *route)
{
	const struct trusted_extents *extents;

	list_for_each_entry(extents, &p->trusted, list)
		if (extents->source_start == route->source.extent_start &&
		    extents->source_sectors == route->source.extent_sectors &&
		    extents->destination_start == route->destination.extent_start &&
		    extents->destination_sectors == route->destination.extent_sectors)
			return true;
	return false;
}

static bool path_trusted(const struct offload_pair *p, u64 key)
{
	unsigned int i;

	for (i = 0; i < min(p->nr_paths, NR_PATHS); i++)
		if (p->paths[i] == key)
			return true;
	return false;
}

static void demand_verification(struct offload_pair *p)
{
	p->verify_next = true;
	p->verify_since = jiffies;
}

static bool must_verify_whole(const struct xcopy_clone *clone, const struct route *route)
{
	const struct offload_pair *p = route->pair;
	unsigned int every = xcopy_number(&clone->args, XCOPY_VERIFY);

	return p->verify_next || !extents_trusted(p, route) ||
	       !path_trusted(p, route->path.key) ||
	       (every && !((u32)(p->commands + 1) % every));
}

/*
 * Larger commands one at a time: each takes long to poison and to compare, under its range's lock.
 * STEP_NOW: this has to be cut, for which trim() is.
 */
static enum step must_verify(struct xcopy_clone *clone, struct route *route, sector_t segment,
			     enum verify *how)
{
	struct offload_pair *p = route->pair;
	enum step step = STEP_DONE;

	*how = VERIFY_NOT;
	spin_lock_irq(&clone->lock);
	if (must_verify_whole(clone, route)) {
		*how = VERIFY_WHOLE;
	} else if (!p->limits.done_blocks || is_larger(route, segment)) {
		*how = VERIFY_ENDS;
		step = p->growing ? STEP_NOW : STEP_DONE;
		if (!p->growing)
			route->grower = p;
		p->growing = true;
	}
	spin_unlock_irq(&clone->lock);
	return step;
}

static void end_growth(struct xcopy_clone *clone, struct route *route)
{
	if (!route->grower)
		return;
	spin_lock_irq(&clone->lock);
	route->grower->growing = false;
	spin_unlock_irq(&clone->lock);
	route->grower = NULL;
}

/* By another path than before it was poisoned, or since an outcome was unknown. */
static bool wants_whole(struct xcopy_clone *clone, const struct route *route)
{
	bool wants;

	spin_lock_irq(&clone->lock);
	wants = must_verify_whole(clone, route);
	spin_unlock_irq(&clone->lock);
	return wants;
}

/* Not being able to remember only means verifying again. */
static void trust(struct xcopy_clone *clone, const struct route *route)
{
	struct trusted_extents *extents = kmalloc(sizeof(*extents), GFP_NOIO);
	struct offload_pair *p = route->pair;

	spin_lock_irq(&clone->lock);
	if (time_after(route->sent_at, p->verify_since))
		p->verify_next = false;
	if (!path_trusted(p, route->path.key))
		p->paths[p->nr_paths++ % NR_PATHS] = route->path.key;
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

/* ---- routes ---- */

static int resolve(struct xcopy_clone *clone, struct route *route)
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

static void close_route(struct route *route)
{
	if (route->on_path)
		route->pair->pair.type->path_put(&route->pair->pair, &route->path);
	route->on_path = false;
	xcopy_mapping_put(&route->source);
	xcopy_mapping_put(&route->destination);
}

static enum step unresolved(struct xcopy_clone *clone, int r)
{
	switch (r) {
	case -EAGAIN:
		return STEP_AGAIN;
	case -ENXIO:
		set_state(clone, XCOPY_OFFLOAD_WAITING, "no-extents");
		return STEP_HOST;
	case -EOPNOTSUPP:
		set_state(clone, XCOPY_OFFLOAD_WAITING, "stack");
		return STEP_HOST;
	default:
		set_state(clone, XCOPY_OFFLOAD_WAITING, "not-resolved");
		return STEP_HOST;
	}
}

/* Ranges of one disk must not overlap: NVMe's formats do not look. */
static bool overlaps(const struct route *route)
{
	const struct xcopy_mapping *s = &route->source, *d = &route->destination;

	return s->disk == d->disk && xcopy_segments_overlap(s->sector, d->sector, route->sectors);
}

static sector_t block_sectors(const struct offload_pair *p)
{
	return p->pair.block_size >> SECTOR_SHIFT;
}

/* Sectors of which the length of a command must be a multiple. */
static sector_t granularity(const struct offload_pair *p)
{
	return max_t(sector_t, block_sectors(p), p->pair.granularity);
}

/* Length of all segments but the last, sectors. Caller holds clone->lock. */
static sector_t segment_length(const struct offload_pair *p)
{
	sector_t sectors = p->limits.segment_blocks * block_sectors(p);

	return max(round_down(sectors, granularity(p)), granularity(p));
}

/* Is another command growing, so that this one has to keep to what is known to be right? */
static bool keeps_small(const struct route *route)
{
	const struct offload_pair *p = route->pair;

	return p->growing && route->grower != p && p->limits.done_blocks;
}

/* Sectors in a segment that is no longer than one that was done. Caller holds clone->lock. */
static sector_t proven_segment(const struct offload_pair *p)
{
	sector_t done = (sector_t)p->limits.done_segment_blocks * block_sectors(p);

	return min(segment_length(p), max(round_down(done, granularity(p)), granularity(p)));
}

/* Of the largest command that is no larger than one that was done. Caller holds clone->lock. */
static u64 proven_sectors(const struct offload_pair *p)
{
	return min((u64)p->limits.done_segments * proven_segment(p),
		   p->limits.done_blocks * block_sectors(p));
}

/* Length of the segments of the next command but its last, sectors. */
static sector_t segment_sectors(struct xcopy_clone *clone, const struct route *route)
{
	const struct offload_pair *p = route->pair;
	sector_t sectors;

	spin_lock_irq(&clone->lock);
	sectors = keeps_small(route) ? proven_segment(p) : segment_length(p);
	spin_unlock_irq(&clone->lock);
	return sectors;
}

/* Cut the route to one command. False: the host has to copy route->sectors. */
static bool trim(struct xcopy_clone *clone, struct route *route)
{
	const struct offload_pair *p = route->pair;
	sector_t sectors;
	u64 most;

	route->sectors = route->destination.sectors;
	spin_lock_irq(&clone->lock);
	most = min(xcopy_limits_blocks(&p->limits) * block_sectors(p),
		   (u64)p->limits.segments * segment_length(p));
	if (keeps_small(route))
		most = min(most, proven_sectors(p));
	spin_unlock_irq(&clone->lock);
	/* Less than that is no command at all. */
	most = max_t(u64, most, granularity(p));
	most = min(most, 2ULL * xcopy_number(&clone->args, XCOPY_OFFLOAD_MAX_KIB));
	sectors = xcopy_segment_cut(route->source.sector, route->destination.sector,
				    route->sectors, most, block_sectors(p));
	sectors = round_down(sectors, granularity(p));
	if (!sectors)
		return false;
	route->sectors = sectors;
	return !overlaps(route);
}

static enum step find_path(struct xcopy_clone *clone, struct route *route)
{
	struct xcopy_pair *pair = &route->pair->pair;
	const char *reason = NULL;
	enum xcopy_outcome outcome = pair->type->path_get(pair, &route->path, &reason);

	switch (outcome) {
	case XCOPY_DONE:
		route->on_path = true;
		return STEP_DONE;
	case XCOPY_UNSUPPORTED:
		give_up(clone, route->pair, reason ?: "unsupported");
		return STEP_HOST;
	default:
		xcopy_clone_set_word(clone, clone->last_error,
				     outcome == XCOPY_PATH && reason ? reason : "no-path");
		return STEP_AGAIN;
	}
}

/* STEP_DONE: the route is open. Else it is closed. */
static enum step open_route(struct xcopy_offload *offload, struct route *route)
{
	struct xcopy_clone *clone = offload->clone;
	enum step step = STEP_HOST;
	int r = resolve(clone, route);

	if (r)
		return unresolved(clone, r);
	route->pair = get_pair(offload, route->source.disk, route->destination.disk);
	if (route->pair && !failed(clone, route->pair) && trim(clone, route))
		step = find_path(clone, route);
	else
		route->sectors = min(route->sectors, route->destination.sectors);
	if (step != STEP_DONE)
		close_route(route);
	return step;
}

static bool same_place(const struct xcopy_mapping *a, const struct xcopy_mapping *b)
{
	return a->disk == b->disk && a->sector == b->sector && a->nr == b->nr &&
	       !memcmp(a->generations, b->generations, a->nr * sizeof(a->generations[0]));
}

/* Is what was poisoned what is going to be copied, and verified as it has to be? */
static enum step compare_routes(struct xcopy_clone *clone, const struct route *now,
				const struct route *old, enum verify how)
{
	if (now->pair != old->pair || !same_place(&now->source, &old->source) ||
	    !same_place(&now->destination, &old->destination))
		return STEP_AGAIN;
	/* shorter: another command's refusal has made commands smaller meanwhile */
	if (now->sectors != old->sectors || (how == VERIFY_ENDS && wants_whole(clone, now)))
		return STEP_NOW;
	return STEP_DONE;
}

/* ---- what may be done late ---- */

static void enter_quarantine(struct xcopy_copy *copy, struct route *route)
{
	struct xcopy_clone *clone = copy->engine->clone;

	copy->quarantined = true;
	copy->quarantine_ms = xcopy_metadata_quarantine_ms(clone->md);
	/* The references move: close_route() finds none. */
	copy->source = route->source;
	copy->destination = route->destination;
	route->source.nr = 0;
	route->destination.nr = 0;
	xcopy_warn_limit(clone, "A copy of %llu sectors at %llu has no known outcome; its range is in quarantine for %u ms",
			 (u64)route->sectors, (u64)route->sector, copy->quarantine_ms);
}

/*
 * The storage said that it was done, and was not: it may be later, over what the host and users
 * write by then. The references were dropped for the comparison. If there are none to be had
 * again, what is mapped there now is being changed, and the quarantine is all that can be done.
 */
static void distrust(struct xcopy_copy *copy, const struct route *route)
{
	struct route again = { .sector = route->sector, .sectors = route->sectors };

	if (resolve(copy->engine->clone, &again)) {
		again.source.nr = 0;
		again.destination.nr = 0;
	}
	enter_quarantine(copy, &again);
}

static void note_size(struct xcopy_offload *offload, struct offload_pair *p)
{
	struct xcopy_clone *clone = offload->clone;
	sector_t max = 2ULL * xcopy_number(&clone->args, XCOPY_OFFLOAD_MAX_KIB);
	sector_t sectors = min_t(sector_t, max, xcopy_limits_blocks(&p->limits) *
						block_sectors(p));

	WRITE_ONCE(offload->sectors, sectors);
	WRITE_ONCE(offload->kib, sectors / 2);
	offload->segments = p->limits.segments;
	offload->segment_bytes = segment_length(p) << SECTOR_SHIFT;
}

/*
 * A reset takes all commands in flight with it: those sent before the last unknown
 * outcome was seen count as one with it.
 */
static enum step unknown_outcome(struct xcopy_offload *offload, struct route *route)
{
	struct xcopy_clone *clone = offload->clone;
	struct offload_pair *p = route->pair;
	bool second;

	spin_lock_irq(&clone->lock);
	second = p->had_unknown && time_after(route->sent_at, p->unknown_at) &&
		 time_before(jiffies, p->unknown_at + PROBATION) &&
		 !(route->lost && p->done_since);
	p->had_unknown = true;
	p->unknown_at = jiffies;
	p->done_since = false;
	demand_verification(p);
	xcopy_limits_minimum(&p->limits);
	note_size(offload, p);
	spin_unlock_irq(&clone->lock);
	if (second)
		give_up(clone, p, "unknown-outcomes");
	return STEP_HOST;
}

/*
 * What differs, or cannot be read, may be copied late, whatever the storage said; and poison may be
 * written late. Where the map has changed meanwhile, and where there was no comparison, that is not
 * proof against the storage: it counts as an unknown outcome, so that not every range has its
 * quarantine.
 */
static void not_verified(struct xcopy_copy *copy, struct route *route, bool lie)
{
	struct xcopy_offload *offload = copy->engine->offload;
	struct xcopy_clone *clone = offload->clone;

	if (lie)
		give_up(clone, route->pair, "verify-failed");
	else
		unknown_outcome(offload, route);
	xcopy_clone_set_word(clone, clone->last_error, lie ? "verify-failed" : "not-verified");
	distrust(copy, route);
}

/* ---- poison ---- */

/*
 * Poison the destination without holding anything, and open the route again.
 * The segment size is the caller's, so that the ends which are poisoned are
 * those of the descriptors to be sent.
 */
static enum step poison(struct xcopy_copy *copy, struct route *route, sector_t segment,
			enum verify how)
{
	struct xcopy_offload *offload = copy->engine->offload;
	struct route old = *route;
	enum step step;
	int r;

	close_route(&old);
	route->on_path = false;
	if (how == VERIFY_WHOLE)
		route->sectors = min_t(sector_t, route->sectors, VERIFY_SECTORS);
	old.sectors = route->sectors;
	route->sent_at = jiffies;
	r = xcopy_verify_poison(offload->verifier, offload->clone, old.sector, old.sectors,
				segment, block_sectors(old.pair));
	if (r == -EINPROGRESS)
		not_verified(copy, route, false);
	if (r)
		return STEP_HOST;

	step = open_route(offload, route);
	if (step != STEP_DONE)
		return step;
	step = compare_routes(offload->clone, route, &old, how);
	if (step != STEP_DONE)
		close_route(route);
	return step;
}

/* ---- one command ---- */

static void note_error(struct xcopy_clone *clone, const struct xcopy_copier_type *type, u32 status)
{
	char answer[XCOPY_WORD] = "-";

	if (status && type->answer)
		type->answer(status, answer, sizeof(answer));
	xcopy_clone_set_word(clone, clone->last_error, type->strerror(status));
	xcopy_clone_set_word(clone, clone->last_answer, answer);
}

static enum xcopy_outcome send(struct xcopy_copy *copy, struct route *route, sector_t segment,
			       u64 *took_ms)
{
	struct xcopy_clone *clone = copy->engine->clone;
	struct offload_pair *p = route->pair;
	struct xcopy_command command = {
		.source_sector = route->source.sector,
		.destination_sector = route->destination.sector,
		.sectors = route->sectors,
		.segment_sectors = segment,
		.payload = copy->payload,
		.list_id_usage = xcopy_number(&clone->args, XCOPY_OFFLOAD_LIST_ID_USAGE),
	};
	enum xcopy_outcome outcome;
	u64 start = ktime_get_ns();

	route->sent_at = jiffies;
	memset(copy->payload, 0, XCOPY_PAYLOAD_SIZE);
	xcopy_stat_add(clone, XCOPY_STAT_COMMANDS, 1);
	outcome = p->pair.type->copy(&p->pair, &route->path, &command);
	route->lost = command.lost;
	*took_ms = div_u64(ktime_get_ns() - start, NSEC_PER_MSEC);
	if (outcome == XCOPY_UNKNOWN)
		enter_quarantine(copy, route);
	if (outcome != XCOPY_DONE)
		note_error(clone, p->pair.type, command.status);
	return outcome;
}

/* Was the command as large as the limits allow, up to what regions leave over? */
static u64 blocks_for_growth(struct xcopy_clone *clone, const struct route *route)
{
	const struct offload_pair *p = route->pair;
	u64 blocks = to_blocks(p, route->sectors), limit = xcopy_limits_blocks(&p->limits);
	u64 region = to_blocks(p, (sector_t)1 << clone->region_shift);

	return blocks + region > limit ? limit : blocks;
}

static void learn_done(struct xcopy_offload *offload, struct route *route, sector_t segment,
		       u64 took_ms)
{
	struct xcopy_clone *clone = offload->clone;
	struct offload_pair *p = route->pair;

	spin_lock_irq(&clone->lock);
	p->commands++;
	WRITE_ONCE(offload->proven, true);
	p->range_failures = 0;
	p->done_since |= time_after(route->sent_at, p->unknown_at);
	xcopy_limits_note(&p->limits, to_blocks(p, route->sectors), longest_segment(route, segment),
			  nr_segments(route, segment));
	if (took_ms > xcopy_number(&clone->args, XCOPY_COPY_LATENCY_MS))
		xcopy_limits_slow(&p->limits, to_blocks(p, route->sectors));
	else
		xcopy_limits_done(&p->limits, blocks_for_growth(clone, route));
	note_size(offload, p);
	spin_unlock_irq(&clone->lock);
}

static int compare(struct xcopy_offload *offload, const struct route *route, sector_t segment,
		   enum verify how)
{
	if (how == VERIFY_WHOLE)
		return xcopy_verify_compare(offload->verifier, offload->clone, route->sector,
					    route->sectors);
	return xcopy_verify_compare_ends(offload->verifier, offload->clone, route->sector,
					 route->sectors, segment, block_sectors(route->pair));
}

static bool map_unchanged(const struct xcopy_clone *clone, const struct route *route)
{
	return xcopy_mapping_unchanged(&route->source, clone->source, route->sector) &&
	       xcopy_mapping_unchanged(&route->destination, clone->destination, route->sector);
}

/* STEP_DONE: the storage copied it right. */
static enum step check_copy(struct xcopy_copy *copy, struct route *route, sector_t segment,
			    enum verify how)
{
	struct xcopy_offload *offload = copy->engine->offload;
	struct xcopy_clone *clone = offload->clone;
	int r = compare(offload, route, segment, how);
	bool unchanged = map_unchanged(clone, route);

	if (!r || r == -EILSEQ)
		xcopy_stat_add(clone, XCOPY_STAT_VERIFIED, 1);
	if (r == -EILSEQ)
		xcopy_stat_add(clone, XCOPY_STAT_VERIFY_FAILURES, 1);
	if (r)
		not_verified(copy, route, r == -EILSEQ && unchanged);
	else if (unchanged && how == VERIFY_WHOLE)
		trust(clone, route);
	return r ? STEP_HOST : STEP_DONE;
}

static enum step copied(struct xcopy_copy *copy, struct route *route, sector_t segment,
			enum verify how, u64 took_ms)
{
	struct xcopy_offload *offload = copy->engine->offload;
	struct xcopy_clone *clone = offload->clone;

	if (how != VERIFY_NOT && check_copy(copy, route, segment, how) != STEP_DONE)
		return STEP_HOST;
	learn_done(offload, route, segment, took_ms);
	xcopy_stat_add(clone, XCOPY_STAT_OFFLOADED, route->sectors);
	xcopy_clone_set_word(clone, clone->copier, route->pair->pair.type->name);
	set_state(clone, XCOPY_OFFLOAD_ON, "-");
	return STEP_DONE;
}

static enum step too_big(struct xcopy_offload *offload, struct route *route, sector_t segment)
{
	struct xcopy_clone *clone = offload->clone;
	struct offload_pair *p = route->pair;
	bool smaller;

	spin_lock_irq(&clone->lock);
	smaller = route->sectors > granularity(p) &&
		  xcopy_limits_too_big(&p->limits, to_blocks(p, route->sectors),
				       nr_segments(route, segment));
	note_size(offload, p);
	spin_unlock_irq(&clone->lock);
	if (smaller)
		return STEP_NOW;
	give_up(clone, p, "too-big");
	return STEP_HOST;
}

/* Not every device has a word for what is too much: what is larger than ever is taken for it. */
static enum step refused(struct xcopy_offload *offload, struct route *route, sector_t segment)
{
	struct xcopy_clone *clone = offload->clone;
	struct offload_pair *p = route->pair;
	bool grown;

	spin_lock_irq(&clone->lock);
	grown = is_larger(route, segment);
	spin_unlock_irq(&clone->lock);
	if (grown)
		return too_big(offload, route, segment);
	give_up(clone, p, "refused");
	return STEP_HOST;
}

static enum step refused_range(struct xcopy_clone *clone, struct offload_pair *p)
{
	bool too_many;

	spin_lock_irq(&clone->lock);
	too_many = ++p->range_failures >= MAX_RANGE_FAILURES;
	spin_unlock_irq(&clone->lock);
	if (too_many)
		give_up(clone, p, "ranges-refused");
	return STEP_HOST;
}

static enum step judge(struct xcopy_copy *copy, struct route *route, enum xcopy_outcome outcome,
		       sector_t segment)
{
	struct xcopy_offload *offload = copy->engine->offload;
	struct xcopy_clone *clone = offload->clone;

	switch (outcome) {
	case XCOPY_TOO_BIG:
		return too_big(offload, route, segment);
	case XCOPY_BUSY:
	case XCOPY_PATH:
		return STEP_AGAIN;
	case XCOPY_UNARMED:
		/* The copier arms in path_get(), and says so when it does not help. */
		return STEP_NOW;
	case XCOPY_UNKNOWN:
		return unknown_outcome(offload, route);
	case XCOPY_REFUSED:
		return refused(offload, route, segment);
	case XCOPY_UNSUPPORTED:
		give_up(clone, route->pair, "refused");
		return STEP_HOST;
	default:
		return refused_range(clone, route->pair);
	}
}

/* STEP_DONE: the command can be sent. Else the route is closed. */
static enum step prepare(struct xcopy_copy *copy, struct route *route, sector_t segment,
			 enum verify *how)
{
	struct xcopy_offload *offload = copy->engine->offload;
	enum step step = STEP_NOW;

	/* Another command's refusal may have made segments smaller since trim() looked. */
	if (nr_segments(route, segment) <= route->pair->pair.hard_segments)
		step = must_verify(offload->clone, route, segment, how);
	if (step != STEP_DONE)
		close_route(route);
	else if (*how != VERIFY_NOT)
		step = poison(copy, route, segment, *how);
	return step;
}

/* With the route open, and the command counted. Closes the route. */
static enum step command(struct xcopy_copy *copy, struct route *route)
{
	struct xcopy_offload *offload = copy->engine->offload;
	sector_t segment = segment_sectors(offload->clone, route);
	enum xcopy_outcome outcome;
	enum verify how;
	enum step step = prepare(copy, route, segment, &how);
	u64 took_ms = 0;

	if (step == STEP_DONE) {
		outcome = send(copy, route, segment, &took_ms);
		close_route(route);
		step = outcome == XCOPY_DONE ? copied(copy, route, segment, how, took_ms) :
		       judge(copy, route, outcome, segment);
	}
	end_growth(offload->clone, route);
	return step;
}

static bool usable(const struct xcopy_copy *copy)
{
	const struct xcopy_clone *clone = copy->engine->clone;

	return test_bit(XCOPY_CLONE_OFFLOAD, &clone->flags) &&
	       test_bit(XCOPY_CLONE_RUNNING, &clone->flags) && !copy->quarantined;
}

/*
 * Making "offload_open" durable waits for devices that may be suspended, so that is done
 * with the route closed.
 */
static enum step open_counted(struct xcopy_offload *offload, struct route *route)
{
	struct xcopy_clone *clone = offload->clone;
	struct route first = *route;
	enum step step = open_route(offload, route);

	if (step != STEP_DONE || xcopy_commit_try_open(clone))
		return step;
	close_route(route);
	*route = first;
	if (xcopy_commit_open(clone))
		return STEP_HOST;
	step = open_route(offload, route);
	if (step != STEP_DONE) {
		xcopy_commit_answered(clone);
		xcopy_commit_close(clone);
	}
	return step;
}

static enum step attempt(struct xcopy_copy *copy, struct route *route)
{
	struct xcopy_offload *offload = copy->engine->offload;
	enum step step = open_counted(offload, route);

	if (step != STEP_DONE)
		return step;
	/* Whoever switches offload off waits for what is counted: look again. */
	if (usable(copy)) {
		step = command(copy, route);
	} else {
		close_route(route);
		step = STEP_HOST;
	}
	xcopy_commit_answered(offload->clone);
	/* A quarantine closes it when it is over. */
	if (!copy->quarantined)
		xcopy_commit_close(offload->clone);
	return step;
}

static bool pausing(struct xcopy_offload *offload)
{
	bool pausing;

	spin_lock_irq(&offload->clone->lock);
	if (offload->pausing && time_after_eq(jiffies, offload->pause_until))
		offload->pausing = false;
	pausing = offload->pausing;
	spin_unlock_irq(&offload->clone->lock);
	return pausing;
}

static void pause(struct xcopy_offload *offload)
{
	spin_lock_irq(&offload->clone->lock);
	offload->pausing = true;
	offload->pause_until = jiffies + PAUSE;
	spin_unlock_irq(&offload->clone->lock);
	set_state(offload->clone, XCOPY_OFFLOAD_WAITING, "busy");
}

sector_t xcopy_offload_copy(struct xcopy_copy *copy, sector_t sector, sector_t sectors,
			    bool *by_host)
{
	struct xcopy_clone *clone = copy->engine->clone;
	struct route route = { .sector = sector, .sectors = sectors };
	struct xcopy_offload *offload = copy->engine->offload;
	bool tried = usable(copy) && !pausing(offload);
	unsigned long until = jiffies + PATIENCE;
	enum step step = STEP_HOST;
	unsigned int i;

	for (i = 0; i < ATTEMPTS && tried && usable(copy); i++) {
		route = (struct route){ .sector = sector, .sectors = sectors };
		step = attempt(copy, &route);
		if (step == STEP_DONE || step == STEP_HOST)
			break;
		xcopy_stat_add(clone, XCOPY_STAT_RETRIES, 1);
		if (step == STEP_AGAIN && time_after(jiffies, until))
			break;
		if (step == STEP_AGAIN)
			msleep(min(10U << i, 500U));
	}
	if (step == STEP_AGAIN && usable(copy))
		pause(offload);
	*by_host = step != STEP_DONE;
	if (*by_host && tried && !copy->quarantined)
		xcopy_stat_add(clone, XCOPY_STAT_FALLBACKS, 1);
	return route.sectors;
}

/* ---- lifetime ---- */

static void prepare_device(struct block_device *bdev)
{
	struct xcopy_mapping mapping;
	const char *kind;

	if (xcopy_extent_resolve(bdev, 0, 8, &mapping))
		return;
	kind = xcopy_copier_kind(mapping.disk);
	xcopy_mapping_put(&mapping);
	if (kind)
		xcopy_copier_load(kind);
}

void xcopy_offload_prepare(struct xcopy_clone *clone)
{
	/* A forced copier was loaded by the constructor. */
	if (clone->args.driver[0])
		return;
	prepare_device(clone->destination);
	prepare_device(clone->source);
}

void xcopy_offload_reset(struct xcopy_offload *offload)
{
	struct xcopy_clone *clone = offload->clone;
	struct offload_pair *p;

	mutex_lock(&offload->mutex);
	spin_lock_irq(&clone->lock);
	offload->wanted = NULL;
	offload->pausing = false;
	/* It may have become complete since the caller looked, and stays so. */
	if (clone->offload != XCOPY_OFFLOAD_DONE) {
		clone->offload = XCOPY_OFFLOAD_ON;
		strscpy(clone->reason, "-", XCOPY_WORD);
	}
	list_for_each_entry(p, &offload->pairs, list) {
		p->failed = !p->pair.type;
		demand_verification(p);
		p->range_failures = 0;
	}
	spin_unlock_irq(&clone->lock);
	mutex_unlock(&offload->mutex);
}

sector_t xcopy_offload_sectors(const struct xcopy_offload *offload)
{
	if (offload->clone->offload != XCOPY_OFFLOAD_ON)
		return XCOPY_HOST_SECTORS;
	return READ_ONCE(offload->sectors);
}

bool xcopy_offload_proven(const struct xcopy_offload *offload)
{
	return READ_ONCE(offload->proven);
}

unsigned int xcopy_offload_kib(const struct xcopy_offload *offload)
{
	return READ_ONCE(offload->kib);
}

void xcopy_offload_status(const struct xcopy_offload *offload, struct xcopy_engine_status *status)
{
	status->command_kib = xcopy_offload_kib(offload);
	status->segments = offload->segments;
	status->segment_bytes = offload->segment_bytes;
}

void xcopy_offload_destroy(struct xcopy_offload *offload)
{
	struct offload_pair *p, *next;

	if (!offload)
		return;
	list_for_each_entry_safe(p, next, &offload->pairs, list)
		free_pair(p);
	xcopy_verifier_destroy(offload->verifier);
	kfree(offload);
}

struct xcopy_offload *xcopy_offload_create(struct xcopy_clone *clone)
{
	struct xcopy_offload *offload = kzalloc(sizeof(*offload), GFP_KERNEL);

	if (!offload)
		return NULL;
	offload->clone = clone;
	mutex_init(&offload->mutex);
	INIT_LIST_HEAD(&offload->pairs);
	offload->sectors = XCOPY_HOST_SECTORS;
	offload->verifier = xcopy_verifier_create();
	if (offload->verifier)
		return offload;
	xcopy_offload_destroy(offload);
	return NULL;
}

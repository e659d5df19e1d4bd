// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copying by the storage: one command after the other, and what follows from each outcome.
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
 * mostly ends offload for the pair, see probation.h.
 */
#include <linux/delay.h>
#include <linux/ktime.h>
#include <linux/slab.h>

#include "offload-private.h"

#define ATTEMPTS		12U
/* Nor are there more of them when they took that long: writes wait for the range. */
#define PATIENCE		(10 * HZ)
/* When they did not help, the next ranges need not go through all of them as well. */
#define PAUSE			(5 * HZ)
/* A row of refused ranges says more about the pair than about the ranges. */
#define MAX_RANGE_FAILURES	16U
/* No transport gives up a command for its time alone before that. */
#define SLOW			(5 * HZ)
/* Verifying reads both sides: keep the commands that need it short. */
#define VERIFY_SECTORS		16384U

/* ---- what may be done late ---- */

static void enter_quarantine(struct xcopy_copy *copy, struct xcopy_route *route)
{
	struct xcopy_clone *clone = copy->engine->clone;

	copy->quarantined = true;
	copy->quarantine_ms = xcopy_metadata_quarantine_ms(clone->md);
	/* The references move: xcopy_route_close() finds none. */
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
static void distrust(struct xcopy_copy *copy, const struct xcopy_route *route)
{
	struct xcopy_route again = { .sector = route->sector, .sectors = route->sectors };

	if (xcopy_route_resolve(copy->engine->clone, &again)) {
		again.source.nr = 0;
		again.destination.nr = 0;
	}
	enter_quarantine(copy, &again);
}

static void note_size(struct xcopy_offload *offload, struct xcopy_offload_pair *p)
{
	struct xcopy_clone *clone = offload->clone;
	sector_t max = 2ULL * xcopy_number(&clone->args, XCOPY_OFFLOAD_MAX_KIB);
	sector_t sectors = min_t(sector_t, max, xcopy_limits_blocks(&p->limits) *
				 pair_block_sectors(p));

	WRITE_ONCE(offload->sectors, sectors);
	WRITE_ONCE(offload->kib, sectors / 2);
	offload->segments = p->limits.segments;
	offload->segment_bytes = xcopy_offload_segment_length(p) << SECTOR_SHIFT;
}

static enum xcopy_step unknown_outcome(struct xcopy_offload *offload, struct xcopy_route *route,
				       enum xcopy_unknown why)
{
	struct xcopy_clone *clone = offload->clone;
	struct xcopy_offload_pair *p = route->pair;
	bool too_many;

	spin_lock_irq(&clone->lock);
	too_many = xcopy_probation_unknown(&p->probation, route->sent_at, jiffies, 3600UL * HZ,
					   why);
	xcopy_trust_demand_verification(p);
	xcopy_limits_minimum(&p->limits);
	note_size(offload, p);
	spin_unlock_irq(&clone->lock);
	if (too_many)
		xcopy_offload_give_up(clone, p, "unknown-outcomes");
	return STEP_HOST;
}

static void caught_lying(struct xcopy_clone *clone, struct xcopy_offload_pair *p)
{
	spin_lock_irq(&clone->lock);
	p->lied = true;
	/* What was sent before does not give it its trust back. */
	xcopy_trust_demand_verification(p);
	spin_unlock_irq(&clone->lock);
	xcopy_offload_give_up(clone, p, "verify-failed");
}

/*
 * What differs, or cannot be read, may be copied late, whatever the storage said; and poison may be
 * written late. Where the map has changed meanwhile, and where there was no comparison, that is not
 * proof against the storage: it counts as an unknown outcome, so that not every range has its
 * quarantine.
 */
static void not_verified(struct xcopy_copy *copy, struct xcopy_route *route, bool lie,
			 enum xcopy_unknown why)
{
	struct xcopy_offload *offload = copy->engine->offload;
	struct xcopy_clone *clone = offload->clone;

	if (lie)
		caught_lying(clone, route->pair);
	else
		unknown_outcome(offload, route, why);
	xcopy_clone_set_word(clone, clone->last_error, lie ? "verify-failed" : "not-verified");
	distrust(copy, route);
}

/* ---- poison ---- */

/*
 * Poison the destination without holding anything, and open the route again.
 * The segment size is the caller's, so that the ends which are poisoned are
 * those of the descriptors to be sent.
 */
static enum xcopy_step poison(struct xcopy_copy *copy, struct xcopy_route *route, sector_t segment,
			      enum xcopy_verify how)
{
	struct xcopy_offload *offload = copy->engine->offload;
	struct xcopy_route old = *route;
	enum xcopy_step step;
	int r;

	xcopy_route_close(&old);
	route->on_path = false;
	if (how == VERIFY_WHOLE)
		route->sectors = min_t(sector_t, route->sectors, VERIFY_SECTORS);
	old.sectors = route->sectors;
	route->sent_at = jiffies;
	r = xcopy_verify_poison(offload->verifier, offload->clone, old.sector, old.sectors,
				segment, pair_block_sectors(old.pair));
	/* It was a write of the host's: no fault of a copy's. */
	if (r == -EINPROGRESS)
		not_verified(copy, route, false, XCOPY_UNKNOWN_LOST);
	if (r)
		return STEP_HOST;

	step = xcopy_route_open(offload, route);
	if (step != STEP_DONE)
		return step;
	step = xcopy_route_compare(offload->clone, route, &old, how);
	if (step != STEP_DONE)
		xcopy_route_close(route);
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

static enum xcopy_outcome send(struct xcopy_copy *copy, struct xcopy_route *route, sector_t segment,
			       u64 *took_ms)
{
	struct xcopy_clone *clone = copy->engine->clone;
	struct xcopy_offload_pair *p = route->pair;
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
static u64 blocks_for_growth(struct xcopy_clone *clone, const struct xcopy_route *route)
{
	const struct xcopy_offload_pair *p = route->pair;
	u64 blocks = pair_blocks(p, route->sectors), limit = xcopy_limits_blocks(&p->limits);
	u64 region = pair_blocks(p, (sector_t)1 << clone->region_shift);

	return blocks + region > limit ? limit : blocks;
}

static void learn_done(struct xcopy_offload *offload, struct xcopy_route *route, sector_t segment,
		       u64 took_ms)
{
	struct xcopy_clone *clone = offload->clone;
	struct xcopy_offload_pair *p = route->pair;

	spin_lock_irq(&clone->lock);
	p->commands++;
	WRITE_ONCE(offload->proven, true);
	p->range_failures = 0;
	xcopy_probation_done(&p->probation, route->sent_at);
	xcopy_limits_note(&p->limits, pair_blocks(p, route->sectors),
			  route_longest_segment(route, segment), route_segments(route, segment));
	if (took_ms > xcopy_number(&clone->args, XCOPY_COPY_LATENCY_MS))
		xcopy_limits_slow(&p->limits, pair_blocks(p, route->sectors));
	else
		xcopy_limits_done(&p->limits, blocks_for_growth(clone, route));
	note_size(offload, p);
	spin_unlock_irq(&clone->lock);
}

static int compare(struct xcopy_offload *offload, const struct xcopy_route *route, sector_t segment,
		   enum xcopy_verify how)
{
	if (how == VERIFY_WHOLE)
		return xcopy_verify_compare(offload->verifier, offload->clone, route->sector,
					    route->sectors);
	return xcopy_verify_compare_ends(offload->verifier, offload->clone, route->sector,
					 route->sectors, segment, pair_block_sectors(route->pair));
}

static bool map_unchanged(const struct xcopy_clone *clone, const struct xcopy_route *route)
{
	return xcopy_mapping_unchanged(&route->source, clone->source, route->sector) &&
	       xcopy_mapping_unchanged(&route->destination, clone->destination, route->sector);
}

/* STEP_DONE: the storage copied it right. */
static enum xcopy_step check_copy(struct xcopy_copy *copy, struct xcopy_route *route,
				  sector_t segment, enum xcopy_verify how)
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
		not_verified(copy, route, r == -EILSEQ && unchanged, XCOPY_UNKNOWN_OTHER);
	else if (unchanged && how == VERIFY_WHOLE)
		xcopy_trust_add(clone, route);
	return r ? STEP_HOST : STEP_DONE;
}

/* Commands that were on their way when another one was seen to be a lie are not believed. */
static bool is_doubtful(struct xcopy_clone *clone, const struct xcopy_offload_pair *p,
			enum xcopy_verify how)
{
	bool lied;

	spin_lock_irq(&clone->lock);
	lied = p->lied;
	spin_unlock_irq(&clone->lock);
	return lied && how != VERIFY_WHOLE;
}

static enum xcopy_step copied(struct xcopy_copy *copy, struct xcopy_route *route, sector_t segment,
			      enum xcopy_verify how, u64 took_ms)
{
	struct xcopy_offload *offload = copy->engine->offload;
	struct xcopy_clone *clone = offload->clone;

	if (how != VERIFY_NOT && check_copy(copy, route, segment, how) != STEP_DONE)
		return STEP_HOST;
	if (is_doubtful(clone, route->pair, how)) {
		xcopy_clone_set_word(clone, clone->last_error, "not-verified");
		distrust(copy, route);
		return STEP_HOST;
	}
	learn_done(offload, route, segment, took_ms);
	xcopy_stat_add(clone, XCOPY_STAT_OFFLOADED, route->sectors);
	xcopy_clone_set_word(clone, clone->copier, route->pair->pair.type->name);
	xcopy_offload_set_state(clone, XCOPY_OFFLOAD_ON, "-");
	return STEP_DONE;
}

static enum xcopy_step too_big(struct xcopy_offload *offload, struct xcopy_route *route,
			       sector_t segment)
{
	struct xcopy_clone *clone = offload->clone;
	struct xcopy_offload_pair *p = route->pair;
	bool smaller;

	spin_lock_irq(&clone->lock);
	smaller = route->sectors > pair_granularity(p) &&
		  xcopy_limits_too_big(&p->limits, pair_blocks(p, route->sectors),
				       route_segments(route, segment));
	note_size(offload, p);
	spin_unlock_irq(&clone->lock);
	if (smaller)
		return STEP_NOW;
	xcopy_offload_give_up(clone, p, "too-big");
	return STEP_HOST;
}

/* Not every device has a word for what is too much: what is larger than ever is taken for it. */
static enum xcopy_step refused(struct xcopy_offload *offload, struct xcopy_route *route,
			       sector_t segment)
{
	struct xcopy_clone *clone = offload->clone;
	struct xcopy_offload_pair *p = route->pair;
	bool grown;

	spin_lock_irq(&clone->lock);
	grown = xcopy_trust_is_larger(route, segment);
	spin_unlock_irq(&clone->lock);
	if (grown)
		return too_big(offload, route, segment);
	xcopy_offload_give_up(clone, p, "refused");
	return STEP_HOST;
}

static enum xcopy_step refused_range(struct xcopy_clone *clone, struct xcopy_offload_pair *p)
{
	bool too_many;

	spin_lock_irq(&clone->lock);
	too_many = ++p->range_failures >= MAX_RANGE_FAILURES;
	spin_unlock_irq(&clone->lock);
	if (too_many)
		xcopy_offload_give_up(clone, p, "ranges-refused");
	return STEP_HOST;
}

static enum xcopy_unknown why_unknown(const struct xcopy_route *route)
{
	if (route->lost)
		return XCOPY_UNKNOWN_LOST;
	if (time_after(jiffies, route->sent_at + SLOW))
		return XCOPY_UNKNOWN_SLOW;
	return XCOPY_UNKNOWN_OTHER;
}

static enum xcopy_step judge(struct xcopy_copy *copy, struct xcopy_route *route,
			     enum xcopy_outcome outcome, sector_t segment)
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
		return unknown_outcome(offload, route, why_unknown(route));
	case XCOPY_REFUSED:
		return refused(offload, route, segment);
	case XCOPY_UNSUPPORTED:
		xcopy_offload_give_up(clone, route->pair, "refused");
		return STEP_HOST;
	default:
		return refused_range(clone, route->pair);
	}
}

/* STEP_DONE: the command can be sent. Else the route is closed. */
static enum xcopy_step prepare(struct xcopy_copy *copy, struct xcopy_route *route, sector_t segment,
			       enum xcopy_verify *how)
{
	struct xcopy_offload *offload = copy->engine->offload;
	enum xcopy_step step = STEP_NOW;

	/* Another command's refusal may have made segments smaller since trim() looked. */
	if (route_segments(route, segment) <= route->pair->pair.hard_segments)
		step = xcopy_trust_must_verify(offload->clone, route, segment, how);
	if (step != STEP_DONE)
		xcopy_route_close(route);
	else if (*how != VERIFY_NOT)
		step = poison(copy, route, segment, *how);
	/* Since the route was opened another command may have ended offload. */
	if (step == STEP_DONE && xcopy_offload_failed(offload->clone, route->pair)) {
		xcopy_route_close(route);
		step = STEP_HOST;
	}
	return step;
}

/* With the route open, and the command counted. Closes the route. */
static enum xcopy_step command(struct xcopy_copy *copy, struct xcopy_route *route)
{
	struct xcopy_offload *offload = copy->engine->offload;
	sector_t segment = xcopy_route_segment_sectors(offload->clone, route);
	enum xcopy_outcome outcome;
	enum xcopy_verify how;
	enum xcopy_step step = prepare(copy, route, segment, &how);
	u64 took_ms = 0;

	if (step == STEP_DONE) {
		outcome = send(copy, route, segment, &took_ms);
		xcopy_route_close(route);
		step = outcome == XCOPY_DONE ? copied(copy, route, segment, how, took_ms) :
		       judge(copy, route, outcome, segment);
	}
	xcopy_trust_end_growth(offload->clone, route);
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
static enum xcopy_step open_counted(struct xcopy_offload *offload, struct xcopy_route *route)
{
	struct xcopy_clone *clone = offload->clone;
	struct xcopy_route first = *route;
	enum xcopy_step step = xcopy_route_open(offload, route);

	if (step != STEP_DONE || xcopy_commit_try_open(clone))
		return step;
	xcopy_route_close(route);
	*route = first;
	if (xcopy_commit_open(clone))
		return STEP_HOST;
	step = xcopy_route_open(offload, route);
	if (step != STEP_DONE) {
		xcopy_commit_answered(clone);
		xcopy_commit_close(clone);
	}
	return step;
}

static enum xcopy_step attempt(struct xcopy_copy *copy, struct xcopy_route *route)
{
	struct xcopy_offload *offload = copy->engine->offload;
	enum xcopy_step step = open_counted(offload, route);

	if (step != STEP_DONE)
		return step;
	/* Whoever switches offload off waits for what is counted: look again. */
	if (usable(copy)) {
		step = command(copy, route);
	} else {
		xcopy_route_close(route);
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
	xcopy_offload_set_state(offload->clone, XCOPY_OFFLOAD_WAITING, "busy");
}

sector_t xcopy_offload_copy(struct xcopy_copy *copy, sector_t sector, sector_t sectors,
			    bool *by_host)
{
	struct xcopy_clone *clone = copy->engine->clone;
	struct xcopy_route route = { .sector = sector, .sectors = sectors };
	struct xcopy_offload *offload = copy->engine->offload;
	bool tried = usable(copy) && !pausing(offload);
	unsigned long until = jiffies + PATIENCE;
	enum xcopy_step step = STEP_HOST;
	unsigned int i;

	for (i = 0; i < ATTEMPTS && tried && usable(copy); i++) {
		route = (struct xcopy_route){ .sector = sector, .sectors = sectors };
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
	struct xcopy_offload_pair *p;

	/* Not the mutex: under it devices are waited for, and commits wait for the caller. */
	spin_lock_irq(&clone->lock);
	WRITE_ONCE(offload->wanted, NULL);
	offload->pausing = false;
	/* It may have become complete since the caller looked, and stays so. */
	if (clone->offload != XCOPY_OFFLOAD_DONE) {
		clone->offload = XCOPY_OFFLOAD_ON;
		strscpy(clone->reason, "-", XCOPY_WORD);
	}
	list_for_each_entry(p, &offload->pairs, list) {
		p->failed = !p->pair.type;
		xcopy_trust_demand_verification(p);
		p->range_failures = 0;
	}
	spin_unlock_irq(&clone->lock);
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
	struct xcopy_offload_pair *p, *next;

	if (!offload)
		return;
	list_for_each_entry_safe(p, next, &offload->pairs, list)
		xcopy_offload_free_pair(p);
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

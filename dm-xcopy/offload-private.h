/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of offloading share among themselves: offload.c (one attempt, and what follows
 * from its outcome), offload-pair.c (pairs of disks), offload-route.c (how one command gets from
 * source to destination, and how much of it), offload-trust.c (what has to be verified).
 *
 * Locking: pairs are opened under offload->mutex, one at a time. The list of pairs is changed
 * under both that and clone->lock, and read under either. What a pair has learned is under
 * clone->lock.
 */
#ifndef XCOPY_OFFLOAD_PRIVATE_H
#define XCOPY_OFFLOAD_PRIVATE_H

#include <linux/log2.h>
#include <linux/mutex.h>

#include "copier.h"
#include "engine.h"
#include "probation.h"
#include "verify.h"

#define DM_MSG_PREFIX XCOPY_MSG_PREFIX

/* Paths of a pair that are remembered as right; forgetting one costs a verification. */
#define XCOPY_TRUSTED_PATHS	16U

/**
 * struct xcopy_trusted_extents - a pair of extents whose copies were seen to be right
 * @list: pair->trusted
 * @source_start: first sector on the source disk
 * @source_sectors: length, sectors
 * @destination_start: first sector on the destination disk
 * @destination_sectors: length, sectors
 */
struct xcopy_trusted_extents {
	struct list_head list;
	sector_t source_start;
	sector_t source_sectors;
	sector_t destination_start;
	sector_t destination_sectors;
};

/**
 * struct xcopy_offload_pair - what is known of one pair of disks
 * @list: offload->pairs
 * @clone: whose pair it is
 * @pair: the copier's view; references on both disks' devices are held
 * @limits: size of commands
 * @trusted: list of struct xcopy_trusted_extents
 * @paths: keys of paths that were seen to be right, the oldest is replaced
 * @nr_paths: how many were ever added
 * @failed: given up; @reason says why
 * @reason: a word
 * @lied: it said that it had copied, and had not: only what was compared counts, until a whole
 *	command that was sent after offload was switched on again is right
 * @verify_next: the next command has to be verified
 * @verify_since: jiffies when that was found; commands sent before do not count
 * @growing: a command larger than all that were done is being verified: the others are kept smaller
 * @probation: unknown outcomes
 * @range_failures: ranges refused in a row
 * @commands: sent
 */
struct xcopy_offload_pair {
	struct list_head list;
	struct xcopy_clone *clone;
	struct xcopy_pair pair;
	struct xcopy_limits limits;
	struct list_head trusted;
	u64 paths[XCOPY_TRUSTED_PATHS];
	unsigned int nr_paths;
	bool failed;
	char reason[XCOPY_WORD];
	bool lied;
	bool verify_next;
	unsigned long verify_since;
	bool growing;
	struct xcopy_probation probation;
	unsigned int range_failures;
	u64 commands;
};

/**
 * struct xcopy_offload - offload of one clone
 * @clone: the clone
 * @mutex: see above
 * @pairs: list of struct xcopy_offload_pair
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
 * struct xcopy_route - how one command gets from source to destination
 * @sector: first sector of the clone
 * @sectors: length, sectors; cut down on the way
 * @source: where it lies on the source disk
 * @destination: where it lies on the destination disk
 * @pair: the pair
 * @path: path to the destination, if @on_path
 * @on_path: @path is held
 * @sent_at: jiffies when the command was sent
 * @grower: the pair that is growing for this command; @pair may be another by then
 * @lost: that its outcome is not known is no fault of the copy's: the transport was lost
 */
struct xcopy_route {
	sector_t sector;
	sector_t sectors;
	struct xcopy_mapping source;
	struct xcopy_mapping destination;
	struct xcopy_offload_pair *pair;
	struct xcopy_path path;
	bool on_path;
	unsigned long sent_at;
	struct xcopy_offload_pair *grower;
	bool lost;
};

/*
 * How a command is verified. At the ends of its descriptors is enough for what a device does
 * right when it is smaller: what is too long for it, or one descriptor too many, ends early.
 */
enum xcopy_verify {
	VERIFY_NOT,
	VERIFY_ENDS,
	VERIFY_WHOLE,
};

/* What to do after an attempt. */
enum xcopy_step {
	STEP_DONE,
	STEP_NOW,	/* again, at once: something was put right */
	STEP_AGAIN,	/* again, after a while */
	STEP_HOST,
};

/* ---- offload-pair.c ---- */

/**
 * xcopy_offload_set_state() - what status says, unless somebody has switched offload off
 * @clone: the clone
 * @state: its new state; ignored where offload is given up, switched off, or through
 * @reason: a word
 *
 * Context: process, no spinlock; raises an event with the next commit if the state is another.
 */
void xcopy_offload_set_state(struct xcopy_clone *clone, enum xcopy_offload_state state,
			     const char *reason);

/**
 * xcopy_offload_give_up() - no more offload for a pair, until "enable_offload"
 * @clone: the clone
 * @p: the pair
 * @reason: a word for the log and for status
 *
 * Context: process, no spinlock.
 */
void xcopy_offload_give_up(struct xcopy_clone *clone, struct xcopy_offload_pair *p,
			   const char *reason);

/** xcopy_offload_failed() - is the pair given up?  If so, status says why; process, no spinlock */
bool xcopy_offload_failed(struct xcopy_clone *clone, const struct xcopy_offload_pair *p);

/**
 * xcopy_offload_get_pair() - the pair of two disks, opened by its copier if it is a new one
 * @offload: of the clone
 * @source: disk, kept open by the caller
 * @destination: disk, as above
 *
 * Context: process, takes offload->mutex; asks the devices.
 * Return: the pair, which may be given up, and stays until xcopy_offload_destroy(); NULL: not
 * now, and status says why, unless there is no memory.
 */
struct xcopy_offload_pair *xcopy_offload_get_pair(struct xcopy_offload *offload,
						  struct gendisk *source,
						  struct gendisk *destination);

/** xcopy_offload_free_pair() - close it; process, nobody uses it any more */
void xcopy_offload_free_pair(struct xcopy_offload_pair *p);

/* ---- offload-route.c ---- */

static inline u64 pair_blocks(const struct xcopy_offload_pair *p, sector_t sectors)
{
	return sectors >> (ilog2(p->pair.block_size) - SECTOR_SHIFT);
}

static inline sector_t pair_block_sectors(const struct xcopy_offload_pair *p)
{
	return p->pair.block_size >> SECTOR_SHIFT;
}

/* Sectors of which the length of a command must be a multiple. */
static inline sector_t pair_granularity(const struct xcopy_offload_pair *p)
{
	return max_t(sector_t, pair_block_sectors(p), p->pair.granularity);
}

/* Segments of a command whose descriptors are @segment sectors long. */
static inline u32 route_segments(const struct xcopy_route *route, sector_t segment)
{
	return DIV_ROUND_UP_SECTOR_T(route->sectors, segment);
}

static inline u32 route_longest_segment(const struct xcopy_route *route, sector_t segment)
{
	return pair_blocks(route->pair, min(route->sectors, segment));
}

/** xcopy_offload_segment_length() - of all segments but the last, sectors; clone->lock */
sector_t xcopy_offload_segment_length(const struct xcopy_offload_pair *p);

/**
 * xcopy_route_segment_sectors() - length of the next command's segments but its last, sectors
 *
 * Context: process, no spinlock; takes clone->lock.
 */
sector_t xcopy_route_segment_sectors(struct xcopy_clone *clone, const struct xcopy_route *route);

/**
 * xcopy_route_resolve() - where both ends lie, with references on the extents
 * @clone: the clone
 * @route: @sector and @sectors given; @source and @destination filled
 *
 * Context: process; see xcopy_extent_resolve().
 * Return: 0, or a negative errno, and no references.
 */
int xcopy_route_resolve(struct xcopy_clone *clone, struct xcopy_route *route);

/**
 * xcopy_route_open() - all that one command needs: references, the pair, its length, a path
 * @offload: of the clone
 * @route: closed; @sector and @sectors given, @grower counts; @sectors becomes that of one
 *	command, or of what the host has to copy
 *
 * Context: process; takes offload->mutex; asks the devices.
 * Return: STEP_DONE: the route is open. Else it is closed.
 */
enum xcopy_step xcopy_route_open(struct xcopy_offload *offload, struct xcopy_route *route);

/** xcopy_route_close() - let go of path and references; process */
void xcopy_route_close(struct xcopy_route *route);

/**
 * xcopy_route_compare() - is what was poisoned what is going to be copied, and verified as it
 * has to be?
 * @clone: the clone
 * @now: open
 * @old: as it was when it was poisoned
 * @how: what it was poisoned for
 *
 * Context: process, no spinlock; takes clone->lock.
 * Return: STEP_DONE: yes.
 */
enum xcopy_step xcopy_route_compare(struct xcopy_clone *clone, const struct xcopy_route *now,
				    const struct xcopy_route *old, enum xcopy_verify how);

/* ---- offload-trust.c ---- */

/**
 * xcopy_trust_is_larger() - is the command larger, in any way, than all of its pair that were done?
 * @route: open
 * @segment: length of its segments, sectors
 *
 * Context: caller holds clone->lock.
 */
bool xcopy_trust_is_larger(const struct xcopy_route *route, sector_t segment);

/** xcopy_trust_demand_verification() - of the next command; caller holds clone->lock */
void xcopy_trust_demand_verification(struct xcopy_offload_pair *p);

/**
 * xcopy_trust_must_verify() - how much of a command has to be verified
 * @clone: the clone
 * @route: open
 * @segment: length of its segments, sectors
 * @how: filled
 *
 * Larger commands go one at a time: each takes long to poison and to compare, under its range's
 * lock. Ended by xcopy_trust_end_growth().
 *
 * Context: process, no spinlock; takes clone->lock.
 * Return: STEP_DONE; STEP_NOW: the command has to be cut, for which xcopy_route_open() is.
 */
enum xcopy_step xcopy_trust_must_verify(struct xcopy_clone *clone, struct xcopy_route *route,
					sector_t segment, enum xcopy_verify *how);

/** xcopy_trust_end_growth() - others may grow again, if it was this one; takes clone->lock */
void xcopy_trust_end_growth(struct xcopy_clone *clone, struct xcopy_route *route);

/**
 * xcopy_trust_wants_whole() - has all of the command to be verified?
 *
 * By another path than before it was poisoned, or since an outcome was unknown.
 *
 * Context: process, no spinlock; takes clone->lock.
 */
bool xcopy_trust_wants_whole(struct xcopy_clone *clone, const struct xcopy_route *route);

/**
 * xcopy_trust_add() - all of a command was seen to be right: its extents and its path are
 *
 * Not being able to remember only means verifying again.
 *
 * Context: process, allocates; takes clone->lock.
 */
void xcopy_trust_add(struct xcopy_clone *clone, const struct xcopy_route *route);

#endif /* XCOPY_OFFLOAD_PRIVATE_H */

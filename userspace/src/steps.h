/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The steps that clone, cancel, finish and activate are made of.
 *
 * Each can be repeated: it looks at what is there and does only what is missing, so that
 * whatever a crash left is brought to its end by running the same steps again.  All return
 * exit codes and have printed a message on failure.  The caller holds the job's lock.
 */
#ifndef XCOPYSETUP_STEPS_H
#define XCOPYSETUP_STEPS_H

#include "job.h"
#include "lvm.h"

/** step_set_state() - record a new state in the destination's tags */
int step_set_state(struct job *job, enum job_state state);

/** step_source_take() - record and make the source read-only, active, and written out */
int step_source_take(struct job *job, bool force);

/** source_is_protected() - have other clones made it read-only, so that nobody can write to it? */
bool source_is_protected(const struct lvm_lv *source);

/** step_check_source() - is the source active and read-only, as step_source_take() left it? */
int step_check_source(const struct job *job);

/** step_source_release() - take the extents out, and undo step_source_take(), for the last job */
int step_source_release(const struct job *job);

/** step_extents_in() - put xcopy-linear under both LVs; without it the clone is host-copied */
void step_extents_in(const struct job *job);

/** step_load() - create the clone's device; @no_format as in the table */
int step_load(const struct job *job, bool no_format);

/**
 * step_check_clone() - does the clone's device, if there is one, lie on the job's destination?
 *
 * Tags are copied with a volume group, and with them the UUID that the clone's device has: one
 * that does not lie on our destination is another job's.
 */
int step_check_clone(const struct job *job);

/** step_activate_source() - activate the source, if it is here */
int step_activate_source(const struct job *job);

/** step_activate() - the destination, hidden from udev, and the metadata volume */
int step_activate(const struct job *job);

/** step_undo() - remove clone, metadata LV and destination, restore the source */
int step_undo(struct job *job);

/** step_finish() - a complete clone: swap to linear, remove everything else */
int step_finish(struct job *job);

/** step_offload_limits() - set the core arguments that identify data gives, unless set */
void step_offload_limits(struct job *job);

/** step_send_limits() - the same for a clone that is running: its volumes may have moved */
void step_send_limits(const struct job *job);

/** job_say_damaged() - why job_from_lv() would not read this volume's tags */
void job_say_damaged(const struct lvm_lv *lv);

/** job_refresh() - read the job, whose lock is held, again; exit code, EXIT_REFUSED if it is gone */
int job_refresh(struct job *job);

/**
 * job_find() - the job that an argument means
 * @argument: VG/DST, DST, /dev/VG/DST, /dev/mapper/VG-DST, or the clone's device
 */
int job_find(const char *argument, struct job *job);

/** job_find_id() - the job with this id, quietly; EXIT_REFUSED if there is none */
int job_find_id(const char *id, struct job *job);

/** job_lock() - take its lock, waiting; a descriptor, or -1 after a message */
int job_lock(const struct job *job);

#endif

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

#include "clone-status.h"
#include "dm.h"
#include "job.h"
#include "lvm.h"
#include "metadata-device.h"

/** step_set_state() - record a new state in the destination's tags */
int step_set_state(struct job *job, enum job_state state);

/** step_source_take() - record and make the source read-only, active, and written out */
int step_source_take(struct job *job, bool force);

/** step_source_take_reported() - the same, by a caller that has held the source's lock since @report was made */
int step_source_take_reported(struct job *job, const struct lvm_report *report, bool force);

/** source_is_protected() - have other clones made it read-only, so that nobody can write to it? */
bool source_is_protected(const struct lvm_lv *source);

/**
 * source_say_needed() - warn if an LV is held read-only for a clone that is not here
 *
 * Its destination may have been removed by hand, or lie in a volume group that is away: only the
 * administrator knows.
 */
void source_say_needed(const struct lvm_report *report, const struct lvm_lv *source);

/** step_check_source() - is the source active and read-only, as step_source_take() left it? */
int step_check_source(const struct job *job);

/**
 * step_suspicion() - may the source have changed since the clone was begun?
 * @status: of the clone's device; NULL if it has none
 *
 * The clone is then a mix of what the source held at different times, which nothing can mend.
 * The kernel sees writes through xcopy-linear; those under a table of LVM's it does not, so
 * that a source that is writeable is under suspicion too.
 *
 * Return: NULL, "source-written" or "source-writeable", constants.
 */
const char *step_suspicion(const struct job *job, const struct clone_status *status);

/** suspicion_text() - in words, with what there is to do; to be freed */
char *suspicion_text(const struct job *job, const char *suspicion);

/** step_record_suspicion() - in the destination's tags, so that it is known after a boot too */
int step_record_suspicion(struct job *job, const char *suspicion);

/** step_source_release() - take the extents out, and undo step_source_take(), for the last job */
int step_source_release(const struct job *job);

/**
 * step_extents_in() - put xcopy-linear under both LVs; without it the clone is host-copied
 * @cookie: as in dm_swap()
 */
void step_extents_in(const struct job *job, uint32_t *cookie);

/** step_extents_out() - put linear under an LV again, as LVM has it; refused while LVM is at it */
int step_extents_out(const char *uuid, enum dm_udev udev);

/**
 * step_wipe() - make a destination, an LV that no clone has been loaded on yet, hold nothing
 *
 * LVM would do so when it makes the volume, but waits for udev before.  What was there would come
 * to light where the clone is discarded, and at its end, behind the source's.
 */
int step_wipe(const struct job *job);

/** step_wipe_new() - the same after a crash, where the metadata has to say whether there was a clone */
int step_wipe_new(const struct job *job);

/** step_activate_metadata() - the metadata volume, hidden from udev as long as the job is being made */
int step_activate_metadata(const struct job *job);

/** step_was_loaded() - was there a clone, or may have been?  The metadata volume, which is activated, says so */
bool step_was_loaded(const struct job *job);

/**
 * step_check_begun() - refuse to undo a job that is being made, by its tags, and that was used
 *
 * Its destination was removed by hand, or lies in a volume group that is away: what the metadata
 * says would be lost for ever.  Whoever gives the clone up does not call this.
 */
int step_check_begun(const struct job *job);

/**
 * step_load() - create the clone's device; @no_format as in the table
 * @cookie: as in dm_swap(): for dm_wait_udev(), before anything is done with the device by name
 *
 * For a job that is still being made it has a name that nobody knows, and udev does not look at
 * it: it may be thrown away.
 */
int step_load(const struct job *job, bool no_format, uint32_t *cookie);

/** step_loaded_name() - the name by which step_load() makes it; to be freed */
char *step_loaded_name(const struct job *job);

/** step_show_clone() - if the clone's device has that hidden name: give it its own, and show it to udev */
int step_show_clone(const struct job *job);

/**
 * step_check_clone() - does the clone's device, if there is one, lie on the job's destination?
 *
 * Tags are copied with a volume group, and with them the UUID that the clone's device has: one
 * that does not lie on our destination is another job's.
 */
int step_check_clone(const struct job *job);

/** step_begin_to_fill() - turn hydration on, unless the record says that it is to be off */
int step_begin_to_fill(const struct job *job);

/** step_trim() - if it is recorded that the file system is to be trimmed: do that, then let it fill */
int step_trim(struct job *job);

/** step_trim_once() - the same after a crash, where it is not to be tried again and again; let it fill */
int step_trim_once(struct job *job);

/** step_activate_source() - activate the source, if it is here */
int step_activate_source(struct job *job);

/** step_activate() - the destination, hidden from udev, and the metadata volume */
int step_activate(const struct job *job);

/** step_undo() - remove clone, metadata LV and destination, restore the source */
int step_undo(struct job *job);

/** step_finish() - a complete clone: swap to linear, remove everything else but device and name */
int step_finish(struct job *job);

/** step_bring_back() - the linear device of a finished clone, which a boot has lost */
int step_bring_back(struct job *job);

/** step_release() - remove that device, and with it the job; refused while it is in use */
int step_release(struct job *job);


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

/** job_is_meant() - does @job go by what the user typed? */
bool job_is_meant(const char *argument, const struct job *job);

/** job_find_id() - the job with this id, quietly; EXIT_REFUSED if there is none */
int job_find_id(const char *id, struct job *job);

/** job_lock() - take its lock, waiting; a descriptor, or -1 after a message */
int job_lock(const struct job *job);

#endif

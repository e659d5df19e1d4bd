/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * /run/xcopysetup: locks, and the marks by which udev knows a half-filled destination.
 *
 * The directory belongs to root alone (0700), is checked to be that at each use, and
 * nothing in it is opened through a symbolic link.
 *
 *   lock-<job>     held while a command changes the job
 *   waiter-<job>   held by the job's waiter as long as it lives
 *   source-<LV>    held while the tags and the permission of a source change: several jobs
 *                  may share one, and the last one restores it
 *   drained-<UUID> held while the offload of the clone with this dm UUID is off only because
 *                  the extents below it change
 *   swapping-<LV>  held while a table of this LV is loaded, until it is in use
 *   written-<job>  a number: sectors that had been written to a source that is no LV
 *   awaited        while it is there, udev's rule dm-xcopy-late.rules has clones activated for each
 *                  disk, partition and multipath device that appears
 *   hide/<name>    udev's rule dm-xcopy.rules does not scan the device-mapper device
 *                  that has this name or UUID; by name only while its maker holds the file
 *   hide/device-<number>  the same of dm-xcopy-device.rules, for any device, by MAJOR:MINOR
 */
#ifndef XCOPYSETUP_RUNTIME_H
#define XCOPYSETUP_RUNTIME_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define RUNTIME_DIRECTORY "/run/xcopysetup"

/* Kinds of locks, see above. */
#define DRAINED "drained"
#define SWAPPING "swapping"

#define RUNTIME_DEVICE "device-"	/* and the number: for runtime_hide() */

/**
 * runtime_lock() - take a lock
 * @kind: "lock", "waiter", "source", "drained" or "swapping"
 * @job: job id, or a dm UUID
 * @wait: wait for it, else fail at once
 *
 * Return: a descriptor, to be closed; -1: somebody else has it (only without @wait);
 * -2: the directory cannot be used, a message was printed.
 */
int runtime_lock(const char *kind, const char *job, bool wait);

/** runtime_lock_left() - take a lock that somebody left behind; -1 if there is none, or it is held */
int runtime_lock_left(const char *kind, const char *job);

/** runtime_is_left() - was a lock left behind, which nobody holds? */
bool runtime_is_left(const char *kind, const char *job);

/** runtime_is_locked() - does somebody hold it? */
bool runtime_is_locked(const char *kind, const char *job);

/** runtime_unlock() - remove the file of a lock that is held, and let it go */
void runtime_unlock(const char *kind, const char *job, int fd);

/** runtime_note() - keep a number of a job's until it ends or the machine is booted; exit code */
int runtime_note(const char *kind, const char *job, uint64_t number);

/** runtime_read_note() - false if there is none */
bool runtime_read_note(const char *kind, const char *job, uint64_t *number);

void runtime_forget_note(const char *kind, const char *job);

/** runtime_forget() - remove a job's lock files; its lock is held by the caller */
void runtime_forget(const char *job);

/** runtime_hide() - have udev leave the device with this dm UUID alone; exit code */
int runtime_hide(const char *uuid);

/** runtime_show() - the opposite; nothing happens if it was not hidden */
void runtime_show(const char *uuid);

/**
 * runtime_hide_name() - the same by dm name, for a device that is about to be made
 *
 * Return: a descriptor for runtime_show_name(); -1 after a message, or with --dry-run.
 */
int runtime_hide_name(const char *name);
void runtime_show_name(const char *name, int fd);

/**
 * runtime_await() - a device of a job may be missing: have jobs activated when one comes
 *
 * To be called before it is looked for, once more: it may come in between.
 */
void runtime_await(void);

/** runtime_await_none() - not any more, unless somebody has called runtime_await() since @begin */
void runtime_await_none(time_t begin);

/** runtime_clean() - show what was hidden, by name or number, and left so by somebody who was killed */
void runtime_clean(void);

#endif

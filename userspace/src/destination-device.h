/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A destination that is no LV: a disk, a partition, a dm-multipath or another block device.
 *
 * The clone writes it through a device of its own, hidden from udev, whose dm UUID is the job's
 * destination_uuid: it claims the device, so that nobody can mount it, and its xcopy-linear is the
 * extent that the storage copies to.  udev's rule dm-xcopy-device.rules makes no links to the device
 * itself by what it holds, which is half a copy.
 *
 * All return exit codes and have printed a message on failure.  The caller holds the job's lock.
 */
#ifndef XCOPYSETUP_DESTINATION_DEVICE_H
#define XCOPYSETUP_DESTINATION_DEVICE_H

#include <stdbool.h>
#include <sys/types.h>

#include "job.h"

/**
 * destination_device_find() - make @path the destination of a job that is being planned
 * @job: has its source
 * @force: what is on it may be lost
 *
 * Refused: one that is in use, or LVM's, or of any other clone, or where the source lies; one that is
 * read-only, too small, or has no name that it will have after a boot too; without @force one that
 * holds something.
 */
int destination_device_find(const char *path, bool force, const struct lvm_report *report,
			    struct job *job);

/**
 * destination_device_look_again() - does @number still hold nothing, or @force, and is it free?
 *
 * Whoever makes a file system or a physical volume of it claims nothing.
 */
int destination_device_look_again(const struct job *job, dev_t number, bool force);

/**
 * destination_device_take() - make the device that the clone writes it by
 * @force: what is on it may be lost
 *
 * What was on it is made unrecognisable before (wipe.h): both ends become zeroes, and its partitions go.
 */
int destination_device_take(const struct job *job, bool force);

/**
 * destination_device_bring_back() - the same after a boot; what is on it stays, what is there is left
 *
 * Without the kernel's module it is claimed by linear, so that nobody takes half a copy for a
 * file system, and becomes xcopy-linear when this is called with the module.
 */
int destination_device_bring_back(const struct job *job);

/** destination_device_settle() - linear instead of xcopy-linear, when nothing is copied any more */
int destination_device_settle(const struct job *job);

/** destination_device_give() - remove the clone's device, and let udev look at what is there now */
int destination_device_give(const struct job *job);

/** destination_device_drop() - the same for a copy that was given up: it is made unrecognisable before */
int destination_device_drop(const struct job *job);

/** destination_device_forget() - the same as "give", for a job whose record was removed by hand */
int destination_device_forget(const char *id);

/** destination_device_is_recorded() - is @number, by any path, the destination of a job? */
bool destination_device_is_recorded(const struct lvm_report *report, dev_t number);

#endif

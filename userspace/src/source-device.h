/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A source that is no LV: a disk, a partition, a dm-multipath or another block device.
 *
 * The clone reads it through a device of its own, read-only and hidden from udev, whose dm UUID is
 * the job's source_uuid: it claims the device, so that nobody can mount it, and its xcopy-linear is
 * the extent that the storage copies from.  The device itself is made read-only (BLKROSET) until the
 * last clone of it has ended.  Neither stops who had it open for writing before without claiming it:
 * if the kernel's statistics count sectors written meanwhile, the clone is suspect.
 *
 * All return exit codes and have printed a message on failure.  The caller holds the job's lock.
 */
#ifndef XCOPYSETUP_SOURCE_DEVICE_H
#define XCOPYSETUP_SOURCE_DEVICE_H

#include <sys/types.h>

#include "job.h"

/**
 * source_device_find() - make @path the source of a job that is being planned
 *
 * Finds the name that it will have after a boot too.  Refused: a clone's device, one that is mounted
 * or claimed, one without such a name.
 */
int source_device_find(const char *path, const struct lvm_report *report, struct job *job);

/** source_device_check_free() - is nobody there but readers of clones? */
int source_device_check_free(const char *path);

/**
 * source_device_take() - write it out, make it read-only, make the device that the clone reads it by
 *
 * Sets source_id, which step_set_state() records with the state "filling".
 */
int source_device_take(struct job *job);

/**
 * source_device_bring_back() - the same after a boot; what is there is left as it is
 *
 * Refused if it is in use, or is not the device that was taken, or that has other content at its
 * beginning or end.  What the kernel has counted as written since the boot makes the clone suspect.
 */
int source_device_bring_back(struct job *job);

/** source_device_check() - is it as source_device_take() left it? */
int source_device_check(const struct job *job);

/** source_device_is_writeable() - has somebody made it so? */
bool source_device_is_writeable(const struct job *job);

/** source_device_was_written() - have sectors been written to it since it was taken? */
bool source_device_was_written(const struct job *job);

/** source_device_release() - remove the clone's device, and give it back if no other clone needs it */
int source_device_release(const struct job *job);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Devices that are no LVs, as source or destination: are they free, and what will they be called
 * after a boot?
 *
 * @role is "source" or "destination", for messages, and @path what the user called it.  Exit codes.
 */
#ifndef XCOPYSETUP_DEVICE_FREE_H
#define XCOPYSETUP_DEVICE_FREE_H

#include <stdbool.h>
#include <sys/types.h>

#include "lvm-report.h"

/** device_is_meant() - is @path a block device that is none of LVM's? */
bool device_is_meant(const char *path);

/** device_lasting_name() - below /dev/disk, from what the device says of itself; to be freed; NULL: none */
char *device_lasting_name(dev_t number);

/** device_check_kind() - refuse what is a clone's */
int device_check_kind(const char *role, const char *path, dev_t number);

/** device_check_mount() - refuse what is mounted, or used as swap */
int device_check_mount(const char *role, const char *path, dev_t number);

/** device_check_claim() - refuse what somebody has claimed; @may_be_read: but for devices by which clones read */
int device_check_claim(const char *role, const char *path, dev_t number, bool may_be_read);

/** device_check_partitions() - refuse a disk of which a partition is LVM's */
int device_check_partitions(const char *role, const char *path, dev_t number,
			    const struct lvm_report *report);

/** device_check_holders() - refuse what a device lies on; others may have claimed a part of it */
int device_check_holders(const char *role, const char *path, dev_t number);

/** device_check_open() - refuse what a process has open, claimed or not; waits for udev up to two seconds */
int device_check_open(const char *role, const char *path, dev_t number);

/**
 * device_check_aliases() - have @check look at what else the kernel calls the device, or a part of it
 * @check: gets such a device, and @number; exit code
 *
 * Each path to a unit is a disk of its own, and its partitions are besides.
 */
int device_check_aliases(const char *role, const char *path, dev_t number,
			 int (*check)(const char *path, dev_t its, dev_t number));

/** device_has_reader() - has any clone a device by which it reads it? */
bool device_has_reader(dev_t number);

/** device_has_writer() - the same of a clone that writes it */
bool device_has_writer(dev_t number);

#endif

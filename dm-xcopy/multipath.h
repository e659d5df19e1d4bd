/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dm-multipath devices, which the resolver takes for disks: a multipath target maps every
 * sector as it is, to whichever path is alive, and the UUID that multipathd gives its
 * device names the unit behind all of them. Only request-based ones (queue_mode mq, the
 * default): no other target takes requests, so that the UUID is no forgery.
 */
#ifndef XCOPY_MULTIPATH_H
#define XCOPY_MULTIPATH_H

#include <linux/blkdev.h>
#include <linux/dm-ioctl.h>

/**
 * xcopy_multipath_uuid() - the UUID of a dm-multipath device
 * @disk: any disk; open, so that it is not being deleted
 * @uuid: filled on success, DM_UUID_LEN bytes
 *
 * Context: process.
 * Return: false if @disk is none (multipathd's UUIDs start with "mpath-").
 */
bool xcopy_multipath_uuid(struct gendisk *disk, char *uuid);

/** xcopy_is_multipath() - is @disk one? as above */
bool xcopy_is_multipath(struct gendisk *disk);

#endif /* XCOPY_MULTIPATH_H */

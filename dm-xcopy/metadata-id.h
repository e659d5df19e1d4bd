/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which device is it?  Names change from boot to boot; a clone that was taken up
 * again with another source would be filled with a stranger's data.
 */
#ifndef XCOPY_METADATA_ID_H
#define XCOPY_METADATA_ID_H

#include <linux/blkdev.h>

#include "format.h"

/* Bytes that xcopy_device_id_text() needs. */
#define XCOPY_ID_TEXT		(XCOPY_ID_SIZE + 32)

/**
 * xcopy_device_identify() - the identity that a device offers now
 * @bdev: device, open
 * @id: filled; XCOPY_ID_NONE when the device has nothing that would last
 *
 * Context: process, sleeps; must not be called with device-mapper's hash lock.
 */
void xcopy_device_identify(struct block_device *bdev, struct xcopy_device_id *id);

/**
 * xcopy_device_id_matches() - may a device with identity @now be the one recorded?
 * @stored: recorded identity
 * @now: see xcopy_device_identify()
 *
 * Nothing is compared where nothing was recorded.  A device that had an
 * identity and has none now is another one.
 */
bool xcopy_device_id_matches(const struct xcopy_device_id *stored,
			     const struct xcopy_device_id *now);

/** xcopy_device_id_unbound() - is the identity still to be recorded? */
bool xcopy_device_id_unbound(const struct xcopy_device_id *id);

/**
 * xcopy_device_id_text() - for messages
 * @id: identity
 * @text: buffer of XCOPY_ID_TEXT bytes
 *
 * Return: @text.
 */
const char *xcopy_device_id_text(const struct xcopy_device_id *id, char *text);

#endif /* XCOPY_METADATA_ID_H */

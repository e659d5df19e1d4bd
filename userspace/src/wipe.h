/* SPDX-License-Identifier: GPL-2.0-only */
/* Making what a device holds unrecognisable. */
#ifndef XCOPYSETUP_WIPE_H
#define XCOPYSETUP_WIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes at each end in which nearly all signatures lie. */
#define WIPE_ENDS	(1 << 20)

/** What "lvcreate --zero y" writes zeroes over. */
#define WIPE_START	4096

/**
 * device_wipe() - make what a block device holds unrecognisable, durably
 * @major: and @minor: its number
 * @flags: for open(2), besides O_RDWR
 * @start: bytes at its beginning to be zeroed, and @end at its end
 *
 * And then whatever libblkid recognises, wherever on the device that is, as wipefs(8) does; where
 * WIPE_ENDS are zeroed at both ends, what cannot be read is left.  The page cache holds nothing of it
 * afterwards.  Return: false with errno.
 */
bool device_wipe(uint32_t major, uint32_t minor, int flags, size_t start, size_t end);

#endif

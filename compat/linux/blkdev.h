/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel's header may lack.
 */
#ifndef XCOPY_COMPAT_LINUX_BLKDEV_H
#define XCOPY_COMPAT_LINUX_BLKDEV_H

#include_next <linux/blkdev.h>

/* Before it had a type of its own, the mode was fmode_t. */
#ifndef BLK_OPEN_READ
typedef fmode_t blk_mode_t;

#define BLK_OPEN_READ	FMODE_READ
#define BLK_OPEN_WRITE	FMODE_WRITE
#endif

#endif /* XCOPY_COMPAT_LINUX_BLKDEV_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel's header may lack.  XCOPY_HAVE_* come from compat/probes.mk.
 */
#ifndef XCOPY_COMPAT_LINUX_DEVICE_MAPPER_H
#define XCOPY_COMPAT_LINUX_DEVICE_MAPPER_H

#include_next <linux/device-mapper.h>

/* Without the flag there is nothing to promise. */
#ifndef DM_TARGET_ATOMIC_WRITES
#define DM_TARGET_ATOMIC_WRITES		0x00000000
#endif

/**
 * xcopy_dm_flush_bypasses_map() - let dm core send flushes below without ->map
 * @ti: target, in its constructor
 *
 * Does nothing where the core cannot: then flushes come through ->map.
 */
static inline void xcopy_dm_flush_bypasses_map(struct dm_target *ti)
{
#ifdef XCOPY_HAVE_DM_FLUSH_BYPASSES_MAP
	ti->flush_bypasses_map = true;
#endif
}

/*
 * XCOPY_DM_PREPARE_IOCTL() declares NAME_prepare_ioctl with the kernel's own
 * prototype, around NAME_ioctl_bdev(ti, bdev), which all of them can call.  An
 * adapter, since calling through a pointer of another type traps under CFI.
 */
#ifdef XCOPY_HAVE_DM_PREPARE_IOCTL_FORWARD
#define XCOPY_DM_PREPARE_IOCTL(name)							\
static int name ## _prepare_ioctl(struct dm_target *ti, struct block_device **bdev,	\
				  unsigned int cmd, unsigned long arg, bool *forward)	\
{											\
	return name ## _ioctl_bdev(ti, bdev);						\
}
#else
#define XCOPY_DM_PREPARE_IOCTL(name)							\
static int name ## _prepare_ioctl(struct dm_target *ti, struct block_device **bdev)	\
{											\
	return name ## _ioctl_bdev(ti, bdev);						\
}
#endif

#endif /* XCOPY_COMPAT_LINUX_DEVICE_MAPPER_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel's header may lack.
 */
#ifndef XCOPY_COMPAT_LINUX_DEVICE_CLASS_H
#define XCOPY_COMPAT_LINUX_DEVICE_CLASS_H

#include_next <linux/device/class.h>

/* The call-backs of struct class_interface were once told whose they are. */
#ifdef XCOPY_HAVE_INTERFACE_ARGUMENT
#define xcopy_interface_arguments(dev) \
	struct device *dev, struct class_interface *unused
#else
#define xcopy_interface_arguments(dev) struct device *dev
#endif

#endif /* XCOPY_COMPAT_LINUX_DEVICE_CLASS_H */

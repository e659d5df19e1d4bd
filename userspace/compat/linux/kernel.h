/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef XCOPY_COMPAT_KERNEL_H
#define XCOPY_COMPAT_KERNEL_H

#include_next <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/types.h>

#define DIV_ROUND_UP(n, d) (((n) + (d) - 1) / (d))
#ifndef ARRAY_SIZE
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#endif

#endif

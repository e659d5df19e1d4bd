/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's <linux/stddef.h> for userspace. */
#ifndef XCOPY_COMPAT_LINUX_STDDEF_H
#define XCOPY_COMPAT_LINUX_STDDEF_H

#include_next <linux/stddef.h>
#include <stddef.h>

#ifndef sizeof_field
#define sizeof_field(type, member)	sizeof(((type *)0)->member)
#endif

#endif /* XCOPY_COMPAT_LINUX_STDDEF_H */

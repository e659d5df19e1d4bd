/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef XCOPY_COMPAT_BUILD_BUG_H
#define XCOPY_COMPAT_BUILD_BUG_H

#include <assert.h>

#endif

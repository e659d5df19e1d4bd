/* SPDX-License-Identifier: GPL-2.0-only */
/* What is on a device, by libblkid. */
#ifndef XCOPYSETUP_CONTENT_H
#define XCOPYSETUP_CONTENT_H

/** content_find() - "ext4", "LVM2_member", ..., to be freed; NULL: surely nothing */
char *content_find(const char *path);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* What is on a device, by libblkid. */
#ifndef XCOPYSETUP_CONTENT_H
#define XCOPYSETUP_CONTENT_H

struct content {
	char *type;	/* "ext4", "LVM2_member", ...; NULL: surely nothing */
	char *uuid;	/* as libblkid writes it, letters, digits and dashes; NULL: has none */
	char *label;	/* whatever bytes the device has; NULL: has none */
};

/** content_look() - fill @content, which content_free() frees */
void content_look(const char *path, struct content *content);
void content_free(struct content *content);

/** content_find() - the type alone, to be freed */
char *content_find(const char *path);

#endif

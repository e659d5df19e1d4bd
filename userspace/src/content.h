/* SPDX-License-Identifier: GPL-2.0-only */
/* What is on a device, by libblkid. */
#ifndef XCOPYSETUP_CONTENT_H
#define XCOPYSETUP_CONTENT_H

#include <stdbool.h>

struct content {
	char *type;	/* "ext4", "LVM2_member", ...; NULL: surely nothing */
	bool is_file_system;	/* whole, not a member of several devices */
	bool has_partitions;	/* besides, if it has another type too */
	char *uuid;	/* as libblkid writes it, letters, digits and dashes; NULL: has none */
	bool shares_journal;	/* its journal is on another device, which a copy of it would use too */
	char *label;	/* whatever bytes the device has; NULL: has none */
};

/** content_look() - fill @content, which content_free() frees; false if it cannot be opened */
bool content_look(const char *path, struct content *content);
void content_free(struct content *content);

/** content_find() - the type alone, to be freed */
char *content_find(const char *path);

#endif

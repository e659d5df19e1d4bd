/* SPDX-License-Identifier: GPL-2.0-only */
/* Names: LVs as users type them, device-mapper names. */
#ifndef XCOPYSETUP_NAMES_H
#define XCOPYSETUP_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#define LVM_NAME_MAX	127	/* LVM's limit for VG and LV names */
#define DM_NAME_MAX	127	/* DM_NAME_LEN without its NUL */

struct lv_name {
	char vg[LVM_NAME_MAX + 1];
	char lv[LVM_NAME_MAX + 1];
};

/** name_is_valid() - is it a name that LVM allows for a VG or an LV? */
bool name_is_valid(const char *name);

/**
 * name_parse_lv() - VG/LV, /dev/VG/LV, /dev/mapper/VG-LV, or LV alone
 * @argument: as typed
 * @default_vg: VG for an LV alone, or NULL if that is not allowed
 * @name: filled
 *
 * Return: NULL, or what is wrong with it (to be put behind the argument).
 */
const char *name_parse_lv(const char *argument, const char *default_vg, struct lv_name *name);

/** name_dm_join() - VG-LV with dashes doubled; false if it does not fit */
bool name_dm_join(const struct lv_name *name, char *dm_name, size_t size);

/** name_dm_split() - the reverse; false if @dm_name is not of that form */
bool name_dm_split(const char *dm_name, struct lv_name *name);

/** name_clone() - dm name of the clone whose destination is @name: xcopy-VG-LV */
bool name_clone(const struct lv_name *name, char *dm_name, size_t size);

/** name_is_device() - can a device-mapper device be called that, and a tag of LVM's record it? */
bool name_is_device(const char *name);

/** name_dm_uuid() - "LVM-" and both LVM UUIDs without their dashes, into 69 bytes */
void name_dm_uuid(const char *vg_uuid, const char *lv_uuid, char dm_uuid[69]);

/** name_lv_uuid() - an LV's UUID as LVM writes it, from its dm UUID "LVM-..."; "" if it is none */
void name_lv_uuid(const char *dm_uuid, char uuid[39]);

#endif

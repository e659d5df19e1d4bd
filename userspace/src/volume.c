// SPDX-License-Identifier: GPL-2.0-only
#include "volume.h"

#include <unistd.h>

#include "dm.h"
#include "lvm.h"

void arguments_add_volume(struct arguments *arguments, const struct lv_name *name)
{
	arguments_add(arguments, "%s/%s", name->vg, name->lv);
}

bool volume_is_held(const char *uuid)
{
	struct dm_state state;

	for (int i = 0; i < 20; i++) {
		if (!dm_look(uuid, &state) || !state.exists || !state.open_count)
			return false;
		usleep(100000);
	}
	return true;
}

/* Asked of device-mapper: LVM's attributes are not sure to say it in every kind of report. */
bool volume_is_active(const char *uuid)
{
	struct dm_state state;

	return dm_look(uuid, &state) && state.exists;
}

int volume_set_permission(const struct lv_name *name, const char *permission)
{
	struct arguments arguments = { 0 };

	ADD_WORDS(&arguments, "lvchange", "--permission", permission);
	arguments_add_volume(&arguments, name);
	return lvm_change(&arguments, "change the permission of %s/%s to %s", name->vg, name->lv,
			  permission);
}

int volume_set_active(const struct lv_name *name, const char *how)
{
	struct arguments arguments = { 0 };

	ADD_WORDS(&arguments, "lvchange", "--activate", how, "--ignoreactivationskip");
	arguments_add_volume(&arguments, name);
	return lvm_change(&arguments, "%sactivate %s/%s", *how == 'y' ? "" : "de", name->vg,
			  name->lv);
}

int volume_remove(const struct lv_name *name, const char *uuid)
{
	struct arguments arguments = { 0 };
	char lv_uuid[39];

	if (!*name->lv)
		return 0;
	ADD_WORDS(&arguments, "lvremove", "--yes", "--select");
	name_lv_uuid(uuid, lv_uuid);
	arguments_add(&arguments, "lv_uuid=%s", lv_uuid);
	arguments_add(&arguments, "%s", name->vg);
	return lvm_change(&arguments, "remove %s/%s", name->vg, name->lv);
}

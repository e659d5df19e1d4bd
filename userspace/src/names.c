// SPDX-License-Identifier: GPL-2.0-only
#include "names.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

bool name_is_valid(const char *name)
{
	size_t length = strlen(name);

	if (!length || length > LVM_NAME_MAX || *name == '-')
		return false;
	if (!strcmp(name, ".") || !strcmp(name, ".."))
		return false;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr("+_.-", *name))
			return false;
	return true;
}

static const char *set_names(struct lv_name *name, const char *vg, size_t vg_length,
			     const char *lv)
{
	if (vg_length > LVM_NAME_MAX || strlen(lv) > LVM_NAME_MAX)
		return "is too long: LVM allows 127 characters in a name";
	memcpy(name->vg, vg, vg_length);
	name->vg[vg_length] = 0;
	strcpy(name->lv, lv);
	if (!name_is_valid(name->vg))
		return "has a volume group name that LVM does not allow (letters, digits, + _ . -)";
	if (!name_is_valid(name->lv))
		return "has a logical volume name that LVM does not allow (letters, digits, + _ . -)";
	return NULL;
}

const char *name_parse_lv(const char *argument, const char *default_vg, struct lv_name *name)
{
	bool below_dev = !strncmp(argument, "/dev/", 5);
	const char *slash;

	if (!*argument)
		return "is empty: give VG/LV";
	if (!strncmp(argument, "/dev/mapper/", 12)) {
		if (!name_dm_split(argument + 12, name))
			return "is not the name of a logical volume: give VG/LV";
		return set_names(&(struct lv_name){ 0 }, name->vg, strlen(name->vg), name->lv);
	}
	if (below_dev)
		argument += 5;
	else if (*argument == '/')
		return "is not below /dev: give VG/LV or /dev/VG/LV";
	slash = strchr(argument, '/');
	if (!slash && below_dev)
		return "is neither a logical volume, VG/LV, nor a device that is there and none of LVM's";
	if (slash && strchr(slash + 1, '/'))
		return "has too many slashes: give VG/LV or /dev/VG/LV";
	if (slash)
		return set_names(name, argument, slash - argument, slash + 1);
	if (!default_vg)
		return "names no volume group: give VG/LV";
	return set_names(name, default_vg, strlen(default_vg), argument);
}

/* Append @part with each dash doubled; NULL when @end is reached. */
static char *put_escaped(char *out, char *end, const char *part)
{
	for (; *part; part++) {
		if (end - out < (*part == '-' ? 3 : 2))
			return NULL;
		if (*part == '-')
			*out++ = '-';
		*out++ = *part;
	}
	*out = 0;
	return out;
}

bool name_dm_join(const struct lv_name *name, char *dm_name, size_t size)
{
	char *end = dm_name + size, *out = put_escaped(dm_name, end, name->vg);

	if (!out || end - out < 2)
		return false;
	*out++ = '-';
	return put_escaped(out, end, name->lv) != NULL;
}

bool name_dm_split(const char *dm_name, struct lv_name *name)
{
	char *parts[2] = { name->vg, name->lv };
	size_t part = 0, length = 0;

	for (; *dm_name; dm_name++) {
		if (*dm_name == '-' && dm_name[1] != '-') {
			if (part || !length)
				return false;
			name->vg[length] = 0;
			part = 1;
			length = 0;
			continue;
		}
		if (*dm_name == '-')
			dm_name++;
		if (length == LVM_NAME_MAX)
			return false;
		parts[part][length++] = *dm_name;
	}
	parts[part][length] = 0;
	return part && length;
}

bool name_clone(const struct lv_name *name, char *dm_name, size_t size)
{
	static const char prefix[] = "xcopy-";

	if (size < sizeof(prefix))
		return false;
	memcpy(dm_name, prefix, sizeof(prefix));
	return name_dm_join(name, dm_name + sizeof(prefix) - 1, size - sizeof(prefix) + 1);
}

bool name_is_device(const char *name)
{
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+.=:#-";
	size_t length = strlen(name);

	return length && length <= DM_NAME_MAX && strspn(name, allowed) == length &&
	       *name != '-' && *name != '.' && strcmp(name, "control");
}

void name_dm_uuid(const char *vg_uuid, const char *lv_uuid, char dm_uuid[69])
{
	const char *parts[2] = { vg_uuid, lv_uuid };
	size_t used = 4;

	memcpy(dm_uuid, "LVM-", 4);
	for (int i = 0; i < 2; i++)
		for (const char *c = parts[i]; *c && used < 68; c++)
			if (*c != '-')
				dm_uuid[used++] = *c;
	dm_uuid[used] = 0;
}

void name_lv_uuid(const char *dm_uuid, char uuid[39])
{
	static const int groups[] = { 6, 4, 4, 4, 4, 4, 6 };
	const char *from = dm_uuid + 4 + 32;

	*uuid = 0;
	if (strlen(dm_uuid) != 4 + 64 || strncmp(dm_uuid, "LVM-", 4))
		return;
	for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++) {
		if (i)
			strcat(uuid, "-");
		strncat(uuid, from, groups[i]);
		from += groups[i];
	}
}

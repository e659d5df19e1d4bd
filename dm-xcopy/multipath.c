// SPDX-License-Identifier: GPL-2.0-only
/*
 * dm-multipath devices, see multipath.h.
 */
#include <linux/device-mapper.h>
#include <linux/export.h>
#include <linux/string.h>

#include "multipath.h"

bool xcopy_multipath_uuid(struct gendisk *disk, char *uuid)
{
	struct mapped_device *md;
	int r;

	/* UUIDs are anybody's; that it takes requests proves one multipath target for all of it. */
	if (!queue_is_mq(disk->queue))
		return false;
	md = dm_get_md(disk_devt(disk));
	if (!md)
		return false;
	r = dm_copy_name_and_uuid(md, NULL, uuid);
	dm_put(md);
	return !r && str_has_prefix(uuid, "mpath-");
}
EXPORT_SYMBOL_GPL(xcopy_multipath_uuid);

bool xcopy_is_multipath(struct gendisk *disk)
{
	char uuid[DM_UUID_LEN];

	return xcopy_multipath_uuid(disk, uuid);
}
EXPORT_SYMBOL_GPL(xcopy_is_multipath);

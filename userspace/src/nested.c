// SPDX-License-Identifier: GPL-2.0-only
#include "nested.h"

#include <string.h>
#include <sys/sysmacros.h>

#include "devices.h"
#include "job.h"

/* kpartx calls partitions "part1-XCOPY-...". */
bool nested_is_clone(const char *dm_uuid)
{
	if (!strncmp(dm_uuid, "part", 4))
		dm_uuid += 4 + strspn(dm_uuid + 4, "0123456789-");
	return !strncmp(dm_uuid, "XCOPY", 5);
}

static bool lies_in_clone(const struct lvm_pv *pv)
{
	char uuid[129];
	dev_t number;

	if (!device_number(pv->path, &number))
		return false;
	device_dm_uuid(major(number), minor(number), uuid);
	return nested_is_clone(uuid);
}

static void hide_group(struct lvm_report *report, const char *vg_uuid)
{
	for (size_t i = 0; i < report->nr_vgs; i++)
		if (!strcmp(report->vgs[i].uuid, vg_uuid))
			report->vgs[i].in_clone = true;
	for (size_t i = 0; i < report->nr_lvs; i++)
		if (lvm_lv_is_of(&report->lvs[i], vg_uuid))
			lvm_lv_drop_tags(&report->lvs[i], TAG_PREFIX);
}

/*
 * One that has others too is the host's: a clone was given to it. One that is missing says nothing:
 * a virtual machine's group may lie on several disks, and one of them only be cloned.
 */
static bool lies_only_in_clones(const struct lvm_report *report, const char *vg_uuid)
{
	for (size_t i = 0; i < report->nr_pvs; i++)
		if (!strcmp(report->pvs[i].vg_uuid, vg_uuid) && !report->pvs[i].missing &&
		    !lies_in_clone(&report->pvs[i]))
			return false;
	return true;
}

void nested_hide(struct lvm_report *report)
{
	for (size_t i = 0; i < report->nr_pvs; i++)
		if (*report->pvs[i].vg_uuid && lies_in_clone(&report->pvs[i]) &&
		    lies_only_in_clones(report, report->pvs[i].vg_uuid))
			hide_group(report, report->pvs[i].vg_uuid);
}

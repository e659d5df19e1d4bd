/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Volume groups inside clones: as a rule those of virtual machines.
 *
 * LVM's commands see them.  If such a machine has clones of its own, or only tags that look like
 * theirs, they are not this host's: whoever goes on with them here does so under the machine's feet.
 */
#ifndef XCOPYSETUP_NESTED_H
#define XCOPYSETUP_NESTED_H

#include "lvm-report.h"

/** nested_hide() - mark volume groups with all PVs in clones, or partitions of them, and forget our tags there */
void nested_hide(struct lvm_report *report);

/** nested_is_clone() - is that the dm UUID of a clone, or of a partition of one? */
bool nested_is_clone(const char *dm_uuid);

#endif

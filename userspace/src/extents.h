/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Putting xcopy-linear under a clone, and linear back.
 *
 * LVM knows nothing of xcopy-linear: its own reloads put linear back, and the clone then
 * goes on by host copy until extents_set() is called again.
 *
 * The rule that keeps data whole: an LV is reloaded only under LVM's VG lock, so LVM cannot
 * reload it meanwhile, and only if the VG is the one that was looked at: no lvm command can
 * run under that lock, so the seqno is read from the PVs' metadata areas (lvm-text.h) and
 * must be that of the report.  The live table is translated line by line; nothing that LVM
 * reported goes into it.
 */
#ifndef XCOPYSETUP_EXTENTS_H
#define XCOPYSETUP_EXTENTS_H

#include <stddef.h>

#include "dm.h"

#define EXTENTS_ON	"xcopy-linear"
#define EXTENTS_OFF	"linear"

/**
 * extents_set() - give an LV's table the target @type
 * @lv_uuid: its dm UUID
 * @type: EXTENTS_ON or EXTENTS_OFF
 * @udev: what udev may do with the LV
 * @cookie: as in dm_swap(): NULL: wait for udev, when LVM's lock is given back
 * @why: set to a text, to be freed, when EXIT_REFUSED is returned
 *
 * Tells the clones that use the LV to end their copy commands before, and to go on after.
 *
 * Return: 0, also when there is nothing to do or the LV is not active;
 * EXIT_REFUSED: not now (a pvmove, an interrupted operation, a shared VG), nothing was changed;
 * EXIT_FAILED: tried and failed, the old table is in use; a message was printed.
 */
int extents_set(const char *lv_uuid, const char *type, enum dm_udev udev, uint32_t *cookie,
		char **why);

/** extents_missing() - is the LV active with a table other than xcopy-linear? */
bool extents_missing(const char *lv_uuid);

/**
 * extents_recover() - turn a clone's offload on again, if an extents_set() that had turned it off
 * was killed
 */
void extents_recover(const char *clone_uuid);

#endif

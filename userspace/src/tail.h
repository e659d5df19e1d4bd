/* SPDX-License-Identifier: GPL-2.0-only */
/* "--alloc tail": the last free extents, so that what is free before them stays in one piece. */
#ifndef XCOPYSETUP_TAIL_H
#define XCOPYSETUP_TAIL_H

#include <stdbool.h>

#include "lvm-report.h"
#include "run.h"

/**
 * tail_add() - choose free extents from the end on, and add them as PV:FIRST-LAST
 * @vg: volume group
 * @may: is this one of the physical volumes to choose from?
 * @data: for @may
 * @extents: how many
 *
 * All from one physical volume if one has so many free, the last such; else from the last ones on.
 *
 * Return: false if there are too few; @arguments is then of no use.
 */
bool tail_add(struct arguments *arguments, const struct lvm_report *report, const char *vg,
	      bool (*may)(const struct lvm_pv *pv, const void *data), const void *data,
	      uint64_t extents);

#endif

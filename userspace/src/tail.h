/* SPDX-License-Identifier: GPL-2.0-only */
/* Which extents LVM is told to take, where that is not left to it. */
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

/**
 * place_beside() - choose free extents for a small volume beside one that is to be made in a certain place
 * @vg: volume group
 * @may: may the other volume lie on this physical volume?
 * @extents: how many
 * @range: filled
 *
 * The smallest range that has so many, on physical volumes that the other one may not lie on if there
 * is one: what fits without the small one then fits with it.  They are no longer free in @report.
 *
 * Return: false if no range has so many; LVM may put it together from several.
 */
bool place_beside(struct lvm_report *report, const char *vg,
		  bool (*may)(const struct lvm_pv *pv, const void *data), const void *data,
		  uint64_t extents, struct lvm_free_range *range);

#endif

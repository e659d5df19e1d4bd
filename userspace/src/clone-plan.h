/* SPDX-License-Identifier: GPL-2.0-only */
/* What "clone" is going to do: everything that can be checked is checked here. */
#ifndef XCOPYSETUP_CLONE_PLAN_H
#define XCOPYSETUP_CLONE_PLAN_H

#include "command.h"
#include "content.h"
#include "format.h"
#include "job.h"
#include "lvm.h"

struct clone_plan {
	const struct invocation *invocation;
	struct lvm_report report;
	struct job job;
	struct xcopy_geometry geometry;
	uint64_t metadata_bytes;
	struct content content;		/* of the source, where it could be looked at */
	bool content_is_known;
	bool new_uuid;			/* its clone is to have another */
	bool force;
	int source_lock;		/* -1: not held */
	char source_locked[69];	/* dm UUID of the volume whose it is */
	uint32_t cookie;	/* of what was changed, for which udev is yet to be waited for */
};

/**
 * clone_plan_make() - check the command line and the system
 *
 * Changes nothing but loading the kernel module.  If the source is an active LV, its lock is held
 * from then on, until clone_plan_unlock() or clone_plan_free().  Return: exit code.
 */
int clone_plan_make(const struct invocation *invocation, struct clone_plan *plan);
void clone_plan_unlock(struct clone_plan *plan);
void clone_plan_free(struct clone_plan *plan);

/** clone_plan_has_pv() - may the destination lie on it, by --pv? */
bool clone_plan_has_pv(const struct clone_plan *plan, const struct lvm_pv *pv);

/**
 * clone_plan_source_reason() - why an LV cannot be a source
 *
 * Looks only at what LVM reported.  Return: the reason, to be freed, or NULL.
 */
char *clone_plan_source_reason(const struct lvm_lv *lv, const struct lvm_vg *vg);

#endif

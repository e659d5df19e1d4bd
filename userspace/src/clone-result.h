/* SPDX-License-Identifier: GPL-2.0-only */
/* What "clone" says when the clone can be used. */
#ifndef XCOPYSETUP_CLONE_RESULT_H
#define XCOPYSETUP_CLONE_RESULT_H

#include "clone-plan.h"

/** clone_result_print() - the clone's device, or the object that xcopysetup.schema.json describes */
void clone_result_print(const struct clone_plan *plan);

/** clone_result_warn() - that source and clone have one UUID, and what to do about it */
void clone_result_warn(const struct clone_plan *plan);

#endif

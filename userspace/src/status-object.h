/* SPDX-License-Identifier: GPL-2.0-only */
/* The state of clones as JSON; xcopysetup(8) documents it. */
#ifndef XCOPYSETUP_STATUS_OBJECT_H
#define XCOPYSETUP_STATUS_OBJECT_H

#include "follow.h"

struct json_object;

/** look_word() - "filling", "paused", "suspect", ... */
const char *look_word(const struct job *job, enum clone_look look,
		      const struct clone_status *status);

/** clone_object() - one clone */
struct json_object *clone_object(const struct job *job, enum clone_look look,
				 const struct clone_status *status);

/** clones_object() - what is printed: the schema's version, and *@clones to be filled */
struct json_object *clones_object(struct json_object **clones);

#endif

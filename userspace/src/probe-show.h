/* SPDX-License-Identifier: GPL-2.0-only */
/* What probe says of a pair, as text and as JSON. */
#ifndef XCOPYSETUP_PROBE_SHOW_H
#define XCOPYSETUP_PROBE_SHOW_H

#include <json-c/json.h>

#include "clone-status.h"
#include "probe.h"

void probe_print(const struct probe_part *source, const struct probe_part *destination,
		 const struct probe_answer *answer);

struct json_object *probe_object(const struct probe_part *source,
				 const struct probe_part *destination,
				 const struct probe_answer *answer);

/* What the kernel has found out so far, in a clone that is filling. */
void probe_print_clone(const char *name, const struct clone_status *status);

struct json_object *probe_clone_object(const char *name, const struct clone_status *status);

#endif

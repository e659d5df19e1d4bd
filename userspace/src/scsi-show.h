/* SPDX-License-Identifier: GPL-2.0-only */
/* What probe says of a SCSI unit. */
#ifndef XCOPYSETUP_SCSI_SHOW_H
#define XCOPYSETUP_SCSI_SHOW_H

#include <json-c/json.h>

#include "scsi.h"

/** scsi_print_unit() - a line for the unit, one for its limits, one for each path */
void scsi_print_unit(const char *role, const struct scsi_unit *unit);

struct json_object *scsi_unit_object(const struct scsi_unit *unit);

#endif

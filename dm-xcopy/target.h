/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What target.c and status.c share: one table line.
 */
#ifndef XCOPY_TARGET_H
#define XCOPY_TARGET_H

#include "clone.h"

/**
 * struct xcopy_target - one table's target
 * @ti: device-mapper's
 * @clone: the core, shared with a reloaded table
 * @metadata: metadata device
 * @destination: destination device
 * @source: source device
 * @region_sectors: region size, sectors
 * @args: optional arguments as in the line, and as changed by messages since
 */
struct xcopy_target {
	struct dm_target *ti;
	struct xcopy_clone *clone;
	struct dm_dev *metadata;
	struct dm_dev *destination;
	struct dm_dev *source;
	unsigned int region_sectors;
	struct xcopy_arguments args;
};

/** xcopy_target_status() - device-mapper's status hook */
void xcopy_target_status(struct dm_target *ti, status_type_t type, unsigned int status_flags,
			 char *result, unsigned int maxlen);

/** xcopy_target_message() - device-mapper's message hook */
int xcopy_target_message(struct dm_target *ti, unsigned int argc, char **argv, char *result,
			 unsigned int maxlen);

#endif /* XCOPY_TARGET_H */

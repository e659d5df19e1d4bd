/* SPDX-License-Identifier: GPL-2.0-only */
/* By what a device that is no LV is known again after a boot. */
#ifndef XCOPYSETUP_SOURCE_ID_H
#define XCOPYSETUP_SOURCE_ID_H

#include "job.h"

/**
 * source_id_make() - what it is (WWID, or dm UUID), where on it and how long, and a checksum of its
 * first and last MiB; fit for a tag of LVM's
 *
 * Return: exit code.
 */
int source_id_make(const char *path, char id[SOURCE_TEXT]);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* By what a device that is no LV is known again after a boot. */
#ifndef XCOPYSETUP_DEVICE_ID_H
#define XCOPYSETUP_DEVICE_ID_H

#include <stdbool.h>
#include <sys/types.h>

#include "job.h"

/** device_id_place() - what it is (WWID, or dm UUID), where on it and how long; fit for a tag of LVM's */
void device_id_place(dev_t number, char id[SOURCE_TEXT]);

/** device_id_is_known() - does the device say of itself which it is? */
bool device_id_is_known(const char *id);

/** device_id_is_same() - is it the device of @before, by device_id_place() both? It may have grown */
bool device_id_is_same(const char *now, const char *before);

/** device_id_content() - the same, and a checksum of its first and last MiB; of a source; exit code */
int device_id_content(const char *path, char id[SOURCE_TEXT]);

/** devices_overlap() - do they have any sector in common, by another path to the unit too? */
bool devices_overlap(dev_t one, dev_t other);

#endif

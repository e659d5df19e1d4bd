// SPDX-License-Identifier: GPL-2.0-only
/* Which device is meant, what it will be called after a boot, and whether it is free. */
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "destination-device.h"
#include "device-free.h"
#include "devices.h"
#include "message.h"
#include "source-device.h"

/* By another path: what is on its own disk is claimed together with it, or is somebody else's. */
static int check_other_path(const char *path, dev_t its, dev_t number)
{
	struct disk disk, other;
	int code;

	if (device_disk(major(number), minor(number), &disk) &&
	    device_disk(major(its), minor(its), &other) &&
	    disk.major == other.major && disk.minor == other.minor)
		return 0;
	code = device_check_mount("source", path, its);
	return code ? code : device_check_claim("source", path, its, true);
}

int source_device_check_free(const char *path)
{
	dev_t number;
	int code;

	if (!device_number(path, &number))
		return fail(EXIT_REFUSED, "source %s is no block device", path);
	code = device_check_mount("source", path, number);
	if (!code)
		code = device_check_claim("source", path, number, true);
	return code ? code : device_check_aliases("source", path, number, check_other_path);
}

/* Whoever made it read-only for a clone of it knows whether it has to become writeable again. */
static bool was_writeable(const char *path, const struct lvm_report *report, const char *link)
{
	bool writeable = device_is_writeable(path);

	for (size_t i = 0; !writeable && i < report->nr_lvs; i++) {
		const char *device = lvm_lv_tag(&report->lvs[i], TAG_SOURCE_DEVICE);

		writeable = device && !strcmp(device, link) &&
			    lvm_lv_tag(&report->lvs[i], TAG_SOURCE_WAS);
	}
	return writeable;
}

static int take_device(const char *path, dev_t number, const char *link,
		       const struct lvm_report *report, struct job *job)
{
	int code;

	if (!link)
		return fail(EXIT_REFUSED, "source %s has no name below /dev/disk/by-id or by-partuuid, and would not be found after a boot: give the disk a serial number, or a partition table",
			    path);
	code = device_check_partitions("source", path, number, report);
	if (!code)
		code = source_device_check_free(path);
	job_set_source_device(job, link);
	job->source_was_rw = was_writeable(path, report, link);
	job->sectors = device_sectors(major(number), minor(number));
	if (!code && !job->sectors)
		code = fail(EXIT_REFUSED, "source %s has no sectors", path);
	return code;
}

int source_device_find(const char *path, const struct lvm_report *report, struct job *job)
{
	dev_t number;
	char *link;
	int code;

	if (!device_number(path, &number))
		return fail(EXIT_REFUSED, "source %s is no block device", path);
	code = device_check_kind("source", path, number);
	if (!code && destination_device_is_recorded(report, number))
		code = fail(EXIT_REFUSED, "source %s is the destination of a clone: wait for its end, and \"xcopysetup release\" it",
			    path);
	if (!code)
		code = device_check_mount("source", path, number);
	if (code)
		return code;
	link = device_lasting_name(number);
	code = take_device(path, number, link, report, job);
	free(link);
	return code;
}

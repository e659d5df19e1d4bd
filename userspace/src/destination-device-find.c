// SPDX-License-Identifier: GPL-2.0-only
/* Which device is meant, and whether a clone may be written to it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "content.h"
#include "destination-device.h"
#include "device-free.h"
#include "device-id.h"
#include "devices.h"
#include "memory.h"
#include "message.h"
#include "sizes.h"

#define ROLE "destination"

static bool is_recorded(const struct lvm_report *report, dev_t number, const char *prefix)
{
	dev_t its;

	for (size_t i = 0; i < report->nr_lvs; i++) {
		const char *device = lvm_lv_tag(&report->lvs[i], prefix);

		if (device && device_number(device, &its) && devices_overlap(number, its))
			return true;
	}
	return false;
}

bool destination_device_is_recorded(const struct lvm_report *report, dev_t number)
{
	return is_recorded(report, number, TAG_DESTINATION_DEVICE);
}

/* LVM claims only those that it uses, and not by all paths to them. */
static const char *find_pv(const struct lvm_report *report, dev_t number)
{
	dev_t pv;

	for (size_t i = 0; i < report->nr_pvs; i++)
		if (device_number(report->pvs[i].path, &pv) && devices_overlap(number, pv))
			return report->pvs[i].path;
	return NULL;
}

static int check_others(const char *path, dev_t number, const struct lvm_report *report,
			const struct job *job)
{
	const char *pv = find_pv(report, number);
	dev_t source;

	if (pv)
		return fail(EXIT_REFUSED, "destination %s is LVM's, or overlaps with its physical volume %s: give a logical volume, VG/DST",
			    path, pv);
	if (*job->source_device && device_number(job->source_device, &source) &&
	    devices_overlap(number, source))
		return fail(EXIT_REFUSED, "destination %s overlaps with the source", path);
	if (destination_device_is_recorded(report, number))
		return fail(EXIT_REFUSED, "destination %s is that of another clone (\"xcopysetup status\")",
			    path);
	if (is_recorded(report, number, TAG_SOURCE_DEVICE))
		return fail(EXIT_REFUSED, "destination %s is the source of a clone (\"xcopysetup status\")",
			    path);
	return 0;
}

static bool is_partition_of(dev_t number, dev_t whole)
{
	struct disk disk;

	return number != whole && device_disk(major(number), minor(number), &disk) &&
	       makedev(disk.major, disk.minor) == whole;
}

/* The whole disk is claimed as soon as any of its partitions is. */
static int check_free_there(const char *path, dev_t its, dev_t number)
{
	int code = device_check_mount(ROLE, path, its);

	if (!code && is_partition_of(number, its))
		return device_check_holders(ROLE, path, its);
	if (!code)
		code = device_check_claim(ROLE, path, its, false);
	return code ? code : device_check_open(ROLE, path, its);
}

static int check_free(const char *path, dev_t number, const struct lvm_report *report,
		      const struct job *job)
{
	int code = device_check_kind(ROLE, path, number);

	if (!code)
		code = device_check_mount(ROLE, path, number);
	if (!code)
		code = check_others(path, number, report, job);
	if (!code)
		code = device_check_claim(ROLE, path, number, false);
	if (!code)
		code = device_check_open(ROLE, path, number);
	return code ? code : device_check_aliases(ROLE, path, number, check_free_there);
}

static int check_content(const char *path)
{
	char *type = content_find(path);
	int code = 0;

	if (type)
		code = fail(EXIT_REFUSED, "destination %s holds %s: wipe it (wipefs --all), or use --force if it is not needed",
			    path, type);
	free(type);
	return code;
}

int destination_device_look_again(const struct job *job, dev_t number, bool force)
{
	int code = force ? 0 : check_content(job->destination_device);

	return code ? code : device_check_aliases(ROLE, job->destination_device, number,
						  check_free_there);
}

static int check_size(const char *path, uint64_t sectors, const struct job *job)
{
	char has[32], needs[32];

	if (sectors >= job->sectors)
		return 0;
	return fail(EXIT_REFUSED, "destination %s has %s, and the source %s", path,
		    size_text(sectors * 512, has, sizeof(has)),
		    size_text(job->sectors * 512, needs, sizeof(needs)));
}

static int set_device(const char *path, dev_t number, struct job *job)
{
	char *link = device_lasting_name(number);
	int code = 0;

	if (link && !strncmp(link, "/dev/disk/by-id/", 16))
		job_set_destination_device(job, link);
	else
		code = fail(EXIT_REFUSED, "destination %s has no name below /dev/disk/by-id, and would not be found after a boot: give the disk a serial number",
			    path);
	free(link);
	device_id_place(number, job->destination_id);
	if (!code && !device_id_is_known(job->destination_id))
		code = fail(EXIT_REFUSED, "destination %s does not say which disk it is (WWID or serial number): after a boot it could be another",
			    path);
	return code;
}

int destination_device_find(const char *path, bool force, const struct lvm_report *report,
			    struct job *job)
{
	uint64_t sectors;
	dev_t number;
	int code;

	if (!device_number(path, &number))
		return fail(EXIT_REFUSED, "destination %s is no block device", path);
	sectors = device_sectors(major(number), minor(number));
	code = check_free(path, number, report, job);
	if (!code && !device_is_writeable(path))
		code = fail(EXIT_REFUSED, "destination %s is read-only", path);
	if (!code)
		code = check_size(path, sectors, job);
	if (!code && !force)
		code = check_content(path);
	if (!code)
		code = set_device(path, number, job);
	if (!code)
		job->extra_sectors = sectors - job->sectors;
	return code;
}

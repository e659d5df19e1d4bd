// SPDX-License-Identifier: GPL-2.0-only
/* Which device is meant, what it will be called after a boot, and whether it is free. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "devices.h"
#include "memory.h"
#include "message.h"
#include "nested.h"
#include "source-device.h"

/*
 * Links of udev's whose names come from what the device says of itself, the better ones first; a
 * tag of LVM's has to be able to hold them.
 */
static const struct {
	const char *directory;
	const char *prefix;
} links[] = {
	{ "/dev/disk/by-id", "dm-uuid-" },
	{ "/dev/disk/by-id", "wwn-" },
	{ "/dev/disk/by-id", "nvme-eui." },
	{ "/dev/disk/by-id", "nvme-uuid." },
	{ "/dev/disk/by-id", "nvme-nvme." },
	{ "/dev/disk/by-id", "" },
	{ "/dev/disk/by-partuuid", "" },
};

static bool fits_into_tag(const char *path)
{
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+.-/=!:&#";

	return strlen(path) < SOURCE_TEXT && strspn(path, allowed) == strlen(path);
}

/* The first of its names below @directory, so that it is the same each time; to be freed. */
static char *find_link(const char *directory, const char *prefix, dev_t number)
{
	struct dirent **entries;
	int count = scandir(directory, &entries, NULL, alphasort);
	char *found = NULL;

	for (int i = 0; i < count; i++) {
		char *path = need_text("%s/%s", directory, entries[i]->d_name);
		dev_t its;

		if (!found && !strncmp(entries[i]->d_name, prefix, strlen(prefix)) &&
		    device_number(path, &its) && its == number && fits_into_tag(path))
			found = need_copy(path);
		free(path);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return found;
}

static char *lasting_name(dev_t number)
{
	char *found = NULL;

	for (size_t i = 0; !found && i < sizeof(links) / sizeof(*links); i++)
		found = find_link(links[i].directory, links[i].prefix, number);
	return found;
}

bool source_device_is_meant(const char *path)
{
	char uuid[129];
	dev_t number;

	if (*path != '/' || !device_number(path, &number))
		return false;
	device_dm_uuid(major(number), minor(number), uuid);
	return strncmp(uuid, "LVM-", 4);
}

static int check_kind(const char *path, dev_t number)
{
	char uuid[129];

	device_dm_uuid(major(number), minor(number), uuid);
	if (nested_is_clone(uuid))
		return fail(EXIT_REFUSED, "source %s is a clone's: wait for its end, \"xcopysetup release\" it, and clone the volume",
			    path);
	return 0;
}

static int check_mount(const char *path, dev_t number)
{
	char *point = device_mount_point(major(number), minor(number));
	int code = 0;

	if (point && !strcmp(point, "swap"))
		code = fail(EXIT_REFUSED, "source %s is in use as swap: swapoff it first", path);
	else if (point)
		code = fail(EXIT_REFUSED, "source %s is mounted on %s: unmount it first; afterwards mount the clone instead, if you need to write",
			    path, point);
	free(point);
	return code;
}

/* How many devices lie on it by which clones read it, and how many others. */
static void count_holders(dev_t number, size_t *readers, size_t *others)
{
	char *directory = need_text("/sys/dev/block/%u:%u/holders", major(number), minor(number));
	struct dirent **entries;
	int count = scandir(directory, &entries, NULL, alphasort);

	*readers = 0;
	*others = 0;
	for (int i = 0; i < count; i++) {
		char *path = need_text("%s/%s/dm/uuid", directory, entries[i]->d_name);
		char uuid[sizeof(SOURCE_UUID)] = "";
		FILE *file = *entries[i]->d_name == '.' ? NULL : fopen(path, "re");

		if (file && fgets(uuid, sizeof(uuid), file) && !strcmp(uuid, SOURCE_UUID))
			++*readers;
		else if (*entries[i]->d_name != '.')
			++*others;
		if (file)
			fclose(file);
		free(path);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	free(directory);
}

bool source_device_has_reader(dev_t number)
{
	size_t readers, others;

	count_holders(number, &readers, &others);
	return readers;
}

/* All of device-mapper's devices claim as one: that one of them could says nothing of the others. */
static int check_claim(const char *path, dev_t number)
{
	size_t readers, others;
	int fd = -1;

	count_holders(number, &readers, &others);
	errno = EBUSY;
	if (!readers && !others)
		fd = open(path, O_RDONLY | O_EXCL | O_CLOEXEC);
	if (fd >= 0)
		close(fd);
	if (fd >= 0 || (readers && !others))
		return 0;
	return fail(EXIT_REFUSED, "source %s: %s", path, errno == EBUSY ?
		    "somebody has claimed it, or a partition of it (see \"lsblk\"): it has to be free; a disk of LVM's is cloned volume by volume" :
		    strerror(errno));
}

int source_device_check_free(const char *path)
{
	dev_t number;
	int code;

	if (!device_number(path, &number))
		return fail(EXIT_REFUSED, "source %s is no block device", path);
	code = check_mount(path, number);
	return code ? code : check_claim(path, number);
}

/* LVM holds only those that it uses: its volume group would be there twice in the end. */
static int check_partitions(const char *path, dev_t number, const struct lvm_report *report)
{
	struct disk disk;
	dev_t pv;

	for (size_t i = 0; i < report->nr_pvs; i++)
		if (device_number(report->pvs[i].path, &pv) && pv != number &&
		    device_disk(major(pv), minor(pv), &disk) &&
		    makedev(disk.major, disk.minor) == number)
			return fail(EXIT_REFUSED, "source %s: its partition %s is a physical volume of LVM's: clone partitions, and logical volumes, one by one",
				    path, report->pvs[i].path);
	return 0;
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
	code = check_partitions(path, number, report);
	if (!code)
		code = check_claim(path, number);
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
	code = check_kind(path, number);
	if (!code)
		code = check_mount(path, number);
	if (code)
		return code;
	link = lasting_name(number);
	code = take_device(path, number, link, report, job);
	free(link);
	return code;
}

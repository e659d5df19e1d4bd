// SPDX-License-Identifier: GPL-2.0-only
#include "device-free.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "device-id.h"
#include "devices.h"
#include "job.h"
#include "memory.h"
#include "message.h"
#include "nested.h"

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

/* This one comes from what is on it. */
#define LVM_LINK "lvm-pv-uuid-"

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
		    strncmp(entries[i]->d_name, LVM_LINK, strlen(LVM_LINK)) &&
		    device_number(path, &its) && its == number && fits_into_tag(path))
			found = need_copy(path);
		free(path);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return found;
}

char *device_lasting_name(dev_t number)
{
	char *found = NULL;

	for (size_t i = 0; !found && i < sizeof(links) / sizeof(*links); i++)
		found = find_link(links[i].directory, links[i].prefix, number);
	return found;
}

bool device_is_meant(const char *path)
{
	char uuid[129];
	dev_t number;

	if (*path != '/' || !device_number(path, &number))
		return false;
	device_dm_uuid(major(number), minor(number), uuid);
	return strncmp(uuid, "LVM-", 4);
}

int device_check_kind(const char *role, const char *path, dev_t number)
{
	char uuid[129];

	device_dm_uuid(major(number), minor(number), uuid);
	if (nested_is_clone(uuid))
		return fail(EXIT_REFUSED, "%s %s is a clone's: wait for its end, \"xcopysetup release\" it, and give its volume instead",
			    role, path);
	return 0;
}

int device_check_mount(const char *role, const char *path, dev_t number)
{
	char *point = device_mount_point(major(number), minor(number));
	int code = 0;

	if (point && !strcmp(point, "swap"))
		code = fail(EXIT_REFUSED, "%s %s is in use as swap: swapoff it first", role, path);
	else if (point)
		code = fail(EXIT_REFUSED, "%s %s is mounted on %s: unmount it first; afterwards mount the clone instead, if you need to write",
			    role, path, point);
	free(point);
	return code;
}

/* How many devices lie on it whose dm UUID begins with @prefix, and how many others. */
static void count_holders(dev_t number, const char *prefix, size_t *ours, size_t *others)
{
	char *directory = need_text("/sys/dev/block/%u:%u/holders", major(number), minor(number));
	struct dirent **entries;
	int count = scandir(directory, &entries, NULL, alphasort);

	*ours = 0;
	*others = 0;
	for (int i = 0; i < count; i++) {
		char *path = need_text("%s/%s/dm/uuid", directory, entries[i]->d_name);
		char uuid[sizeof(SOURCE_UUID)] = "";
		FILE *file = *entries[i]->d_name == '.' ? NULL : fopen(path, "re");

		if (file && fgets(uuid, sizeof(uuid), file) && !strcmp(uuid, prefix))
			++*ours;
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

static bool has_holder(dev_t number, const char *prefix)
{
	size_t ours, others;

	count_holders(number, prefix, &ours, &others);
	return ours;
}

bool device_has_reader(dev_t number)
{
	return has_holder(number, SOURCE_UUID);
}

bool device_has_writer(dev_t number)
{
	return has_holder(number, DESTINATION_UUID);
}

static int fail_claimed(const char *role, const char *path, int error)
{
	return fail(EXIT_REFUSED, "%s %s: %s", role, path, error == EBUSY ?
		    "somebody has claimed it, or a partition of it (see \"lsblk\"): it has to be free; a disk of LVM's is cloned volume by volume" :
		    strerror(error));
}

int device_check_holders(const char *role, const char *path, dev_t number)
{
	size_t readers, others;

	count_holders(number, SOURCE_UUID, &readers, &others);
	return readers || others ? fail_claimed(role, path, EBUSY) : 0;
}

enum opened {
	OPEN_NO,
	OPEN_YES,
	OPEN_HIDDEN,	/* we may not look */
};

/* Of a server that does not answer nothing must be waited for. */
static enum opened file_is_open(int files, const char *file, dev_t number)
{
	struct statx stat;

	/* asked for nothing: a FUSE mount of somebody else's would answer no question of root's */
	if (statx(files, file, AT_STATX_DONT_SYNC, 0, &stat))
		return errno == EACCES || errno == EPERM ? OPEN_HIDDEN : OPEN_NO;
	return S_ISBLK(stat.stx_mode) &&
	       makedev(stat.stx_rdev_major, stat.stx_rdev_minor) == number ? OPEN_YES : OPEN_NO;
}

/* Does the process have it open? One that ends meanwhile does not. */
static enum opened process_has_open(const char *process, dev_t number)
{
	char *directory = need_text("/proc/%s/fd", process);
	DIR *files = opendir(directory);
	enum opened opened = OPEN_NO;
	struct dirent *file;

	if (!files && (errno == EACCES || errno == EPERM))
		opened = OPEN_HIDDEN;
	while (opened == OPEN_NO && files && (file = readdir(files)))
		if (*file->d_name != '.')
			opened = file_is_open(dirfd(files), file->d_name, number);
	if (files)
		closedir(files);
	free(directory);
	return opened;
}

/* In which process, to be freed; one that has it for sure before one that cannot be looked at. */
static enum opened find_opener(dev_t number, char **found)
{
	DIR *processes = opendir("/proc");
	enum opened opened = processes ? OPEN_NO : OPEN_HIDDEN, its;
	struct dirent *process;

	*found = NULL;
	while (opened != OPEN_YES && processes && (process = readdir(processes))) {
		its = isdigit((unsigned char)*process->d_name) ?
		      process_has_open(process->d_name, number) : OPEN_NO;
		if (its == OPEN_NO || its == opened)
			continue;
		opened = its;
		free(*found);
		*found = need_copy(process->d_name);
	}
	if (processes)
		closedir(processes);
	return opened;
}

int device_check_open(const char *role, const char *path, dev_t number)
{
	char *opener;
	enum opened opened = find_opener(number, &opener);
	int code = 0;

	/* udev, and who has just heard of it from udev */
	for (int i = 0; i < 20 && opened == OPEN_YES; i++) {
		usleep(100000);
		free(opener);
		opened = find_opener(number, &opener);
	}
	if (opened == OPEN_YES)
		code = fail(EXIT_REFUSED, "%s %s is open in process %s: what reads or writes it has to end first",
			    role, path, opener);
	else if (opened == OPEN_HIDDEN)
		code = fail(EXIT_REFUSED, "%s %s: whether process %s has it open cannot be seen: that takes the capability CAP_SYS_PTRACE",
			    role, path, opener ? opener : "1");
	free(opener);
	return code;
}

/* All of device-mapper's devices claim as one: that one of them could says nothing of the others. */
int device_check_claim(const char *role, const char *path, dev_t number, bool may_be_read)
{
	size_t readers, others;
	int fd = -1;

	count_holders(number, SOURCE_UUID, &readers, &others);
	errno = EBUSY;
	if (!readers && !others)
		fd = open(path, O_RDONLY | O_EXCL | O_CLOEXEC);
	if (fd >= 0)
		close(fd);
	if (fd >= 0 || (may_be_read && readers && !others))
		return 0;
	return fail_claimed(role, path, errno);
}

static char *node_of(const char *name)
{
	char *path = need_text("/dev/%s", name);

	for (char *c = path; *c; c++)
		if (*c == '!')
			*c = '/';
	return path;
}

int device_check_aliases(const char *role, const char *path, dev_t number,
			 int (*check)(const char *path, dev_t its, dev_t number))
{
	struct dirent **entries;
	int count = scandir("/sys/class/block", &entries, NULL, alphasort), code = 0;

	for (int i = 0; i < count; i++) {
		char *its_path = node_of(entries[i]->d_name);
		dev_t its;

		if (!code && *entries[i]->d_name != '.' && device_number(its_path, &its) &&
		    its != number && devices_overlap(number, its)) {
			code = check(its_path, its, number);
			if (code)
				fail(code, "%s %s is the same unit as %s, or a part of it", role,
				     path, its_path);
		}
		free(its_path);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return code;
}

/* LVM holds only those that it uses: its volume group would be there twice in the end. */
int device_check_partitions(const char *role, const char *path, dev_t number,
			    const struct lvm_report *report)
{
	struct disk disk;
	dev_t pv;

	for (size_t i = 0; i < report->nr_pvs; i++)
		if (device_number(report->pvs[i].path, &pv) && pv != number &&
		    device_disk(major(pv), minor(pv), &disk) &&
		    makedev(disk.major, disk.minor) == number)
			return fail(EXIT_REFUSED, "%s %s: its partition %s is a physical volume of LVM's: clone partitions, and logical volumes, one by one",
				    role, path, report->pvs[i].path);
	return 0;
}

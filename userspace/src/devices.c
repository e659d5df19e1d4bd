// SPDX-License-Identifier: GPL-2.0-only
#include "devices.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <linux/nvme_ioctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "memory.h"
#include "message.h"
#include "sizes.h"

/* First line of a small file; "" if there is none. */
static void read_line(const char *path, char *text, size_t size)
{
	FILE *file = fopen(path, "re");

	*text = 0;
	if (!file)
		return;
	if (!fgets(text, size, file))
		*text = 0;
	text[strcspn(text, "\n")] = 0;
	fclose(file);
}

static void read_attribute(const char *directory, const char *name, char *text, size_t size)
{
	char *path = need_text("%s/%s", directory, name);

	read_line(path, text, size);
	free(path);
}

static uint64_t number_attribute(const char *directory, const char *name)
{
	char text[64];
	uint64_t number;

	read_attribute(directory, name, text, sizeof(text));
	return number_parse(text, &number) ? number : 0;
}

static bool has_attribute(const char *directory, const char *name)
{
	char *path = need_text("%s/%s", directory, name);
	bool has = !access(path, F_OK);

	free(path);
	return has;
}

/* The device above the disk: for NVMe its controller, or its subsystem when it is a head. */
static void read_parent(const char *directory, struct disk *disk)
{
	char *path = need_text("%s/device", directory), *link = NULL, *base;
	char real[PATH_MAX], class[PATH_MAX];
	ssize_t length;

	if (realpath(path, real)) {
		snprintf(disk->parent, sizeof(disk->parent), "%.255s", real);
		link = need_text("%s/subsystem", real);
		length = readlink(link, class, sizeof(class) - 1);
		class[length < 0 ? 0 : length] = 0;
		base = strrchr(class, '/');
		snprintf(disk->parent_class, sizeof(disk->parent_class), "%.31s",
			 base ? base + 1 : "");
	}
	free(link);
	free(path);
}

static void read_disk(const char *directory, struct disk *disk)
{
	char text[64];
	const char *base = strrchr(directory, '/');

	snprintf(disk->name, sizeof(disk->name), "%.63s", base ? base + 1 : directory);
	read_attribute(directory, "dev", text, sizeof(text));
	sscanf(text, "%u:%u", &disk->major, &disk->minor);
	disk->block_size = number_attribute(directory, "queue/logical_block_size");
	read_attribute(directory, "queue/zoned", text, sizeof(text));
	disk->zoned = *text && strcmp(text, "none");
	read_attribute(directory, "integrity/format", text, sizeof(text));
	disk->integrity = (*text && strcmp(text, "none")) ||
			  number_attribute(directory, "metadata_bytes");
	read_parent(directory, disk);
}

/* The kernel's copier knows it by the same prefix (dm-xcopy/multipath.c). */
static bool is_multipath(const char *directory, struct disk *disk)
{
	read_attribute(directory, "dm/uuid", disk->uuid, sizeof(disk->uuid));
	return !strncmp(disk->uuid, "mpath-", 6);
}

bool device_disk(uint32_t major, uint32_t minor, struct disk *disk)
{
	char link[64], real[PATH_MAX];

	*disk = (struct disk){ 0 };
	snprintf(link, sizeof(link), "/sys/dev/block/%u:%u", major, minor);
	if (!realpath(link, real) || (has_attribute(real, "dm") && !is_multipath(real, disk)))
		return false;
	if (has_attribute(real, "partition")) {
		disk->start = number_attribute(real, "start");
		*strrchr(real, '/') = 0;
	}
	read_disk(real, disk);
	if (*disk->uuid)
		strcpy(disk->parent_class, "multipath");
	return true;
}

uint64_t device_sectors(uint32_t major, uint32_t minor)
{
	char link[64];

	snprintf(link, sizeof(link), "/sys/dev/block/%u:%u", major, minor);
	return number_attribute(link, "size");
}

bool device_number(const char *path, dev_t *number)
{
	struct stat stat_;

	if (stat(path, &stat_) || !S_ISBLK(stat_.st_mode))
		return false;
	*number = stat_.st_rdev;
	return true;
}

bool device_is_same(const char *path, const char *other)
{
	dev_t its, others;

	return !strcmp(path, other) || (device_number(path, &its) &&
					device_number(other, &others) && its == others);
}

void device_dm_uuid(uint32_t major, uint32_t minor, char uuid[129])
{
	char *path = need_text("/sys/dev/block/%u:%u/dm/uuid", major, minor);
	FILE *file = fopen(path, "re");

	*uuid = 0;
	if (file && !fgets(uuid, 129, file))
		*uuid = 0;
	if (file)
		fclose(file);
	uuid[strcspn(uuid, "\n")] = 0;
	free(path);
}

bool device_is_writeable(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), read_only = 0;
	bool writeable = fd >= 0 && !ioctl(fd, BLKROGET, &read_only) && !read_only;

	if (fd >= 0)
		close(fd);
	return writeable;
}

int device_open(uint32_t major, uint32_t minor, int flags)
{
	char link[64], real[PATH_MAX];
	struct stat stat;
	char *path;
	int fd;

	snprintf(link, sizeof(link), "/sys/dev/block/%u:%u", major, minor);
	if (!realpath(link, real))
		return -1;
	path = need_text("/dev/%s", strrchr(real, '/') + 1);
	fd = open(path, flags | O_CLOEXEC);
	free(path);
	if (fd >= 0 && !fstat(fd, &stat) && S_ISBLK(stat.st_mode) &&
	    stat.st_rdev == makedev(major, minor))
		return fd;
	if (fd >= 0) {
		close(fd);
		errno = ENODEV;
	}
	return -1;
}

int device_sync(uint32_t major, uint32_t minor, const char *name)
{
	int fd = device_open(major, minor, O_RDONLY), code = 0;

	/* fsync writes the cache out and flushes the device; BLKFLSBUF also drops the cache */
	if (fd < 0 || fsync(fd) || ioctl(fd, BLKFLSBUF, 0))
		code = fail(EXIT_FAILED, "cannot write out the cache of %s: %s", name,
			    strerror(errno));
	if (fd >= 0)
		close(fd);
	return code;
}

static char *swap_of(uint32_t major, uint32_t minor)
{
	FILE *file = fopen("/proc/swaps", "re");
	char line[PATH_MAX];
	struct stat stat_;
	char *found = NULL;

	while (file && !found && fgets(line, sizeof(line), file)) {
		line[strcspn(line, " \t")] = 0;
		if (*line == '/' && !stat(line, &stat_) && S_ISBLK(stat_.st_mode) &&
		    stat_.st_rdev == makedev(major, minor))
			found = need_copy("swap");
	}
	if (file)
		fclose(file);
	return found;
}

/* Some file systems, btrfs is one, have device numbers of their own: "... - TYPE SOURCE OPTIONS". */
static bool is_from(const char *line, dev_t number)
{
	const char *behind = strstr(line, " - ");
	char *source = NULL;
	struct stat stat_;
	bool is = behind && sscanf(behind, " - %*s %ms", &source) == 1 && *source == '/' &&
		  !stat(source, &stat_) && S_ISBLK(stat_.st_mode) && stat_.st_rdev == number;

	free(source);
	return is;
}

char *device_mount_point(uint32_t major, uint32_t minor)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char *line = NULL, *found = NULL;
	size_t size = 0;

	while (file && !found && getline(&line, &size, file) > 0) {
		unsigned int ma, mi;
		char *point = NULL;

		if (sscanf(line, "%*u %*u %u:%u %*s %ms", &ma, &mi, &point) == 3 &&
		    ((ma == major && mi == minor) || is_from(line, makedev(major, minor))))
			found = need_copy(point);
		free(point);
	}
	free(line);
	if (file)
		fclose(file);
	return found ? found : swap_of(major, minor);
}

static uint32_t le(const uint8_t *bytes, int count)
{
	uint32_t number = 0;

	while (count--)
		number = number << 8 | bytes[count];
	return number;
}

void nvme_decode(const uint8_t *controller, const uint8_t *ns, struct nvme_copy *copy)
{
	copy->copy = le(controller + 520, 2) & 1 << 8;	/* ONCS */
	copy->format_2 = le(controller + 534, 2) & 1 << 2;	/* OCFS */
	copy->segment_blocks = le(ns + 74, 2);
	copy->command_blocks = le(ns + 76, 4);
	copy->segments = ns[80] + 1;
}

static bool identify(int fd, uint32_t nsid, uint32_t cns, uint8_t *data)
{
	struct nvme_admin_cmd command = {
		.opcode = 0x06,
		.nsid = nsid,
		.addr = (uintptr_t)data,
		.data_len = 4096,
		.cdw10 = cns,
	};

	return !ioctl(fd, NVME_IOCTL_ADMIN_CMD, &command);
}

bool nvme_identify(const struct disk *disk, struct nvme_copy *copy)
{
	static uint8_t controller[4096] __attribute__((aligned(4096)));
	static uint8_t ns[4096] __attribute__((aligned(4096)));
	int fd = device_open(disk->major, disk->minor, O_RDONLY), nsid;
	bool good = false;

	*copy = (struct nvme_copy){ 0 };
	if (fd < 0)
		return false;
	nsid = ioctl(fd, NVME_IOCTL_ID);
	if (nsid > 0 && identify(fd, 0, 1, controller) && identify(fd, nsid, 0, ns)) {
		nvme_decode(controller, ns, copy);
		copy->nsid = nsid;
		good = true;
	}
	close(fd);
	return good;
}

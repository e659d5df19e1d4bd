// SPDX-License-Identifier: GPL-2.0-only
#include "source-id.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/crc32c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "devices.h"
#include "memory.h"
#include "message.h"

#define PART (1 << 20)

static void read_line(const char *path, char *text, size_t size)
{
	FILE *file = fopen(path, "re");

	*text = 0;
	if (file && !fgets(text, size, file))
		*text = 0;
	if (file)
		fclose(file);
	text[strcspn(text, "\n")] = 0;
}

/* "-" if it has none: then the rest has to do. */
static void read_wwid(dev_t number, char wwid[129], uint64_t *start)
{
	struct disk disk;
	char *path;

	*start = 0;
	device_dm_uuid(major(number), minor(number), wwid);
	if (!*wwid && device_disk(major(number), minor(number), &disk)) {
		*start = disk.start;
		path = need_text("/sys/block/%s/wwid", disk.name);
		read_line(path, wwid, 129);
		free(path);
		path = need_text("/sys/block/%s/device/wwid", disk.name);
		if (!*wwid)
			read_line(path, wwid, 129);
		free(path);
	}
	for (char *c = wwid; *c; c++)
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-", *c))
			*c = '_';
	if (!*wwid)
		strcpy(wwid, "-");
}

static bool add_part(int fd, off_t offset, uint32_t *crc)
{
	char *part = need(PART);
	ssize_t got = pread(fd, part, PART, offset);

	if (got > 0)
		*crc = crc32c(*crc, part, got);
	free(part);
	return got > 0;
}

static bool checksum(const char *path, uint64_t bytes, uint32_t *crc)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool good = fd >= 0;

	*crc = ~0U;
	good = good && add_part(fd, 0, crc) && add_part(fd, bytes > PART ? bytes - PART : 0, crc);
	if (fd >= 0)
		close(fd);
	return good;
}

int source_id_make(const char *path, char id[SOURCE_TEXT])
{
	uint64_t start, sectors;
	char wwid[129];
	dev_t number;
	uint32_t crc;

	if (!device_number(path, &number))
		return fail(EXIT_FAILED, "source %s is missing", path);
	read_wwid(number, wwid, &start);
	sectors = device_sectors(major(number), minor(number));
	if (!checksum(path, sectors * 512, &crc))
		return fail(EXIT_FAILED, "source %s cannot be read: %s", path, strerror(errno));
	snprintf(id, SOURCE_TEXT, "%s+%llu+%llu+%08x", wwid, (unsigned long long)start,
		 (unsigned long long)sectors, crc);
	return 0;
}

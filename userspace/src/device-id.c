// SPDX-License-Identifier: GPL-2.0-only
#include "device-id.h"

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
#include "sizes.h"

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

/* virtio has nothing better. */
static void read_serial(const struct disk *disk, char wwid[129])
{
	char *path = need_text("/sys/block/%s/serial", disk->name), serial[100];

	read_line(path, serial, sizeof(serial));
	if (*serial)
		snprintf(wwid, 129, "serial.%s", serial);
	free(path);
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
		if (!*wwid)
			read_serial(&disk, wwid);
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

/* What a device says of itself, and where it lies on its disk. */
struct place {
	char wwid[129];
	uint64_t start;
	uint64_t sectors;
};

static void find_place(dev_t number, struct place *place)
{
	read_wwid(number, place->wwid, &place->start);
	place->sectors = device_sectors(major(number), minor(number));
}

static void write_place(const struct place *place, char id[SOURCE_TEXT])
{
	snprintf(id, SOURCE_TEXT, "%s+%llu+%llu", place->wwid, (unsigned long long)place->start,
		 (unsigned long long)place->sectors);
}

void device_id_place(dev_t number, char id[SOURCE_TEXT])
{
	struct place place;

	find_place(number, &place);
	write_place(&place, id);
}

bool device_id_is_known(const char *id)
{
	return strncmp(id, "-+", 2);
}

/* "WWID+START+SECTORS"; true if @now has at least as many sectors as @before, and the rest is the same */
bool device_id_is_same(const char *now, const char *before)
{
	const char *now_end = strrchr(now, '+'), *end = strrchr(before, '+');
	uint64_t sectors, before_sectors;

	return now_end && end && now_end - now == end - before &&
	       !strncmp(now, before, end - before) && number_parse(now_end + 1, &sectors) &&
	       number_parse(end + 1, &before_sectors) && sectors >= before_sectors;
}

int device_id_content(const char *path, char id[SOURCE_TEXT])
{
	struct place place;
	dev_t number;
	uint32_t crc;

	if (!device_number(path, &number))
		return fail(EXIT_FAILED, "source %s is missing", path);
	find_place(number, &place);
	if (!checksum(path, place.sectors * 512, &crc))
		return fail(EXIT_FAILED, "source %s cannot be read: %s", path, strerror(errno));
	write_place(&place, id);
	snprintf(id + strlen(id), SOURCE_TEXT - strlen(id), "+%08x", crc);
	return 0;
}

/* By two paths to one unit too, if it says which it is. */
static bool same_disk(dev_t one, const struct place *its, dev_t other, const struct place *others)
{
	struct disk a, b;

	if (strcmp(its->wwid, "-") && !strcmp(its->wwid, others->wwid))
		return true;
	return device_disk(major(one), minor(one), &a) && device_disk(major(other), minor(other), &b) &&
	       a.major == b.major && a.minor == b.minor;
}

bool devices_overlap(dev_t one, dev_t other)
{
	struct place its, others;

	find_place(one, &its);
	find_place(other, &others);
	return one == other ||
	       (same_disk(one, &its, other, &others) && its.start < others.start + others.sectors &&
		others.start < its.start + its.sectors);
}

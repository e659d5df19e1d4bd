// SPDX-License-Identifier: GPL-2.0-only
/* The disks of xcopy-cut.ko. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crash.h"

#define DIRECTORY "/sys/kernel/debug/xcopy-cut/"

static void die(const char *file, const char *line)
{
	fprintf(stderr, "xcopy-crash: xcopy-cut: %s '%s': %s\n", file, line, strerror(errno));
	exit(2);
}

static void tell(const char *file, const char *line)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), DIRECTORY "%s", file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, line, strlen(line)) != (ssize_t)strlen(line))
		die(file, line);
	close(fd);
}

void power_add_disk(const struct disk *disk)
{
	char line[128];

	snprintf(line, sizeof(line), "%s %" PRIu64 " %u %s", disk->name, disk->sectors, disk->block,
		 disk->cache ? "cache" : "through");
	tell("add", line);
}

void power_remove_disks(void)
{
	tell("remove", "1");
}

void power_delay(unsigned int us)
{
	char line[32];

	snprintf(line, sizeof(line), "%u", us);
	tell("delay_us", line);
}

void power_tear(const struct disk *disk, unsigned int bytes)
{
	char line[64];

	snprintf(line, sizeof(line), "%s %u", disk->name, bytes);
	tell("tear", line);
}

void power_state(char *text, unsigned int size)
{
	int fd = open(DIRECTORY "state", O_RDONLY | O_CLOEXEC);
	ssize_t bytes = fd < 0 ? -1 : read(fd, text, size - 1);

	if (bytes <= 0)
		die("state", "");
	text[bytes - 1] = '\0';
	close(fd);
}

bool power_is_on(void)
{
	char text[256];

	power_state(text, sizeof(text));
	return !strncmp(text, "on ", 3);
}

void power_on(void)
{
	tell("on", "1");
}

void power_cut(uint64_t seed)
{
	char line[32];

	snprintf(line, sizeof(line), "%" PRIu64, seed);
	tell("cut", line);
}

void power_arm(uint64_t seed, unsigned int count, const char *what)
{
	char line[96];

	snprintf(line, sizeof(line), "%" PRIu64 " %u %s", seed, count, what);
	tell("cut", line);
}

// SPDX-License-Identifier: GPL-2.0-only
#include "wipe.h"

#include <blkid.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "change.h"
#include "devices.h"
#include "memory.h"

/* More than any device has; one that drops what is written would keep us for ever. */
#define MOST_SIGNATURES 1000

static blkid_probe new_probe(int fd)
{
	blkid_probe probe = blkid_new_probe();

	if (!probe)
		return NULL;
	if (blkid_probe_set_device(probe, fd, 0, 0)) {
		blkid_free_probe(probe);
		return NULL;
	}
	blkid_probe_enable_superblocks(probe, 1);
	blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_MAGIC | BLKID_SUBLKS_BADCSUM);
	blkid_probe_enable_partitions(probe, 1);
	blkid_probe_set_partitions_flags(probe, BLKID_PARTS_MAGIC);
	return probe;
}

static bool wipe_signatures(int fd)
{
	blkid_probe probe = new_probe(fd);
	int found = probe ? 0 : -1;

	for (int i = 0; !found && i < MOST_SIGNATURES; i++) {
		errno = 0;
		found = blkid_do_probe(probe);
		if (!found && blkid_do_wipe(probe, 0))
			found = -1;
	}
	if (probe)
		blkid_free_probe(probe);
	if (found != 1 && !errno)
		errno = EIO;
	return found == 1;
}

static bool write_zeroes(int fd, off_t offset, size_t length)
{
	char *zeroes = need(length);
	bool good = pwrite(fd, zeroes, length, offset) == (ssize_t)length;

	free(zeroes);
	return good;
}

static bool wipe_ends(int fd, uint64_t bytes, size_t start, size_t end)
{
	start = bytes < start ? bytes : start;
	end = bytes < end ? bytes : end;
	return (!start || write_zeroes(fd, 0, start)) &&
	       (!end || write_zeroes(fd, bytes - end, end));
}

bool device_wipe(uint32_t major, uint32_t minor, int flags, size_t start, size_t end)
{
	int fd, error;
	bool good;

	change_point("wipe a device");
	errno = EIO;
	fd = device_open(major, minor, O_RDWR | flags);
	if (fd < 0)
		return false;
	good = wipe_ends(fd, device_sectors(major, minor) * 512, start, end);
	/* a disk that has lost sectors in the middle is written all the same */
	if (good && !wipe_signatures(fd))
		good = start >= WIPE_ENDS && end >= WIPE_ENDS;
	good = good && !fsync(fd) && !ioctl(fd, BLKFLSBUF, 0);
	error = errno;
	close(fd);
	errno = error;
	return good;
}

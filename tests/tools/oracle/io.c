// SPDX-License-Identifier: GPL-2.0-only
/* Direct I/O on the device under test, or on a file that stands for it. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "oracle.h"

void *buffer_alloc(size_t bytes)
{
	void *buffer = NULL;

	if (posix_memalign(&buffer, ALIGNMENT, bytes))
		return NULL;
	return buffer;
}

uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static int measure(struct device *device)
{
	struct stat stat_buffer;
	uint64_t bytes;
	int block = SECTOR;

	if (fstat(device->fd, &stat_buffer))
		return -1;
	device->regular = S_ISREG(stat_buffer.st_mode);
	bytes = (uint64_t)stat_buffer.st_size;
	if (!device->regular &&
	    (ioctl(device->fd, BLKGETSIZE64, &bytes) || ioctl(device->fd, BLKSSZGET, &block)))
		return -1;
	device->sectors = bytes / SECTOR;
	device->block_sectors = (unsigned int)block / SECTOR;
	return 0;
}

int device_open(struct device *device, const char *path, bool writable)
{
	int flags = (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC;

	device->fd = open(path, flags | O_DIRECT);
	/* Some file systems cannot; block devices always can. */
	if (device->fd < 0 && errno == EINVAL)
		device->fd = open(path, flags);
	if (device->fd >= 0 && !measure(device))
		return 0;
	fprintf(stderr, "xcopy-oracle: cannot open %s: %s\n", path, strerror(errno));
	return -1;
}

/* What @done, the return of a read or write, means when @bytes were wanted. */
static int outcome(ssize_t done, uint64_t bytes)
{
	if (done < 0)
		return errno;
	return (uint64_t)done == bytes ? 0 : EIO;
}

int device_read(const struct device *device, void *buffer, uint64_t sector, uint64_t count)
{
	return outcome(pread(device->fd, buffer, count * SECTOR, (off_t)(sector * SECTOR)),
		       count * SECTOR);
}

int device_write(const struct device *device, const void *buffer, uint64_t sector, uint64_t count,
		 bool fua)
{
	struct iovec vector = { (void *)buffer, count * SECTOR };

	return outcome(pwritev2(device->fd, &vector, 1, (off_t)(sector * SECTOR),
				fua ? RWF_DSYNC : 0), count * SECTOR);
}

/* Not every file system can zero or punch ranges. */
static int write_zeroes(const struct device *device, uint64_t sector, uint64_t count)
{
	void *zeroes = buffer_alloc(count * SECTOR);
	int error = zeroes ? 0 : ENOMEM;

	if (!error) {
		memset(zeroes, 0, count * SECTOR);
		error = device_write(device, zeroes, sector, count, false);
	}
	free(zeroes);
	return error;
}

int device_zero(const struct device *device, uint64_t sector, uint64_t count)
{
	uint64_t range[2] = { sector * SECTOR, count * SECTOR };

	if (device->regular)
		return write_zeroes(device, sector, count);
	return ioctl(device->fd, BLKZEROOUT, range) ? errno : 0;
}

int device_discard(const struct device *device, uint64_t sector, uint64_t count)
{
	uint64_t range[2] = { sector * SECTOR, count * SECTOR };

	if (device->regular)
		return write_zeroes(device, sector, count);
	return ioctl(device->fd, BLKDISCARD, range) ? errno : 0;
}

int device_flush(const struct device *device)
{
	return fsync(device->fd) ? errno : 0;
}

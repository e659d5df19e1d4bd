// SPDX-License-Identifier: GPL-2.0-only
#include "metadata-device.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "change.h"
#include "memory.h"
#include "message.h"

#define CHUNK 256	/* blocks written or read at once */

/* The kernel's default; the table's value replaces it at the first activation. */
#define QUARANTINE_MS 30000

/* Of what is formatted here; the kernel counts on from it. */
#define FIRST_SEQUENCE 1

static int io_error(const struct metadata_device *device, const char *what)
{
	return fail(EXIT_FAILED, "cannot %s %s: %s", what, device->path, strerror(errno));
}

int metadata_open(const char *path, bool write, struct metadata_device *device)
{
	int flags = (write ? O_RDWR | O_EXCL : O_RDONLY) | O_CLOEXEC;
	off_t size;

	*device = (struct metadata_device){ .path = path };
	/* direct: the kernel writes below the page cache; files of tests may not know it */
	device->fd = open(path, flags | O_DIRECT);
	if (device->fd < 0 && errno == EINVAL)
		device->fd = open(path, flags);
	if (device->fd < 0)
		return fail(EXIT_REFUSED, errno == EBUSY ?
			    "%s is in use: cancel or finish its clone first (%s)" :
			    "cannot open %s: %s", path, strerror(errno));
	size = lseek(device->fd, 0, SEEK_END);
	device->blocks = size < 0 ? 0 : size / XCOPY_BLOCK_SIZE;
	return 0;
}

void metadata_close(struct metadata_device *device)
{
	close(device->fd);
	device->fd = -1;
}

static void *blocks_buffer(size_t count)
{
	void *buffer;

	if (posix_memalign(&buffer, XCOPY_BLOCK_SIZE, count * XCOPY_BLOCK_SIZE))
		abort();
	memset(buffer, 0, count * XCOPY_BLOCK_SIZE);
	return buffer;
}

static bool transfer(const struct metadata_device *device, bool write, void *buffer,
		     uint64_t block, size_t count)
{
	size_t left = count * XCOPY_BLOCK_SIZE;
	off_t at = block * XCOPY_BLOCK_SIZE;
	char *data = buffer;

	if (write)
		change_point("write metadata");
	while (left) {
		ssize_t done = write ? pwrite(device->fd, data, left, at) :
				       pread(device->fd, data, left, at);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0) {
			errno = done ? errno : EIO;
			return false;
		}
		data += done;
		at += done;
		left -= done;
	}
	return true;
}

static int zero_superblocks(struct metadata_device *device)
{
	void *zeroes = blocks_buffer(XCOPY_SB_AREA_BLOCKS);
	bool good = transfer(device, true, zeroes, 0, XCOPY_SB_AREA_BLOCKS) &&
		    !fsync(device->fd);

	free(zeroes);
	return good ? 0 : io_error(device, "write to");
}

static int write_slots(struct metadata_device *device, const struct xcopy_geometry *geometry)
{
	struct xcopy_bitmap_block *blocks = blocks_buffer(CHUNK);
	uint64_t index = 0, total = geometry->bitmap_blocks;
	bool good = true;

	while (good && index < total) {
		uint64_t first = index;
		size_t used = 0;

		/* both slots of a block are next to one another */
		for (; used < CHUNK && index < total; index++)
			for (unsigned int slot = 0; slot < XCOPY_SLOTS; slot++, used++) {
				memset(&blocks[used], 0, sizeof(*blocks));
				xcopy_bitmap_seal(&blocks[used], geometry->uuid, index, 0);
			}
		good = transfer(device, true, blocks, xcopy_format_bitmap_block(first, 0), used);
	}
	free(blocks);
	return good && !fsync(device->fd) ? 0 : io_error(device, "write to");
}

int metadata_write_superblock(struct metadata_device *device, unsigned int copy,
			      const struct xcopy_geometry *geometry)
{
	struct xcopy_superblock *sb = blocks_buffer(1);
	bool good;

	xcopy_superblock_encode(sb, geometry);
	good = transfer(device, true, sb, xcopy_format_sb_block(copy), 1) && !fsync(device->fd);
	free(sb);
	return good ? 0 : io_error(device, "write to");
}

int metadata_format(struct metadata_device *device, const struct xcopy_geometry *geometry)
{
	uint64_t need_sectors = xcopy_format_device_sectors(geometry->target_sectors,
							    geometry->region_sectors);
	int code;

	if (device->blocks * XCOPY_BLOCK_SECTORS < need_sectors)
		return fail(EXIT_REFUSED, "%s is too small: it has %llu bytes, and a clone of this size and region size needs %llu",
			    device->path, (unsigned long long)device->blocks * XCOPY_BLOCK_SIZE,
			    (unsigned long long)need_sectors * XCOPY_SECTOR_SIZE);
	code = zero_superblocks(device);
	if (!code)
		code = write_slots(device, geometry);
	for (unsigned int copy = 0; !code && copy < XCOPY_SB_COPIES; copy++)
		code = metadata_write_superblock(device, copy, geometry);
	return code;
}

static int scan_superblocks(struct metadata_device *device, struct metadata_scan *scan)
{
	struct xcopy_superblock *sb = blocks_buffer(1);
	int code = 0;

	for (unsigned int copy = 0; !code && copy < XCOPY_SB_COPIES; copy++) {
		if (!transfer(device, false, sb, xcopy_format_sb_block(copy), 1))
			code = io_error(device, "read");
		else
			scan->sb_errors[copy] = xcopy_superblock_decode(sb, &scan->sb[copy]);
		if (!code && scan->sb_errors[copy] == XCOPY_FORMAT_OK)
			scan->offload_open |= scan->sb[copy].flags & XCOPY_SB_OFFLOAD_OPEN;
	}
	free(sb);
	return code;
}

enum metadata_use metadata_look(struct metadata_device *device, const char *id)
{
	struct metadata_scan scan = { 0 };
	enum metadata_use use = METADATA_UNFORMATTED;
	char uuid[33];

	if (device->blocks < XCOPY_SB_AREA_BLOCKS || scan_superblocks(device, &scan))
		return METADATA_USED;
	for (unsigned int copy = 0; copy < XCOPY_SB_COPIES; copy++) {
		if (scan.sb_errors[copy] != XCOPY_FORMAT_OK)
			continue;
		metadata_uuid_text(scan.sb[copy].uuid, uuid);
		if (strcmp(uuid, id))
			continue;
		if (scan.sb[copy].sequence > FIRST_SEQUENCE)
			return METADATA_USED;
		use = METADATA_NEW;
	}
	return use;
}

static uint64_t count_bits(const struct xcopy_bitmap_block *slots, const bool *good,
			   uint64_t regions)
{
	uint64_t set = 0;

	for (uint64_t region = 0; region < regions; region++) {
		unsigned int bits = 0;

		for (unsigned int slot = 0; slot < XCOPY_SLOTS; slot++)
			if (good[slot])
				bits |= slots[slot].bits[region / 8];
		set += bits >> region % 8 & 1;
	}
	return set;
}

static void scan_block(const struct xcopy_bitmap_block *slots, uint64_t index,
		       struct metadata_scan *scan)
{
	const struct xcopy_geometry *geometry = &scan->sb[scan->current];
	uint64_t left = scan->regions - index * XCOPY_BITMAP_BITS;
	bool good[XCOPY_SLOTS], any = false;

	for (unsigned int slot = 0; slot < XCOPY_SLOTS; slot++) {
		good[slot] = xcopy_bitmap_check(&slots[slot], geometry->uuid, index) ==
			     XCOPY_FORMAT_OK;
		scan->bad_slots += !good[slot];
		any = any || good[slot];
	}
	if (!any && !scan->lost_blocks++)
		scan->first_lost = index;
	scan->hydrated += count_bits(slots, good,
				     left < XCOPY_BITMAP_BITS ? left : XCOPY_BITMAP_BITS);
}

static int scan_bitmap(struct metadata_device *device, struct metadata_scan *scan)
{
	struct xcopy_bitmap_block *slots = blocks_buffer(XCOPY_SLOTS);
	int code = 0;

	for (uint64_t i = 0; !code && i < scan->sb[scan->current].bitmap_blocks; i++) {
		if (transfer(device, false, slots, xcopy_format_bitmap_block(i, 0), XCOPY_SLOTS))
			scan_block(slots, i, scan);
		else
			code = io_error(device, "read");
	}
	free(slots);
	return code;
}

int metadata_scan(struct metadata_device *device, struct metadata_scan *scan)
{
	const struct xcopy_geometry *geometry;
	int code;

	*scan = (struct metadata_scan){ .current = -1 };
	if (device->blocks < XCOPY_SB_AREA_BLOCKS) {
		scan->too_small = true;
		for (unsigned int copy = 0; copy < XCOPY_SB_COPIES; copy++)
			scan->sb_errors[copy] = XCOPY_FORMAT_MAGIC;
		return 0;
	}
	code = scan_superblocks(device, scan);
	if (code)
		return code;
	scan->current = xcopy_superblock_choose(scan->sb_errors, scan->sb);
	if (scan->current < 0)
		return 0;
	geometry = &scan->sb[scan->current];
	scan->regions = xcopy_format_regions(geometry->target_sectors, geometry->region_sectors);
	scan->too_small = device->blocks * XCOPY_BLOCK_SECTORS <
			  xcopy_format_device_sectors(geometry->target_sectors,
						      geometry->region_sectors);
	return scan->too_small ? 0 : scan_bitmap(device, scan);
}

bool metadata_new_geometry(uint64_t sectors, uint32_t region, struct xcopy_geometry *geometry)
{
	*geometry = (struct xcopy_geometry){
		.sequence = FIRST_SEQUENCE,
		.target_sectors = sectors,
		.region_sectors = region,
		.quarantine_ms = QUARANTINE_MS,
		.bitmap_blocks = xcopy_format_bitmap_blocks(xcopy_format_regions(sectors, region)),
	};
	return getrandom(geometry->uuid, sizeof(geometry->uuid), 0) == sizeof(geometry->uuid);
}

void metadata_uuid_text(const uint8_t *uuid, char text[33])
{
	for (unsigned int i = 0; i < XCOPY_UUID_SIZE; i++)
		sprintf(text + 2 * i, "%02x", uuid[i]);
}

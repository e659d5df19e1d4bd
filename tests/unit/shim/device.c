// SPDX-License-Identifier: GPL-2.0-only
#include <assert.h>
#include <stdarg.h>

#include "device.h"
#include "metadata-io.h"

static char log_text[65536];

void shim_log_clear(void)
{
	log_text[0] = 0;
}

bool shim_logged(const char *text)
{
	return strstr(log_text, text);
}

void shim_log(const char *format, ...)
{
	size_t used = strlen(log_text);
	va_list args;

	va_start(args, format);
	vsnprintf(log_text + used, sizeof(log_text) - used, format, args);
	va_end(args);
}

u64 shim_random(struct shim_device *device, u64 below)
{
	device->random ^= device->random << 13;
	device->random ^= device->random >> 7;
	device->random ^= device->random << 17;
	return device->random % below;
}

void generate_random_uuid(unsigned char uuid[16])
{
	static unsigned char count;

	memset(uuid, 0x40, 16);
	uuid[15] = ++count;
}

/* Each sector is the old or the new one. */
static void tear(struct shim_device *device, u8 *old, const u8 *new)
{
	unsigned int sector;

	for (sector = 0; sector < SHIM_BLOCK; sector += 512) {
		if (shim_random(device, 2))
			memcpy(old + sector, new + sector, 512);
	}
}

/* What the cache did with a block by itself: nothing, all of it, or a part. */
static void settle_block(struct shim_device *device, unsigned int block)
{
	u8 *durable = device->durable[block];

	switch (shim_random(device, 3)) {
	case 0:
		break;
	case 1:
		memcpy(durable, device->content[block], SHIM_BLOCK);
		break;
	default:
		tear(device, durable, device->content[block]);
	}
}

static void land_in_flight(struct shim_device *device, bool torn)
{
	unsigned int block;

	for (block = 0; block < SHIM_MAX_BLOCKS; block++) {
		if (!device->in_flight[block])
			continue;
		if (torn)
			tear(device, device->content[block], device->in_flight[block]);
		else
			memcpy(device->content[block], device->in_flight[block], SHIM_BLOCK);
		device->volatile_blocks[block] = true;
		device->in_flight[block] = NULL;
	}
}

/* Buffers in flight may be freed after the failure: what lands of them lands now. */
static void lose_power(struct shim_device *device)
{
	land_in_flight(device, true);
	device->dead = true;
	device->batch_error = -EIO;
}

void shim_power_cycle(struct shim_device *device)
{
	unsigned int block;

	for (block = 0; block < SHIM_MAX_BLOCKS; block++) {
		if (device->volatile_blocks[block])
			settle_block(device, block);
		device->volatile_blocks[block] = false;
	}
	memcpy(device->content, device->durable, sizeof(device->content));
	device->dead = false;
	device->crash_at = 0;
	device->fail_at = 0;
}

/* Return: does this operation succeed? */
static bool operate(struct shim_device *device)
{
	device->operations++;
	if (device->operations == device->crash_at)
		lose_power(device);
	return !device->dead && device->operations != device->fail_at;
}

static void trace(struct shim_device *device, int what)
{
	if (device->traced < SHIM_MAX_TRACE)
		device->trace[device->traced++] = what;
}

/* ---- metadata-io.h ---- */

int xcopy_metadata_io_init(struct xcopy_metadata_io *io, struct block_device *bdev)
{
	io->bdev = bdev;
	return 0;
}

void xcopy_metadata_io_exit(struct xcopy_metadata_io *io)
{
	(void)io;
}

u64 xcopy_metadata_io_sectors(const struct xcopy_metadata_io *io)
{
	return io->bdev->device->sectors;
}

bool xcopy_metadata_io_read_only(const struct xcopy_metadata_io *io)
{
	return io->bdev->device->read_only;
}

int xcopy_metadata_io_settle(struct xcopy_metadata_io *io)
{
	(void)io;
	return 0;
}

int xcopy_metadata_io_read(struct xcopy_metadata_io *io, u64 block, void *buffer,
			   unsigned int count)
{
	struct shim_device *device = io->bdev->device;
	unsigned int i;

	assert((block + count) * 8 <= device->sectors);
	if (device->dead)
		return -EIO;
	for (i = 0; i < count; i++) {
		if (device->unreadable[block + i])
			return -EIO;
		memcpy((u8 *)buffer + i * SHIM_BLOCK, device->content[block + i], SHIM_BLOCK);
	}
	return 0;
}

void xcopy_metadata_io_begin(struct xcopy_metadata_io *io)
{
	io->bdev->device->batch_error = 0;
}

void xcopy_metadata_io_write(struct xcopy_metadata_io *io, u64 block, void *buffer)
{
	struct shim_device *device = io->bdev->device;

	assert((block + 1) * 8 <= device->sectors);
	assert(!device->read_only);
	assert(!((unsigned long)buffer % SHIM_BLOCK));
	trace(device, 'w');
	trace(device, block);
	if (!device->dead)
		device->in_flight[block] = buffer;
	if (!operate(device))
		device->batch_error = -EIO;
}

int xcopy_metadata_io_end(struct xcopy_metadata_io *io)
{
	struct shim_device *device = io->bdev->device;

	if (!operate(device))
		device->batch_error = -EIO;
	land_in_flight(device, device->batch_error);
	return device->batch_error;
}

int xcopy_metadata_io_flush(struct xcopy_metadata_io *io)
{
	struct shim_device *device = io->bdev->device;

	trace(device, 'f');
	if (!operate(device))
		return -EIO;
	memcpy(device->durable, device->content, sizeof(device->durable));
	memset(device->volatile_blocks, 0, sizeof(device->volatile_blocks));
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The metadata store on a device that holds anything at all: it is refused without a write,
 * or is used, and then what is set and committed is there again.  xcopysetup, which reads the
 * device by itself, comes to the same.
 *
 * The input changes a device that was formatted, so that the interesting is in reach: the
 * first byte chooses the clone's size, the second says whether it starts from zeroes, and
 * what the table says of the format; then come changes, see change().
 */
#include <sys/mman.h>
#include <unistd.h>

#include <linux/crc32c.h>

#include "device.h"
#include "fuzz.h"
#include "metadata.h"

/* userspace's headers define some of the shim's names */
uint64_t scan_hydrated(int fd, uint64_t blocks);

#define BITS		XCOPY_BITMAP_BITS
/* Two bitmap blocks: counting bits one by one takes its time. */
#define LARGEST_COMPARED	20U

static const struct {
	u64 sectors;
	u32 region;
} sizes[] = {
	{ 1, 8 }, { 8 * 100 - 3, 8 }, { 8ULL * BITS, 8 }, { 8ULL * BITS + 1, 8 },
	{ 8ULL * (2 * BITS + 1003) - 3, 8 }, { 64ULL * BITS * 3, 64 }, { 1ULL << 40, 2097152 },
	{ XCOPY_MAX_TARGET, 2097152 },
};

static struct shim_device device;
static struct mapped_device source_lv = { "LVM-source" }, destination_lv = { "LVM-destination" };
static struct block_device source = { .mapped = &source_lv };
static struct block_device destination = { .mapped = &destination_lv };
static struct block_device metadata = { .device = &device, .logical_block_size = 512 };
static struct xcopy_metadata_config config;
static unsigned int blocks;

static struct xcopy_metadata *open_metadata(const char **error)
{
	struct xcopy_metadata *md;

	*error = NULL;
	shim_log_clear();
	md = xcopy_metadata_open(&config, error);
	must(IS_ERR(md) == !!*error);
	return md;
}

static void wipe(void)
{
	memset(device.content, 0, blocks * SHIM_BLOCK);
	memset(device.volatile_blocks, 0, sizeof(device.volatile_blocks));
	memset(device.unreadable, 0, sizeof(device.unreadable));
	device.traced = 0;
	device.operations = 0;
}

/* As formatting leaves it; formatting each time would be most of the work. */
static void start_formatted(unsigned int which)
{
	static u8 images[ARRAY_SIZE(sizes)][SHIM_MAX_BLOCKS][SHIM_BLOCK];
	static bool made[ARRAY_SIZE(sizes)];
	const char *error;

	if (!made[which]) {
		xcopy_metadata_close(open_metadata(&error));
		memcpy(images[which], device.content, sizeof(images[which]));
		made[which] = true;
	}
	memcpy(device.content, images[which], blocks * SHIM_BLOCK);
}

/* A device of the right size; one for clones that are too large is full of blocks anyway. */
static void set_up(struct input *input)
{
	unsigned int which = take(input, 1) % ARRAY_SIZE(sizes);
	u64 wanted = xcopy_format_device_sectors(sizes[which].sectors, sizes[which].region) / 8;
	unsigned int how = take(input, 1);

	blocks = min(wanted, (u64)SHIM_MAX_BLOCKS);
	device.sectors = blocks * 8;
	device.random = 1;
	wipe();
	config = (struct xcopy_metadata_config){
		.bdev = &metadata,
		.target_sectors = sizes[which].sectors,
		.region_sectors = sizes[which].region,
		.quarantine_ms = 30000,
		.source = &source,
		.destination = &destination,
		.may_format = true,
	};
	if (!(how & 1))
		start_formatted(which);
	device.sectors -= how & 0x80 ? 8 : 0;
	config.may_format = how & 2;
	device.read_only = how & 4;
}

static struct xcopy_superblock *super(unsigned int copy)
{
	return (void *)device.content[xcopy_format_sb_block(copy)];
}

/* A lie with the right checksum. */
static void seal_super(unsigned int copy)
{
	struct xcopy_superblock *sb = super(copy);
	u32 crc = crc32c(~0U, sb->uuid, sizeof(sb->uuid));

	crc = crc32c(crc, (u8 *)sb + 8, SHIM_BLOCK - 8);
	sb->crc = cpu_to_le32(~crc);
}

static void seal_slot(unsigned int block)
{
	struct xcopy_bitmap_block *slot = (void *)device.content[block];
	u32 crc = crc32c(~0U, super(0)->uuid, sizeof(super(0)->uuid));

	crc = crc32c(crc, (u8 *)slot + 4, SHIM_BLOCK - 4);
	slot->crc = cpu_to_le32(~crc);
}

/* One change, at a place in a block: bytes, a whole block, a copy of another, or a seal. */
static void change(struct input *input)
{
	unsigned int what = take(input, 1), block = take(input, 1) % blocks;
	unsigned int at = take(input, 2) % SHIM_BLOCK, i;

	switch (what % 6) {
	case 0:
		for (i = 0; i <= what / 6 && at + i < SHIM_BLOCK; i++)
			device.content[block][at + i] = take(input, 1);
		break;
	case 1:
		memset(device.content[block], take(input, 1), SHIM_BLOCK);
		break;
	case 2:
		memcpy(device.content[block], device.content[at % blocks], SHIM_BLOCK);
		break;
	case 3:
		seal_super(block % 2);
		break;
	case 4:
		seal_slot(block);
		break;
	default:
		device.unreadable[block] = true;
	}
}

static u64 count_set(const struct xcopy_metadata *md, u64 regions)
{
	u64 region = 0, end, set = 0;
	bool hydrated;

	while (region < regions) {
		end = xcopy_metadata_run(md, region, regions, &hydrated);
		must(end > region && end <= regions);
		must(xcopy_metadata_hydrated(md, region) == hydrated);
		set += hydrated ? end - region : 0;
		must(hydrated || xcopy_metadata_next_unhydrated(md, region) == region);
		region = end;
	}
	return set;
}

static void compare_with_userspace(u64 hydrated)
{
	static int fd = -1;

	if (fd < 0)
		fd = memfd_create("metadata", 0);
	must(fd >= 0 && !ftruncate(fd, blocks * SHIM_BLOCK));
	must(pwrite(fd, device.content, blocks * SHIM_BLOCK, 0) == (ssize_t)(blocks * SHIM_BLOCK));
	must(scan_hydrated(fd, blocks) == hydrated);
}

static bool any_unreadable(void)
{
	unsigned int i;

	for (i = 0; i < blocks; i++)
		if (device.unreadable[i])
			return true;
	return false;
}

static void use(struct xcopy_metadata *md, struct input *input)
{
	u64 regions = xcopy_metadata_nr_regions(md), set, first, end;
	const char *error;

	must(regions == xcopy_format_regions(config.target_sectors, config.region_sectors));
	must(xcopy_metadata_quarantine_ms(md) <= XCOPY_MAX_QUARANTINE_MS);
	set = xcopy_metadata_nr_hydrated(md);
	must(set == count_set(md, regions));
	if (blocks <= LARGEST_COMPARED && !any_unreadable())
		compare_with_userspace(set);
	if (device.read_only)
		return;
	first = take(input, 4) % regions;
	end = first + 1 + take(input, 4) % (regions - first);
	set += xcopy_metadata_set(md, first, end);
	xcopy_metadata_commit_prepare(md);
	must(!xcopy_metadata_commit_write(md));
	must(xcopy_metadata_committed(md, first, end));
	must(set == count_set(md, regions));
	xcopy_metadata_close(md);
	/* What is written can be read again. */
	memset(device.unreadable, 0, sizeof(device.unreadable));
	shim_power_cycle(&device);
	md = open_metadata(&error);
	must(!IS_ERR(md) && xcopy_metadata_nr_hydrated(md) == set);
	xcopy_metadata_close(md);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	struct xcopy_metadata *md;
	unsigned int changes;
	const char *error;

	set_up(&input);
	for (changes = take(&input, 1) % 32; changes && input.size; changes--)
		change(&input);
	memcpy(device.durable, device.content, blocks * SHIM_BLOCK);
	device.traced = 0;
	md = open_metadata(&error);
	if (IS_ERR(md)) {
		must(!device.traced);
		must(!memcmp(device.content, device.durable, blocks * SHIM_BLOCK));
		return 0;
	}
	use(md, &input);
	if (device.read_only)
		xcopy_metadata_close(md);
	return 0;
}

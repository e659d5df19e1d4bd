// SPDX-License-Identifier: GPL-2.0-only
/*
 * The metadata store on a device that loses power, tears, rots, lies and fails
 * (shim/device.c): what was acknowledged is never lost, what was not set never
 * appears, and what does not belong together is refused without a write.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "device.h"
#include "metadata.h"

#define REGION		8U
#define BITS		XCOPY_BITMAP_BITS
#define LAST_REGIONS	1003U
#define REGIONS		(2 * BITS + LAST_REGIONS)
#define SECTORS		(REGIONS * REGION - 3)
#define BLOCKS		3U
#define DEVICE_BLOCKS	(XCOPY_SB_AREA_BLOCKS + XCOPY_SLOTS * BLOCKS)

static struct shim_device device;
static struct mapped_device source_lv, destination_lv;
static struct block_device source_bdev, destination_bdev;
static struct block_device metadata_bdev = { .device = &device, .logical_block_size = 512 };
static struct xcopy_metadata_config config;
static const char *error;

static int setup(void **state)
{
	(void)state;
	memset(&device, 0, sizeof(device));
	device.sectors = DEVICE_BLOCKS * 8;
	device.random = 88172645463325252ULL;
	strcpy(source_lv.uuid, "LVM-source");
	strcpy(destination_lv.uuid, "LVM-destination");
	source_bdev = (struct block_device){ .mapped = &source_lv };
	destination_bdev = (struct block_device){ .mapped = &destination_lv };
	config = (struct xcopy_metadata_config){
		.bdev = &metadata_bdev,
		.target_sectors = SECTORS,
		.region_sectors = REGION,
		.quarantine_ms = 30000,
		.source = &source_bdev,
		.destination = &destination_bdev,
		.may_format = true,
	};
	shim_log_clear();
	return 0;
}

/* ---- steps ---- */

static struct xcopy_metadata *must_open(void)
{
	struct xcopy_metadata *md;

	error = NULL;
	md = xcopy_metadata_open(&config, &error);
	if (IS_ERR(md))
		fail_msg("refused: %s", error);
	return md;
}

static void commit(struct xcopy_metadata *md)
{
	xcopy_metadata_commit_prepare(md);
	assert_int_equal(xcopy_metadata_commit_write(md), 0);
}

static void commit_until_level(struct xcopy_metadata *md)
{
	while (xcopy_metadata_dirty(md))
		commit(md);
}

/* A device with the regions [first, end) hydrated, both slots of all blocks level. */
static void make_clone(u64 first, u64 end)
{
	struct xcopy_metadata *md = must_open();

	xcopy_metadata_set(md, first, end);
	commit_until_level(md);
	xcopy_metadata_close(md);
	config.may_format = false;
}

static u8 *slot(unsigned int block, unsigned int which)
{
	return device.content[xcopy_format_bitmap_block(block, which)];
}

static struct xcopy_superblock *super(unsigned int copy)
{
	return (struct xcopy_superblock *)device.content[xcopy_format_sb_block(copy)];
}

static bool slot_valid(unsigned int block, unsigned int which)
{
	return !xcopy_bitmap_check((struct xcopy_bitmap_block *)slot(block, which),
				   super(0)->uuid, block);
}

/* Opening fails with @r and a sentence that has @text, and writes nothing. */
static void must_refuse(int r, const char *text)
{
	static struct shim_device before;
	struct xcopy_metadata *md;

	before = device;
	error = NULL;
	md = xcopy_metadata_open(&config, &error);
	if (!IS_ERR(md))
		fail_msg("not refused, expected: %s", text);
	assert_int_equal(PTR_ERR(md), r);
	assert_non_null(error);
	if (!strstr(error, text))
		fail_msg("wrong sentence: %s", error);
	assert_memory_equal(before.content, device.content, sizeof(device.content));
	assert_int_equal(before.traced, device.traced);
}

/* Changes a field of a superblock copy and makes its checksum right. */
static void with_superblock(unsigned int copy, void (*change)(struct xcopy_geometry *geometry))
{
	struct xcopy_geometry geometry;

	assert_int_equal(xcopy_superblock_decode(super(copy), &geometry), XCOPY_FORMAT_OK);
	change(&geometry);
	xcopy_superblock_encode(super(copy), &geometry);
}

/* ---- formatting ---- */

static void test_format_then_open(void **state)
{
	struct xcopy_metadata *md = must_open();
	u8 uuid[XCOPY_UUID_SIZE];

	(void)state;
	assert_int_equal(xcopy_metadata_nr_regions(md), REGIONS);
	assert_int_equal(xcopy_metadata_nr_hydrated(md), 0);
	assert_int_equal(xcopy_metadata_quarantine_ms(md), 30000);
	assert_int_equal(xcopy_metadata_device_sectors(md), DEVICE_BLOCKS * 8);
	assert_false(xcopy_metadata_was_open(md));
	assert_false(xcopy_metadata_dirty(md));
	memcpy(uuid, xcopy_metadata_uuid(md), sizeof(uuid));
	xcopy_metadata_close(md);
	config.may_format = false;
	md = must_open();
	assert_memory_equal(xcopy_metadata_uuid(md), uuid, sizeof(uuid));
	assert_int_equal(xcopy_metadata_nr_hydrated(md), 0);
	xcopy_metadata_close(md);
}

static void test_format_order(void **state)
{
	static const int order[] = {
		'w', 0, 'w', 8, 'f',
		'w', 16, 'w', 17, 'w', 18, 'w', 19, 'w', 20, 'w', 21, 'f',
		'w', 0, 'f', 'w', 8, 'f',
	};

	(void)state;
	xcopy_metadata_close(must_open());
	assert_int_equal(device.traced, ARRAY_SIZE(order));
	assert_memory_equal(device.trace, order, sizeof(order));
}

static void test_format_leaves_no_slot_invalid(void **state)
{
	unsigned int block;

	(void)state;
	/* what another format left behind must not be taken for this one's */
	memset(slot(1, 0), 0x5a, SHIM_BLOCK);
	xcopy_metadata_close(must_open());
	for (block = 0; block < BLOCKS; block++) {
		assert_true(slot_valid(block, 0));
		assert_true(slot_valid(block, 1));
	}
}

static void test_interrupted_format(void **state)
{
	struct xcopy_metadata *md;
	unsigned long at;

	for (at = 1; at < 40; at++) {
		setup(state);
		device.random += at;
		device.crash_at = at;
		md = xcopy_metadata_open(&config, &error);
		if (IS_ERR(md))
			assert_true(device.dead);
		xcopy_metadata_close(md);
		shim_power_cycle(&device);
		md = must_open();
		assert_int_equal(xcopy_metadata_nr_hydrated(md), 0);
		xcopy_metadata_close(md);
	}
}

static void test_failed_format(void **state)
{
	unsigned long at;

	for (at = 1; at < 15; at++) {
		setup(state);
		device.fail_at = at;
		assert_true(IS_ERR(xcopy_metadata_open(&config, &error)));
		assert_non_null(strstr(error, "while it was formatted"));
	}
}

static void test_format_records_devices(void **state)
{
	(void)state;
	xcopy_metadata_close(must_open());
	assert_int_equal(super(0)->source.kind, XCOPY_ID_DM_UUID);
	assert_memory_equal(super(1)->source.id, "LVM-source", 11);
	assert_memory_equal(super(0)->destination.id, "LVM-destination", 16);
}

static void test_blank_but_not_to_be_formatted(void **state)
{
	(void)state;
	config.may_format = false;
	must_refuse(-EINVAL, "metadata dev: is not formatted, and no_format");
	config.may_format = true;
	device.read_only = true;
	must_refuse(-EROFS, "read-only");
}

/* One bit anywhere in the first 64 KiB makes it somebody's. */
static void test_not_blank(void **state)
{
	unsigned int block;

	(void)state;
	for (block = 0; block < XCOPY_SB_AREA_BLOCKS; block++) {
		device.content[block][block * 255] = 1;
		must_refuse(-EINVAL, "something else than dm-xcopy metadata");
		device.content[block][block * 255] = 0;
	}
}

static void test_unreadable_is_not_blank(void **state)
{
	(void)state;
	device.unreadable[3] = true;
	must_refuse(-EINVAL, "something else than dm-xcopy metadata");
	assert_true(shim_logged("block 3 cannot be read"));
}

/* ---- sizes ---- */

static void test_too_small(void **state)
{
	(void)state;
	device.sectors = DEVICE_BLOCKS * 8 - 1;
	must_refuse(-ENOSPC, "metadata dev: is too small");
	device.sectors = 1;
	must_refuse(-ENOSPC, "metadata dev: is too small");
	device.sectors = DEVICE_BLOCKS * 8;
	make_clone(0, 1);
	device.sectors -= 8;
	must_refuse(-ENOSPC, "metadata dev: is too small");
}

static void test_wrong_arguments(void **state)
{
	(void)state;
	config.region_sectors = 12;
	must_refuse(-EINVAL, "region size: must be");
	config.region_sectors = REGION;
	config.target_sectors = 0;
	must_refuse(-EINVAL, "length: must");
	config.target_sectors = ~0ULL;
	must_refuse(-EINVAL, "length: must");
	config.target_sectors = SECTORS;
	metadata_bdev.logical_block_size = 8192;
	must_refuse(-EINVAL, "logical blocks");
	metadata_bdev.logical_block_size = 512;
}

static void test_other_geometry(void **state)
{
	(void)state;
	make_clone(0, 10);
	config.region_sectors = 16;
	must_refuse(-EINVAL, "metadata dev: was formatted for another region size");
	config.region_sectors = REGION;
	config.target_sectors++;
	must_refuse(-EINVAL, "metadata dev: was formatted for another length");
	config.target_sectors -= 2;
	must_refuse(-EINVAL, "metadata dev: was formatted for another length");
}

/* ---- devices ---- */

static void test_other_devices(void **state)
{
	(void)state;
	make_clone(0, 10);
	strcpy(source_lv.uuid, "LVM-sourcf");
	must_refuse(-EINVAL, "source dev: is not the one");
	source_lv.uuid[0] = 0;
	must_refuse(-EINVAL, "source dev: is not the one");
	strcpy(source_lv.uuid, "LVM-source");
	strcpy(destination_lv.uuid, "LVM-destinatio");
	must_refuse(-EINVAL, "destination dev: is not the one");
}

static void unbind(struct xcopy_geometry *geometry)
{
	memset(&geometry->source, 0, sizeof(geometry->source));
	memset(&geometry->destination, 0, sizeof(geometry->destination));
}

static void test_unbound_is_recorded(void **state)
{
	(void)state;
	make_clone(0, 10);
	with_superblock(0, unbind);
	with_superblock(1, unbind);
	strcpy(source_lv.uuid, "LVM-restored");
	xcopy_metadata_close(must_open());
	assert_memory_equal(super(0)->source.id, "LVM-restored", 13);
	assert_memory_equal(super(1)->source.id, "LVM-restored", 13);
	assert_memory_equal(super(1)->destination.id, "LVM-destination", 16);
	strcpy(source_lv.uuid, "LVM-source");
	must_refuse(-EINVAL, "source dev: is not the one");
}

static void test_device_without_identity_is_not_compared(void **state)
{
	(void)state;
	source_lv.uuid[0] = 0;
	make_clone(0, 10);
	assert_int_equal(super(0)->source.kind, XCOPY_ID_NONE);
	strcpy(source_lv.uuid, "LVM-any");
	xcopy_metadata_close(must_open());
}

static int get_unique_id(struct gendisk *disk, u8 id[16], enum blk_unique_id type)
{
	if (type != disk->type)
		return -EINVAL;
	memcpy(id, disk->id, disk->length);
	return disk->length;
}

static void test_disks(void **state)
{
	static const struct block_device_operations fops = { .get_unique_id = get_unique_id };
	struct gendisk disk = {
		.fops = &fops, .type = BLK_UID_EUI64, .id = "eui-64--", .length = 8
	};

	(void)state;
	source_bdev = (struct block_device){ .bd_disk = &disk, .start = 2048 };
	make_clone(0, 10);
	assert_int_equal(super(0)->source.kind, XCOPY_ID_DISK);
	assert_int_equal(super(0)->source.length, 24);
	assert_memory_equal(super(0)->source.id, "eui-64--\0\0\0\0\0\0\0\0\0\x08\0\0\0\0\0", 24);
	xcopy_metadata_close(must_open());
	source_bdev.start = 4096;
	must_refuse(-EINVAL, "source dev: is not the one");
	source_bdev.start = 2048;
	disk.id[0] = 'E';
	must_refuse(-EINVAL, "source dev: is not the one");
}

static void test_disk_without_unique_id(void **state)
{
	static const struct block_device_operations fops;
	struct gendisk disk = { .fops = &fops };

	(void)state;
	destination_bdev = (struct block_device){ .bd_disk = &disk };
	make_clone(0, 10);
	assert_int_equal(super(0)->destination.kind, XCOPY_ID_NONE);
}

/* ---- superblocks ---- */

static void test_one_bad_superblock_is_repaired(void **state)
{
	unsigned int bad;

	for (bad = 0; bad < 2; bad++) {
		setup(state);
		make_clone(0, 10);
		memset(super(bad), 0, 512);
		device.traced = 0;
		xcopy_metadata_close(must_open());
		/* the bad one first: the good one stays until then */
		assert_int_equal(device.trace[2], xcopy_format_sb_block(bad));
		assert_memory_equal(super(0), super(1), SHIM_BLOCK);
		device.traced = 0;
		xcopy_metadata_close(must_open());
		assert_int_equal(device.traced, 1); /* the flush */
	}
}

static void test_repair_is_left_out_when_read_only(void **state)
{
	(void)state;
	make_clone(0, 10);
	memset(super(1), 0, SHIM_BLOCK);
	device.read_only = true;
	xcopy_metadata_close(must_open());
	assert_int_equal(super(1)->magic[0], 0);
}

static void test_unreadable_superblock_copy(void **state)
{
	(void)state;
	make_clone(0, 10);
	device.unreadable[0] = true;
	xcopy_metadata_close(must_open());
	assert_true(shim_logged("block 0 cannot be read"));
}

static void test_both_superblocks_bad(void **state)
{
	(void)state;
	config.may_format = true;
	make_clone(0, 10);
	config.may_format = true;
	super(0)->quarantine_ms ^= 1;
	super(1)->quarantine_ms ^= 2;
	must_refuse(-EUCLEAN, "superblocks are damaged");
	memset(super(0), 0, SHIM_BLOCK);
	must_refuse(-EUCLEAN, "superblocks are damaged");
}

static void lie(struct xcopy_geometry *geometry)
{
	geometry->bitmap_blocks = 7;
}

static void test_both_superblocks_lie(void **state)
{
	(void)state;
	make_clone(0, 10);
	with_superblock(0, lie);
	with_superblock(1, lie);
	must_refuse(-EUCLEAN, "contradict themselves");
}

static void other_uuid(struct xcopy_geometry *geometry)
{
	geometry->uuid[3] ^= 1;
}

static void test_superblocks_of_two_clones(void **state)
{
	(void)state;
	make_clone(0, 10);
	with_superblock(1, other_uuid);
	must_refuse(-EUCLEAN, "of different clones");
}

static void other_uuid_newer(struct xcopy_geometry *geometry)
{
	geometry->uuid[3] ^= 1;
	geometry->sequence += 5;
}

/* The bitmap of one clone under the superblock of another means nothing. */
static void test_superblocks_of_another_format_run(void **state)
{
	(void)state;
	make_clone(0, 10);
	with_superblock(0, other_uuid_newer);
	with_superblock(1, other_uuid_newer);
	must_refuse(-EUCLEAN, "both slots of a bitmap block are bad");
}

static void forged_sequence(struct xcopy_geometry *geometry)
{
	geometry->sequence = XCOPY_MAX_SEQUENCE - 1;
}

/* It can be read, but what would be written next could not. */
static void test_sequence_before_its_end(void **state)
{
	(void)state;
	make_clone(0, 10);
	with_superblock(1, forged_sequence);
	must_refuse(-EUCLEAN, "nobody can have counted to");
	setup(state);
	make_clone(0, 10);
	xcopy_bitmap_seal((void *)slot(0, 1), super(0)->uuid, 0, XCOPY_MAX_SEQUENCE - 1);
	must_refuse(-EUCLEAN, "nobody can have counted to");
}

static __le32 crc_of(const struct xcopy_superblock *sb)
{
	const u8 *bytes = (const u8 *)sb;
	u32 crc = ~0U;
	size_t i;
	int bit;

	for (i = 0; i < 16 + SHIM_BLOCK - 8; i++) {
		crc ^= i < 16 ? sb->uuid[i] : bytes[i - 16 + 8];
		for (bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0x82f63b78 : crc >> 1;
	}
	return __cpu_to_le32(~crc);
}

/* One copy of a newer program is enough: it may have changed what the other promises. */
static void test_newer_version(void **state)
{
	(void)state;
	make_clone(0, 10);
	super(1)->version = __cpu_to_le32(2);
	super(1)->min_version = __cpu_to_le32(2);
	super(1)->crc = crc_of(super(1));
	must_refuse(-EOPNOTSUPP, "newer version");
	super(1)->min_version = __cpu_to_le32(1);
	super(1)->incompat = __cpu_to_le64(4);
	super(1)->crc = crc_of(super(1));
	must_refuse(-EOPNOTSUPP, "feature");
	super(1)->incompat = 0;
	super(1)->crc = crc_of(super(1));
	xcopy_metadata_close(must_open());
}

/* ---- flags ---- */

static void test_flags(void **state)
{
	struct xcopy_metadata *md = must_open();

	(void)state;
	assert_int_equal(xcopy_metadata_set_flags(md, XCOPY_SB_OFFLOAD_OPEN, 0, 45000), 0);
	device.traced = 0;
	assert_int_equal(xcopy_metadata_set_flags(md, XCOPY_SB_OFFLOAD_OPEN, 0, 45000), 0);
	assert_int_equal(device.traced, 0);
	xcopy_metadata_close(md);
	md = must_open();
	assert_true(xcopy_metadata_was_open(md));
	assert_int_equal(xcopy_metadata_quarantine_ms(md), 45000);
	assert_int_equal(xcopy_metadata_set_flags(md, XCOPY_SB_COMPLETE,
						  XCOPY_SB_OFFLOAD_OPEN, 9), 0);
	xcopy_metadata_close(md);
	md = must_open();
	assert_false(xcopy_metadata_was_open(md));
	assert_int_equal(xcopy_metadata_quarantine_ms(md), 9);
	assert_int_equal(super(0)->flags, XCOPY_SB_COMPLETE);
	xcopy_metadata_close(md);
}

static void open_for_longer(struct xcopy_geometry *geometry)
{
	geometry->flags |= XCOPY_SB_OFFLOAD_OPEN;
	geometry->quarantine_ms = 99999;
	geometry->sequence--;
}

/* A crash between the copies: the older one says open, and for how long. */
static void test_either_copy_can_say_open(void **state)
{
	struct xcopy_metadata *md;
	unsigned int copy;

	for (copy = 0; copy < 2; copy++) {
		setup(state);
		make_clone(0, 10);
		with_superblock(copy, open_for_longer);
		md = must_open();
		assert_true(xcopy_metadata_was_open(md));
		assert_int_equal(xcopy_metadata_quarantine_ms(md), 99999);
		/* brought level, and still open */
		assert_memory_equal(super(0), super(1), SHIM_BLOCK);
		assert_int_equal(super(0)->flags, XCOPY_SB_OFFLOAD_OPEN);
		xcopy_metadata_close(md);
	}
}

/* ---- the bitmap in memory ---- */

static void check_runs(const struct xcopy_metadata *md, const bool *bits)
{
	u64 first = 0, end, at;
	bool hydrated;

	while (first < REGIONS) {
		end = xcopy_metadata_run(md, first, REGIONS, &hydrated);
		assert_true(end > first && end <= REGIONS);
		for (at = first; at < end; at++)
			assert_int_equal(bits[at], hydrated);
		if (end < REGIONS)
			assert_int_equal(bits[end], !hydrated);
		first = end;
	}
}

static void check_next(const struct xcopy_metadata *md, const bool *bits, u64 from)
{
	u64 next = xcopy_metadata_next_unhydrated(md, from);

	for (; from < next; from++)
		assert_true(bits[from]);
	if (next < REGIONS)
		assert_false(bits[next]);
}

static u64 random_range(u64 *end)
{
	static const u64 lengths[] = { 1, 2, 64, 65, 200, BITS, REGIONS };
	u64 first = shim_random(&device, REGIONS);
	u64 length = 1 + shim_random(&device, lengths[shim_random(&device, 7)]);

	*end = min(first + length, (u64)REGIONS);
	return first;
}

static void test_set_and_test(void **state)
{
	static bool bits[REGIONS];
	struct xcopy_metadata *md = must_open();
	u64 first, end, at, expected, total = 0;
	unsigned int round;

	(void)state;
	memset(bits, 0, sizeof(bits));
	for (round = 0; round < 60; round++) {
		first = random_range(&end);
		for (expected = 0, at = first; at < end; at++) {
			expected += !bits[at];
			bits[at] = true;
		}
		assert_int_equal(xcopy_metadata_set(md, first, end), expected);
		assert_int_equal(xcopy_metadata_set(md, first, end), 0);
		total += expected;
		assert_int_equal(xcopy_metadata_nr_hydrated(md), total);
		check_runs(md, bits);
		check_next(md, bits, shim_random(&device, REGIONS));
	}
	xcopy_metadata_close(md);
}

static void test_run_stops_at_end(void **state)
{
	struct xcopy_metadata *md = must_open();
	bool hydrated;

	(void)state;
	xcopy_metadata_set(md, 100, 300);
	assert_int_equal(xcopy_metadata_run(md, 0, 50, &hydrated), 50);
	assert_false(hydrated);
	assert_int_equal(xcopy_metadata_run(md, 99, 100, &hydrated), 100);
	assert_false(hydrated);
	assert_int_equal(xcopy_metadata_run(md, 100, 101, &hydrated), 101);
	assert_true(hydrated);
	assert_int_equal(xcopy_metadata_run(md, 299, REGIONS, &hydrated), 300);
	assert_true(hydrated);
	assert_int_equal(xcopy_metadata_next_unhydrated(md, REGIONS), REGIONS);
	xcopy_metadata_close(md);
}

static void test_freed_bitmap(void **state)
{
	struct xcopy_metadata *md = must_open();
	bool hydrated;

	(void)state;
	xcopy_metadata_free_bitmap(md);
	assert_true(xcopy_metadata_hydrated(md, 17));
	assert_true(xcopy_metadata_committed(md, 0, REGIONS));
	assert_int_equal(xcopy_metadata_run(md, 5, 99, &hydrated), 99);
	assert_true(hydrated);
	assert_int_equal(xcopy_metadata_next_unhydrated(md, 0), REGIONS);
	assert_int_equal(xcopy_metadata_nr_hydrated(md), REGIONS);
	assert_int_equal(xcopy_metadata_set(md, 1, 2), 0);
	assert_false(xcopy_metadata_dirty(md));
	device.traced = 0;
	commit(md);
	assert_int_equal(device.traced, 0);
	assert_int_equal(xcopy_metadata_set_flags(md, XCOPY_SB_COMPLETE, 0, 1), 0);
	xcopy_metadata_close(md);
}

/* ---- commits ---- */

static void test_commit_alternates_and_levels(void **state)
{
	static const int first[] = { 'w', 18, 'f' }, second[] = { 'w', 19, 'f' };
	struct xcopy_metadata *md = must_open();

	(void)state;
	xcopy_metadata_set(md, BITS, BITS + 5);
	assert_true(xcopy_metadata_dirty(md));
	device.traced = 0;
	commit(md);
	assert_memory_equal(device.trace, first, sizeof(first));
	assert_int_equal(device.traced, 3);
	assert_true(xcopy_metadata_dirty(md));
	device.traced = 0;
	commit(md);
	assert_memory_equal(device.trace, second, sizeof(second));
	assert_int_equal(device.traced, 3);
	assert_memory_equal(slot(1, 0), slot(1, 1), SHIM_BLOCK);
	assert_false(xcopy_metadata_dirty(md));
	device.traced = 0;
	commit(md);
	assert_int_equal(device.traced, 0);
	xcopy_metadata_close(md);
}

static void test_copies_are_those_of_prepare(void **state)
{
	struct xcopy_metadata *md = must_open();

	(void)state;
	xcopy_metadata_set(md, 3, 4);
	xcopy_metadata_commit_prepare(md);
	xcopy_metadata_set(md, 4, 5);
	assert_int_equal(xcopy_metadata_commit_write(md), 0);
	assert_int_equal(slot(0, 0)[32], 1 << 3);
	assert_true(xcopy_metadata_committed(md, 3, 4));
	assert_false(xcopy_metadata_committed(md, 4, 5));
	assert_false(xcopy_metadata_committed(md, 3, 5));
	assert_true(xcopy_metadata_dirty(md));
	commit(md);
	assert_true(xcopy_metadata_committed(md, 3, 5));
	xcopy_metadata_close(md);
}

static void test_committed_only_after_the_flush(void **state)
{
	struct xcopy_metadata *md = must_open();

	(void)state;
	xcopy_metadata_set(md, 0, 3);
	assert_false(xcopy_metadata_committed(md, 0, 3));
	xcopy_metadata_commit_prepare(md);
	assert_false(xcopy_metadata_committed(md, 0, 3));
	device.fail_at = device.operations + 3; /* write, end, flush */
	assert_int_equal(xcopy_metadata_commit_write(md), -EIO);
	assert_false(xcopy_metadata_committed(md, 0, 3));
	assert_int_equal(xcopy_metadata_commit_write(md), 0);
	assert_true(xcopy_metadata_committed(md, 0, 3));
	xcopy_metadata_close(md);
}

static void test_failed_commit_is_repeated(void **state)
{
	struct xcopy_metadata *md = must_open();
	unsigned int failures;

	(void)state;
	xcopy_metadata_set(md, 0, 1);
	commit(md);
	xcopy_metadata_set(md, 1, 2);
	xcopy_metadata_commit_prepare(md);
	xcopy_metadata_set(md, 2, 3);
	device.traced = 0;
	for (failures = 0; failures < 3; failures++) {
		device.fail_at = device.operations + 1 + failures;
		assert_int_equal(xcopy_metadata_commit_write(md), -EIO);
		assert_true(xcopy_metadata_dirty(md));
		/* against the contract, and without effect */
		xcopy_metadata_commit_prepare(md);
		assert_int_equal(device.trace[1], 17);
	}
	device.traced = 0;
	assert_int_equal(xcopy_metadata_commit_write(md), 0);
	assert_int_equal(device.trace[1], 17);
	assert_int_equal(slot(0, 1)[32], 3);
	xcopy_metadata_close(md);
}

/* ---- slots ---- */

static void damage(u8 *block, unsigned int how)
{
	if (how == 0)
		block[700] ^= 0x10;
	else if (how == 1)
		memset(block, 0, SHIM_BLOCK);
	else
		memset(block + 512, 0xa5, 1024);
}

static void test_one_bad_slot_is_repaired(void **state)
{
	struct xcopy_metadata *md;
	unsigned int block, which, how;

	for (block = 0; block < BLOCKS; block++) {
		for (which = 0; which < 2; which++) {
			for (how = 0; how < 3; how++) {
				setup(state);
				make_clone(0, REGIONS - 2);
				damage(slot(block, which), how);
				md = must_open();
				assert_true(shim_logged("bad ones will be repaired"));
				assert_int_equal(xcopy_metadata_nr_hydrated(md), REGIONS - 2);
				assert_true(xcopy_metadata_committed(md, 0, REGIONS - 2));
				device.traced = 0;
				commit(md);
				assert_int_equal(device.trace[1], 16 + 2 * block + which);
				assert_int_equal(device.traced, 3);
				assert_memory_equal(slot(block, 0), slot(block, 1), SHIM_BLOCK);
				assert_false(xcopy_metadata_dirty(md));
				xcopy_metadata_close(md);
			}
		}
	}
}

static void test_unreadable_slot(void **state)
{
	struct xcopy_metadata *md;

	(void)state;
	make_clone(0, 100);
	device.unreadable[xcopy_format_bitmap_block(2, 1)] = true;
	md = must_open();
	assert_true(shim_logged("block 21 cannot be read"));
	assert_int_equal(xcopy_metadata_nr_hydrated(md), 100);
	xcopy_metadata_close(md);
}

static void test_both_slots_bad(void **state)
{
	unsigned int how;

	for (how = 0; how < 3; how++) {
		setup(state);
		make_clone(0, 100);
		damage(slot(1, 0), how);
		damage(slot(1, 1), (how + 1) % 3);
		must_refuse(-EUCLEAN, "both slots of a bitmap block are bad");
		assert_true(shim_logged("bitmap block 1, regions 32512 to 65023"));
	}
}

static void test_swapped_blocks(void **state)
{
	u8 block[SHIM_BLOCK];
	unsigned int which;

	(void)state;
	make_clone(0, 100);
	for (which = 0; which < 2; which++) {
		memcpy(block, slot(0, which), SHIM_BLOCK);
		memcpy(slot(0, which), slot(1, which), SHIM_BLOCK);
		memcpy(slot(1, which), block, SHIM_BLOCK);
	}
	must_refuse(-EUCLEAN, "both slots of a bitmap block are bad");
	assert_true(shim_logged("belongs to another place"));
}

/* Slots of a commit that was not levelled: both count, and the older one is written next. */
static void test_slots_are_joined(void **state)
{
	struct xcopy_metadata *md = must_open();

	(void)state;
	xcopy_metadata_set(md, 0, 1);
	commit(md);
	xcopy_metadata_set(md, 1, 2);
	commit(md);
	xcopy_metadata_close(md);
	md = must_open();
	assert_int_equal(xcopy_metadata_nr_hydrated(md), 2);
	assert_true(xcopy_metadata_dirty(md));
	device.traced = 0;
	commit(md);
	assert_int_equal(device.trace[1], 16);
	assert_false(xcopy_metadata_dirty(md));
	assert_memory_equal(slot(0, 0), slot(0, 1), SHIM_BLOCK);
	xcopy_metadata_close(md);
}

static void test_padding_is_ignored(void **state)
{
	struct xcopy_bitmap_block *last;
	struct xcopy_metadata *md;

	(void)state;
	make_clone(2 * BITS, REGIONS);
	last = (struct xcopy_bitmap_block *)slot(2, 0);
	last->bits[LAST_REGIONS / 8] = 0xff;
	last->bits[XCOPY_BITMAP_BYTES - 1] = 0xff;
	xcopy_bitmap_seal(last, super(0)->uuid, 2, 3);
	md = must_open();
	assert_int_equal(xcopy_metadata_nr_hydrated(md), LAST_REGIONS);
	assert_int_equal(xcopy_metadata_next_unhydrated(md, 2 * BITS), REGIONS);
	xcopy_metadata_close(md);
}

/* ---- random work, crashes, failures, rot ---- */

struct model {
	struct xcopy_metadata *md;
	bool set[REGIONS];
	bool acknowledged[REGIONS];
	bool copied[REGIONS];
	bool open_known;
	bool open;
	unsigned int quarantine_ms;
};

/* After opening: nothing acknowledged is missing, nothing appeared. */
static void check_loaded(struct model *model)
{
	u64 at;

	for (at = 0; at < REGIONS; at++) {
		bool hydrated = xcopy_metadata_hydrated(model->md, at);

		if (model->acknowledged[at] && !hydrated)
			fail_msg("region %llu was acknowledged and is lost", at);
		if (!model->set[at] && hydrated)
			fail_msg("region %llu was never set", at);
		model->set[at] = hydrated;
		model->acknowledged[at] = hydrated;
	}
	if (model->open_known && model->open != xcopy_metadata_was_open(model->md))
		fail_msg("offload_open should be %d", model->open);
	if (model->open_known && model->open)
		assert_true(xcopy_metadata_quarantine_ms(model->md) >= model->quarantine_ms);
	model->open = xcopy_metadata_was_open(model->md);
	model->open_known = true;
	model->quarantine_ms = xcopy_metadata_quarantine_ms(model->md);
}

static void check_committed(const struct model *model)
{
	u64 end, at = random_range(&end);

	if (!xcopy_metadata_committed(model->md, at, end))
		return;
	for (; at < end; at++) {
		if (!model->acknowledged[at])
			fail_msg("region %llu is not durable", at);
	}
}

static void random_set(struct model *model)
{
	u64 end, first = random_range(&end);

	xcopy_metadata_set(model->md, first, end);
	memset(model->set + first, true, end - first);
}

static bool random_commit(struct model *model)
{
	int r, attempt;

	memcpy(model->copied, model->set, sizeof(model->set));
	xcopy_metadata_commit_prepare(model->md);
	if (shim_random(&device, 2))
		random_set(model);
	if (shim_random(&device, 6) == 0)
		device.fail_at = device.operations + 1 + shim_random(&device, 6);
	for (attempt = 0; attempt < 3; attempt++) {
		check_committed(model);
		r = xcopy_metadata_commit_write(model->md);
		if (!r)
			break;
	}
	if (!r)
		memcpy(model->acknowledged, model->copied, sizeof(model->copied));
	return !r;
}

static bool random_flags(struct model *model)
{
	bool open = shim_random(&device, 2);
	unsigned int ms = 1000 + shim_random(&device, 5);
	int r = xcopy_metadata_set_flags(model->md, open ? XCOPY_SB_OFFLOAD_OPEN : 0,
					 open ? 0 : XCOPY_SB_OFFLOAD_OPEN, ms);

	if (r) {
		/* a failure to set may have set, one to clear may have cleared */
		if (!model->open_known || open != model->open)
			model->open_known = false;
		model->quarantine_ms = min(model->quarantine_ms, ms);
		return false;
	}
	model->open_known = true;
	model->open = open;
	model->quarantine_ms = ms;
	return true;
}

/* At rest either slot of each block may rot, and one superblock. */
static void rot(void)
{
	unsigned int block;

	for (block = 0; block < BLOCKS; block++)
		damage(slot(block, shim_random(&device, 2)), shim_random(&device, 3));
	damage((u8 *)super(shim_random(&device, 2)), 1);
	memcpy(device.durable, device.content, sizeof(device.durable));
}

static void reopen(struct model *model)
{
	bool level = !device.dead && !xcopy_metadata_dirty(model->md);

	xcopy_metadata_close(model->md);
	if (device.dead || shim_random(&device, 2))
		shim_power_cycle(&device);
	if (level && shim_random(&device, 2))
		rot();
	device.fail_at = 0;
	device.crash_at = 0;
	model->md = must_open();
	check_loaded(model);
	device.crash_at = device.operations + 1 + shim_random(&device, 60);
}

static bool random_step(struct model *model)
{
	switch (shim_random(&device, 8)) {
	case 0: case 1: case 2:
		random_set(model);
		return true;
	case 3: case 4: case 5:
		return random_commit(model);
	case 6:
		return random_flags(model);
	default:
		return false;
	}
}

static void random_life(struct model *model, unsigned int seed)
{
	unsigned int step;

	device.random += seed * 0x9e3779b97f4a7c15ULL;
	memset(model, 0, sizeof(*model));
	model->open_known = true;
	model->md = must_open();
	config.may_format = false;
	for (step = 0; step < 80; step++) {
		if (!random_step(model) || device.dead)
			reopen(model);
		check_committed(model);
	}
	device.crash_at = 0;
	xcopy_metadata_close(model->md);
}

static void test_random_lives(void **state)
{
	static struct model model;
	unsigned int seed;

	for (seed = 1; seed <= 150; seed++) {
		setup(state);
		random_life(&model, seed);
	}
}

#define TEST(function) cmocka_unit_test_setup(function, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_format_then_open),
		TEST(test_format_order),
		TEST(test_format_leaves_no_slot_invalid),
		TEST(test_interrupted_format),
		TEST(test_failed_format),
		TEST(test_format_records_devices),
		TEST(test_blank_but_not_to_be_formatted),
		TEST(test_not_blank),
		TEST(test_unreadable_is_not_blank),
		TEST(test_too_small),
		TEST(test_wrong_arguments),
		TEST(test_other_geometry),
		TEST(test_other_devices),
		TEST(test_unbound_is_recorded),
		TEST(test_device_without_identity_is_not_compared),
		TEST(test_disks),
		TEST(test_disk_without_unique_id),
		TEST(test_one_bad_superblock_is_repaired),
		TEST(test_repair_is_left_out_when_read_only),
		TEST(test_unreadable_superblock_copy),
		TEST(test_both_superblocks_bad),
		TEST(test_both_superblocks_lie),
		TEST(test_superblocks_of_two_clones),
		TEST(test_superblocks_of_another_format_run),
		TEST(test_sequence_before_its_end),
		TEST(test_newer_version),
		TEST(test_flags),
		TEST(test_either_copy_can_say_open),
		TEST(test_set_and_test),
		TEST(test_run_stops_at_end),
		TEST(test_freed_bitmap),
		TEST(test_commit_alternates_and_levels),
		TEST(test_copies_are_those_of_prepare),
		TEST(test_committed_only_after_the_flush),
		TEST(test_failed_commit_is_repeated),
		TEST(test_one_bad_slot_is_repaired),
		TEST(test_unreadable_slot),
		TEST(test_both_slots_bad),
		TEST(test_swapped_blocks),
		TEST(test_slots_are_joined),
		TEST(test_padding_is_ignored),
		TEST(test_random_lives),
	};

	return cmocka_run_group_tests_name("metadata", tests, NULL, NULL);
}

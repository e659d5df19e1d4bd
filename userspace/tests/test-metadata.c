// SPDX-License-Identifier: GPL-2.0-only
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#undef fail	/* message.h has a function of this name */
#include "message.h"
#include "metadata-device.h"

static char path[] = "/tmp/xcopysetup-test.XXXXXX";

static void open_it(struct metadata_device *device)
{
	device->path = path;
	device->fd = open(path, O_RDWR);
	assert_true(device->fd >= 0);
	device->blocks = lseek(device->fd, 0, SEEK_END) / XCOPY_BLOCK_SIZE;
}

static void damage(uint64_t block)
{
	char zeroes[XCOPY_BLOCK_SIZE] = { 0 };
	int fd = open(path, O_WRONLY);

	assert_int_equal(pwrite(fd, zeroes, sizeof(zeroes), block * XCOPY_BLOCK_SIZE),
			 sizeof(zeroes));
	close(fd);
}

/* 40000 regions: two bitmap blocks, the second one partly used */
static void format_it(struct metadata_device *device, struct xcopy_geometry *geometry)
{
	assert_true(metadata_new_geometry(40000 * 8 - 3, 8, geometry));
	assert_int_equal(geometry->bitmap_blocks, 2);
	assert_int_equal(truncate(path, 512 * xcopy_format_device_sectors(40000 * 8 - 3, 8)), 0);
	open_it(device);
	assert_int_equal(metadata_format(device, geometry), 0);
}

static void formatted_is_valid(void **state)
{
	struct metadata_device device;
	struct xcopy_geometry geometry;
	struct metadata_scan scan;

	(void)state;
	format_it(&device, &geometry);
	assert_int_equal(metadata_scan(&device, &scan), 0);
	assert_true(scan.current >= 0);
	assert_int_equal(scan.regions, 40000);
	assert_int_equal(scan.hydrated, 0);
	assert_int_equal(scan.bad_slots, 0);
	assert_int_equal(scan.sb_errors[0], XCOPY_FORMAT_OK);
	assert_int_equal(scan.sb_errors[1], XCOPY_FORMAT_OK);
	assert_memory_equal(scan.sb[0].uuid, geometry.uuid, XCOPY_UUID_SIZE);
	metadata_close(&device);
}

static void set_region(struct metadata_device *device, const struct xcopy_geometry *geometry,
		       unsigned int region, unsigned int slot)
{
	struct xcopy_bitmap_block block = { 0 };
	uint64_t index = region / XCOPY_BITMAP_BITS;

	block.bits[region % XCOPY_BITMAP_BITS / 8] = 1 << region % 8;
	xcopy_bitmap_seal(&block, geometry->uuid, index, 1);
	assert_int_equal(pwrite(device->fd, &block, sizeof(block),
				xcopy_format_bitmap_block(index, slot) * XCOPY_BLOCK_SIZE),
			 sizeof(block));
}

static void slots_are_joined(void **state)
{
	struct metadata_device device;
	struct xcopy_geometry geometry;
	struct metadata_scan scan;

	(void)state;
	format_it(&device, &geometry);
	set_region(&device, &geometry, 5, 0);
	set_region(&device, &geometry, 9, 1);
	set_region(&device, &geometry, 39999, 1);
	assert_int_equal(metadata_scan(&device, &scan), 0);
	assert_int_equal(scan.hydrated, 3);
	damage(xcopy_format_bitmap_block(0, 1));
	assert_int_equal(metadata_scan(&device, &scan), 0);
	assert_int_equal(scan.hydrated, 2);
	assert_int_equal(scan.bad_slots, 1);
	assert_int_equal(scan.lost_blocks, 0);
	damage(xcopy_format_bitmap_block(1, 0));
	damage(xcopy_format_bitmap_block(1, 1));
	assert_int_equal(metadata_scan(&device, &scan), 0);
	assert_int_equal(scan.lost_blocks, 1);
	assert_int_equal(scan.first_lost, 1);
	metadata_close(&device);
}

static void one_superblock_suffices(void **state)
{
	struct metadata_device device;
	struct xcopy_geometry geometry;
	struct metadata_scan scan;

	(void)state;
	format_it(&device, &geometry);
	damage(xcopy_format_sb_block(0));
	assert_int_equal(metadata_scan(&device, &scan), 0);
	assert_int_equal(scan.current, 1);
	assert_int_not_equal(scan.sb_errors[0], XCOPY_FORMAT_OK);
	damage(xcopy_format_sb_block(1));
	assert_int_equal(metadata_scan(&device, &scan), 0);
	assert_int_equal(scan.current, -1);
	metadata_close(&device);
}

static void too_small(void **state)
{
	struct metadata_device device;
	struct xcopy_geometry geometry;
	struct metadata_scan scan;

	(void)state;
	format_it(&device, &geometry);
	metadata_close(&device);
	assert_int_equal(truncate(path, 512 * xcopy_format_device_sectors(40000 * 8 - 3, 8) - 4096), 0);
	open_it(&device);
	assert_int_equal(metadata_scan(&device, &scan), 0);
	assert_true(scan.too_small);
	assert_int_equal(metadata_format(&device, &geometry), EXIT_REFUSED);
	metadata_close(&device);
	assert_int_equal(truncate(path, 100), 0);
	open_it(&device);
	assert_int_equal(metadata_scan(&device, &scan), 0);
	assert_int_equal(scan.current, -1);
	metadata_close(&device);
}

static int make_file(void **state)
{
	(void)state;
	return mkstemp(path) < 0;
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

/* A superblock of the kernel's in either copy says that there was a clone. */
static void used_or_not(void **state)
{
	struct metadata_device device;
	struct xcopy_geometry geometry;
	char id[33], other[33];

	(void)state;
	assert_int_equal(truncate(path, 0), 0);
	format_it(&device, &geometry);
	metadata_uuid_text(geometry.uuid, id);
	memset(other, 'a', 32);
	other[32] = 0;
	assert_int_equal(metadata_look(&device, id), METADATA_NEW);
	assert_int_equal(metadata_look(&device, other), METADATA_UNFORMATTED);
	damage(xcopy_format_sb_block(0));
	assert_int_equal(metadata_look(&device, id), METADATA_NEW);
	geometry.sequence++;
	assert_int_equal(metadata_write_superblock(&device, 0, &geometry), 0);
	assert_int_equal(metadata_look(&device, id), METADATA_USED);
	damage(xcopy_format_sb_block(1));
	assert_int_equal(metadata_look(&device, id), METADATA_USED);
	damage(xcopy_format_sb_block(0));
	assert_int_equal(metadata_look(&device, id), METADATA_UNFORMATTED);
	device.blocks = 1;
	assert_int_equal(metadata_look(&device, id), METADATA_USED);
	metadata_close(&device);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formatted_is_valid), cmocka_unit_test(slots_are_joined),
		cmocka_unit_test(one_superblock_suffices), cmocka_unit_test(too_small),
		cmocka_unit_test(used_or_not),
	};

	return cmocka_run_group_tests_name("metadata", tests, make_file, remove_file);
}

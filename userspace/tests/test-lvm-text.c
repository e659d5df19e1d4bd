// SPDX-License-Identifier: GPL-2.0-only
/* A PV made by hand: label in sector 1, one metadata area at 4 KiB, its text wrapped around. */
#include "test.h"

#include <asm/byteorder.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lvm-lock.h"
#include "lvm-text.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define VG_ID "111111-2222-3333-4444-5555-6666-777777"
#define LV "LVM-11111122223333444455556666777777AAAAAA22223333444455556666777777"
#define TEXT "vg {\nid = \"" VG_ID "\"\nseqno = 42\nformat = \"lvm2\"\n" \
	"status = [\"RESIZEABLE\", \"READ\", \"WRITE\"]\nphysical_volumes {\n}\n}\n# end\n"
#define AREA 4096
#define AREA_SIZE 8192

static char image[65536];

static void put32(size_t offset, uint32_t value)
{
	value = __cpu_to_le32(value);
	memcpy(image + offset, &value, 4);
}

static void put64(size_t offset, uint64_t value)
{
	value = __cpu_to_le64(value);
	memcpy(image + offset, &value, 8);
}

/* @at: where in the area the text begins */
static void make_image(uint64_t at, uint32_t flags)
{
	size_t length = strlen(TEXT), first = AREA_SIZE - at < length ? AREA_SIZE - at : length;

	memset(image, 0, sizeof(image));
	memcpy(image + 512, "LABELONE", 8);
	put64(512 + 8, 1);
	put32(512 + 20, 32);
	memcpy(image + 512 + 24, "LVM2 001", 8);
	/* PV header at 544: uuid, size, data area, end, metadata area, end */
	put64(544 + 32, sizeof(image));
	put64(544 + 40, 32768);
	put64(544 + 72, AREA);
	put64(544 + 80, AREA_SIZE);
	memcpy(image + AREA + 4, " LVM2 x[5A%r0N*>", 16);
	put32(AREA + 20, 1);
	put64(AREA + 24, AREA);
	put64(AREA + 32, AREA_SIZE);
	put64(AREA + 40, at);
	put64(AREA + 48, length);
	put32(AREA + 60, flags);
	memcpy(image + AREA + at, TEXT, first);
	memcpy(image + AREA + 512, TEXT + first, length - first);
}

static enum lvm_text_result read_image(struct lvm_text *text)
{
	FILE *file = tmpfile();
	enum lvm_text_result result;

	assert_non_null(file);
	assert_int_equal(fwrite(image, sizeof(image), 1, file), 1);
	fflush(file);
	result = lvm_text_read(fileno(file), LV, text);
	fclose(file);
	return result;
}

static void seqno_is_found(void **state)
{
	static const uint64_t places[] = { 512, 1024, AREA_SIZE - 512, AREA_SIZE - 10, AREA_SIZE - 1 };
	struct lvm_text text;

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		make_image(places[i], 0);
		text.seqno = 0;
		assert_int_equal(read_image(&text), LVM_TEXT_FOUND);
		assert_int_equal(text.seqno, 42);
		assert_string_equal(text.vg, "vg");
		assert_false(text.shared);
	}
}

static void area_out_of_use(void **state)
{
	struct lvm_text text;

	(void)state;
	make_image(512, 1);
	assert_int_equal(read_image(&text), LVM_TEXT_NONE);
	make_image(512, 0);
	put64(544 + 72, 0);
	assert_int_equal(read_image(&text), LVM_TEXT_NONE);
}

static void damaged(void **state)
{
	struct lvm_text text;

	(void)state;
	memset(image, 0, sizeof(image));
	assert_int_equal(read_image(&text), LVM_TEXT_BAD);
	make_image(512, 0);
	image[AREA + 5] = 'X';
	assert_int_equal(read_image(&text), LVM_TEXT_BAD);
	make_image(512, 0);
	put64(AREA + 40, AREA_SIZE);
	assert_int_equal(read_image(&text), LVM_TEXT_BAD);
	put64(AREA + 40, 100);
	assert_int_equal(read_image(&text), LVM_TEXT_BAD);
	make_image(512, 0);
	put64(AREA + 48, ~0ULL);
	assert_int_equal(read_image(&text), LVM_TEXT_BAD);
	make_image(512, 0);
	put64(AREA + 48, AREA_SIZE);
	assert_int_equal(read_image(&text), LVM_TEXT_BAD);
	make_image(512, 0);
	put64(544 + 72, 1ULL << 40);
	assert_int_equal(read_image(&text), LVM_TEXT_BAD);
}

static void parse_is(const char *metadata, const char *lv, enum lvm_text_result result)
{
	struct lvm_text text;

	assert_int_equal(lvm_text_parse(metadata, lv, &text), result);
}

static void another_group(void **state)
{
	(void)state;
	parse_is(TEXT, LV, LVM_TEXT_FOUND);
	parse_is(TEXT, "LVM-1", LVM_TEXT_BAD);
	parse_is(TEXT, "LVM-21111122223333444455556666777777AAAAAA22223333444455556666777777",
		 LVM_TEXT_BAD);
	parse_is("", LV, LVM_TEXT_BAD);
	parse_is("vg {\nid = \"" VG_ID "\"\n", LV, LVM_TEXT_BAD);
	parse_is("v g {\nid = \"" VG_ID "\"\nseqno = 1\n", LV, LVM_TEXT_BAD);
	/* what belongs to a PV does not belong to the VG */
	parse_is("vg {\nseqno = 1\nphysical_volumes {\nid = \"" VG_ID "\"\n", LV, LVM_TEXT_BAD);
	parse_is("vg {\nid = \"x\"\nseqno = 1\nphysical_volumes {\nid = \"" VG_ID "\"\n", LV,
		 LVM_TEXT_BAD);
}

static void shared_group(void **state)
{
	struct lvm_text text;

	(void)state;
	assert_int_equal(lvm_text_parse("vg {\nid = \"" VG_ID "\"\nseqno = 1\nlock_type = \"sanlock\"\n",
					LV, &text), LVM_TEXT_FOUND);
	assert_true(text.shared);
	assert_int_equal(lvm_text_parse("vg {\nid = \"" VG_ID "\"\nseqno = 1\nlock_type = \"none\"\n",
					LV, &text), LVM_TEXT_FOUND);
	assert_false(text.shared);
	assert_int_equal(lvm_text_parse("vg {\nid = \"" VG_ID "\"\nseqno = 1\nstatus = [\"CLUSTERED\"]\n",
					LV, &text), LVM_TEXT_FOUND);
	assert_true(text.shared);
}

/* The lock excludes flock() on the same file, and leaves nothing behind. */
static void vg_lock(void **state)
{
	char directory[] = "/tmp/xcopysetup-test.XXXXXX", path[64];
	struct lvm_lock lock;
	struct stat stat_;
	int status;

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/V_vg", directory);
	assert_false(lvm_lock_is_held());
	assert_int_equal(lvm_lock_take(directory, "vg", &lock), 0);
	assert_true(lvm_lock_is_held());
	snprintf(path, sizeof(path), "flock -n %s/V_vg true", directory);
	status = system(path);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	lvm_lock_release(&lock);
	assert_false(lvm_lock_is_held());
	status = system(path);
	assert_int_equal(status, 0);
	snprintf(path, sizeof(path), "%s/V_vg:aux", directory);
	assert_int_not_equal(stat(path, &stat_), 0);
	snprintf(path, sizeof(path), "rm -rf %s", directory);
	assert_int_equal(system(path), 0);
}

/* A holder that removes the file on its way out, as LVM does, must not leave two lockers. */
static void vg_lock_of_a_removed_file(void **state)
{
	char directory[] = "/tmp/xcopysetup-test.XXXXXX", command[128], path[64];
	struct lvm_lock lock;
	struct stat by_name, by_fd;

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(command, sizeof(command),
		 "flock %s/V_vg sh -c 'sleep 0.4; rm %s/V_vg; sleep 0.1' & sleep 0.2", directory,
		 directory);
	assert_int_equal(system(command), 0);
	assert_int_equal(lvm_lock_take(directory, "vg", &lock), 0);
	snprintf(path, sizeof(path), "%s/V_vg", directory);
	assert_int_equal(stat(path, &by_name), 0);
	assert_int_equal(fstat(lock.fd, &by_fd), 0);
	assert_int_equal(by_name.st_ino, by_fd.st_ino);
	lvm_lock_release(&lock);
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seqno_is_found), cmocka_unit_test(area_out_of_use),
		cmocka_unit_test(damaged), cmocka_unit_test(another_group), cmocka_unit_test(shared_group),
		cmocka_unit_test(vg_lock), cmocka_unit_test(vg_lock_of_a_removed_file),
	};

	return cmocka_run_group_tests_name("lvm-text and lvm-lock", tests, NULL, NULL);
}

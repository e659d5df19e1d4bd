// SPDX-License-Identifier: GPL-2.0-only
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "tail.h"

#define PV(name, more) "{\"pv_name\":\"" name "\",\"pv_uuid\":\"u\",\"vg_name\":\"vg\",\"vg_uuid\":\"v\"," more "}"
#define YES "\"pv_missing\":\"\",\"pv_allocatable\":\"allocatable\""
#define SEG(name, start, size, type) \
	"{\"pv_name\":\"" name "\",\"pvseg_start\":\"" #start "\",\"pvseg_size\":\"" #size "\",\"segtype\":\"" type "\"}"

static const char text[] =
"{\"report\":[{\"pv\":["
PV("/dev/a", YES) "," PV("/dev/b", YES) "," PV("/dev/c", "\"pv_missing\":\"\",\"pv_allocatable\":\"\"") ","
"{\"pv_name\":\"/dev/d\",\"pv_uuid\":\"u\",\"vg_name\":\"other\",\"vg_uuid\":\"w\"," YES "}"
"],\"pvseg\":["
SEG("/dev/a", 0, 10, "free") "," SEG("/dev/a", 10, 5, "linear") "," SEG("/dev/a", 15, 20, "free") ","
SEG("/dev/b", 0, 4, "linear") "," SEG("/dev/b", 4, 6, "free") ","
SEG("/dev/c", 0, 100, "free") "," SEG("/dev/d", 0, 100, "free") "]}]}";

static bool any(const struct lvm_pv *pv, const void *data)
{
	return !data || !strcmp(pv->path, data);
}

static void check(uint64_t extents, const char *only, bool good, const char *wanted)
{
	struct arguments arguments = { 0 };
	struct lvm_report report = { 0 };
	char *got;

	assert_null(lvm_report_parse(text, &report));
	assert_int_equal(tail_add(&arguments, &report, "vg", any, only, extents), good);
	got = arguments_text(&arguments);
	if (good)
		assert_string_equal(got, wanted);
	free(got);
	arguments_free(&arguments);
	lvm_report_free(&report);
}

/* The last physical volume that has room for all, and there the last extents. */
static void from_one(void **state)
{
	(void)state;
	check(6, NULL, true, "/dev/b:4-9");
	check(1, NULL, true, "/dev/b:9-9");
	check(7, NULL, true, "/dev/a:28-34");
	check(22, NULL, true, "/dev/a:15-34 /dev/a:8-9");
	check(6, "/dev/a", true, "/dev/a:29-34");
}

static void from_several(void **state)
{
	(void)state;
	check(31, NULL, true, "/dev/b:4-9 /dev/a:15-34 /dev/a:5-9");
	check(36, NULL, true, "/dev/b:4-9 /dev/a:15-34 /dev/a:0-9");
	check(37, NULL, false, "");
	check(7, "/dev/b", false, "");
	check(1, "/dev/d", false, "");
}

static void beside(uint64_t extents, const char *only, const char *pv, uint64_t start,
		   const char *tail)
{
	struct arguments arguments = { 0 };
	struct lvm_report report = { 0 };
	struct lvm_free_range range;
	char *got;

	assert_null(lvm_report_parse(text, &report));
	assert_int_equal(place_beside(&report, "vg", any, only, extents, &range), pv != NULL);
	if (pv) {
		assert_string_equal(range.pv_path, pv);
		assert_int_equal(range.start, start);
		assert_int_equal(range.count, extents);
		assert_true(tail_add(&arguments, &report, "vg", any, only, 5));
		got = arguments_text(&arguments);
		assert_string_equal(got, tail);
		free(got);
	}
	arguments_free(&arguments);
	lvm_report_free(&report);
}

/* Where the other volume may not lie, else in the smallest range; and that is taken then. */
static void small_one(void **state)
{
	(void)state;
	beside(1, NULL, "/dev/b", 4, "/dev/b:5-9");
	beside(2, NULL, "/dev/b", 4, "/dev/a:30-34");
	beside(7, NULL, "/dev/a", 0, "/dev/b:5-9");
	beside(1, "/dev/b", "/dev/a", 0, "/dev/b:5-9");
	beside(20, "/dev/a", "/dev/a", 15, "/dev/a:5-9");
	beside(21, NULL, NULL, 0, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(from_one), cmocka_unit_test(from_several),
		cmocka_unit_test(small_one),
	};

	return cmocka_run_group_tests_name("tail", tests, NULL, NULL);
}

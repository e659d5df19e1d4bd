// SPDX-License-Identifier: GPL-2.0-only
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "names.h"

static void forms_of_an_lv(void **state)
{
	static const char *const forms[] = { "vg-a/lv-b", "/dev/vg-a/lv-b", "/dev/mapper/vg--a-lv--b" };
	struct lv_name name;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		assert_null(name_parse_lv(forms[i], NULL, &name));
		assert_string_equal(name.vg, "vg-a");
		assert_string_equal(name.lv, "lv-b");
	}
	assert_null(name_parse_lv("x", "vg", &name));
	assert_string_equal(name.vg, "vg");
	assert_string_equal(name.lv, "x");
}

static void wrong_names(void **state)
{
	static const char *const wrong[] = {
		"", "lv", "/etc/passwd", "/dev/a/b/c", "a/b/c", "/", "/dev/", "a/", "/b", "-a/b",
		"a/-b", "a/b c", "a/..", "./b", "/dev/mapper/control", "/dev/mapper/a--b",
		"/dev/mapper/a-b-c", "/dev/mapper/-b", "/dev/mapper/a-",
	};
	char longest[300];
	struct lv_name name;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		if (!name_parse_lv(wrong[i], NULL, &name))
			fail_msg("\"%s\" was taken for a name", wrong[i]);
	memset(longest, 'x', sizeof(longest));
	longest[299] = 0;
	longest[128] = '/';
	assert_non_null(name_parse_lv(longest, NULL, &name));
	longest[127] = '/';
	longest[128] = 'x';
	assert_non_null(name_parse_lv(longest, NULL, &name));
	longest[255] = 0;
	assert_null(name_parse_lv(longest, NULL, &name));
	assert_int_equal(strlen(name.vg), 127);
	assert_int_equal(strlen(name.lv), 127);
}

static void dm_names(void **state)
{
	struct lv_name name = { "v-g", "l--v" }, back;
	char text[128], small[12];

	(void)state;
	assert_true(name_dm_join(&name, text, sizeof(text)));
	assert_string_equal(text, "v--g-l----v");
	assert_true(name_dm_split(text, &back));
	assert_string_equal(back.vg, name.vg);
	assert_string_equal(back.lv, name.lv);
	assert_true(name_clone(&name, text, sizeof(text)));
	assert_string_equal(text, "xcopy-v--g-l----v");
	assert_false(name_clone(&name, small, sizeof(small)));
	/* a clone's name is not the name of an LV: no LV could have it */
	assert_false(name_dm_split(text, &back));
}

static void every_size_of_buffer(void **state)
{
	struct lv_name name = { "a-", "-b" };
	char text[32];

	(void)state;
	strcpy(name.lv, "b-");
	for (size_t size = 1; size < sizeof(text); size++) {
		memset(text, '#', sizeof(text));
		if (name_dm_join(&name, text, size))
			assert_string_equal(text, "a---b--");
		if (size + 1 < sizeof(text))
			assert_int_equal(text[size], '#');
	}
}

/* What both device-mapper and a tag of LVM's can hold, and no path can be made of. */
static void device_names(void **state)
{
	char text[129];

	(void)state;
	assert_true(name_is_device("xcopy-v--g-l----v"));
	assert_true(name_is_device("a_b+c.d=e:f#1"));
	for (const char *bad = "/ \t\n\\@&!%\"'`$*?\x80"; *bad; bad++) {
		snprintf(text, sizeof(text), "a%cb", *bad);
		assert_false(name_is_device(text));
	}
	assert_false(name_is_device(""));
	assert_false(name_is_device("-a"));
	assert_false(name_is_device("."));
	assert_false(name_is_device(".."));
	assert_false(name_is_device("control"));
	memset(text, 'x', sizeof(text) - 1);
	text[128] = 0;
	assert_false(name_is_device(text));
	text[127] = 0;
	assert_true(name_is_device(text));
}

static void dm_uuids(void **state)
{
	char uuid[69];

	(void)state;
	name_dm_uuid("AbCdEf-gHiJ-kLmN-oPqR-sTuV-wXyZ-012345",
		     "543210-ZyXw-VuTs-RqPo-NmLk-JiHg-fEdCbA", uuid);
	assert_string_equal(uuid, "LVM-AbCdEfgHiJkLmNoPqRsTuVwXyZ012345"
				  "543210ZyXwVuTsRqPoNmLkJiHgfEdCbA");
	assert_int_equal(strlen(uuid), 68);
}

static void lv_uuids(void **state)
{
	char uuid[39];

	(void)state;
	name_lv_uuid("LVM-AbCdEfgHiJkLmNoPqRsTuVwXyZ012345543210ZyXwVuTsRqPoNmLkJiHgfEdCbA", uuid);
	assert_string_equal(uuid, "543210-ZyXw-VuTs-RqPo-NmLk-JiHg-fEdCbA");
	name_lv_uuid("LVM-short", uuid);
	assert_string_equal(uuid, "");
	name_lv_uuid("", uuid);
	assert_string_equal(uuid, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms_of_an_lv), cmocka_unit_test(wrong_names),
		cmocka_unit_test(dm_names), cmocka_unit_test(every_size_of_buffer),
		cmocka_unit_test(device_names), cmocka_unit_test(dm_uuids),
		cmocka_unit_test(lv_uuids),
	};

	return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}

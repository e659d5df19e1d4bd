// SPDX-License-Identifier: GPL-2.0-only
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "table.h"

static void translation(void **state)
{
	struct table live = { 0 }, wanted, back;
	char *text, *again;

	(void)state;
	table_add(&live, 0, 8192, "linear", "259:0 2048");
	table_add(&live, 8192, 100, "linear", "259:1 10240");
	assert_true(table_is(&live, "linear"));
	assert_true(table_translate(&live, "xcopy-linear", &wanted));
	text = table_text(&wanted);
	assert_string_equal(text, "0 8192 xcopy-linear 259:0 2048\n8192 100 xcopy-linear 259:1 10240");
	free(text);
	assert_true(table_is(&wanted, "xcopy-linear"));
	assert_true(table_translate(&wanted, "linear", &back));
	text = table_text(&live);
	again = table_text(&back);
	assert_string_equal(text, again);
	free(text);
	free(again);
	table_free(&wanted);
	table_free(&back);
	/* one line that is not linear, and nothing is translated */
	table_add(&live, 8292, 8, "striped", "2 64 259:0 0 259:1 0");
	assert_false(table_translate(&live, "xcopy-linear", &wanted));
	assert_int_equal(wanted.count, 0);
	assert_false(table_is(&live, "linear"));
	table_free(&live);
	assert_false(table_is(&live, "linear"));
	assert_false(table_translate(&live, "linear", &wanted));
}

static void same_mapping(void **state)
{
	struct table one = { 0 }, other = { 0 };

	(void)state;
	assert_false(table_same_mapping(&one, &other));
	table_add(&one, 0, 8192, "linear", "259:0 2048");
	assert_false(table_same_mapping(&one, &other));
	table_add(&other, 0, 8192, "xcopy-linear", "259:0 2048");
	assert_true(table_same_mapping(&one, &other));
	table_add(&one, 8192, 8, "linear", "259:0 0");
	assert_false(table_same_mapping(&one, &other));
	table_add(&other, 8192, 8, "linear", "259:0 8");
	assert_false(table_same_mapping(&one, &other));
	table_free(&other);
	table_add(&other, 0, 8192, "linear", "259:0 2048");
	table_add(&other, 8192, 9, "linear", "259:0 0");
	assert_false(table_same_mapping(&one, &other));
	table_free(&other);
	table_add(&other, 0, 8192, "error", "259:0 2048");
	table_add(&other, 8192, 8, "linear", "259:0 0");
	assert_false(table_same_mapping(&one, &other));
	table_free(&one);
	table_free(&other);
}

static void clone_line(void **state)
{
	struct job job = { .sectors = 524288, .region_sectors = 128 };
	struct table table;

	(void)state;
	table_clone(&job, "253:2", "253:1", "253:0", false, &table);
	assert_string_equal(table.lines[0].type, "xcopy");
	assert_string_equal(table.lines[0].params, "253:2 253:1 253:0 128 0");
	assert_int_equal(table.lines[0].length, 524288);
	table_free(&table);
	job_add_feature(&job, "no_hydration");
	job_set_argument(&job, "verify", "1");
	job_set_argument(&job, "hydration_rate", "1024");
	table_clone(&job, "253:2", "253:1", "253:0", true, &table);
	assert_string_equal(table.lines[0].params,
			    "253:2 253:1 253:0 128 2 no_hydration no_format 4 verify 1 hydration_rate 1024");
	table_free(&table);
	job.extra_sectors = 8192;
	table_clone(&job, "253:2", "253:1", "253:0", true, &table);
	assert_int_equal(table.count, 2);
	assert_int_equal(table.lines[0].length, 524288);
	assert_int_equal(table.lines[1].start, 524288);
	assert_int_equal(table.lines[1].length, 8192);
	assert_string_equal(table.lines[1].type, "linear");
	assert_string_equal(table.lines[1].params, "253:1 524288");
	table_free(&table);
	table_linear(524288, "253:1", &table);
	assert_string_equal(table.lines[0].params, "253:1 0");
	table_free(&table);
	job_free(&job);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(translation), cmocka_unit_test(same_mapping), cmocka_unit_test(clone_line),
	};

	return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}

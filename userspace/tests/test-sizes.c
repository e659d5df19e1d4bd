// SPDX-License-Identifier: GPL-2.0-only
#include "test.h"

#include "sizes.h"

static void sizes(void **state)
{
	static const struct { const char *text; uint64_t bytes; } good[] = {
		{ "0", 0 }, { "512", 512 }, { "64K", 65536 }, { "64k", 65536 }, { "64KiB", 65536 },
		{ "2MB", 2 << 20 }, { "1G", 1 << 30 }, { "3T", 3ULL << 40 }, { "15P", 15ULL << 50 },
		{ "7b", 7 },
	};
	static const char *const wrong[] = {
		"", "K", "-1", "+1", " 1", "1 ", "1.5G", "1X", "1KK", "1Ki", "0x10",
		"99999999999999999999", "16384P", "18446744073709551616",
	};
	uint64_t bytes;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		assert_true(size_parse(good[i].text, &bytes));
		assert_int_equal(bytes, good[i].bytes);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		if (size_parse(wrong[i], &bytes))
			fail_msg("\"%s\" was taken for a size", wrong[i]);
}

static void numbers(void **state)
{
	uint64_t number;

	(void)state;
	assert_true(number_parse("18446744073709551615", &number));
	assert_true(number == UINT64_MAX);
	assert_false(number_parse("", &number));
	assert_false(number_parse("1a", &number));
	assert_false(number_parse("-1", &number));
	assert_false(number_parse("18446744073709551616", &number));
}

static void texts(void **state)
{
	char text[32];

	(void)state;
	assert_string_equal(size_text(512, text, sizeof(text)), "512 B");
	assert_string_equal(size_text(1536, text, sizeof(text)), "1.5 KiB");
	assert_string_equal(size_text(1ULL << 40, text, sizeof(text)), "1.0 TiB");
	assert_string_equal(time_text(7, text, sizeof(text)), "7s");
	assert_string_equal(time_text(130, text, sizeof(text)), "2m10s");
	assert_string_equal(time_text(7500, text, sizeof(text)), "2h05m");
}

static void regions(void **state)
{
	(void)state;
	assert_int_equal(region_default(1), 64 << 10);
	assert_int_equal(region_default(1ULL << 40), 64 << 10);
	assert_int_equal(region_default((1ULL << 40) + (64 << 10)), 128 << 10);
	assert_int_equal(region_default(1ULL << 44), 1 << 20);
	assert_int_equal(region_default(UINT64_MAX), 1 << 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes), cmocka_unit_test(numbers), cmocka_unit_test(texts),
		cmocka_unit_test(regions),
	};

	return cmocka_run_group_tests_name("sizes", tests, NULL, NULL);
}

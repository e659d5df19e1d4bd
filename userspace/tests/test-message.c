// SPDX-License-Identifier: GPL-2.0-only
#include "test.h"
#undef fail		/* cmocka's macro, and the name of a function here */

#include <stdlib.h>

#include "message.h"

static void printable(void **state)
{
	static const char *const texts[][2] = {
		{ "", "" },
		{ "vg/dst: 50 % of it\n\tis there", "vg/dst: 50 % of it\n\tis there" },
		{ "a\033[2Jb", "a\\x1b[2Jb" },
		{ "\r\a\177", "\\x0d\\x07\\x7f" },
		{ "\xc2\x9b" "31m", "\\xc2\\x9b31m" },
		{ "Größe \xc2\xa0 €", "Größe \xc2\xa0 €" },
		{ "ends in \xc2", "ends in \xc2" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		char *text = message_printable(texts[i][0]);

		assert_string_equal(text, texts[i][1]);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(printable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

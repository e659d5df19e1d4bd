// SPDX-License-Identifier: GPL-2.0-only
#include "test.h"

#include "kernel-log.h"

static void sentences(void **state)
{
	(void)state;
	assert_string_equal(kernel_log_sentence("3,339,5140900,-;device-mapper: table: 253:4: xcopy: source dev: is too small (-EINVAL)"),
			    "xcopy: source dev: is too small (-EINVAL)");
	/* kernels before 5.18 name no device */
	assert_string_equal(kernel_log_sentence("3,1,2,-;device-mapper: table: x"), "x");
	assert_null(kernel_log_sentence("3,339,5140900,-;device-mapper: ioctl: error adding target to table"));
	assert_null(kernel_log_sentence("6,1,2,-;usb: device-mapper: table: x"));
	assert_null(kernel_log_sentence(""));
	assert_null(kernel_log_sentence("device-mapper: table: x"));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(sentences) };

	return cmocka_run_group_tests_name("kernel-log", tests, NULL, NULL);
}

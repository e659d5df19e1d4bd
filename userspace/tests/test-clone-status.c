// SPDX-License-Identifier: GPL-2.0-only
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "clone-status.h"
#include "progress.h"

#define HEAD "8 40/1024 128 "
#define STATS "8 copier nvme offload on offloaded 3000 host_copied 1000"

static void good(void **state)
{
	struct clone_status status;

	(void)state;
	assert_true(clone_status_parse(HEAD "500/1000 4 1 no_hydration 4 verify 1 hydration_rate 5 rw " STATS, &status));
	assert_int_equal(status.region, 128);
	assert_int_equal(status.hydrated, 500);
	assert_int_equal(status.regions, 1000);
	assert_int_equal(status.hydrating, 4);
	assert_true(status.hydration_off);
	assert_string_equal(status.mode, "rw");
	assert_string_equal(clone_status_value(&status, "copier", "-"), "nvme");
	assert_string_equal(clone_status_value(&status, "none", "-"), "-");
	assert_int_equal(clone_status_number(&status, "offloaded"), 3000);
	assert_int_equal(clone_status_number(&status, "copier"), 0);
	assert_int_equal(clone_status_permille(&status), 500);
	assert_int_equal(progress_share(&status), 75);
	assert_false(clone_status_complete(&status));
	assert_true(clone_status_healthy(&status));
	clone_status_free(&status);
}

static bool stuck(const char *text, bool paused)
{
	struct clone_status status;
	bool is;

	assert_true(clone_status_parse(text, &status));
	is = clone_status_stuck(&status, paused);
	clone_status_free(&status);
	return is;
}

static void stuck_when_the_rest_has_failed(void **state)
{
	(void)state;
	assert_true(stuck(HEAD "998/1000 0 0 0 rw 2 failed_regions 2", false));
	assert_false(stuck(HEAD "998/1000 1 0 0 rw 2 failed_regions 2", false));
	assert_false(stuck(HEAD "997/1000 0 0 0 rw 2 failed_regions 2", false));
	assert_false(stuck(HEAD "1000/1000 0 0 0 rw 2 failed_regions 0", false));
	/* an older kernel module does not say */
	assert_false(stuck(HEAD "998/1000 0 0 0 rw 2 offload on", false));
	/* too many have failed, and the kernel has stopped; or somebody else has */
	assert_true(stuck(HEAD "10/1000 0 1 no_hydration 0 rw 2 failed_regions 64", false));
	assert_false(stuck(HEAD "10/1000 0 1 no_hydration 0 rw 2 failed_regions 64", true));
	assert_false(stuck(HEAD "10/1000 0 1 no_hydration 0 rw 2 failed_regions 0", false));
}

static void complete_only_when_all_and_rw(void **state)
{
	struct clone_status status;

	(void)state;
	assert_true(clone_status_parse(HEAD "1000/1000 0 0 0 rw 2 offload done", &status));
	assert_true(clone_status_complete(&status));
	assert_int_equal(clone_status_permille(&status), 1000);
	clone_status_free(&status);
	/* all regions are there, and the metadata device does not say so yet */
	assert_true(clone_status_parse(HEAD "1000/1000 0 0 0 rw 2 offload on", &status));
	assert_false(clone_status_complete(&status));
	clone_status_free(&status);
	assert_true(clone_status_parse(HEAD "999/1000 0 0 0 rw 2 offload done", &status));
	assert_false(clone_status_complete(&status));
	assert_int_equal(clone_status_permille(&status), 999);
	clone_status_free(&status);
	assert_true(clone_status_parse(HEAD "1000/1000 0 0 0 ro 2 offload done", &status));
	assert_false(clone_status_complete(&status));
	assert_false(clone_status_healthy(&status));
	clone_status_free(&status);
	assert_true(clone_status_parse("Fail", &status));
	assert_false(clone_status_complete(&status));
	assert_string_equal(status.mode, "Fail");
	clone_status_free(&status);
}

static void cut_short(void **state)
{
	static const char whole[] = HEAD "500/1000 4 1 no_hydration 2 verify 1 rw " STATS;
	struct clone_status status;
	char text[sizeof(whole)];

	(void)state;
	/* a line cut anywhere before its last word is refused */
	for (size_t length = 0; length < sizeof(whole) - 6; length++) {
		memcpy(text, whole, length);
		text[length] = 0;
		assert_false(clone_status_parse(text, &status));
		assert_null(status.stats);
	}
	assert_false(clone_status_parse(HEAD "500/1000 4 99999 x", &status));
	assert_false(clone_status_parse(HEAD "500/1000 4 0 99999999999 x", &status));
	assert_false(clone_status_parse(HEAD "500/1000 4 0 0 rw 3 a b c", &status));
	assert_false(clone_status_parse(HEAD "500,1000 4 0 0 rw 0", &status));
	assert_false(clone_status_parse(HEAD "1001/1000 4 0 0 rw 0", &status));
}

static void progress_line(void **state)
{
	struct clone_status status;
	struct progress progress = { .name = "x" };
	char *text;

	(void)state;
	assert_true(clone_status_parse(HEAD "0/1000 4 0 0 rw 0", &status));
	text = progress_text(&progress, &status, 1000);
	assert_string_equal(text, "0.0 %");
	free(text);
	clone_status_free(&status);
	/* 100 regions of 64 KiB in a second: 6.25 MiB/s, 9 s for the other 900 */
	assert_true(clone_status_parse(HEAD "100/1000 4 0 0 rw " STATS, &status));
	text = progress_text(&progress, &status, 2000);
	assert_string_equal(text, "10.0 %, 6.2 MiB/s, 9s left, 75 % by the storage");
	free(text);
	clone_status_free(&status);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good), cmocka_unit_test(complete_only_when_all_and_rw),
		cmocka_unit_test(stuck_when_the_rest_has_failed),
		cmocka_unit_test(cut_short), cmocka_unit_test(progress_line),
	};

	return cmocka_run_group_tests_name("clone-status", tests, NULL, NULL);
}

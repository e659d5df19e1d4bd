// SPDX-License-Identifier: GPL-2.0-only
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "probe.h"

static const struct probe_part sample = {
	.path = "/dev/nvme0n1", .is_disk = true, .answers = true, .offset = 2048,
	.disk = { .major = 259, .minor = 0, .block_size = 4096, .parent = "/sys/devices/nvme0",
		  .parent_class = "nvme" },
	.nvme = { .copy = true, .format_2 = true, .nsid = 1, .segment_blocks = 128,
		  .command_blocks = 128, .segments = 128 },
};

static void reason_is(const struct probe_part *source, const struct probe_part *destination,
		      const char *words, const char *word)
{
	struct probe_answer answer;

	assert_int_equal(probe_pair(source, destination, &answer), !words);
	if (word)
		assert_string_equal(answer.word, word);
	else
		assert_null(answer.word);
	if (!words)
		assert_null(answer.reason);
	else if (!answer.reason || !strstr(answer.reason, words))
		fail_msg("\"%s\" does not say \"%s\"", answer.reason ? answer.reason : "(nothing)",
			 words);
	free(answer.reason);
}

static void each_reason(void **state)
{
	struct probe_part a = sample, b = sample;

	(void)state;
	b.disk.minor = 1;
	reason_is(&a, &b, NULL, NULL);
	b.nvme.format_2 = false;
	reason_is(&a, &b, "Format 2h", "copy-between-namespaces-refused");
	reason_is(&a, &a, NULL, NULL);
	b = sample;
	b.disk.minor = 1;
	b.nvme.copy = false;
	reason_is(&a, &b, "no Copy", "refused");
	b.nvme.copy = true;
	b.disk.block_size = 512;
	reason_is(&a, &b, "differ", "block-sizes-differ");
	b.disk.block_size = 4096;
	strcpy(b.disk.parent, "/sys/devices/nvme1");
	reason_is(&a, &b, "different NVMe controllers", "other-controller");
	strcpy(a.disk.parent_class, "nvme-subsystem");
	reason_is(&a, &b, "different NVMe subsystems", "other-subsystem");
	a = sample;
	strcpy(b.disk.parent, a.disk.parent);
	b.disk.start = 7;
	reason_is(&a, &b, "does not begin", NULL);
	b.disk.start = 8;
	reason_is(&a, &b, NULL, NULL);
	b.disk.zoned = true;
	reason_is(&a, &b, "zoned", "zoned");
	b.disk.zoned = false;
	b.disk.integrity = true;
	reason_is(&b, &a, "protection", "integrity");
	b.disk.integrity = false;
	b.answers = false;
	reason_is(&a, &b, "identify", NULL);
	b.disk.parent_class[0] = 0;
	reason_is(&a, &b, "neither an NVMe namespace nor a SCSI disk", "no-copier");
	b.is_disk = false;
	reason_is(&a, &b, "neither a disk", "stack");
}

static void identify_data(void **state)
{
	uint8_t controller[4096] = { 0 }, ns[4096] = { 0 };
	struct nvme_copy copy = { 0 };

	(void)state;
	nvme_decode(controller, ns, &copy);
	assert_false(copy.copy);
	assert_false(copy.format_2);
	assert_int_equal(copy.segments, 1);
	controller[521] = 1;	/* ONCS bit 8 */
	controller[534] = 4;	/* OCFS bit 2 */
	ns[74] = 0x34;
	ns[75] = 0x12;
	ns[76] = 1;
	ns[79] = 1;
	ns[80] = 127;
	nvme_decode(controller, ns, &copy);
	assert_true(copy.copy);
	assert_true(copy.format_2);
	assert_int_equal(copy.segment_blocks, 0x1234);
	assert_int_equal(copy.command_blocks, 0x01000001);
	assert_int_equal(copy.segments, 128);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_reason), cmocka_unit_test(identify_data),
	};

	return cmocka_run_group_tests_name("probe", tests, NULL, NULL);
}

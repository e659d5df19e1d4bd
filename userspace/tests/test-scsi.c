// SPDX-License-Identifier: GPL-2.0-only
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "probe.h"
#include "scsi-ask.h"
#include "scsi.h"

static void names(void **state)
{
	struct xcopy_scsi_identity identity = { .code_set = 1, .type = 3, .length = 8,
						.designator = { 0x60, 1, 2, 3, 4, 5, 6, 0xff } };
	char text[SCSI_NAME_SIZE];

	(void)state;
	scsi_name(&identity, text);
	assert_string_equal(text, "naa.60010203040506ff");
	identity.type = 2;
	scsi_name(&identity, text);
	assert_string_equal(text, "eui.60010203040506ff");
	identity = (struct xcopy_scsi_identity){ .code_set = 2, .type = 1, .length = 20 };
	memcpy(identity.designator, "VENDOR  a\nb\x1b\xff/......", 20);
	scsi_name(&identity, text);
	assert_string_equal(text, "t10.VENDOR__a_b__/......");
	/* The longest there is. */
	identity = (struct xcopy_scsi_identity){ .code_set = 1, .type = 8, .length = XCOPY_SCSI_DESIGNATOR_SIZE };
	memset(identity.designator, 0xab, sizeof(identity.designator));
	scsi_name(&identity, text);
	assert_int_equal(strlen(text), SCSI_NAME_SIZE - 1);
}

static void inquiry(void **state)
{
	uint8_t data[36] = { 0 };
	struct scsi_unit unit = { 0 };

	(void)state;
	data[5] = 0x08;
	memcpy(data + 8, "VENDOR  Product\n\x1b[31m   1.0\0", 28);
	for (size_t length = 0; length < 36; length++) {
		scsi_decode_inquiry(data, length, &unit);
		assert_string_equal(unit.vendor, "");
		assert_false(unit.third_party);
	}
	scsi_decode_inquiry(data, 36, &unit);
	assert_true(unit.third_party);
	assert_string_equal(unit.vendor, "VENDOR");
	assert_string_equal(unit.product, "Product??[31m");
	assert_string_equal(unit.revision, "1.0");
}

/* Of just this length, so that a byte too far is seen by valgrind and the sanitizers. */
static bool decode(const uint8_t *data, size_t length, struct xcopy_scsi_sense *sense)
{
	uint8_t *copy = malloc(length ? length : 1);
	bool good;

	assert_non_null(copy);
	memcpy(copy, data, length);
	good = scsi_decode_sense(copy, length, sense);
	free(copy);
	return good;
}

static void sense_is(const uint8_t *data, size_t length, uint8_t key, uint8_t asc, uint8_t ascq)
{
	struct xcopy_scsi_sense sense;

	assert_true(decode(data, length, &sense));
	assert_int_equal(sense.key, key);
	assert_int_equal(sense.asc, asc);
	assert_int_equal(sense.ascq, ascq);
}

static void fixed_sense(void **state)
{
	uint8_t data[18] = { 0x70, 0, 0xf5, [7] = 10, [12] = 0x26, [13] = 0x08 };

	(void)state;
	sense_is(data, 18, 0x5, 0x26, 0x08);
	sense_is(data, 14, 0x5, 0x26, 0x08);
	sense_is(data, 13, 0x5, 0x26, 0);
	sense_is(data, 12, 0x5, 0, 0);
	sense_is(data, 2, 0, 0, 0);
	/* ADDITIONAL SENSE LENGTH may say less than there is, and more. */
	data[7] = 5;
	sense_is(data, 18, 0x5, 0x26, 0);
	data[7] = 0;
	sense_is(data, 18, 0x5, 0, 0);
	data[7] = 255;
	sense_is(data, 18, 0x5, 0x26, 0x08);
	sense_is(data, 8, 0x5, 0, 0);
}

static void other_sense(void **state)
{
	uint8_t data[18] = { 0x72, 0xfa, 0x0d, 0x02, [7] = 255 };
	struct xcopy_scsi_sense sense;

	(void)state;
	sense_is(data, 18, 0xa, 0x0d, 0x02);
	sense_is(data, 3, 0xa, 0x0d, 0);
	sense_is(data, 1, 0, 0, 0);
	assert_false(decode(data, 0, &sense));
	assert_true(decode(data, 18, &sense) && !sense.deferred);
	data[0] = 0xf3;
	assert_true(decode(data, 18, &sense) && sense.deferred);
	for (unsigned int code = 0; code < 0x70; code++) {
		data[0] = code;
		assert_false(decode(data, 18, &sense));
	}
	data[0] = 0x7f;
	assert_false(decode(data, 18, &sense));
}

static void residues(void **state)
{
	(void)state;
	assert_int_equal(scsi_arrived(512, 0), 512);
	assert_int_equal(scsi_arrived(512, 500), 12);
	assert_int_equal(scsi_arrived(512, 512), 0);
	assert_int_equal(scsi_arrived(512, 513), 512);
	assert_int_equal(scsi_arrived(512, -4), 512);
}

static void best_path(void **state)
{
	struct scsi_path paths[] = {
		{ .state = "offline", .access = "active/optimized" },
		{ .state = "running", .access = "standby" },
		{ .state = "running", .access = "transitioning" },
		{ .state = "running", .access = "lba-dependent" },
		{ .state = "running", .access = "active/non-optimized" },
		{ .state = "running", .access = "active/optimized" },
		{ .state = "running", .access = "active/optimized" },
	};
	struct scsi_unit unit = { .paths = paths };

	(void)state;
	for (unit.nr_paths = 0; unit.nr_paths <= 3; unit.nr_paths++)
		assert_null(scsi_best_path(&unit));
	for (; unit.nr_paths <= 6; unit.nr_paths++)
		assert_ptr_equal(scsi_best_path(&unit), &paths[unit.nr_paths - 1]);
	assert_ptr_equal(scsi_best_path(&unit), &paths[5]);
	strcpy(paths[6].access, "");
	assert_ptr_equal(scsi_best_path(&unit), &paths[6]);
}

static struct scsi_path running[] = {
	{ .address = "0:0:0:0", .disk = "sda", .state = "running" },
	{ .address = "0:0:0:1", .disk = "sdb", .state = "running" },
};
static struct scsi_path offline = { .address = "0:0:0:0", .disk = "sda", .state = "offline" };

static struct probe_part sample(int minor, uint8_t last)
{
	struct probe_part part = {
		.path = "/dev/sda", .is_disk = true,
		.disk = { .major = 8, .minor = minor, .block_size = 512, .parent_class = "scsi" },
		.unit = { .has_identity = true, .third_party = true, .nr_paths = 1,
			  .limits_from = SCSI_LIMITS_PARAMETERS, .paths = &running[minor / 16],
			  .identity = { .code_set = 1, .type = 3, .length = 8 } },
	};

	part.unit.identity.designator[7] = last;
	return part;
}

static void reason_is(const struct probe_part *source, const struct probe_part *destination,
		      const char *word, const char *words)
{
	struct probe_answer answer;

	assert_int_equal(probe_pair(source, destination, &answer), !word);
	assert_string_equal(answer.driver, "scsi");
	if (!word) {
		assert_null(answer.reason);
		assert_null(answer.word);
		return;
	}
	assert_string_equal(answer.word, word);
	if (!strstr(answer.reason, words))
		fail_msg("\"%s\" does not say \"%s\"", answer.reason, words);
	free(answer.reason);
}

static void each_reason(void **state)
{
	struct probe_part a = sample(0, 1), b = sample(16, 2), c = sample(16, 1);

	(void)state;
	reason_is(&a, &b, NULL, NULL);
	reason_is(&a, &a, NULL, NULL);
	b.disk.block_size = 4096;
	reason_is(&a, &b, "block-sizes-differ", "512 and 4096");
	b = sample(16, 2);
	b.unit.has_identity = false;
	reason_is(&a, &b, "no-identity", "has no name");
	b = sample(16, 2);
	b.unit.paths = &offline;
	reason_is(&a, &b, "no-path", "no path");
	b = sample(16, 2);
	b.unit.refused = "too-few-targets";
	reason_is(&a, &b, "too-few-targets", "what is needed");
	/* One unit by two designators, seen because the same path leads to both. */
	b = sample(16, 2);
	b.unit.paths = running;
	b.unit.nr_paths = 2;
	reason_is(&a, &b, "one-unit-by-two-names", "two ways to one unit");
	reason_is(&b, &a, "one-unit-by-two-names", "two ways to one unit");
	c.unit.paths = a.unit.paths;
	reason_is(&a, &c, "one-unit-by-two-names", "two ways to one unit");
	b = sample(16, 2);
	strcpy(a.disk.parent_class, "nvme");
	a.answers = true;
	reason_is(&a, &b, "no-copier", "one is a SCSI disk");
}

/* A unit without 3PC may still tell limits, and the other way round; with neither it has no copy. */
static void who_has_the_command(void **state)
{
	struct probe_part a = sample(0, 1), b = sample(16, 2);

	(void)state;
	b.unit.limits_from = SCSI_LIMITS_NOWHERE;
	b.unit.no_parameters = "invalid-command-operation-code";
	reason_is(&a, &b, NULL, NULL);
	b.unit.third_party = false;
	reason_is(&a, &b, "refused", "(invalid-command-operation-code)");
	b.unit.limits_from = SCSI_LIMITS_PAGE;
	reason_is(&a, &b, NULL, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(inquiry),
		cmocka_unit_test(fixed_sense),
		cmocka_unit_test(other_sense),
		cmocka_unit_test(residues),
		cmocka_unit_test(best_path),
		cmocka_unit_test(each_reason),
		cmocka_unit_test(who_has_the_command),
	};

	return cmocka_run_group_tests_name("scsi", tests, NULL, NULL);
}

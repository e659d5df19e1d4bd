// SPDX-License-Identifier: GPL-2.0-only
/*
 * arguments.c: what a table line may say, what each mistake is called, and that what is
 * printed means what was read.
 */
#include <kunit/test.h>

#include <linux/sched.h>

#include "../../dm-xcopy/arguments.c"
#include "random.h"

#define MAX_WORDS	64U

static char text[2048], again[2048];
static char *words[MAX_WORDS];
static struct xcopy_arguments args, other;
static unsigned int region_sectors;
static char *error;

/* Takes the words of @line, which is changed, as device-mapper does, but without quotes. */
static struct dm_arg_set split(char *line)
{
	struct dm_arg_set as = { .argv = words };

	while (as.argc < MAX_WORDS) {
		while (*line == ' ')
			line++;
		if (!*line)
			break;
		words[as.argc++] = line;
		while (*line && *line != ' ')
			line++;
		if (*line)
			*line++ = 0;
	}
	return as;
}

static int parse_line(const char *line)
{
	struct dm_arg_set as;

	strscpy(text, line, sizeof(text));
	as = split(text);
	error = NULL;
	region_sectors = 0;
	memset(&args, 0xa5, sizeof(args));
	return xcopy_arguments_line(&args, &as, &region_sectors, &error);
}

static int parse_optional(const char *groups)
{
	static char line[1024];

	scnprintf(line, sizeof(line), "253:0 253:1 253:2 128 %s", groups);
	return parse_line(line);
}

static void expect_good(struct kunit *test, const char *groups)
{
	KUNIT_EXPECT_EQ(test, parse_optional(groups), 0);
	if (error)
		KUNIT_FAIL(test, "\"%s\" is refused: %s", groups, error);
}

/* Refused, with a sentence that begins with @start. */
static void expect_bad(struct kunit *test, const char *groups, const char *start)
{
	KUNIT_EXPECT_EQ(test, parse_optional(groups), -EINVAL);
	if (!error || strncmp(error, start, strlen(start)))
		KUNIT_FAIL(test, "\"%s\": %s", groups, error ? error : "no sentence");
}

/* ---- the line ---- */

static void test_defaults(struct kunit *test)
{
	expect_good(test, "");
	KUNIT_EXPECT_EQ(test, region_sectors, 128);
	KUNIT_EXPECT_EQ(test, args.features, 0);
	KUNIT_EXPECT_EQ(test, args.given, 0);
	KUNIT_EXPECT_STREQ(test, args.driver, "");
	KUNIT_EXPECT_EQ(test, xcopy_number(&args, XCOPY_HYDRATION_THRESHOLD), 0);
	KUNIT_EXPECT_EQ(test, xcopy_number(&args, XCOPY_HYDRATION_BATCH_SIZE), 0);
	KUNIT_EXPECT_EQ(test, xcopy_number(&args, XCOPY_HYDRATION_RATE), 0);
	KUNIT_EXPECT_EQ(test, xcopy_number(&args, XCOPY_HYDRATION_FLOOR), 16384);
	KUNIT_EXPECT_EQ(test, xcopy_number(&args, XCOPY_COPY_LATENCY_MS), 1000);
	KUNIT_EXPECT_EQ(test, xcopy_number(&args, XCOPY_OFFLOAD_DEPTH), 8);
	KUNIT_EXPECT_EQ(test, xcopy_number(&args, XCOPY_OFFLOAD_MAX_KIB), 65536);
	KUNIT_EXPECT_EQ(test, xcopy_number(&args, XCOPY_VERIFY), 0);
	KUNIT_EXPECT_EQ(test, xcopy_number(&args, XCOPY_QUARANTINE_MS), 30000);
	KUNIT_EXPECT_EQ(test, xcopy_number(&args, XCOPY_COMMIT_MS), 1000);
	expect_good(test, "0");
	expect_good(test, "0 0");
}

static void test_too_few(struct kunit *test)
{
	static const char * const lines[] = { "", "a", "a b", "a b c" };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		KUNIT_EXPECT_EQ(test, parse_line(lines[i]), -EINVAL);
		KUNIT_ASSERT_NOT_NULL(test, error);
		KUNIT_EXPECT_EQ(test, strncmp(error, "Too few arguments", 17), 0);
	}
}

static void test_region_size(struct kunit *test)
{
	static const char * const bad[] = {
		"0", "1", "4", "7", "9", "12", "4194304", "-8", "8.0", "0x8", "8k", "eight",
		"4294967304", "18446744073709551624", "99999999999999999999",
	};
	static char line[64];
	unsigned int size, i;

	for (size = 8; size <= 2097152; size *= 2) {
		scnprintf(line, sizeof(line), "a b c %u", size);
		KUNIT_EXPECT_EQ(test, parse_line(line), 0);
		KUNIT_EXPECT_EQ(test, region_sectors, size);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		scnprintf(line, sizeof(line), "a b c %s", bad[i]);
		KUNIT_EXPECT_EQ(test, parse_line(line), -EINVAL);
		KUNIT_ASSERT_NOT_NULL(test, error);
		KUNIT_EXPECT_EQ(test, strncmp(error, "region size: ", 13), 0);
	}
}

/* ---- features ---- */

static void test_features(struct kunit *test)
{
	static char groups[64];
	unsigned int i;

	for (i = 0; i < XCOPY_NR_FEATURES; i++) {
		scnprintf(groups, sizeof(groups), "1 %s", xcopy_feature_name(i));
		expect_good(test, groups);
		KUNIT_EXPECT_EQ(test, args.features, 1UL << i);
		KUNIT_EXPECT_TRUE(test, xcopy_feature(&args, i));
	}
	expect_good(test, "4 no_format no_offload no_discard_passdown no_hydration 0");
	KUNIT_EXPECT_EQ(test, args.features, (1UL << XCOPY_NR_FEATURES) - 1);
}

static void test_bad_features(struct kunit *test)
{
	expect_bad(test, "1 no_such", "Unknown feature argument");
	expect_bad(test, "1 NO_FORMAT", "Unknown feature argument");
	expect_bad(test, "2 no_format no_format", "A feature argument is given twice");
	expect_bad(test, "1", "#feature args");
	expect_bad(test, "2 no_format", "#feature args");
	expect_bad(test, "5 a b c d e", "#feature args");
	expect_bad(test, "-1 no_format", "#feature args");
	expect_bad(test, "no_format", "#feature args");
	expect_bad(test, "1x no_format", "#feature args");
	/* One too few counted: what is left over is taken for #core args. */
	expect_bad(test, "1 no_format no_offload", "#core args");
}

/* ---- numbers ---- */

static void expect_number(struct kunit *test, const struct number_rule *rule, u64 value, bool good)
{
	static char groups[64];
	int n = rule - number_rules;

	scnprintf(groups, sizeof(groups), "0 2 %s %llu", rule->name, value);
	if (!good) {
		expect_bad(test, groups, rule->name);
		return;
	}
	expect_good(test, groups);
	KUNIT_EXPECT_EQ(test, xcopy_number(&args, n), value);
	KUNIT_EXPECT_EQ(test, args.given, 1UL << n);
}

static void test_numbers(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < XCOPY_NR_NUMBERS; i++) {
		const struct number_rule *rule = &number_rules[i];

		KUNIT_EXPECT_GE(test, rule->initial, rule->min);
		KUNIT_EXPECT_LE(test, rule->initial, rule->max);
		expect_number(test, rule, rule->min, true);
		expect_number(test, rule, rule->max, true);
		expect_number(test, rule, (u64)rule->max + 1, false);
		expect_number(test, rule, (1ULL << 32) + rule->initial, false);
		if (rule->min)
			expect_number(test, rule, rule->min - 1, false);
	}
}

static void test_words_that_are_no_numbers(struct kunit *test)
{
	static const char * const values[] = {
		"-1", "x", "1x", "0x10", "1.5", "1,000", "4294967296", "18446744073709551616", "''",
	};
	static char groups[64];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(values); i++) {
		scnprintf(groups, sizeof(groups), "0 2 hydration_rate %s", values[i]);
		expect_bad(test, groups, "hydration_rate: ");
	}
}

static void test_bad_groups(struct kunit *test)
{
	expect_bad(test, "0 2 no_such 1", "Unknown core argument");
	expect_bad(test, "0 2 HYDRATION_RATE 1", "Unknown core argument");
	expect_bad(test, "0 4 verify 1 verify 1", "A core argument is given twice");
	expect_bad(test, "0 4 offload_driver nvme offload_driver nvme",
		   "offload_driver: given twice");
	expect_bad(test, "0 1 verify", "#core args: must count keys and values");
	expect_bad(test, "0 3 verify 1 commit_ms", "#core args: must count keys and values");
	expect_bad(test, "0 2 verify", "#core args");
	expect_bad(test, "0 30 verify 1", "#core args");
	expect_bad(test, "0 4294967297 verify 1", "#core args");
	expect_bad(test, "0 2 verify 1 commit_ms 1000", "Too many arguments");
	expect_bad(test, "0 0 verify 1", "Too many arguments");
}

/* ---- driver ---- */

static void test_driver(struct kunit *test)
{
	expect_good(test, "0 2 offload_driver nvme");
	KUNIT_EXPECT_STREQ(test, args.driver, "nvme");
	expect_good(test, "0 2 offload_driver auto");
	KUNIT_EXPECT_STREQ(test, args.driver, "");
	expect_good(test, "0 2 offload_driver abcdefghijklmn0");
	KUNIT_EXPECT_STREQ(test, args.driver, "abcdefghijklmn0");
}

/* The name becomes part of a module's name. */
static void test_bad_driver(struct kunit *test)
{
	static const char * const names[] = {
		"NVMe", "nvme-core", "nvme_core", "../nvme", "nvme.ko", "abcdefghijklmno0", "-", "%s",
	};
	static char groups[64];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		scnprintf(groups, sizeof(groups), "0 2 offload_driver %s", names[i]);
		expect_bad(test, groups, "offload_driver: ");
	}
}

/* ---- messages ---- */

static void test_set(struct kunit *test)
{
	xcopy_arguments_init(&args);
	KUNIT_EXPECT_EQ(test, xcopy_arguments_set(&args, "commit_ms", "10", &error),
			XCOPY_COMMIT_MS);
	KUNIT_EXPECT_EQ(test, xcopy_number(&args, XCOPY_COMMIT_MS), 10);
	KUNIT_EXPECT_EQ(test, args.given, 1UL << XCOPY_COMMIT_MS);
	/* Any number of times. */
	KUNIT_EXPECT_EQ(test, xcopy_arguments_set(&args, "commit_ms", "20", &error),
			XCOPY_COMMIT_MS);
	KUNIT_EXPECT_EQ(test, xcopy_number(&args, XCOPY_COMMIT_MS), 20);
	other = args;
	KUNIT_EXPECT_EQ(test, xcopy_arguments_set(&args, "commit_ms", "9", &error), -EINVAL);
	KUNIT_EXPECT_EQ(test, xcopy_arguments_set(&args, "commit_ms", "", &error), -EINVAL);
	KUNIT_EXPECT_EQ(test, xcopy_arguments_set(&args, "", "1", &error), -EINVAL);
	KUNIT_EXPECT_EQ(test, xcopy_arguments_set(&args, "offload_driver", "nvme", &error),
			-EINVAL);
	KUNIT_EXPECT_MEMEQ(test, &args, &other, sizeof(args));
}

/* ---- printing ---- */

static void random_arguments(u64 *seed)
{
	unsigned int i;

	xcopy_arguments_init(&other);
	other.features = random_below(seed, 1U << XCOPY_NR_FEATURES);
	for (i = 0; i < XCOPY_NR_NUMBERS; i++) {
		const struct number_rule *rule = &number_rules[i];

		if (random_below(seed, 2))
			continue;
		other.given |= 1UL << i;
		other.numbers[i] = min(rule->max, rule->min + random_below(seed, ~0U));
		if (other.numbers[i] < rule->min)
			other.numbers[i] = rule->min;
	}
	if (random_below(seed, 2))
		strscpy(other.driver, "nvme", sizeof(other.driver));
}

static void test_what_is_printed_is_read(struct kunit *test)
{
	u64 seed = 31337;
	unsigned int i, length;

	for (i = 0; i < 2000; i++) {
		random_arguments(&seed);
		length = xcopy_arguments_emit(&other, false, again, sizeof(again));
		KUNIT_EXPECT_EQ(test, length, strlen(again));
		expect_good(test, again);
		KUNIT_EXPECT_MEMEQ(test, &args, &other, sizeof(args));
		/* Everything, also what was not given. */
		xcopy_arguments_emit(&other, true, again, sizeof(again));
		expect_good(test, again);
		KUNIT_EXPECT_EQ(test, args.features, other.features);
		KUNIT_EXPECT_EQ(test, args.given, (1UL << XCOPY_NR_NUMBERS) - 1);
		KUNIT_EXPECT_MEMEQ(test, args.numbers, other.numbers, sizeof(args.numbers));
		KUNIT_EXPECT_STREQ(test, args.driver, other.driver);
		cond_resched();
	}
}

/* Device-mapper's buffers are as long as they are. */
static void test_short_buffers(struct kunit *test)
{
	static char whole[1024], part[1024];
	unsigned int length, size;

	xcopy_arguments_init(&other);
	other.features = (1UL << XCOPY_NR_FEATURES) - 1;
	length = xcopy_arguments_emit(&other, true, whole, sizeof(whole));
	for (size = 1; size <= length; size++) {
		memset(part, 0x5a, sizeof(part));
		KUNIT_EXPECT_LE(test, xcopy_arguments_emit(&other, true, part, size), size);
		KUNIT_EXPECT_EQ(test, part[size], 0x5a);
		KUNIT_EXPECT_EQ(test, strncmp(part, whole, size - 1), 0);
	}
}

static struct kunit_case arguments_cases[] = {
	KUNIT_CASE(test_defaults),
	KUNIT_CASE(test_too_few),
	KUNIT_CASE(test_region_size),
	KUNIT_CASE(test_features),
	KUNIT_CASE(test_bad_features),
	KUNIT_CASE(test_numbers),
	KUNIT_CASE(test_words_that_are_no_numbers),
	KUNIT_CASE(test_bad_groups),
	KUNIT_CASE(test_driver),
	KUNIT_CASE(test_bad_driver),
	KUNIT_CASE(test_set),
	KUNIT_CASE(test_what_is_printed_is_read),
	KUNIT_CASE(test_short_buffers),
	{ }
};

static struct kunit_suite arguments_suite = {
	.name = "xcopy-arguments",
	.test_cases = arguments_cases,
};

kunit_test_suite(arguments_suite);

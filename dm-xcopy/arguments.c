// SPDX-License-Identifier: GPL-2.0-only
/*
 * Feature and core arguments, see arguments.h.
 */
#include <linux/bitops.h>
#include <linux/device-mapper.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "arguments.h"
#include "format.h"

static const char * const feature_names[XCOPY_NR_FEATURES] = {
	[XCOPY_NO_HYDRATION] = "no_hydration",
	[XCOPY_NO_DISCARD_PASSDOWN] = "no_discard_passdown",
	[XCOPY_NO_OFFLOAD] = "no_offload",
	[XCOPY_NO_FORMAT] = "no_format",
};

struct number_rule {
	const char *name;
	unsigned int initial;
	unsigned int min;
	unsigned int max;
	char *error;
};

static const struct number_rule number_rules[XCOPY_NR_NUMBERS] = {
	[XCOPY_HYDRATION_THRESHOLD] = {
		"hydration_threshold", 0, 0, UINT_MAX,
		"hydration_threshold: must be a number of regions, 0 to let the tuner decide",
	},
	[XCOPY_HYDRATION_BATCH_SIZE] = {
		"hydration_batch_size", 0, 0, UINT_MAX,
		"hydration_batch_size: must be a number of regions, 0 to let the tuner decide",
	},
	[XCOPY_HYDRATION_RATE] = {
		"hydration_rate", 0, 0, UINT_MAX,
		"hydration_rate: must be a number of KiB/s, 0 for no limit",
	},
	[XCOPY_HYDRATION_FLOOR] = {
		"hydration_floor", 16384, 64, UINT_MAX,
		"hydration_floor: must be a number of KiB/s, 64 or more",
	},
	[XCOPY_COPY_LATENCY_MS] = {
		"copy_latency_ms", 1000, 1, 20000,
		"copy_latency_ms: must be a number of ms, 1 to 20000",
	},
	[XCOPY_OFFLOAD_DEPTH] = {
		"offload_depth", 8, 1, XCOPY_MAX_DEPTH,
		"offload_depth: must be a number of commands, 1 to 16",
	},
	[XCOPY_OFFLOAD_MAX_KIB] = {
		"offload_max_kib", 65536, 4, 1048576,
		"offload_max_kib: must be a number of KiB, 4 to 1048576",
	},
	[XCOPY_OFFLOAD_SEGMENTS] = {
		"offload_segments", 0, 0, 65536,
		"offload_segments: must be a number of ranges in a command, 0 to find out, up to 65536",
	},
	[XCOPY_OFFLOAD_SEGMENT_BLOCKS] = {
		"offload_segment_blocks", 0, 0, 65536,
		"offload_segment_blocks: must be a number of logical blocks in a range, 0 to find out, up to 65536",
	},
	[XCOPY_OFFLOAD_COMMAND_BLOCKS] = {
		"offload_command_blocks", 0, 0, UINT_MAX,
		"offload_command_blocks: must be a number of logical blocks in a command, 0 to find out",
	},
	[XCOPY_OFFLOAD_LIST_ID_USAGE] = {
		"offload_list_id_usage", 3, 0, 3,
		"offload_list_id_usage: must be a value of SCSI's LIST ID USAGE field, 0 to 3",
	},
	[XCOPY_VERIFY] = {
		"verify", 0, 0, UINT_MAX,
		"verify: must be a number n, to verify every n-th command, 0 for the first ones only",
	},
	[XCOPY_QUARANTINE_MS] = {
		"quarantine_ms", 30000, 100, XCOPY_MAX_QUARANTINE_MS,
		"quarantine_ms: must be a number of ms, 100 to 3600000",
	},
	[XCOPY_COMMIT_MS] = {
		"commit_ms", 1000, 10, 60000,
		"commit_ms: must be a number of ms, 10 to 60000",
	},
};

const char *xcopy_feature_name(enum xcopy_feature feature)
{
	return feature_names[feature];
}

void xcopy_arguments_init(struct xcopy_arguments *args)
{
	unsigned int i;

	memset(args, 0, sizeof(*args));
	for (i = 0; i < XCOPY_NR_NUMBERS; i++)
		args->numbers[i] = number_rules[i].initial;
}

static int refuse(char **error, char *sentence)
{
	*error = sentence;
	return -EINVAL;
}

static int parse_feature(struct xcopy_arguments *args, const char *name, char **error)
{
	int feature = match_string(feature_names, XCOPY_NR_FEATURES, name);

	if (feature < 0)
		return refuse(error, "Unknown feature argument: known are no_hydration, no_discard_passdown, no_offload and no_format");
	if (__test_and_set_bit(feature, &args->features))
		return refuse(error, "A feature argument is given twice");
	return 0;
}

static int parse_features(struct xcopy_arguments *args, struct dm_arg_set *as, char **error)
{
	static const struct dm_arg count_rule = {
		0, XCOPY_NR_FEATURES,
		"#feature args: must be the number of feature arguments that follow, 0 to 4, and all must follow"
	};
	unsigned int count;
	int r;

	if (!as->argc)
		return 0;
	r = dm_read_arg_group(&count_rule, as, &count, error);
	while (!r && count--)
		r = parse_feature(args, dm_shift_arg(as), error);
	return r;
}

static int parse_driver(struct xcopy_arguments *args, const char *value, char **error)
{
	if (!strcmp(value, "auto"))
		return 0;
	/* The name becomes part of a module's name. */
	if (!*value || strlen(value) >= XCOPY_DRIVER_NAME_MAX ||
	    strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789") != strlen(value))
		return refuse(error, "offload_driver: must be auto or the name of a copier, such as nvme");
	strscpy(args->driver, value, sizeof(args->driver));
	return 0;
}

static int find_number(const char *key)
{
	int i;

	for (i = 0; i < XCOPY_NR_NUMBERS; i++)
		if (!strcmp(number_rules[i].name, key))
			return i;
	return -EINVAL;
}

int xcopy_arguments_set(struct xcopy_arguments *args, const char *key, const char *value,
			char **error)
{
	int n = find_number(key);
	unsigned int number;

	if (!strcmp(key, "offload_driver"))
		return refuse(error, "offload_driver: is of the table, load one with another");
	if (n < 0)
		return refuse(error, "Unknown core argument: Documentation/dm-xcopy.rst lists those that there are");
	if (kstrtouint(value, 10, &number) || number < number_rules[n].min ||
	    number > number_rules[n].max)
		return refuse(error, number_rules[n].error);
	WRITE_ONCE(args->numbers[n], number);
	__set_bit(n, &args->given);
	return n;
}

static int parse_core(struct xcopy_arguments *args, struct dm_arg_set *as, char **error)
{
	const char *key = dm_shift_arg(as);
	const char *value = dm_shift_arg(as);
	int n;

	if (!strcmp(key, "offload_driver")) {
		if (args->driver[0])
			return refuse(error, "offload_driver: given twice");
		return parse_driver(args, value, error);
	}
	n = find_number(key);
	if (n >= 0 && test_bit(n, &args->given))
		return refuse(error, "A core argument is given twice");
	n = xcopy_arguments_set(args, key, value, error);
	return n < 0 ? n : 0;
}

static int parse_cores(struct xcopy_arguments *args, struct dm_arg_set *as, char **error)
{
	static const struct dm_arg count_rule = {
		0, 2 * (XCOPY_NR_NUMBERS + 1),
		"#core args: must be the number of words that follow, keys and values, at most 30, and all must follow"
	};
	unsigned int count;
	int r;

	BUILD_BUG_ON(2 * (XCOPY_NR_NUMBERS + 1) != 30);
	if (!as->argc)
		return 0;
	r = dm_read_arg_group(&count_rule, as, &count, error);
	if (r)
		return r;
	if (count % 2)
		return refuse(error, "#core args: must count keys and values, so it cannot be odd");
	for (; !r && count; count -= 2)
		r = parse_core(args, as, error);
	return r;
}

int xcopy_arguments_parse(struct xcopy_arguments *args, struct dm_arg_set *as, char **error)
{
	int r = parse_features(args, as, error);

	if (!r)
		r = parse_cores(args, as, error);
	if (!r && as->argc)
		return refuse(error, "Too many arguments: #feature args or #core args is smaller than what follows");
	return r;
}

static int parse_region_size(const char *word, unsigned int *region_sectors, char **error)
{
	u64 sectors;

	if (kstrtou64(word, 10, &sectors) || !xcopy_format_region_size_ok(sectors))
		return refuse(error, "region size: must be a power of two of sectors, 8 (4 KiB) to 2097152 (1 GiB)");
	*region_sectors = sectors;
	return 0;
}

int xcopy_arguments_line(struct xcopy_arguments *args, const struct dm_arg_set *as,
			 unsigned int *region_sectors, char **error)
{
	struct dm_arg_set optional;
	int r;

	if (as->argc < 4)
		return refuse(error, "Too few arguments: <metadata dev> <destination dev> <source dev> <region size> [<#feature args> ...] [<#core args> ...]");
	r = parse_region_size(as->argv[3], region_sectors, error);
	if (r)
		return r;
	optional = (struct dm_arg_set){ .argc = as->argc - 4, .argv = as->argv + 4 };
	xcopy_arguments_init(args);
	return xcopy_arguments_parse(args, &optional, error);
}

unsigned int xcopy_arguments_emit(const struct xcopy_arguments *args, bool all, char *result,
				  unsigned int maxlen)
{
	unsigned long numbers = all ? GENMASK(XCOPY_NR_NUMBERS - 1, 0) : args->given;
	unsigned int sz = 0, i;

	DMEMIT(" %u", (unsigned int)hweight_long(args->features));
	for_each_set_bit(i, &args->features, XCOPY_NR_FEATURES)
		DMEMIT(" %s", feature_names[i]);

	DMEMIT(" %u", 2 * ((unsigned int)hweight_long(numbers) + !!(all || args->driver[0])));
	for_each_set_bit(i, &numbers, XCOPY_NR_NUMBERS)
		DMEMIT(" %s %u", number_rules[i].name, xcopy_number(args, i));
	if (all || args->driver[0])
		DMEMIT(" offload_driver %s", args->driver[0] ? args->driver : "auto");
	return sz;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Feature and core arguments of a table line, and the "set" message: one table
 * (arguments.c) drives parsing, checking and printing.
 */
#ifndef XCOPY_ARGUMENTS_H
#define XCOPY_ARGUMENTS_H

#include <linux/types.h>

struct dm_arg_set;

#define XCOPY_DRIVER_NAME_MAX	16

/* Feature arguments, bits of struct xcopy_arguments.features. */
enum xcopy_feature {
	XCOPY_NO_HYDRATION,
	XCOPY_NO_DISCARD_PASSDOWN,
	XCOPY_NO_OFFLOAD,
	XCOPY_NO_FORMAT,
	XCOPY_NR_FEATURES,
};

/* Core arguments with a number; units are in Documentation/dm-xcopy.rst. */
enum xcopy_number {
	XCOPY_HYDRATION_THRESHOLD,
	XCOPY_HYDRATION_BATCH_SIZE,
	XCOPY_HYDRATION_RATE,
	XCOPY_HYDRATION_FLOOR,
	XCOPY_COPY_LATENCY_MS,
	XCOPY_OFFLOAD_DEPTH,
	XCOPY_OFFLOAD_MAX_KIB,
	XCOPY_OFFLOAD_SEGMENTS,
	XCOPY_OFFLOAD_SEGMENT_BLOCKS,
	XCOPY_OFFLOAD_COMMAND_BLOCKS,
	XCOPY_OFFLOAD_LIST_ID_USAGE,
	XCOPY_VERIFY,
	XCOPY_QUARANTINE_MS,
	XCOPY_COMMIT_MS,
	XCOPY_NR_NUMBERS,
};

#define XCOPY_MAX_DEPTH		16U

/**
 * struct xcopy_arguments - the optional arguments of a table line
 * @features: bit per enum xcopy_feature
 * @numbers: value per enum xcopy_number; read and written with
 *	READ_ONCE()/WRITE_ONCE() once a clone uses them
 * @given: bit per enum xcopy_number that stood in the line or was set since
 * @driver: forced copier, "" for automatic; fixed by the constructor
 */
struct xcopy_arguments {
	unsigned long features;
	unsigned int numbers[XCOPY_NR_NUMBERS];
	unsigned long given;
	char driver[XCOPY_DRIVER_NAME_MAX];
};

/** xcopy_arguments_init() - all defaults */
void xcopy_arguments_init(struct xcopy_arguments *args);

/**
 * xcopy_arguments_parse() - parse both optional groups of a table line
 * @args: filled, after xcopy_arguments_init()
 * @as: what is left of the line; has to be used up
 * @error: set to a static sentence that names the argument
 *
 * Return: 0 or -EINVAL.
 */
int xcopy_arguments_parse(struct xcopy_arguments *args, struct dm_arg_set *as, char **error);

/**
 * xcopy_arguments_line() - parse a whole table line but for its devices
 * @args: filled, defaults included
 * @as: the line: three devices, which are not looked at, the region size, and the groups
 * @region_sectors: filled, sectors
 * @error: set to a static sentence that names the argument
 *
 * Return: 0 or -EINVAL.
 */
int xcopy_arguments_line(struct xcopy_arguments *args, const struct dm_arg_set *as,
			 unsigned int *region_sectors, char **error);

/**
 * xcopy_arguments_set() - set one core argument by name
 * @args: changed only on success
 * @key: name
 * @value: decimal number
 * @error: set to a static sentence that names the argument
 *
 * offload_driver cannot be changed this way.
 *
 * Return: the enum xcopy_number that was set, or -EINVAL.
 */
int xcopy_arguments_set(struct xcopy_arguments *args, const char *key, const char *value,
			char **error);

/**
 * xcopy_arguments_emit() - print both groups, as in a table line, with a leading space
 * @args: what to print
 * @all: every core argument, or (false) only those that were given
 * @result: buffer
 * @maxlen: its size, bytes
 *
 * Return: bytes used.
 */
unsigned int xcopy_arguments_emit(const struct xcopy_arguments *args, bool all, char *result,
				  unsigned int maxlen);

/** xcopy_feature_name() - as it stands in a table line */
const char *xcopy_feature_name(enum xcopy_feature feature);

/** xcopy_number() - value of a core argument; any context */
static inline unsigned int xcopy_number(const struct xcopy_arguments *args, enum xcopy_number n)
{
	return READ_ONCE(args->numbers[n]);
}

/** xcopy_feature() - is a feature argument on? any context */
static inline bool xcopy_feature(const struct xcopy_arguments *args, enum xcopy_feature f)
{
	return test_bit(f, &args->features);
}

#endif /* XCOPY_ARGUMENTS_H */

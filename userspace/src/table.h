/* SPDX-License-Identifier: GPL-2.0-only */
/* Device-mapper tables as text. */
#ifndef XCOPYSETUP_TABLE_H
#define XCOPYSETUP_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "job.h"

struct table_line {
	uint64_t start;		/* sectors */
	uint64_t length;	/* sectors */
	char *type;
	char *params;
};

struct table {
	struct table_line *lines;
	size_t count;
};

void table_add(struct table *table, uint64_t start, uint64_t length, const char *type,
	       const char *params);
void table_free(struct table *table);

/** table_text() - as "dmsetup table" prints it, lines joined by newlines; to be freed */
char *table_text(const struct table *table);

/** table_is() - has it lines, and is each of type @type? */
bool table_is(const struct table *table, const char *type);

/** table_has() - is any of its lines of type @type? */
bool table_has(const struct table *table, const char *type);

/**
 * table_translate() - the same mapping by another linear target
 * @from: what is there; every line must be "linear" or "xcopy-linear"
 * @type: type of all lines of @to
 *
 * Return: true; false, with @to empty, if a line is of another type.
 */
bool table_translate(const struct table *from, const char *type, struct table *to);

/** table_same_mapping() - are both linear, by whichever target, and map the same to the same? */
bool table_same_mapping(const struct table *one, const struct table *other);

/**
 * table_clone() - the line of the xcopy target, and a linear one for what the destination has more
 * @metadata, @destination, @source: as device-mapper takes them: paths or MAJOR:MINOR
 * @no_format: the metadata device was formatted before
 */
void table_clone(const struct job *job, const char *metadata, const char *destination,
		 const char *source, bool no_format, struct table *table);

/** table_linear() - one linear line of @sectors from the start of @device */
void table_linear(uint64_t sectors, const char *device, struct table *table);

#endif

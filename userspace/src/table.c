// SPDX-License-Identifier: GPL-2.0-only
#include "table.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"

void table_add(struct table *table, uint64_t start, uint64_t length, const char *type,
	       const char *params)
{
	table->lines = need_more(table->lines, table->count + 1, sizeof(*table->lines));
	table->lines[table->count++] = (struct table_line){
		start, length, need_copy(type), need_copy(params)
	};
}

void table_free(struct table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		free(table->lines[i].type);
		free(table->lines[i].params);
	}
	free(table->lines);
	*table = (struct table){ 0 };
}

char *table_text(const struct table *table)
{
	char *text = need_copy("");

	for (size_t i = 0; i < table->count; i++)
		append_text(&text, "%s%llu %llu %s %s", i ? "\n" : "",
			    (unsigned long long)table->lines[i].start,
			    (unsigned long long)table->lines[i].length,
			    table->lines[i].type, table->lines[i].params);
	return text;
}

bool table_is(const struct table *table, const char *type)
{
	for (size_t i = 0; i < table->count; i++)
		if (strcmp(table->lines[i].type, type))
			return false;
	return table->count > 0;
}

bool table_has(const struct table *table, const char *type)
{
	for (size_t i = 0; i < table->count; i++)
		if (!strcmp(table->lines[i].type, type))
			return true;
	return false;
}

static bool maps_linearly(const char *type)
{
	return !strcmp(type, "linear") || !strcmp(type, "xcopy-linear");
}

bool table_translate(const struct table *from, const char *type, struct table *to)
{
	*to = (struct table){ 0 };
	for (size_t i = 0; i < from->count; i++)
		if (!maps_linearly(from->lines[i].type))
			return false;
	for (size_t i = 0; i < from->count; i++)
		table_add(to, from->lines[i].start, from->lines[i].length, type,
			  from->lines[i].params);
	return from->count > 0;
}

bool table_same_mapping(const struct table *one, const struct table *other)
{
	bool same = one->count == other->count && one->count;

	for (size_t i = 0; same && i < one->count; i++) {
		const struct table_line *a = &one->lines[i], *b = &other->lines[i];

		same = maps_linearly(a->type) && maps_linearly(b->type) &&
		       a->start == b->start && a->length == b->length &&
		       !strcmp(a->params, b->params);
	}
	return same;
}

void table_clone(const struct job *job, const char *metadata, const char *destination,
		 const char *source, bool no_format, struct table *table)
{
	/* what is to be trimmed is not copied before */
	bool hold = *job->trim && !job_has_feature(job, "no_hydration");
	size_t nr_features = job->nr_features + no_format + hold;
	char *params = need_text("%s %s %s %llu", metadata, destination, source,
				 (unsigned long long)job->region_sectors);

	append_text(&params, " %zu", nr_features);
	for (size_t i = 0; i < job->nr_features; i++)
		append_text(&params, " %s", job->features[i]);
	if (hold)
		append_text(&params, " no_hydration");
	if (no_format)
		append_text(&params, " no_format");
	if (job->nr_arguments)
		append_text(&params, " %zu", 2 * job->nr_arguments);
	for (size_t i = 0; i < job->nr_arguments; i++)
		append_text(&params, " %s %s", job->arguments[i].key, job->arguments[i].value);
	*table = (struct table){ 0 };
	table_add(table, 0, job->sectors, "xcopy", params);
	free(params);
	if (!job->extra_sectors)
		return;
	params = need_text("%s %llu", destination, (unsigned long long)job->sectors);
	table_add(table, job->sectors, job->extra_sectors, "linear", params);
	free(params);
}

void table_linear(uint64_t sectors, const char *device, struct table *table)
{
	char *params = need_text("%s 0", device);

	*table = (struct table){ 0 };
	table_add(table, 0, sectors, "linear", params);
	free(params);
}

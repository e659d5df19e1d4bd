// SPDX-License-Identifier: GPL-2.0-only
/*
 * A job's tags: whatever is accepted is written back as it was read, and makes a table line
 * of the words that it should have.  The input is the tags, one a line.
 */
#include "fuzz.h"
#include "job.h"
#include "memory.h"
#include "table.h"

#define UUID "LVM-0123456789012345678901234567890123456789012345678901234567890123"

static void add_tags(struct lvm_lv *lv, char *text)
{
	char *tag;

	while ((tag = strsep(&text, "\n"))) {
		if (!*tag)
			continue;
		lv->tags = need_more(lv->tags, lv->nr_tags + 1, sizeof(*lv->tags));
		lv->tags[lv->nr_tags++] = need_copy(tag);
	}
}

static void free_tags(struct lvm_lv *lv)
{
	while (lv->nr_tags)
		free(lv->tags[--lv->nr_tags]);
	free(lv->tags);
	lv->tags = NULL;
}

static void check_equal(const struct job *a, const struct job *b)
{
	size_t i;

	must(a->state == b->state && a->sectors == b->sectors &&
	     a->region_sectors == b->region_sectors);
	must(!strcmp(a->id, b->id) && !strcmp(a->source_uuid, b->source_uuid));
	must(a->nr_features == b->nr_features && a->nr_arguments == b->nr_arguments);
	for (i = 0; i < a->nr_features; i++)
		must(job_has_feature(b, a->features[i]));
	for (i = 0; i < a->nr_arguments; i++)
		must(!strcmp(job_argument(b, a->arguments[i].key), a->arguments[i].value));
}

static void check_round_trip(const struct lvm_lv *lv, const struct job *job)
{
	struct lvm_lv copy = *lv;
	struct lvm_report report = { 0 };
	struct job again;

	copy.nr_tags = job_nr_tags(job);
	copy.tags = need(copy.nr_tags * sizeof(char *));
	job_tags(job, copy.tags);
	must(job_from_lv(&report, &copy, &again) == 1);
	check_equal(job, &again);
	job_free(&again);
	free_tags(&copy);
}

/* The words that a person with access to the tags can put into the kernel's table line. */
static void check_table(const struct job *job)
{
	struct table table;
	char *text;

	table_clone(job, "253:0", "253:1", "253:2", true, &table);
	text = table_text(&table);
	must(table_is(&table, "xcopy") && table.count == 1);
	must(table.lines[0].length == job->sectors);
	must(!strncmp(table.lines[0].params, "253:0 253:1 253:2 ", 18));
	free(text);
	table_free(&table);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char vg[] = "vg", name[] = "lv", uuid[] = UUID, attr[] = "-wi-a-----";
	struct lvm_lv lv = { .vg_name = vg, .name = name, .dm_uuid = uuid, .attr = attr };
	struct lvm_report report = { .lvs = &lv, .nr_lvs = 1 };
	struct input input = { data, size };
	char *text = take_text(&input);
	struct job job;

	add_tags(&lv, text);
	if (job_from_lv(&report, &lv, &job) == 1) {
		check_round_trip(&lv, &job);
		check_table(&job);
	}
	job_free(&job);
	free_tags(&lv);
	free(text);
	return 0;
}

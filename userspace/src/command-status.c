// SPDX-License-Identifier: GPL-2.0-only
/* status: a table of all clones, one in detail, or JSON. */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "dm.h"
#include "follow.h"
#include "memory.h"
#include "message.h"
#include "progress.h"
#include "runtime.h"
#include "sizes.h"
#include "steps.h"
#include "words.h"

static const char *const look_words[] = {
	[CLONE_GONE] = "inactive",
	[CLONE_LINEAR] = "linear",
	[CLONE_FILLING] = "filling",
	[CLONE_BROKEN] = "broken",
};

static const char *look_word(enum clone_look look, const struct clone_status *status)
{
	if (look == CLONE_FILLING && clone_status_complete(status))
		return "complete";
	if (look == CLONE_FILLING && status->hydration_off)
		return "paused";
	return look_words[look];
}

static void add_text(struct json_object *object, const char *key, const char *value)
{
	json_object_object_add(object, key, value ? json_object_new_string(value) : NULL);
}

static void add_number(struct json_object *object, const char *key, uint64_t value)
{
	json_object_object_add(object, key, json_object_new_int64(value));
}

static void add_name(struct json_object *object, const char *key, const struct lv_name *name)
{
	char *text = need_text("%s/%s", name->vg, name->lv);

	json_object_object_add(object, key, *name->lv ? json_object_new_string(text) : NULL);
	free(text);
}

/* Statistics of the kernel: numbers as numbers, words as words. */
static struct json_object *stats_object(const struct clone_status *status)
{
	struct json_object *object = json_object_new_object();
	uint64_t number;

	for (size_t i = 0; i < status->nr_stats; i++) {
		if (number_parse(status->stats[i].value, &number))
			add_number(object, status->stats[i].key, number);
		else
			add_text(object, status->stats[i].key, status->stats[i].value);
	}
	return object;
}

static void add_explanation(struct json_object *object, const char *key,
			    const struct clone_status *status, const char *word_key)
{
	add_text(object, key, words_explain(clone_status_value(status, word_key, "-")));
}

static void add_decoded(struct json_object *object, const struct clone_status *status)
{
	char text[WORDS_DECODED];
	bool known = words_decode(clone_status_value(status, "last_answer", "-"), text);

	add_text(object, "last_answer_text", known ? text : NULL);
}

static struct json_object *clone_object(const struct job *job, enum clone_look look,
					const struct clone_status *status)
{
	struct json_object *object = json_object_new_object();
	char *device = need_text("/dev/mapper/%s", job->clone_name);
	int share = progress_share(status);

	add_name(object, "destination", &job->destination);
	add_name(object, "source", &job->source);
	add_name(object, "metadata", &job->metadata);
	add_text(object, "device", device);
	add_text(object, "uuid", job->clone_uuid);
	add_text(object, "job_state", job_state_word(job->state));
	add_text(object, "state", look_word(look, status));
	add_number(object, "size_bytes", job->sectors * 512);
	add_number(object, "region_bytes", job->region_sectors * 512);
	json_object_object_add(object, "waiter",
			       json_object_new_boolean(runtime_is_locked("waiter", job->id)));
	if (look == CLONE_FILLING || look == CLONE_BROKEN) {
		add_text(object, "mode", status->mode);
		add_number(object, "regions", status->regions);
		add_number(object, "hydrated_regions", status->hydrated);
		add_number(object, "hydrating_regions", status->hydrating);
		json_object_object_add(object, "percent",
				       json_object_new_double(clone_status_permille(status) / 10.0));
		json_object_object_add(object, "offloaded_percent",
				       share < 0 ? NULL : json_object_new_int(share));
		json_object_object_add(object, "statistics", stats_object(status));
		add_explanation(object, "reason_text", status, "reason");
		add_explanation(object, "last_error_text", status, "last_error");
		add_decoded(object, status);
	}
	free(device);
	return object;
}

static void print_row(const struct job *job, enum clone_look look,
		      const struct clone_status *status)
{
	char *destination = need_text("%s/%s", job->destination.vg, job->destination.lv);
	char *source = need_text("%s/%s", job->source.vg, job->source.lv);
	unsigned int permille = look == CLONE_LINEAR ? 1000 : clone_status_permille(status);
	char size[32];

	printf("%-24s %-24s %10s %5u.%u%% %-9s %-8s %s\n", destination,
	       *job->source.lv ? source : "(gone)",
	       size_text(job->sectors * 512, size, sizeof(size)), permille / 10, permille % 10,
	       look_word(look, status), clone_status_value(status, "offload", "-"),
	       job->clone_name);
	free(destination);
	free(source);
}

static void print_detail(const struct job *job, enum clone_look look,
			 const struct clone_status *status)
{
	unsigned int permille = clone_status_permille(status);
	char size[32];

	printf("device        /dev/mapper/%s\n", job->clone_name);
	printf("destination   %s/%s\n", job->destination.vg, job->destination.lv);
	printf("source        %s/%s\n", job->source.vg, *job->source.lv ? job->source.lv : "(gone)");
	printf("size          %s, regions of %llu KiB\n",
	       size_text(job->sectors * 512, size, sizeof(size)),
	       (unsigned long long)job->region_sectors / 2);
	printf("state         %s (job: %s)\n", look_word(look, status), job_state_word(job->state));
	printf("waiter        %s\n", runtime_is_locked("waiter", job->id) ? "running" : "not running");
	if (look != CLONE_FILLING && look != CLONE_BROKEN)
		return;
	printf("mode          %s\n", status->mode);
	printf("hydrated      %llu of %llu regions, %u.%u %%\n",
	       (unsigned long long)status->hydrated, (unsigned long long)status->regions,
	       permille / 10, permille % 10);
	for (size_t i = 0; i < status->nr_stats; i++)
		printf("%-20s %s\n", status->stats[i].key, status->stats[i].value);
	words_print(status, "reason");
	words_print(status, "last_error");
	words_print_answer(status);
}

struct listing {
	struct json_object *array;	/* NULL: text */
	bool detail;
	bool negative;
	size_t count;
};

static void list_job(const struct job *job, struct listing *listing)
{
	struct clone_status status;
	enum clone_look look = clone_look(job, &status);

	if (!listing->count++ && !listing->array && !listing->detail)
		printf("%-24s %-24s %10s %7s %-9s %-8s %s\n", "DESTINATION", "SOURCE", "SIZE",
		       "FULL", "STATE", "OFFLOAD", "DEVICE");
	listing->negative = listing->negative || look == CLONE_BROKEN;
	if (listing->array)
		json_object_array_add(listing->array, clone_object(job, look, &status));
	else if (listing->detail)
		print_detail(job, look, &status);
	else
		print_row(job, look, &status);
	clone_status_free(&status);
}

static int list_all(struct listing *listing)
{
	struct lvm_report report;
	struct job job;
	int code = lvm_load(&report);

	if (code)
		return code;
	for (size_t i = 0; i < report.nr_lvs; i++) {
		int is = job_from_lv(&report, &report.lvs[i], &job);

		if (is < 0)
			job_say_damaged(&report.lvs[i]);
		if (is != 1)
			continue;
		list_job(&job, listing);
		job_free(&job);
	}
	lvm_report_free(&report);
	if (!listing->count && !listing->array)
		say("there are no clones");
	return 0;
}

static int list_one(const char *argument, struct listing *listing)
{
	struct job job;
	int code = job_find(argument, &job);

	if (code)
		return code;
	listing->detail = true;
	list_job(&job, listing);
	job_free(&job);
	return 0;
}

int command_status(const struct invocation *invocation)
{
	struct listing listing = { 0 };
	struct json_object *root = NULL;
	int code;

	if (option(invocation, "json")) {
		root = json_object_new_object();
		add_number(root, "schema", 1);
		listing.array = json_object_new_array();
		json_object_object_add(root, "clones", listing.array);
	}
	code = invocation->nr_arguments ? list_one(invocation->arguments[0], &listing) :
	       list_all(&listing);
	if (root && !code)
		printf("%s\n", json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY));
	json_object_put(root);
	return code ? code : listing.negative ? EXIT_NEGATIVE : 0;
}

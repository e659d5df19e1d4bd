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
#include "status-object.h"
#include "steps.h"
#include "watch.h"
#include "words.h"

static const char *source_text(const struct job *job)
{
	return *job->source_text ? job->source_text : job->state == JOB_FINISHED ? "-" : "(gone)";
}

static void print_row(const struct job *job, enum clone_look look,
		      const struct clone_status *status)
{
	unsigned int permille = look == CLONE_LINEAR ? 1000 : clone_status_permille(status);
	char size[32];

	printf("%-24s %-24s %10s %5u.%u%% %-9s %-8s %s\n", job->destination_text,
	       source_text(job),
	       size_text((job->sectors + job->extra_sectors) * 512, size, sizeof(size)), permille / 10, permille % 10,
	       look_word(job, look, status), clone_status_value(status, "offload", "-"),
	       job->clone_name);
}

static void print_suspicion(const struct job *job, const struct clone_status *status)
{
	const char *suspicion = step_suspicion(job, status);
	char *text;

	if (!suspicion)
		return;
	text = suspicion_text(job, suspicion);
	printf("suspect       %s: %s\n", suspicion, text);
	free(text);
}

static void print_stuck(const struct job *job, const struct clone_status *status)
{
	char *text;

	if (!is_stuck(job, status))
		return;
	text = stuck_text(job, status);
	printf("stuck         %s\n", text);
	free(text);
}

static void print_detail(const struct job *job, enum clone_look look,
			 const struct clone_status *status)
{
	unsigned int permille = clone_status_permille(status);
	char size[32];

	printf("device        /dev/mapper/%s\n", job->clone_name);
	printf("destination   %s\n", job->destination_text);
	printf("source        %s\n", source_text(job));
	printf("size          %s, regions of %llu KiB\n",
	       size_text((job->sectors + job->extra_sectors) * 512, size, sizeof(size)),
	       (unsigned long long)job->region_sectors / 2);
	printf("state         %s (job: %s)\n", look_word(job, look, status), job_state_word(job->state));
	printf("waiter        %s\n", runtime_is_locked("waiter", job->id) ? "running" : "not running");
	if (look != CLONE_FILLING && look != CLONE_BROKEN)
		return;
	print_suspicion(job, status);
	if (look == CLONE_FILLING)
		print_stuck(job, status);
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
	bool names;			/* nothing else */
	bool detail;
	bool negative;
	size_t count;
};

static void list_job(const struct job *job, struct listing *listing)
{
	struct clone_status status;
	enum clone_look look;

	if (listing->names) {
		printf("%s\n", job->destination_text);
		return;
	}
	look = clone_look(job, &status);
	if (!listing->count++ && !listing->array && !listing->detail)
		printf("%-24s %-24s %10s %7s %-9s %-8s %s\n", "DESTINATION", "SOURCE", "SIZE",
		       "FULL", "STATE", "OFFLOAD", "DEVICE");
	listing->negative = listing->negative || look == CLONE_BROKEN ||
			    (look == CLONE_FILLING &&
			     (step_suspicion(job, &status) || is_stuck(job, &status)));
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
	if (!listing->count && !listing->array && !listing->names)
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

int command_list(const struct invocation *invocation)
{
	struct listing listing = { .names = true };

	(void)invocation;
	return list_all(&listing);
}

int command_status(const struct invocation *invocation)
{
	struct listing listing = { 0 };
	struct json_object *root = NULL;
	int code;

	if (option(invocation, "watch"))
		return watch(invocation->nr_arguments ? invocation->arguments[0] : NULL,
			     option(invocation, "json"));
	if (option(invocation, "json")) {
		root = clones_object(&listing.array);
	}
	code = invocation->nr_arguments ? list_one(invocation->arguments[0], &listing) :
	       list_all(&listing);
	if (root && !code)
		printf("%s\n", json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY));
	json_object_put(root);
	return code ? code : listing.negative ? EXIT_NEGATIVE : 0;
}

// SPDX-License-Identifier: GPL-2.0-only
#include "watch.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lvm.h"
#include "memory.h"
#include "message.h"
#include "progress.h"
#include "status-object.h"
#include "steps.h"

#define RELOAD_MS	30000

struct watched {
	struct job job;
	struct progress progress;
};

struct watching {
	const char *argument;
	struct watched *clones;
	size_t count;
	size_t drawn;		/* lines on the terminal */
	bool reload;		/* one has ended, or changed what it is */
	bool negative;
};

static void forget_clones(struct watching *watching)
{
	for (size_t i = 0; i < watching->count; i++)
		job_free(&watching->clones[i].job);
	free(watching->clones);
	watching->clones = NULL;
	watching->count = 0;
}

/* The rate goes on from what was seen of a clone before. */
static void take_over(struct watched *clone, const struct watching *old)
{
	progress_start(&clone->progress, NULL);
	for (size_t i = 0; i < old->count; i++)
		if (!strcmp(old->clones[i].job.id, clone->job.id))
			clone->progress = old->clones[i].progress;
}

static bool is_watched(const struct watching *watching, const struct job *job)
{
	return job->state == JOB_FILLING &&
	       (!watching->argument || job_is_meant(watching->argument, job));
}

static int load_clones(struct watching *watching)
{
	struct watching now = { .argument = watching->argument };
	struct lvm_report report;
	struct job job;
	int code = lvm_load(&report);

	for (size_t i = 0; !code && i < report.nr_lvs; i++) {
		if (job_from_lv(&report, &report.lvs[i], &job) != 1)
			continue;
		if (!is_watched(watching, &job)) {
			job_free(&job);
			continue;
		}
		now.clones = need_more(now.clones, now.count + 1, sizeof(*now.clones));
		now.clones[now.count].job = job;
		take_over(&now.clones[now.count++], watching);
	}
	if (code)
		return code;
	lvm_report_free(&report);
	forget_clones(watching);
	watching->clones = now.clones;
	watching->count = now.count;
	return 0;
}

static void draw(struct watching *watching, struct watched *clone, enum clone_look look,
		 const struct clone_status *status)
{
	char *text = progress_text(&clone->progress, status, now_ms());

	printf("\r\033[K%s: %s, %s\n", clone->job.clone_name,
	       look_word(&clone->job, look, status), text);
	watching->drawn++;
	free(text);
}

static void show(struct watching *watching, struct watched *clone, struct json_object *array)
{
	struct clone_status status;
	enum clone_look look = clone_look(&clone->job, &status);

	clone->progress.name = clone->job.clone_name;
	watching->reload = watching->reload || look == CLONE_GONE || look == CLONE_LINEAR;
	if (look == CLONE_BROKEN ||
	    (look == CLONE_FILLING &&
	     (step_suspicion(&clone->job, &status) || is_stuck(&clone->job, &status))))
		watching->negative = true;
	if (array)
		json_object_array_add(array, clone_object(&clone->job, look, &status));
	else if (look == CLONE_FILLING || look == CLONE_BROKEN) {
		if (isatty(1))
			draw(watching, clone, look, &status);
		else
			progress_show(&clone->progress, &status, now_ms());
	}
	clone_status_free(&status);
}

static void show_all(struct watching *watching, bool json)
{
	struct json_object *array = NULL, *root = json ? clones_object(&array) : NULL;

	if (watching->drawn)
		printf("\033[%zuA", watching->drawn);
	watching->drawn = 0;
	for (size_t i = 0; i < watching->count; i++)
		show(watching, &watching->clones[i], array);
	if (root)
		printf("%s\n", json_object_to_json_string_ext(root, JSON_C_TO_STRING_PLAIN));
	else if (isatty(1))
		printf("\033[J");
	fflush(stdout);
	json_object_put(root);
}

int watch(const char *argument, bool json)
{
	struct watching watching = { .argument = argument };
	uint64_t loaded = 0;
	struct job job;
	int code = argument ? job_find(argument, &job) : 0;

	if (code)
		return code;
	if (argument)
		job_free(&job);
	for (;;) {
		if (!loaded || watching.reload || now_ms() - loaded >= RELOAD_MS) {
			code = load_clones(&watching);
			loaded = now_ms();
			watching.reload = false;
		}
		if (code || !watching.count)
			break;
		show_all(&watching, json);
		sleep(json ? 2 : 1);
	}
	forget_clones(&watching);
	if (!code && !json)
		say("no clone is being filled");
	return code ? code : watching.negative ? EXIT_NEGATIVE : 0;
}

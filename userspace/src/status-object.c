// SPDX-License-Identifier: GPL-2.0-only
#include "status-object.h"

#include <json-c/json.h>
#include <stdlib.h>

#include "memory.h"
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

const char *look_word(const struct job *job, enum clone_look look,
		      const struct clone_status *status)
{
	if (job->state == JOB_CREATING || job->state == JOB_CANCELLING)
		return job_state_word(job->state);
	if (look == CLONE_FILLING && step_suspicion(job, status))
		return "suspect";
	if (look == CLONE_FILLING && clone_status_complete(status))
		return "complete";
	if (look == CLONE_FILLING && is_stuck(job, status))
		return "stuck";
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

struct json_object *clone_object(const struct job *job, enum clone_look look,
				 const struct clone_status *status)
{
	struct json_object *object = json_object_new_object();
	char *device = need_text("/dev/mapper/%s", job->clone_name);
	int share = progress_share(status);

	add_text(object, "destination", job->destination_text);
	add_text(object, "source", *job->source_text ? job->source_text : NULL);
	add_name(object, "metadata", &job->metadata);
	add_text(object, "device", device);
	add_text(object, "uuid", job->clone_uuid);
	add_text(object, "job_state", job_state_word(job->state));
	add_text(object, "state", look_word(job, look, status));
	add_number(object, "size_bytes", (job->sectors + job->extra_sectors) * 512);
	add_number(object, "region_bytes", job->region_sectors * 512);
	add_text(object, "suspect", look == CLONE_FILLING ? step_suspicion(job, status) : NULL);
	json_object_object_add(object, "waiter",
			       json_object_new_boolean(runtime_is_locked("waiter", job->id)));
	/* without a mode there is no status that could be read */
	if (*status->mode && (look == CLONE_FILLING || look == CLONE_BROKEN)) {
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

struct json_object *clones_object(struct json_object **clones)
{
	struct json_object *root = json_object_new_object();

	*clones = json_object_new_array();
	add_number(root, "schema", 1);
	json_object_object_add(root, "clones", *clones);
	return root;
}

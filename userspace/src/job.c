// SPDX-License-Identifier: GPL-2.0-only
#include "job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "sizes.h"

static const char *const state_words[] = {
	[JOB_NONE] = "none",
	[JOB_CREATING] = "creating",
	[JOB_FILLING] = "filling",
	[JOB_FINISHING] = "finishing",
	[JOB_CANCELLING] = "cancelling",
	[JOB_FINISHED] = "finished",
};

const char *job_state_word(enum job_state state)
{
	return state_words[state];
}

static enum job_state state_from_word(const char *word)
{
	for (int state = JOB_CREATING; state <= JOB_FINISHED; state++)
		if (!strcmp(word, state_words[state]))
			return state;
	return JOB_NONE;
}

static bool is_id(const char *id)
{
	return strlen(id) == JOB_ID_LENGTH && strspn(id, "0123456789abcdef") == JOB_ID_LENGTH;
}

bool job_set_id(struct job *job, const char *id)
{
	if (!is_id(id))
		return false;
	strcpy(job->id, id);
	snprintf(job->clone_uuid, sizeof(job->clone_uuid), "XCOPY-%s", id);
	if (*job->source_device)
		job_set_source_device(job, job->source_device);
	if (*job->destination_device)
		job_set_destination_device(job, job->destination_device);
	return true;
}

void job_set_source_device(struct job *job, const char *path)
{
	if (path != job->source_device)
		snprintf(job->source_device, sizeof(job->source_device), "%s", path);
	strcpy(job->source_text, job->source_device);
	snprintf(job->source_uuid, sizeof(job->source_uuid), SOURCE_UUID "%s", job->id);
}

void job_set_destination_device(struct job *job, const char *path)
{
	if (path != job->destination_device)
		snprintf(job->destination_device, sizeof(job->destination_device), "%s", path);
	strcpy(job->destination_text, job->destination_device);
	snprintf(job->destination_uuid, sizeof(job->destination_uuid), DESTINATION_UUID "%s",
		 job->id);
}

void job_set_record(struct job *job, const struct lv_name *record)
{
	job->record = *record;
	if (*job->destination_device && job->state != JOB_FINISHED)
		job->metadata = *record;
}

static void set_destination(struct job *job, const struct lv_name *destination)
{
	job->destination = *destination;
	snprintf(job->destination_text, sizeof(job->destination_text), "%s/%s", destination->vg,
		 destination->lv);
}

bool job_set_names(struct job *job, const struct lv_name *destination)
{
	set_destination(job, destination);
	job_set_record(job, destination);
	return name_clone(destination, job->clone_name, sizeof(job->clone_name));
}

bool job_set_clone_name(struct job *job, const char *name)
{
	if (!name_is_device(name))
		return false;
	strcpy(job->clone_name, name);
	return true;
}

char *job_source_path(const struct job *job)
{
	return *job->source_device ? need_copy(job->source_device) :
	       need_text("/dev/%s", job->source_text);
}

void job_add_feature(struct job *job, const char *feature)
{
	if (job_has_feature(job, feature))
		return;
	job->features = need_more(job->features, job->nr_features + 1, sizeof(char *));
	job->features[job->nr_features++] = need_copy(feature);
}

bool job_has_feature(const struct job *job, const char *feature)
{
	for (size_t i = 0; i < job->nr_features; i++)
		if (!strcmp(job->features[i], feature))
			return true;
	return false;
}

void job_drop_feature(struct job *job, const char *feature)
{
	for (size_t i = 0; i < job->nr_features; i++) {
		if (strcmp(job->features[i], feature))
			continue;
		free(job->features[i]);
		job->features[i] = job->features[--job->nr_features];
		return;
	}
}

void job_set_argument(struct job *job, const char *key, const char *value)
{
	struct job_argument *argument;

	for (size_t i = 0; i < job->nr_arguments; i++) {
		if (strcmp(job->arguments[i].key, key))
			continue;
		free(job->arguments[i].value);
		job->arguments[i].value = need_copy(value);
		return;
	}
	job->arguments = need_more(job->arguments, job->nr_arguments + 1, sizeof(*argument));
	argument = &job->arguments[job->nr_arguments++];
	argument->key = need_copy(key);
	argument->value = need_copy(value);
}

const char *job_argument(const struct job *job, const char *key)
{
	for (size_t i = 0; i < job->nr_arguments; i++)
		if (!strcmp(job->arguments[i].key, key))
			return job->arguments[i].value;
	return NULL;
}

/* Known, and of use, when the source has been taken. */
static bool has_source_id(const struct job *job)
{
	return *job->source_id && job->state == JOB_FILLING;
}

size_t job_nr_tags(const struct job *job)
{
	return 6 + 2 * !!*job->destination_device + (*job->source_device && job->source_was_rw) +
	       has_source_id(job) + !!*job->trim + job->keep_device + !!job->extra_sectors + job->nr_features +
	       job->nr_arguments;
}

void job_tags(const struct job *job, char **tags)
{
	*tags++ = need_text(TAG_STATE "%s", job_state_word(job->state));
	*tags++ = need_text(TAG_JOB "%s", job->id);
	*tags++ = need_text(TAG_NAME "%s", job->clone_name);
	if (*job->trim)
		*tags++ = need_text(TAG_TRIM "%s", job->trim);
	if (job->extra_sectors)
		*tags++ = need_text(TAG_EXTRA "%llu", (unsigned long long)job->extra_sectors);
	if (job->keep_device)
		*tags++ = need_copy(TAG_KEEP_DEVICE);
	if (*job->destination_device) {
		*tags++ = need_text(TAG_DESTINATION_DEVICE "%s", job->destination_device);
		*tags++ = need_text(TAG_DESTINATION_ID "%s", job->destination_id);
	}
	if (*job->source_device)
		*tags++ = need_text(TAG_SOURCE_DEVICE "%s", job->source_device);
	else
		*tags++ = need_text(TAG_SOURCE "%s", job->source_uuid);
	if (*job->source_device && job->source_was_rw)
		*tags++ = need_copy(TAG_SOURCE_WAS_RW);
	if (has_source_id(job))
		*tags++ = need_text(TAG_SOURCE_ID "%s", job->source_id);
	*tags++ = need_text(TAG_SECTORS "%llu", (unsigned long long)job->sectors);
	*tags++ = need_text(TAG_REGION "%llu", (unsigned long long)job->region_sectors);
	for (size_t i = 0; i < job->nr_features; i++)
		*tags++ = need_text(TAG_FEATURE "%s", job->features[i]);
	for (size_t i = 0; i < job->nr_arguments; i++)
		*tags++ = need_text(TAG_ARGUMENT "%s=%s", job->arguments[i].key,
				    job->arguments[i].value);
}

static void tag_list_add(struct tag_list *list, char *tag)
{
	list->tags = need_more(list->tags, list->count + 1, sizeof(char *));
	list->tags[list->count++] = tag;
}

void tag_list_free(struct tag_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->tags[i]);
	free(list->tags);
	*list = (struct tag_list){ 0 };
}

void job_begun_tags(const struct job *job, struct tag_list *list)
{
	tag_list_add(list, need_text(TAG_METADATA_OF "%s", job->id));
	tag_list_add(list, need_text(TAG_BEGUN "%s", job->destination.lv));
	tag_list_add(list, need_text(TAG_NAME "%s", job->clone_name));
	if (*job->source_device)
		tag_list_add(list, need_text(TAG_SOURCE_DEVICE "%s", job->source_device));
	else
		tag_list_add(list, need_text(TAG_SOURCE "%s", job->source_uuid));
	if (*job->source_device && job->source_was_rw)
		tag_list_add(list, need_copy(TAG_SOURCE_WAS_RW));
	tag_list_add(list, need_text(TAG_SECTORS "%llu", (unsigned long long)job->sectors));
	tag_list_add(list, need_text(TAG_REGION "%llu", (unsigned long long)job->region_sectors));
}

void job_finished_tags(const struct job *job, struct tag_list *list)
{
	uint64_t sectors = job->sectors + job->extra_sectors;

	tag_list_add(list, need_text(TAG_STATE "%s", job_state_word(JOB_FINISHED)));
	tag_list_add(list, need_text(TAG_JOB "%s", job->id));
	tag_list_add(list, need_text(TAG_NAME "%s", job->clone_name));
	tag_list_add(list, need_text(TAG_SECTORS "%llu", (unsigned long long)sectors));
	tag_list_add(list, need_text(TAG_VOLUME "%s", job->record_uuid));
	if (*job->destination_device) {
		tag_list_add(list, need_text(TAG_DESTINATION_DEVICE "%s", job->destination_device));
		tag_list_add(list, need_text(TAG_DESTINATION_ID "%s", job->destination_id));
	}
	if (job->keep_device)
		tag_list_add(list, need_copy(TAG_KEEP_DEVICE));
}

static bool copy_uuid(char out[69], const char *uuid)
{
	if (!uuid || strlen(uuid) != 68 || strncmp(uuid, "LVM-", 4))
		return false;
	strcpy(out, uuid);
	return true;
}

static void copy_name(struct lv_name *name, const struct lvm_lv *lv)
{
	snprintf(name->vg, sizeof(name->vg), "%s", lv->vg_name);
	snprintf(name->lv, sizeof(name->lv), "%s", lv->name);
}

static void set_source(struct job *job, const struct lvm_lv *lv)
{
	copy_name(&job->source, lv);
	snprintf(job->source_text, sizeof(job->source_text), "%s/%s", job->source.vg,
		 job->source.lv);
}

/* Features and arguments: tags that may come more than once. */
static bool read_repeated(const struct lvm_lv *lv, struct job *job)
{
	for (size_t i = 0; i < lv->nr_tags; i++) {
		const char *tag = lv->tags[i], *equals;
		char *key;

		if (!strncmp(tag, TAG_FEATURE, strlen(TAG_FEATURE)))
			job_add_feature(job, tag + strlen(TAG_FEATURE));
		if (strncmp(tag, TAG_ARGUMENT, strlen(TAG_ARGUMENT)))
			continue;
		tag += strlen(TAG_ARGUMENT);
		equals = strchr(tag, '=');
		if (!equals)
			return false;
		key = need_text("%.*s", (int)(equals - tag), tag);
		job_set_argument(job, key, equals + 1);
		free(key);
	}
	return true;
}

/* A path that udev made; others could lead anywhere. */
static bool is_lasting(const char *path)
{
	return !strncmp(path, "/dev/disk/", 10) && !strstr(path, "/../") &&
	       strlen(path) < SOURCE_TEXT;
}

static bool read_destination_device(const struct lvm_lv *lv, struct job *job)
{
	const char *device = lvm_lv_tag(lv, TAG_DESTINATION_DEVICE);
	const char *id = lvm_lv_tag(lv, TAG_DESTINATION_ID);

	if (!device || !id || !is_lasting(device))
		return false;
	job_set_destination_device(job, device);
	snprintf(job->destination_id, sizeof(job->destination_id), "%s", id);
	strcpy(job->metadata_uuid, lv->dm_uuid);
	return true;
}

static bool read_destination(const struct lvm_lv *lv, struct job *job)
{
	struct lv_name name;

	copy_name(&name, lv);
	if (lvm_lv_tag(lv, TAG_DESTINATION_DEVICE) || lvm_lv_tag(lv, TAG_DESTINATION_ID)) {
		if (!read_destination_device(lv, job))
			return false;
	} else {
		set_destination(job, &name);
		strcpy(job->destination_uuid, lv->dm_uuid);
	}
	job_set_record(job, &name);
	return true;
}

/* The clone's of when it was made. */
static bool read_clone_name(const struct lvm_lv *lv, struct job *job)
{
	const char *recorded = lvm_lv_tag(lv, TAG_NAME);

	if (recorded)
		return job_set_clone_name(job, recorded);
	return *job->destination.lv && job_set_names(job, &job->destination);
}

static bool read_source(const struct lvm_lv *lv, struct job *job)
{
	const char *device = lvm_lv_tag(lv, TAG_SOURCE_DEVICE), *id;

	if (!device)
		return copy_uuid(job->source_uuid, lvm_lv_tag(lv, TAG_SOURCE));
	if (!is_lasting(device))
		return false;
	job_set_source_device(job, device);
	job->source_was_rw = lvm_lv_tag(lv, TAG_SOURCE_WAS) != NULL;
	id = lvm_lv_tag(lv, TAG_SOURCE_ID);
	snprintf(job->source_id, sizeof(job->source_id), "%s", id ? id : "");
	/* it is claimed, and read-only, as long as the clone's device is there */
	job->source_is_taken = true;
	return true;
}

/* Of source and clone, which both kinds of records have. */
static bool read_lengths(const struct lvm_lv *lv, struct job *job)
{
	const char *region = lvm_lv_tag(lv, TAG_REGION), *sectors = lvm_lv_tag(lv, TAG_SECTORS);

	return region && sectors && number_parse(sectors, &job->sectors) &&
	       number_parse(region, &job->region_sectors);
}

static bool read_record(const struct lvm_lv *lv, struct job *job)
{
	const char *id = lvm_lv_tag(lv, TAG_JOB);
	const char *sectors = lvm_lv_tag(lv, TAG_SECTORS), *extra = lvm_lv_tag(lv, TAG_EXTRA);

	if (!id || !job_set_id(job, id) || !read_destination(lv, job) || !read_clone_name(lv, job))
		return false;
	job->keep_device = lvm_lv_tag(lv, TAG_KEEP) != NULL;
	if (job->state == JOB_FINISHED)
		return sectors && number_parse(sectors, &job->sectors);
	if (extra && !number_parse(extra, &job->extra_sectors))
		return false;
	return read_source(lv, job) && read_lengths(lv, job) && read_repeated(lv, job);
}

/* "LVM-" and the VG's UUID are where the UUIDs of one volume group's volumes begin. */
static bool same_group(const char *uuid, const char *other)
{
	return !strncmp(uuid, other, 4 + 32);
}

/*
 * A volume group that was copied below LVM has the same tags: its volumes are nobody's.
 * The source says of itself for which jobs it is held read-only.
 */
static void find_others(const struct lvm_report *report, struct job *job)
{
	const struct lvm_lv *source = lvm_report_uuid(report, job->source_uuid);

	if (source)
		set_source(job, source);
	for (size_t i = 0; source && i < source->nr_tags; i++)
		if (!strncmp(source->tags[i], TAG_SOURCE_FOR, strlen(TAG_SOURCE_FOR)) &&
		    !strcmp(source->tags[i] + strlen(TAG_SOURCE_FOR), job->id))
			job->source_is_taken = true;
	for (size_t i = 0; i < report->nr_lvs; i++) {
		const char *of = lvm_lv_tag(&report->lvs[i], TAG_METADATA_OF);

		if (!of || strcmp(of, job->id) || *job->destination_device)
			continue;
		if (!same_group(report->lvs[i].dm_uuid, job->record_uuid)) {
			copy_name(&job->metadata_away, &report->lvs[i]);
			continue;
		}
		copy_name(&job->metadata, &report->lvs[i]);
		copy_uuid(job->metadata_uuid, report->lvs[i].dm_uuid);
	}
}

/* Of a volume whose clone was complete: it says of itself that it is not that volume. */
static bool is_copy(const struct lvm_lv *lv)
{
	const char *volume = lvm_lv_tag(lv, TAG_VOLUME);

	return volume && strcmp(volume, lv->dm_uuid);
}

static bool is_there_twice(const struct lvm_report *report, const struct job *job)
{
	for (size_t i = 0; i < report->nr_lvs; i++) {
		const char *id = lvm_lv_tag(&report->lvs[i], TAG_JOB);

		if (id && !strcmp(id, job->id) && !is_copy(&report->lvs[i]) &&
		    strcmp(report->lvs[i].dm_uuid, job->record_uuid))
			return true;
	}
	return false;
}

static bool read_begun(const struct lvm_lv *lv, struct job *job)
{
	const char *begun = lvm_lv_tag(lv, TAG_BEGUN), *name = lvm_lv_tag(lv, TAG_NAME);
	struct lv_name destination, record;

	copy_name(&record, lv);
	destination = record;
	if (!name_is_valid(begun) || !name || !job_set_id(job, lvm_lv_tag(lv, TAG_METADATA_OF)))
		return false;
	snprintf(destination.lv, sizeof(destination.lv), "%s", begun);
	set_destination(job, &destination);
	job_set_record(job, &record);
	return job_set_clone_name(job, name) && read_source(lv, job) && read_lengths(lv, job);
}

/* May another volume be the record, and cannot be read? */
static bool may_be_recorded(const struct lvm_report *report, const char *id)
{
	for (size_t i = 0; i < report->nr_lvs; i++) {
		const char *its = lvm_lv_tag(&report->lvs[i], TAG_JOB);

		if (lvm_lv_tag(&report->lvs[i], TAG_STATE) && !is_copy(&report->lvs[i]) &&
		    (!its || !is_id(its)))
			return true;
	}
	return job_is_mentioned(report, id);
}

static bool is_begun_twice(const struct lvm_report *report, const struct job *job)
{
	for (size_t i = 0; i < report->nr_lvs; i++) {
		const char *of = lvm_lv_tag(&report->lvs[i], TAG_METADATA_OF);

		if (of && !strcmp(of, job->id) && strcmp(report->lvs[i].dm_uuid, job->record_uuid))
			return true;
	}
	return false;
}

static int begun_from_lv(const struct lvm_report *report, const struct lvm_lv *lv, struct job *job)
{
	const char *of = lvm_lv_tag(lv, TAG_METADATA_OF);

	if (!of || !lvm_lv_tag(lv, TAG_BEGUN) || may_be_recorded(report, of))
		return 0;
	job->state = JOB_CREATING;
	job->is_begun = true;
	if (!copy_uuid(job->record_uuid, lv->dm_uuid) || !read_begun(lv, job) ||
	    is_begun_twice(report, job)) {
		job_free(job);
		return -1;
	}
	find_others(report, job);
	return 1;
}

int job_from_lv(const struct lvm_report *report, const struct lvm_lv *lv, struct job *job)
{
	const char *state = lvm_lv_tag(lv, TAG_STATE), *suspect, *type;

	*job = (struct job){ 0 };
	if (!state)
		return begun_from_lv(report, lv, job);
	if (is_copy(lv))
		return 0;
	job->state = state_from_word(state);
	if (!job->state || !copy_uuid(job->record_uuid, lv->dm_uuid) ||
	    !read_record(lv, job) || is_there_twice(report, job)) {
		job_free(job);
		return -1;
	}
	suspect = lvm_lv_tag(lv, TAG_SUSPECT);
	snprintf(job->suspect, sizeof(job->suspect), "%s", suspect ? suspect : "");
	type = lvm_lv_tag(lv, TAG_TRIM);
	snprintf(job->trim, sizeof(job->trim), "%s", type ? type : "");
	find_others(report, job);
	return 1;
}

bool job_may_be_of(const struct lvm_lv *lv, const char *id)
{
	const char *tag = lvm_lv_tag(lv, TAG_JOB);

	if (!tag && lvm_lv_tag(lv, TAG_BEGUN))
		tag = lvm_lv_tag(lv, TAG_METADATA_OF);
	return tag && !strcmp(tag, id);
}

bool job_is_recorded(const struct lvm_report *report, const char *id)
{
	for (size_t i = 0; i < report->nr_lvs; i++)
		if (job_may_be_of(&report->lvs[i], id))
			return true;
	return false;
}

bool job_is_mentioned(const struct lvm_report *report, const char *id)
{
	for (size_t i = 0; i < report->nr_lvs; i++)
		for (size_t j = 0; j < report->lvs[i].nr_tags; j++) {
			const char *tag = report->lvs[i].tags[j];

			if (strncmp(tag, TAG_METADATA_OF, strlen(TAG_METADATA_OF)) &&
			    strncmp(tag, TAG_SOURCE_FOR, strlen(TAG_SOURCE_FOR)) && strstr(tag, id))
				return true;
		}
	return false;
}

/* Of a job that has begun to end, and given it back; or that is being made, and takes it yet. */
static bool has_released(const struct lvm_lv *destination, const struct lvm_lv *source,
			 const char *id)
{
	const char *state = lvm_lv_tag(destination, TAG_STATE);

	if (!source || (state && strcmp(state, job_state_word(JOB_CREATING)) &&
			strcmp(state, job_state_word(JOB_FINISHING)) &&
			strcmp(state, job_state_word(JOB_CANCELLING))))
		return false;
	for (size_t i = 0; i < source->nr_tags; i++)
		if (!strncmp(source->tags[i], TAG_SOURCE_FOR, strlen(TAG_SOURCE_FOR)) &&
		    !strcmp(source->tags[i] + strlen(TAG_SOURCE_FOR), id))
			return false;
	return true;
}

/* That it records; or, where nothing records it yet, that it has begun. */
static const char *job_of(const struct lvm_report *report, const struct lvm_lv *lv)
{
	const char *id = lvm_lv_tag(lv, TAG_JOB), *of = lvm_lv_tag(lv, TAG_METADATA_OF);

	if (id || !of || !lvm_lv_tag(lv, TAG_BEGUN) || job_is_mentioned(report, of))
		return id;
	return of;
}

size_t job_source_users(const struct lvm_report *report, const struct job *job)
{
	const struct lvm_lv *lv = lvm_report_uuid(report, job->source_uuid);
	size_t users = 0;

	for (size_t i = 0; i < report->nr_lvs; i++) {
		const char *source = lvm_lv_tag(&report->lvs[i], TAG_SOURCE);
		const char *id = job_of(report, &report->lvs[i]);

		if (source && id && !strcmp(source, job->source_uuid) && strcmp(id, job->id) &&
		    !has_released(&report->lvs[i], lv, id))
			users++;
	}
	return users;
}

void job_free(struct job *job)
{
	for (size_t i = 0; i < job->nr_features; i++)
		free(job->features[i]);
	for (size_t i = 0; i < job->nr_arguments; i++) {
		free(job->arguments[i].key);
		free(job->arguments[i].value);
	}
	free(job->features);
	free(job->arguments);
	*job = (struct job){ 0 };
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A job: one clone being filled, as recorded in the tags of its LVs.
 *
 * The destination LV holds the record; it is made with it and removed last, so a job
 * exists exactly as long as this LV has the tags.
 *
 *   destination  xcopy:state=creating|filling|finishing|cancelling
 *                xcopy:job=<32 hex digits: the metadata's UUID>
 *                xcopy:source=<dm UUID of the source LV>
 *                xcopy:sectors=<length of the clone>
 *                xcopy:region=<sectors>
 *                xcopy:feature=<word>           any number
 *                xcopy:arg=<key>=<value>        any number
 *   metadata LV  xcopy:metadata-of=<job>
 *   source       xcopy:source-for=<job>         one for each clone of it
 *                xcopy:was=rw                   its permission before the first clone
 *                xcopy:was=inactive             nor was it active
 *
 * States, and what follows after a crash in one:
 *   creating    not yet mountable: everything is undone
 *   filling     the clone may hold data of its own: it goes on
 *   finishing   the destination is complete and durable: the rest is removed
 *   cancelling  the administrator gave it up: everything is undone
 */
#ifndef XCOPYSETUP_JOB_H
#define XCOPYSETUP_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lvm-report.h"
#include "names.h"

#define JOB_ID_LENGTH	32

enum job_state {
	JOB_NONE,
	JOB_CREATING,
	JOB_FILLING,
	JOB_FINISHING,
	JOB_CANCELLING,
};

struct job_argument {
	char *key;
	char *value;
};

struct job {
	enum job_state state;
	char id[JOB_ID_LENGTH + 1];
	struct lv_name destination;
	struct lv_name source;		/* empty if the LV is gone */
	struct lv_name metadata;	/* empty if there is none */
	char destination_uuid[69];	/* dm UUIDs, "LVM-..." */
	char source_uuid[69];
	char metadata_uuid[69];
	bool source_may_be_away;	/* the user wants to go on without the source's volume group */
	bool source_is_taken;		/* it has our tag, and with it is ours to keep read-only */
	uint64_t sectors;		/* length of the clone: the source's when it began */
	uint64_t region_sectors;
	char clone_name[DM_NAME_MAX + 1];
	char clone_uuid[JOB_ID_LENGTH + 7];	/* "XCOPY-<id>" */
	char **features;
	size_t nr_features;
	struct job_argument *arguments;
	size_t nr_arguments;
};

#define TAG_STATE	"xcopy:state="
#define TAG_JOB		"xcopy:job="
#define TAG_SOURCE	"xcopy:source="
#define TAG_SECTORS	"xcopy:sectors="
#define TAG_REGION	"xcopy:region="
#define TAG_FEATURE	"xcopy:feature="
#define TAG_ARGUMENT	"xcopy:arg="
#define TAG_METADATA_OF	"xcopy:metadata-of="
#define TAG_SOURCE_FOR	"xcopy:source-for="
#define TAG_WAS		"xcopy:was="
#define TAG_WAS_RW	"xcopy:was=rw"
#define TAG_WAS_INACTIVE "xcopy:was=inactive"
#define TAG_PREFIX	"xcopy:"

/** job_state_word() - as in the tag */
const char *job_state_word(enum job_state state);

/** job_set_id() - from 32 hex digits; sets clone_uuid too; false if they are not that */
bool job_set_id(struct job *job, const char *id);

/** job_set_names() - destination's name, and what follows from it; false if too long for dm */
bool job_set_names(struct job *job, const struct lv_name *destination);

void job_add_feature(struct job *job, const char *feature);
bool job_has_feature(const struct job *job, const char *feature);
void job_drop_feature(struct job *job, const char *feature);

/** job_set_argument() - set or replace a core argument */
void job_set_argument(struct job *job, const char *key, const char *value);
const char *job_argument(const struct job *job, const char *key);

/**
 * job_tags() - the destination's tags
 * @tags: room for job_nr_tags() pointers, each to be freed
 */
size_t job_nr_tags(const struct job *job);
void job_tags(const struct job *job, char **tags);

/**
 * job_from_lv() - read the record on @lv
 * @report: for the names of the other LVs
 * @job: filled; to be given back with job_free()
 *
 * Return: 1 if it is a destination; 0 if not; -1 if its tags are damaged.
 */
int job_from_lv(const struct lvm_report *report, const struct lvm_lv *lv, struct job *job);

/** job_source_users() - number of jobs, other than @job, that use @job's source */
size_t job_source_users(const struct lvm_report *report, const struct job *job);

void job_free(struct job *job);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A job: one clone being filled, as recorded in the tags of its LVs.
 *
 * The destination LV holds the record; it is made with it and removed last, so a job
 * exists exactly as long as this LV has the tags.  A destination that is no LV has no tags:
 * there the metadata LV holds the record, with two tags more, and exists as long as the job.
 *
 *   record       xcopy:state=creating|filling|finishing|cancelling|finished
 *                xcopy:job=<32 hex digits: the metadata's UUID>
 *                xcopy:name=<name of the clone's device>
 *                xcopy:source=<dm UUID of the source LV>, or, if it is none,
 *                xcopy:source-device=<path below /dev/disk>
 *                xcopy:destination-device=<path below /dev/disk>, if it is no LV
 *                xcopy:destination-id=<text>    which device it is, and where on it
 *                xcopy:source-was=rw            it was writeable, and becomes so again
 *                xcopy:source-id=<text>         which device it is, where on it, and what is on it
 *                xcopy:sectors=<length of the clone>
 *                xcopy:region=<sectors>
 *                xcopy:extra=<sectors>          of the clone's device behind that, if any
 *                xcopy:feature=<word>           any number
 *                xcopy:arg=<key>=<value>        any number
 *                xcopy:suspect=<word>           the source may have changed: step_suspicion()
 *                xcopy:keep=device              the device is kept when the clone is complete
 *                xcopy:trim=<type>              its file system is to be trimmed before it is filled
 *   metadata LV  xcopy:metadata-of=<job>        unless it holds the record
 *                xcopy:begun=<LV name>          of the destination, which is made last: as long as
 *                                               there is no record, it is this with xcopy:name,
 *                                               -source, -source-device, -source-was, -sectors, -region
 *   source       xcopy:source-for=<job>         one for each clone of it
 *                xcopy:was=rw                   its permission before the first clone
 *                xcopy:was=inactive             nor was it active
 *
 * States, and what follows after a crash in one:
 *   creating    not yet mountable: everything is undone.  A destination that is an LV is made in the
 *               state "filling", when all that it needs is there: that begins the clone in one change of
 *               LVM's.  Until then the metadata LV, by its own tags, is a job in this state
 *   filling     the clone may hold data of its own: it goes on
 *   finishing   the destination is complete and durable: the rest is removed
 *   cancelling  the administrator gave it up: everything is undone
 *   finished    all is done but that the clone's device, now linear, is or may be in use: a boot
 *               makes it again, and the volume itself stays hidden.  Of the record only job, name,
 *               sectors, keep and the destination's device are left, and
 *
 *                xcopy:volume=<dm UUID>         of the LV with the record: a volume group that was copied
 *                                               below LVM has the tag too, and this is not its UUID
 */
#ifndef XCOPYSETUP_JOB_H
#define XCOPYSETUP_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lvm-report.h"
#include "names.h"

#define JOB_ID_LENGTH	32
#define SOURCE_TEXT	(2 * LVM_NAME_MAX + 2)
#define SOURCE_UUID	"XCOPYSRC-"	/* and the job's id: see source-device.h */
#define DESTINATION_UUID "XCOPYDST-"	/* and the job's id: see destination-device.h */

enum job_state {
	JOB_NONE,
	JOB_CREATING,
	JOB_FILLING,
	JOB_FINISHING,
	JOB_CANCELLING,
	JOB_FINISHED,
};

struct job_argument {
	char *key;
	char *value;
};

struct job {
	enum job_state state;
	char id[JOB_ID_LENGTH + 1];
	bool is_begun;			/* the record is the metadata LV: the destination is not made yet */
	struct lv_name record;		/* the LV whose tags record the job */
	char record_uuid[69];
	struct lv_name destination;	/* empty if it is no LV */
	char destination_device[SOURCE_TEXT];	/* which then has this name, that lasts; else "" */
	char destination_id[SOURCE_TEXT];	/* and by this is known again */
	char destination_text[SOURCE_TEXT];	/* what the user calls it: VG/LV, or the device */
	struct lv_name source;		/* empty if the LV is gone, or it is no LV */
	char source_device[SOURCE_TEXT];	/* a device that is no LV, by a name that lasts; else "" */
	char source_text[SOURCE_TEXT];	/* what the user calls it: VG/LV, or the device */
	bool source_was_rw;		/* such a device: it is to be made writeable at the end */
	char source_id[SOURCE_TEXT];	/* such a device: by which it is known again; "": not yet taken */
	struct lv_name metadata;	/* empty if there is none */
	struct lv_name metadata_away;	/* one in another volume group that says it is this job's */
	char destination_uuid[69];	/* dm UUIDs, "LVM-..."; of a device that is no LV: of what lies on it */
	char source_uuid[69];		/* of a device that is no LV: of the device that reads it */
	char metadata_uuid[69];
	bool source_may_be_away;	/* the user wants to go on without the source's volume group */
	bool source_is_taken;		/* it has our tag, and with it is ours to keep read-only */
	uint64_t sectors;		/* length of the clone: the source's when it began */
	uint64_t region_sectors;
	uint64_t extra_sectors;		/* of the destination alone, behind the clone's */
	char clone_name[DM_NAME_MAX + 1];	/* as recorded: LVs may be renamed, mounts stay */
	char clone_uuid[JOB_ID_LENGTH + 7];	/* "XCOPY-<id>" */
	char **features;
	size_t nr_features;
	struct job_argument *arguments;
	size_t nr_arguments;
	char trim[16];			/* type of its file system; "": nothing to be done */
	bool keep_device;		/* until "release", in use or not */
	char suspect[32];		/* "" if nothing is known against it */
	bool suspect_is_accepted;	/* the user knows better */
};

#define TAG_STATE	"xcopy:state="
#define TAG_JOB		"xcopy:job="
#define TAG_NAME	"xcopy:name="
#define TAG_SOURCE	"xcopy:source="
#define TAG_DESTINATION_DEVICE "xcopy:destination-device="
#define TAG_DESTINATION_ID "xcopy:destination-id="
#define TAG_SOURCE_DEVICE "xcopy:source-device="
#define TAG_SOURCE_WAS	"xcopy:source-was="
#define TAG_SOURCE_WAS_RW "xcopy:source-was=rw"
#define TAG_SOURCE_ID	"xcopy:source-id="
#define TAG_SECTORS	"xcopy:sectors="
#define TAG_REGION	"xcopy:region="
#define TAG_EXTRA	"xcopy:extra="
#define TAG_FEATURE	"xcopy:feature="
#define TAG_ARGUMENT	"xcopy:arg="
#define TAG_SUSPECT	"xcopy:suspect="
#define TAG_TRIM	"xcopy:trim="
#define TAG_VOLUME	"xcopy:volume="
#define TAG_KEEP	"xcopy:keep="
#define TAG_KEEP_DEVICE	"xcopy:keep=device"
#define TAG_METADATA_OF	"xcopy:metadata-of="
#define TAG_BEGUN	"xcopy:begun="
#define TAG_SOURCE_FOR	"xcopy:source-for="
#define TAG_WAS		"xcopy:was="
#define TAG_WAS_RW	"xcopy:was=rw"
#define TAG_WAS_INACTIVE "xcopy:was=inactive"
#define TAG_PREFIX	"xcopy:"

/** job_state_word() - as in the tag */
const char *job_state_word(enum job_state state);

/** job_set_id() - from 32 hex digits; sets clone_uuid too; false if they are not that */
bool job_set_id(struct job *job, const char *id);

/** job_set_names() - destination's name, and the clone's that follows; false if too long for dm */
bool job_set_names(struct job *job, const struct lv_name *destination);

/** job_set_destination_device() - a destination that is no LV; the job has its id, or gets it later */
void job_set_destination_device(struct job *job, const char *path);

/** job_set_record() - the LV that records it; of a destination that is no LV, its metadata volume too */
void job_set_record(struct job *job, const struct lv_name *record);

/** job_set_clone_name() - another name for the clone's device; false if dm or a tag cannot have it */
bool job_set_clone_name(struct job *job, const char *name);

/** job_set_source_device() - a source that is no LV; the job has its id, or gets it later */
void job_set_source_device(struct job *job, const char *path);

/** job_source_path() - of the source: /dev/VG/LV, or the device; to be freed */
char *job_source_path(const struct job *job);

void job_add_feature(struct job *job, const char *feature);
bool job_has_feature(const struct job *job, const char *feature);
void job_drop_feature(struct job *job, const char *feature);

/** job_set_argument() - set or replace a core argument */
void job_set_argument(struct job *job, const char *key, const char *value);
const char *job_argument(const struct job *job, const char *key);

/**
 * job_tags() - the record's tags
 * @tags: room for job_nr_tags() pointers, each to be freed
 */
size_t job_nr_tags(const struct job *job);
void job_tags(const struct job *job, char **tags);

struct tag_list {
	char **tags;
	size_t count;
};

void tag_list_free(struct tag_list *list);

/** job_begun_tags() - of the metadata volume of a job whose destination, an LV, is yet to be made */
void job_begun_tags(const struct job *job, struct tag_list *list);

/** job_finished_tags() - what is left of the record when only the device is left of the job */
void job_finished_tags(const struct job *job, struct tag_list *list);

/**
 * job_from_lv() - read the record on @lv
 * @report: for the names of the other LVs
 * @job: filled; to be given back with job_free()
 *
 * A metadata volume with the tag xcopy:begun is a job if no other volume can be its record.
 *
 * Return: 1 if it records a job; 0 if not; -1 if its tags are damaged.
 */
int job_from_lv(const struct lvm_report *report, const struct lvm_lv *lv, struct job *job);

/** job_may_be_of() - does @lv record the job with this id, or is it the metadata volume of one begun? */
bool job_may_be_of(const struct lvm_lv *lv, const char *id);

/** job_is_recorded() - does any LV record the job with this id? */
bool job_is_recorded(const struct lvm_report *report, const char *id);

/** job_is_mentioned() - the same for any tag, in whatever form, but those of source and metadata volume */
bool job_is_mentioned(const struct lvm_report *report, const char *id);

/** job_source_users() - number of jobs, other than @job, that use @job's source */
size_t job_source_users(const struct lvm_report *report, const struct job *job);

void job_free(struct job *job);

#endif

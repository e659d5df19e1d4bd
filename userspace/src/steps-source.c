// SPDX-License-Identifier: GPL-2.0-only
/* The source of a job: taken read-only by the first clone of it, given back by the last. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices.h"
#include "dm.h"
#include "extents.h"
#include "memory.h"
#include "message.h"
#include "runtime.h"
#include "source-device.h"
#include "steps.h"
#include "volume.h"

/* In one change of LVM's: with the tag it is read-only, and what it was is recorded. */
static int claim_source(const struct job *job, const struct lvm_lv *source)
{
	struct arguments arguments = { 0 };
	bool first = !lvm_lv_tag(source, TAG_SOURCE_FOR);

	ADD_WORDS(&arguments, "lvchange", "--addtag");
	arguments_add(&arguments, TAG_SOURCE_FOR "%s", job->id);
	if (first && source->attr[1] != 'r')
		ADD_WORDS(&arguments, "--addtag", TAG_WAS_RW);
	if (first && !volume_is_active(job->source_uuid))
		ADD_WORDS(&arguments, "--addtag", TAG_WAS_INACTIVE);
	/* 'R' is read-only in the kernel alone, and writeable again after a boot */
	if (source->attr[1] != 'r')
		ADD_WORDS(&arguments, "--permission", "r");
	/* udev has nothing new to learn of it, and LVM would wait for that with its lock held */
	ADD_WORDS(&arguments, "--noudevsync");
	arguments_add_volume(&arguments, &job->source);
	return lvm_change(&arguments, "take %s/%s as source", job->source.vg, job->source.lv);
}

static int sync_source(const struct job *job)
{
	struct dm_state state;

	if (message_dry_run || !dm_look(job->source_uuid, &state) || !state.exists)
		return 0;
	return device_sync(state.major, state.minor, job->source.lv);
}

/* With --dry-run nothing is locked. */
static int lock_source(const struct job *job, int *lock)
{
	*lock = message_dry_run ? -1 : runtime_lock("source", job->source_uuid, true);
	return *lock < 0 && !message_dry_run ? EXIT_FAILED : 0;
}

int step_check_source(const struct job *job)
{
	struct dm_state state;

	if (message_dry_run)
		return 0;
	if (*job->source_device)
		return source_device_check(job);
	if (!dm_look(job->source_uuid, &state) || !state.exists)
		return fail(EXIT_FAILED, "source %s/%s is not active: \"lvchange -ay -K %s/%s\" says why",
			    job->source.vg, job->source.lv, job->source.vg, job->source.lv);
	if (!state.read_only)
		return fail(EXIT_FAILED, "source %s/%s is still writeable: somebody changed it meanwhile; if it surely was not written to, \"lvchange --permission r %s/%s\", else cancel the clone",
			    job->source.vg, job->source.lv, job->source.vg, job->source.lv);
	return 0;
}

#define WRITTEN		"source-written"
#define WRITEABLE	"source-writeable"

const char *step_suspicion(const struct job *job, const struct clone_status *status)
{
	struct dm_state source;

	/* before it and after it the source may be writeable again */
	if (job->state != JOB_FILLING)
		return NULL;
	if (*job->suspect)
		return strcmp(job->suspect, WRITEABLE) ? WRITTEN : WRITEABLE;
	if (status && clone_status_number(status, "source_modified"))
		return WRITTEN;
	if (*job->source_device)
		return source_device_was_written(job) ? WRITTEN :
		       source_device_is_writeable(job) ? WRITEABLE : NULL;
	if (dm_look(job->source_uuid, &source) && source.live_table && !source.read_only)
		return WRITEABLE;
	return NULL;
}

char *suspicion_text(const struct job *job, const char *suspicion)
{
	return need_text("source %s %s while %s was filled from it, which may hold a mix of old and new now: save what was written to the clone, \"xcopysetup cancel\" it and clone again; only if the source surely is as it was, \"xcopysetup finish --force\" it",
			 job->source_text,
			 strcmp(suspicion, WRITEABLE) ? "was written to" :
			 "was made writeable",
			 job->destination_text);
}

int step_record_suspicion(struct job *job, const char *suspicion)
{
	struct arguments arguments = { 0 };
	int code;

	if (*job->suspect)
		return 0;
	ADD_WORDS(&arguments, "lvchange", "--addtag");
	arguments_add(&arguments, TAG_SUSPECT "%s", suspicion);
	arguments_add_volume(&arguments, &job->record);
	code = lvm_change(&arguments, "record that the source of %s may have changed",
			  job->destination_text);
	if (!code)
		snprintf(job->suspect, sizeof(job->suspect), "%s", suspicion);
	return code;
}

/* Then whoever has it open cannot write: other clones have seen to that. */
bool source_is_protected(const struct lvm_lv *source)
{
	return lvm_lv_tag(source, TAG_SOURCE_FOR) && source->attr[1] == 'r';
}

/* Somebody may have resized it, or made a snapshot, since it was looked at. */
static int check_source_table(const struct job *job)
{
	struct dm_state state;
	struct table table;
	uint64_t sectors = 0;
	bool plain;

	if (message_dry_run)
		return 0;
	plain = dm_read_table(job->source_uuid, &table, &state);
	for (size_t i = 0; i < table.count; i++) {
		plain = plain && (!strcmp(table.lines[i].type, "linear") ||
				  !strcmp(table.lines[i].type, EXTENTS_ON));
		sectors += table.lines[i].length;
	}
	table_free(&table);
	if (plain && sectors == job->sectors)
		return 0;
	return fail(EXIT_FAILED, "somebody changed source %s/%s meanwhile: try again",
		    job->source.vg, job->source.lv);
}

/* What is recorded, and given back in the end, is what it was. */
static int check_reported(const struct job *job, const struct lvm_lv *source)
{
	struct dm_state state;

	if (source->attr[1] != 'w' || !dm_look(job->source_uuid, &state) || !state.exists ||
	    !state.read_only)
		return 0;
	return fail(EXIT_FAILED, "somebody made source %s/%s read-only meanwhile: try again",
		    job->source.vg, job->source.lv);
}

static int take_source(struct job *job, const struct lvm_lv *source, bool force)
{
	int code = check_reported(job, source);

	if (!code)
		code = sync_source(job);
	if (!code)
		code = claim_source(job, source);
	if (!code && !volume_is_active(job->source_uuid))
		code = volume_set_active(&job->source, "y");
	/* whoever opened it between the check and now may still be able to write */
	if (!code && !force && !message_dry_run && !source_is_protected(source) &&
	    volume_is_held(job->source_uuid))
		code = fail(EXIT_FAILED, "somebody opened source %s/%s meanwhile; close it, or use --force if it is sure not to write",
			    job->source.vg, job->source.lv);
	if (!code)
		code = step_check_source(job);
	if (!code)
		code = check_source_table(job);
	return code ? code : sync_source(job);
}

int step_source_take_reported(struct job *job, const struct lvm_report *report, bool force)
{
	return take_source(job, lvm_report_uuid(report, job->source_uuid), force);
}

int step_source_take(struct job *job, bool force)
{
	struct lvm_report report;
	const struct lvm_lv *source;
	int lock, code;

	if (*job->source_device)
		return source_device_take(job);
	code = lock_source(job, &lock);
	if (code)
		return code;
	/* read again under the lock: another job may just have given it back */
	code = lvm_load(&report);
	if (!code) {
		source = lvm_report_uuid(&report, job->source_uuid);
		code = source ? take_source(job, source, force) :
		       fail(EXIT_FAILED, "source %s/%s has vanished", job->source.vg,
			    job->source.lv);
		lvm_report_free(&report);
	}
	runtime_unlock("source", job->source_uuid, lock);
	return code;
}

static int untag_source(const struct job *job, const struct lvm_lv *source, bool last)
{
	struct arguments arguments = { 0 };

	ADD_WORDS(&arguments, "lvchange", "--deltag");
	arguments_add(&arguments, TAG_SOURCE_FOR "%s", job->id);
	if (last && lvm_lv_tag(source, TAG_WAS))
		ADD_WORDS(&arguments, "--deltag", TAG_WAS_RW, "--deltag", TAG_WAS_INACTIVE);
	arguments_add_volume(&arguments, &job->source);
	return lvm_change(&arguments, "remove the tags of source %s/%s", job->source.vg,
			  job->source.lv);
}

static bool has_tag(const struct lvm_lv *lv, const char *tag)
{
	const char *rest = lvm_lv_tag(lv, tag);

	return rest && !*rest;
}

static int restore_source(const struct job *job, const struct lvm_lv *source)
{
	int code = step_extents_out(job->source_uuid, DM_UDEV_NORMAL);

	if (!code && has_tag(source, TAG_WAS_RW) && source->attr[1] == 'r')
		code = volume_set_permission(&job->source, "rw");
	if (code || !has_tag(source, TAG_WAS_INACTIVE) || !volume_is_active(job->source_uuid))
		return code;
	if (!volume_is_held(job->source_uuid))
		return volume_set_active(&job->source, "n");
	warn("source %s/%s was inactive, and stays active: somebody has it open", job->source.vg,
	     job->source.lv);
	return 0;
}

/* A job of a volume group that is not there now goes on from this source when it is back. */
static void say_needed(const struct lvm_lv *source, const char *tag)
{
	warn("%s/%s stays read-only: by its tag %s another clone, which is not here now, needs it; if that is gone for good, \"lvchange --deltag %s --deltag " TAG_WAS_RW " --deltag " TAG_WAS_INACTIVE " %s/%s\" and \"lvchange --permission rw %s/%s\"",
	     source->vg_name, source->name, tag, tag, source->vg_name, source->name,
	     source->vg_name, source->name);
}

static bool needed_by_others(const struct lvm_lv *source, const char *mine)
{
	for (size_t i = 0; i < source->nr_tags; i++) {
		const char *tag = source->tags[i];

		if (strncmp(tag, TAG_SOURCE_FOR, strlen(TAG_SOURCE_FOR)) || !strcmp(tag, mine))
			continue;
		say_needed(source, tag);
		return true;
	}
	return false;
}

void source_say_needed(const struct lvm_report *report, const struct lvm_lv *source)
{
	for (size_t i = 0; !report->partial && i < source->nr_tags; i++) {
		const char *tag = source->tags[i];

		if (!strncmp(tag, TAG_SOURCE_FOR, strlen(TAG_SOURCE_FOR)) &&
		    !job_is_recorded(report, tag + strlen(TAG_SOURCE_FOR)))
			say_needed(source, tag);
	}
}

/* LVM reported nothing of the source: with its volume group here it is gone for good. */
static int source_is_missing(const struct job *job, const struct lvm_report *report)
{
	if (lvm_missing(report) != EXIT_REFUSED)
		return EXIT_FAILED;
	if (lvm_report_has_group(report, job->source_uuid))
		return 0;
	if (!job->source_may_be_away)
		return fail(EXIT_FAILED,
			    "the volume group of the source of %s is not here: the source stays read-only until it is, and this runs again",
			    job->destination_text);
	warn("the volume group of the source of %s is not here; when it is, \"lvchange --deltag " TAG_SOURCE_FOR "%s\" the source, and if it has the tag " TAG_WAS_RW ", take that off and \"lvchange --permission rw\" it",
	     job->destination_text, job->id);
	return 0;
}

static int release_source(const struct job *job, const struct lvm_report *report)
{
	char *mine = need_text(TAG_SOURCE_FOR "%s", job->id);
	const struct lvm_lv *source = lvm_report_uuid(report, job->source_uuid);
	bool last = !job_source_users(report, job) && !(source && needed_by_others(source, mine));
	int code = 0;

	/* the job before may have left it to this one, which did not come to take it */
	if (source && (has_tag(source, mine) || (last && lvm_lv_tag(source, TAG_WAS)))) {
		code = last ? restore_source(job, source) : 0;
		if (!code)
			code = untag_source(job, source, last);
	} else if (!source) {
		code = source_is_missing(job, report);
	}
	free(mine);
	return code;
}

int step_source_release(const struct job *job)
{
	struct lvm_report report;
	int lock, code;

	if (*job->source_device)
		return source_device_release(job);
	code = lock_source(job, &lock);
	if (code)
		return code;
	code = lvm_load(&report);
	if (!code) {
		code = release_source(job, &report);
		lvm_report_free(&report);
	}
	runtime_unlock("source", job->source_uuid, lock);
	return code;
}

// SPDX-License-Identifier: GPL-2.0-only
#include "steps.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clone-status.h"
#include "devices.h"
#include "dm.h"
#include "extents.h"
#include "memory.h"
#include "message.h"
#include "runtime.h"

static void add_lv(struct arguments *arguments, const struct lv_name *name)
{
	arguments_add(arguments, "%s/%s", name->vg, name->lv);
}

static void add_words(struct arguments *arguments, const char *const *words)
{
	for (; *words; words++)
		arguments_add(arguments, "%s", *words);
}

#define ADD(arguments, ...) add_words(arguments, (const char *const[]){ __VA_ARGS__, NULL })

int step_set_state(struct job *job, enum job_state state)
{
	struct arguments arguments = { 0 };
	int code;

	if (job->state == state)
		return 0;
	ADD(&arguments, "lvchange", "--deltag");
	arguments_add(&arguments, TAG_STATE "%s", job_state_word(job->state));
	ADD(&arguments, "--addtag");
	arguments_add(&arguments, TAG_STATE "%s", job_state_word(state));
	add_lv(&arguments, &job->destination);
	code = lvm_change(&arguments, "record that the job of %s/%s is %s", job->destination.vg,
			  job->destination.lv, job_state_word(state));
	if (!code)
		job->state = state;
	return code;
}

/*
 * Does anybody but LVM have it open?  udev opens devices for moments, longer ones on a busy
 * machine: look again for @seconds.
 */
static bool is_held_for(const char *uuid, int seconds)
{
	struct dm_state state;

	for (int i = 0; i < 10 * seconds; i++) {
		if (!dm_look(uuid, &state) || !state.exists || !state.open_count)
			return false;
		usleep(100000);
	}
	return true;
}

/* When somebody waits for the answer. */
static bool is_held(const char *uuid)
{
	return is_held_for(uuid, 2);
}

/* Asked of device-mapper: LVM's attributes are not sure to say it in every kind of report. */
static bool is_active(const char *uuid)
{
	struct dm_state state;

	return dm_look(uuid, &state) && state.exists;
}

static int tag_source(const struct job *job, const struct lvm_lv *source)
{
	struct arguments arguments = { 0 };
	bool first = !lvm_lv_tag(source, TAG_SOURCE_FOR);

	ADD(&arguments, "lvchange", "--addtag");
	arguments_add(&arguments, TAG_SOURCE_FOR "%s", job->id);
	if (first && source->attr[1] != 'r')
		ADD(&arguments, "--addtag", TAG_WAS_RW);
	if (first && !is_active(job->source_uuid))
		ADD(&arguments, "--addtag", TAG_WAS_INACTIVE);
	add_lv(&arguments, &job->source);
	return lvm_change(&arguments, "tag %s/%s as source", job->source.vg, job->source.lv);
}

static int set_permission(const struct lv_name *name, const char *permission)
{
	struct arguments arguments = { 0 };

	ADD(&arguments, "lvchange", "--permission", permission);
	add_lv(&arguments, name);
	return lvm_change(&arguments, "change the permission of %s/%s to %s", name->vg, name->lv,
			  permission);
}

static int set_active(const struct lv_name *name, const char *how)
{
	struct arguments arguments = { 0 };

	ADD(&arguments, "lvchange", "--activate", how, "--ignoreactivationskip");
	add_lv(&arguments, name);
	return lvm_change(&arguments, "%sactivate %s/%s", *how == 'y' ? "" : "de", name->vg,
			  name->lv);
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
	if (!dm_look(job->source_uuid, &state) || !state.exists)
		return fail(EXIT_FAILED, "source %s/%s is not active: \"lvchange -ay -K %s/%s\" says why",
			    job->source.vg, job->source.lv, job->source.vg, job->source.lv);
	if (!state.read_only)
		return fail(EXIT_FAILED, "source %s/%s is still writeable: somebody changed it meanwhile; if it surely was not written to, \"lvchange --permission r %s/%s\", else cancel the clone",
			    job->source.vg, job->source.lv, job->source.vg, job->source.lv);
	return 0;
}

/* Then whoever has it open cannot write: other clones have seen to that. */
bool source_is_protected(const struct lvm_lv *source)
{
	return lvm_lv_tag(source, TAG_SOURCE_FOR) && source->attr[1] == 'r';
}

static int take_source(struct job *job, const struct lvm_lv *source, bool force)
{
	int code = tag_source(job, source);

	if (!code)
		code = sync_source(job);
	if (!code && source->attr[1] == 'w')
		code = set_permission(&job->source, "r");
	if (!code && !is_active(job->source_uuid))
		code = set_active(&job->source, "y");
	/* whoever opened it between the check and now may still be able to write */
	if (!code && !force && !message_dry_run && !source_is_protected(source) &&
	    is_held(job->source_uuid))
		code = fail(EXIT_FAILED, "somebody opened source %s/%s meanwhile; close it, or use --force if it is sure not to write",
			    job->source.vg, job->source.lv);
	if (!code)
		code = step_check_source(job);
	return code ? code : sync_source(job);
}

int step_source_take(struct job *job, bool force)
{
	struct lvm_report report;
	const struct lvm_lv *source;
	int lock, code = lock_source(job, &lock);

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

	ADD(&arguments, "lvchange", "--deltag");
	arguments_add(&arguments, TAG_SOURCE_FOR "%s", job->id);
	if (last && lvm_lv_tag(source, TAG_WAS))
		ADD(&arguments, "--deltag", TAG_WAS_RW, "--deltag", TAG_WAS_INACTIVE);
	add_lv(&arguments, &job->source);
	return lvm_change(&arguments, "remove the tags of source %s/%s", job->source.vg,
			  job->source.lv);
}

static bool has_tag(const struct lvm_lv *lv, const char *tag)
{
	const char *rest = lvm_lv_tag(lv, tag);

	return rest && !*rest;
}

static int take_extents_out(const char *uuid)
{
	char *why;
	int code = extents_set(uuid, EXTENTS_OFF, DM_UDEV_NORMAL, &why);

	if (code == EXIT_REFUSED) {
		fail(code, "cannot put back LVM's own table: %s", why);
		free(why);
	}
	return code;
}

static int restore_source(const struct job *job, const struct lvm_lv *source)
{
	int code = take_extents_out(job->source_uuid);

	if (!code && has_tag(source, TAG_WAS_RW) && source->attr[1] == 'r')
		code = set_permission(&job->source, "rw");
	if (code || !has_tag(source, TAG_WAS_INACTIVE) || !is_active(job->source_uuid))
		return code;
	if (!is_held(job->source_uuid))
		return set_active(&job->source, "n");
	warn("source %s/%s was inactive, and stays active: somebody has it open", job->source.vg,
	     job->source.lv);
	return 0;
}

/* A job of a volume group that is not there now goes on from this source when it is back. */
static bool needed_by_others(const struct lvm_lv *source, const char *mine)
{
	for (size_t i = 0; i < source->nr_tags; i++) {
		const char *tag = source->tags[i];

		if (strncmp(tag, TAG_SOURCE_FOR, strlen(TAG_SOURCE_FOR)) || !strcmp(tag, mine))
			continue;
		warn("%s/%s stays read-only: by its tag %s another clone, which is not here now, needs it; if that is gone for good, \"lvchange --deltag %s --deltag " TAG_WAS_RW " --deltag " TAG_WAS_INACTIVE " %s/%s\" and \"lvchange --permission rw %s/%s\"",
		     source->vg_name, source->name, tag, tag, source->vg_name, source->name,
		     source->vg_name, source->name);
		return true;
	}
	return false;
}

/* LVM reported nothing of the source: with its volume group here it is gone for good. */
static int source_is_missing(const struct job *job, const struct lvm_report *report)
{
	if (lvm_missing(report) != EXIT_REFUSED)
		return EXIT_FAILED;
	if (lvm_report_has_group(report, job->source_uuid))
		return 0;
	if (!job->source_may_be_away)
		return fail(EXIT_FAILED, "the volume group of the source of %s/%s is not here: the source stays read-only until it is, and this runs again",
			    job->destination.vg, job->destination.lv);
	warn("the volume group of the source of %s/%s is not here; when it is, \"lvchange --deltag " TAG_SOURCE_FOR "%s\" the source, and if it has the tag " TAG_WAS_RW ", take that off and \"lvchange --permission rw\" it",
	     job->destination.vg, job->destination.lv, job->id);
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
	int lock, code = lock_source(job, &lock);

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

static void put_extents_in(const char *uuid, const char *role, enum dm_udev udev)
{
	char *why;

	if (extents_set(uuid, EXTENTS_ON, udev, &why) == EXIT_REFUSED) {
		warn("the host copies until the %s can be offloaded: %s", role, why);
		free(why);
	}
}

void step_extents_in(const struct job *job)
{
	put_extents_in(job->source_uuid, "source", DM_UDEV_NORMAL);
	put_extents_in(job->destination_uuid, "destination", DM_UDEV_HIDDEN);
}

static int look_at(const char *uuid, const char *role, char text[32])
{
	struct dm_state state;

	if (!dm_look(uuid, &state) || !state.exists)
		return fail(EXIT_FAILED, "the %s volume is not active", role);
	dm_device_text(&state, text);
	return 0;
}

int step_check_clone(const struct job *job)
{
	struct dm_state clone, destination;

	if (!dm_look(job->clone_uuid, &clone) || !dm_look(job->destination_uuid, &destination))
		return fail(EXIT_FAILED, "device-mapper does not answer for %s: try again",
			    job->clone_name);
	if (!clone.exists || !clone.live_table ||
	    (destination.exists &&
	     dm_uses(job->clone_uuid, destination.major, destination.minor)))
		return 0;
	return fail(EXIT_REFUSED, "/dev/mapper/%s does not lie on %s/%s, but has the UUID of its job: it is the clone of a volume that this one is a copy of; \"xcopysetup release\" it, or lvchange --deltag the copy's xcopy: tags",
		    clone.name, job->destination.vg, job->destination.lv);
}

int step_load(const struct job *job, bool no_format)
{
	char metadata[32], destination[32], source[32];
	struct dm_state state;
	struct table table;
	char *text;
	int code = 0;

	if (dm_look(job->clone_uuid, &state) && state.exists && state.live_table)
		return step_check_clone(job);
	if (state.exists)	/* left by a crash between creation and table */
		code = dm_remove(state.name);
	if (!code)
		code = look_at(job->metadata_uuid, "metadata", metadata);
	if (!code)
		code = look_at(job->destination_uuid, "destination", destination);
	if (!code)
		code = look_at(job->source_uuid, "source", source);
	if (code)
		return code;
	table_clone(job, metadata, destination, source, no_format, &table);
	text = table_text(&table);
	detail("dmsetup create %s --uuid %s --table '%s'", job->clone_name, job->clone_uuid, text);
	free(text);
	code = dm_create(job->clone_name, job->clone_uuid, &table, DM_UDEV_COPY);
	table_free(&table);
	return code;
}

static int activate_lv(const char *uuid, const struct lv_name *name)
{
	return !*name->lv || is_active(uuid) ? 0 : set_active(name, "y");
}

int step_activate_source(const struct job *job)
{
	return activate_lv(job->source_uuid, &job->source);
}

int step_activate(const struct job *job)
{
	int code = runtime_hide(job->destination_uuid);

	if (!code)
		code = activate_lv(job->destination_uuid, &job->destination);
	return code ? code : activate_lv(job->metadata_uuid, &job->metadata);
}

/* By its UUID: the name may be another volume's by the time LVM reads it. */
static int remove_lv(const struct lv_name *name, const char *uuid)
{
	struct arguments arguments = { 0 };
	char lv_uuid[39];

	if (!*name->lv)
		return 0;
	ADD(&arguments, "lvremove", "--yes", "--select");
	name_lv_uuid(uuid, lv_uuid);
	arguments_add(&arguments, "lv_uuid=%s", lv_uuid);
	arguments_add(&arguments, "%s", name->vg);
	return lvm_change(&arguments, "remove %s/%s", name->vg, name->lv);
}

static int remove_clone(const struct job *job)
{
	struct dm_state state;
	int code = step_check_clone(job);

	if (code || !dm_look(job->clone_uuid, &state) || !state.exists)
		return code;
	if (is_held(job->clone_uuid))
		return fail(EXIT_REFUSED, "/dev/mapper/%s is in use: unmount or close it first",
			    state.name);
	if (would("dmsetup remove %s", state.name))
		return 0;
	detail("dmsetup remove %s", state.name);
	return dm_remove(state.name);
}

static void forget(const struct job *job)
{
	char name[DM_NAME_MAX + 1];

	if (name_dm_join(&job->destination, name, sizeof(name)))
		runtime_show(name);
	runtime_show(job->destination_uuid);
	if (!message_dry_run)
		runtime_forget(job->id);
}

int step_undo(struct job *job)
{
	int code = remove_clone(job);

	if (!code && job->state != JOB_CREATING)
		code = step_set_state(job, JOB_CANCELLING);
	if (!code)
		code = step_source_release(job);
	if (!code)
		code = remove_lv(&job->metadata, job->metadata_uuid);
	if (!code)
		code = remove_lv(&job->destination, job->destination_uuid);
	if (!code)
		forget(job);
	return code;
}

static int put_linear(const struct job *job, const struct table *linear)
{
	struct dm_state state;
	struct table live;
	int code = 0;

	dm_read_table(job->clone_uuid, &live, &state);
	if (!state.exists)
		code = dm_create(job->clone_name, job->clone_uuid, linear, DM_UDEV_COPY);
	else if (!table_is(&live, "linear"))
		code = dm_swap(state.name, linear, state.read_only, false, DM_UDEV_COPY, NULL);
	table_free(&live);
	return code;
}

/* The clone's device becomes linear over the destination; made anew if a boot has lost it. */
static int swap_to_linear(const struct job *job)
{
	struct dm_state destination;
	struct table linear;
	char device[32], *text;
	int code = 0;

	if (!dm_look(job->destination_uuid, &destination) || !destination.exists)
		return fail(EXIT_FAILED, "destination %s/%s is not active: use \"xcopysetup activate %s/%s\"",
			    job->destination.vg, job->destination.lv, job->destination.vg,
			    job->destination.lv);
	table_linear(job->sectors, dm_device_text(&destination, device), &linear);
	text = table_text(&linear);
	if (!would("# /dev/mapper/%s becomes: %s", job->clone_name, text))
		code = put_linear(job, &linear);
	free(text);
	table_free(&linear);
	if (!code && !message_dry_run)
		code = device_sync(destination.major, destination.minor, job->destination.lv);
	return code;
}

static int check_complete(const struct job *job)
{
	struct clone_status status;
	char type[32], *text = dm_read_status(job->clone_uuid, type);
	int code = 0;

	if (text && !strcmp(type, "xcopy")) {
		if (!clone_status_parse(text, &status) || !clone_status_complete(&status))
			code = fail(EXIT_REFUSED, "%s is not complete", job->clone_name);
		clone_status_free(&status);
	}
	if (!text)
		code = fail(EXIT_REFUSED, "there is no device %s: use \"xcopysetup activate %s/%s\"",
			    job->clone_name, job->destination.vg, job->destination.lv);
	free(text);
	return code;
}

/* The record goes last: with it the job ends. */
static int remove_record(const struct job *job, const struct lvm_lv *lv)
{
	struct arguments arguments = { 0 };

	ADD(&arguments, "lvchange", "--setactivationskip", "n");
	for (size_t i = 0; i < lv->nr_tags; i++)
		if (!strncmp(lv->tags[i], TAG_PREFIX, strlen(TAG_PREFIX)))
			ADD(&arguments, "--deltag", lv->tags[i]);
	add_lv(&arguments, &job->destination);
	return lvm_change(&arguments, "remove the tags of %s/%s", job->destination.vg,
			  job->destination.lv);
}

static int end_record(const struct job *job)
{
	struct lvm_report report;
	const struct lvm_lv *lv;
	int code = lvm_load(&report);

	if (code)
		return code;
	lv = lvm_report_uuid(&report, job->destination_uuid);
	if (lv)
		code = remove_record(job, lv);
	lvm_report_free(&report);
	return code;
}

/* Only a clone that has filled, or that was found to have, has a destination worth keeping. */
static int check_finishable(const struct job *job)
{
	if (job->state == JOB_FILLING)
		return check_complete(job);
	if (job->state == JOB_FINISHING)
		return 0;
	return fail(EXIT_REFUSED, "%s/%s was being %s, and is not complete: \"xcopysetup cancel %s/%s\" removes it",
		    job->destination.vg, job->destination.lv,
		    job->state == JOB_CREATING ? "made" : "cancelled", job->destination.vg,
		    job->destination.lv);
}

/* Whole now: udev may look at it, and does at the next reload, which LVM is asked for where we make none. */
static int show_destination(const struct job *job)
{
	struct arguments arguments = { 0 };
	struct dm_state state;
	struct table live;
	bool extents = dm_read_table(job->destination_uuid, &live, &state) &&
		       table_has(&live, EXTENTS_ON);

	table_free(&live);
	runtime_show(job->destination_uuid);
	if (extents)
		return take_extents_out(job->destination_uuid);
	ADD(&arguments, "lvchange", "--refresh");
	add_lv(&arguments, &job->destination);
	return lvm_change(&arguments, "show %s/%s to udev", job->destination.vg,
			  job->destination.lv);
}

int step_finish(struct job *job)
{
	int code = check_finishable(job);

	if (!code)
		code = step_check_clone(job);
	if (!code)
		code = swap_to_linear(job);
	if (!code)
		code = step_set_state(job, JOB_FINISHING);
	if (!code)
		code = show_destination(job);
	if (!code)
		code = step_source_release(job);
	if (!code)
		code = remove_lv(&job->metadata, job->metadata_uuid);
	if (!code)
		code = end_record(job);
	if (!code)
		forget(job);
	return code;
}

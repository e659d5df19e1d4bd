// SPDX-License-Identifier: GPL-2.0-only
/* How a job ends: undone, or finished. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clone-status.h"
#include "destination-device.h"
#include "devices.h"
#include "dm.h"
#include "extents.h"
#include "memory.h"
#include "message.h"
#include "metadata-device.h"
#include "runtime.h"
#include "steps.h"
#include "volume.h"

/* The kernel's own, in ms: see dm-xcopy(7). */
#define DEFAULT_QUARANTINE_MS	30000

/* Returns an exit code; the first that is not 0 ends the walk. */
typedef int (*end_step)(struct job *job);

static int walk(const end_step *steps, struct job *job)
{
	int code = 0;

	for (; !code && *steps; steps++)
		code = (*steps)(job);
	return code;
}

/* LVM would remove them with it. */
static int check_snapshots(const struct job *job, const struct lvm_report *report)
{
	const struct lvm_lv *lv = lvm_report_uuid(report, job->destination_uuid);

	if (!lv || (*lv->attr != 'o' && *lv->attr != 'O'))
		return 0;
	return fail(EXIT_REFUSED, "destination %s has snapshots, which would be removed with it: lvremove them first",
		    job->destination_text);
}

/* Its own tags are gone, and the metadata says what on it is the clone's. */
static int check_unrecorded(const struct job *job, const struct lvm_report *report)
{
	if (!lvm_report_lv(report, job->destination.vg, job->destination.lv) ||
	    !step_was_loaded(job))
		return 0;
	return fail(EXIT_REFUSED, "%s was used as a clone's destination, and its tags do not say so any more: lvremove it first if it is not wanted, or lvrename it if it is another volume",
		    job->destination_text);
}

static int check_destination(struct job *job)
{
	struct lvm_report report;
	int code = *job->destination_device ? -1 : lvm_load(&report);

	if (code)
		return code < 0 ? 0 : code;
	code = job->is_begun && !message_dry_run ? check_unrecorded(job, &report) :
	       check_snapshots(job, &report);
	lvm_report_free(&report);
	return code;
}

static int remove_clone(struct job *job)
{
	struct dm_state state;
	int code = step_check_clone(job);

	if (code)
		return code;
	if (!dm_look(job->clone_uuid, &state))
		return fail(EXIT_FAILED, "device-mapper does not answer for %s: try again",
			    job->clone_name);
	if (!state.exists)
		return 0;
	if (volume_is_held(job->clone_uuid))
		return fail(EXIT_REFUSED, "/dev/mapper/%s is in use: unmount or close it first",
			    state.name);
	if (would("dmsetup remove %s", state.name))
		return 0;
	detail("dmsetup remove %s", state.name);
	return dm_remove(state.name);
}

static int forget(struct job *job)
{
	runtime_show(job->destination_uuid);
	runtime_show(job->metadata_uuid);
	runtime_clean();
	if (!message_dry_run)
		runtime_forget(job->id);
	return 0;
}

static int record_cancelling(struct job *job)
{
	return job->state == JOB_CREATING ? 0 : step_set_state(job, JOB_CANCELLING);
}

static int release_source(struct job *job)
{
	return step_source_release(job);
}


/* ms, where the metadata does not say it: what the clone was told.  One that is being made copies nothing. */
static unsigned int recorded_quarantine(const struct job *job)
{
	const char *recorded = job_argument(job, "quarantine_ms");
	unsigned long ms = recorded ? strtoul(recorded, NULL, 10) : 0;

	if (job->state == JOB_CREATING || job_has_feature(job, "no_offload"))
		return 0;
	return ms && ms <= XCOPY_MAX_QUARANTINE_MS ? ms : DEFAULT_QUARANTINE_MS;
}

/* ms: the longer of the copies, as the kernel takes it; one may be of before a change that was cut short */
static unsigned int scanned_quarantine(const struct metadata_scan *scan)
{
	unsigned int ms = 0;

	for (unsigned int i = 0; i < XCOPY_SB_COPIES; i++)
		if (scan->sb_errors[i] == XCOPY_FORMAT_OK && scan->sb[i].quarantine_ms > ms)
			ms = scan->sb[i].quarantine_ms;
	return ms;
}

/*
 * How long, in ms, copies of the clone may still be under way.  A volume that cannot be read
 * keeps nobody from giving up.
 */
static unsigned int quarantine_left(const struct job *job, const char *path)
{
	struct metadata_device device;
	struct metadata_scan scan;
	int code = metadata_open(path, false, &device);

	if (code)
		return recorded_quarantine(job);
	code = metadata_scan(&device, &scan);
	metadata_close(&device);
	if (code || scan.current < 0)
		return recorded_quarantine(job);
	return scan.offload_open ? scanned_quarantine(&scan) : 0;
}

/* Of a clone that nobody removed, which would have waited: the machine went down. */
static void wait_for_storage(unsigned int ms)
{
	if (!ms)
		return;
	warn("copies that the storage was given before the machine went down may still be under way: waiting for %u s",
	     (ms + 999) / 1000);
	sleep((ms + 999) / 1000);
}

/* What the storage still writes would hit whoever gets the destination's extents next. */
static int let_copies_end(struct job *job)
{
	struct dm_state state;
	char *path;

	if (message_dry_run || !*job->metadata.lv)
		return 0;
	if (step_activate_metadata(job) || !dm_look(job->metadata_uuid, &state) || !state.exists) {
		wait_for_storage(recorded_quarantine(job));
		return 0;
	}
	path = need_text("/dev/dm-%u", state.minor);
	wait_for_storage(quarantine_left(job, path));
	free(path);
	return 0;
}

/* The metadata is lost, and was not removed by this walk, cut short: nobody else tells. */
static int let_copies_end_blind(struct job *job)
{
	if (!message_dry_run && job->state == JOB_FILLING && !*job->metadata.lv)
		wait_for_storage(recorded_quarantine(job));
	return 0;
}

/* Of a destination that is no LV it is the record, too, and of one that is not made yet. */
static int remove_metadata(struct job *job)
{
	if (job->is_begun)
		return 0;
	if (!*job->destination_device)
		return volume_remove(&job->metadata, job->metadata_uuid);
	if (!*job->metadata.lv || !volume_is_active(job->metadata_uuid))
		return 0;
	return volume_set_active(&job->metadata, "n");
}

static int remove_record(struct job *job)
{
	return volume_remove(&job->record, job->record_uuid);
}

static int drop_destination(struct job *job)
{
	return *job->destination_device ? destination_device_drop(job) : 0;
}

/*
 * Whatever was done before a crash is found done when the table is walked again: each step
 * looks first.  The record goes last, which is the destination if that is an LV.
 */
static const end_step undo_steps[] = {
	check_destination,
	remove_clone,
	let_copies_end_blind,
	record_cancelling,
	release_source,
	let_copies_end,
	remove_metadata,
	drop_destination,
	remove_record,
	forget,
	NULL
};

int step_undo(struct job *job)
{
	return walk(undo_steps, job);
}

static int put_linear(const struct job *job, const struct table *linear)
{
	struct dm_state state;
	struct table live;
	int code = 0;

	dm_read_table(job->clone_uuid, &live, &state);
	if (!state.exists)
		code = dm_create(job->clone_name, job->clone_uuid, linear, false, DM_UDEV_COPY, NULL);
	else if (!table_is(&live, "linear"))
		code = dm_swap(state.name, linear, state.read_only, false, DM_UDEV_COPY, NULL);
	table_free(&live);
	return code;
}

/* The clone's device becomes linear over the destination; made anew if a boot has lost it. */
static int put_linear_over(struct job *job)
{
	struct dm_state destination;
	struct table linear;
	char device[32], *text;
	int code = 0;

	if (!dm_look(job->destination_uuid, &destination) || !destination.exists)
		return fail(EXIT_FAILED,
			    "destination %s is not active: use \"xcopysetup activate %s\"",
			    job->destination_text, job->destination_text);
	table_linear(job->sectors + job->extra_sectors, dm_device_text(&destination, device), &linear);
	text = table_text(&linear);
	if (!would("# /dev/mapper/%s becomes: %s", job->clone_name, text))
		code = put_linear(job, &linear);
	free(text);
	table_free(&linear);
	if (!code && !message_dry_run)
		code = device_sync(destination.major, destination.minor, job->destination_text);
	return code;
}

/* Said by those who finish, unless the user has heard it and wants it so. */
static int check_suspicion(struct job *job, const struct clone_status *status)
{
	const char *suspicion = step_suspicion(job, status);
	char *text;

	if (!suspicion || job->suspect_is_accepted)
		return 0;
	text = suspicion_text(job, suspicion);
	fail(EXIT_REFUSED, "%s", text);
	free(text);
	step_record_suspicion(job, suspicion);
	return EXIT_REFUSED;
}

static int check_complete(struct job *job)
{
	struct clone_status status = { 0 };
	char type[32], *text = dm_read_status(job->clone_uuid, type);
	int code = 0;

	if (text && !strcmp(type, "xcopy") &&
	    (!clone_status_parse(text, &status) || !clone_status_complete(&status)))
		code = fail(EXIT_REFUSED, "%s is not complete", job->clone_name);
	else if (text)
		code = check_suspicion(job, &status);
	clone_status_free(&status);
	if (!text)
		code = fail(EXIT_REFUSED, "there is no device %s: use \"xcopysetup activate %s\"",
			    job->clone_name, job->destination_text);
	free(text);
	return code;
}

/* The same volume may by now be the source of another job, whose tags these are. */
static bool is_of_source(const char *tag)
{
	return !strncmp(tag, TAG_SOURCE_FOR, strlen(TAG_SOURCE_FOR)) ||
	       !strncmp(tag, TAG_WAS, strlen(TAG_WAS));
}

/* What LVM takes away in a command it does not add in the same. */
static bool is_kept(const struct tag_list *kept, const char *tag)
{
	for (size_t i = 0; i < kept->count; i++)
		if (!strcmp(kept->tags[i], tag))
			return true;
	return is_of_source(tag);
}

/* In one command: there is no moment in which a boot would not know what the device is called. */
static int change_record(const struct lvm_lv *lv, const struct tag_list *kept)
{
	struct lv_name name;
	struct arguments arguments = { 0 };

	ADD_WORDS(&arguments, "lvchange");
	if (!kept->count)
		ADD_WORDS(&arguments, "--setactivationskip", "n");
	for (size_t i = 0; i < lv->nr_tags; i++)
		if (!strncmp(lv->tags[i], TAG_PREFIX, strlen(TAG_PREFIX)) &&
		    !is_kept(kept, lv->tags[i]))
			ADD_WORDS(&arguments, "--deltag", lv->tags[i]);
	for (size_t i = 0; i < kept->count; i++)
		ADD_WORDS(&arguments, "--addtag", kept->tags[i]);
	snprintf(name.vg, sizeof(name.vg), "%s", lv->vg_name);
	snprintf(name.lv, sizeof(name.lv), "%s", lv->name);
	arguments_add_volume(&arguments, &name);
	return lvm_change(&arguments, "change the tags of %s/%s", name.vg, name.lv);
}

/* Its names of now: somebody may have renamed it since the job was read. */
static int reduce_record(const struct job *job, const struct tag_list *kept)
{
	struct lvm_report report;
	const struct lvm_lv *lv;
	int code = lvm_load(&report);

	if (code)
		return code;
	lv = lvm_report_uuid(&report, job->record_uuid);
	if (lv)
		code = change_record(lv, kept);
	else if (report.partial)
		code = lvm_missing(&report);
	lvm_report_free(&report);
	return code;
}

static int record_finished(struct job *job)
{
	struct tag_list kept = { 0 };
	int code;

	job_finished_tags(job, &kept);
	code = reduce_record(job, &kept);
	tag_list_free(&kept);
	if (!code)
		job->state = JOB_FINISHED;
	return code;
}

/* The record goes last: with it the job ends. */
static int end_record(struct job *job)
{
	if (*job->destination_device)
		return remove_record(job);
	return reduce_record(job, &(struct tag_list){ 0 });
}

/* Only a clone that has filled, or that was found to have, has a destination worth keeping. */
static int check_finishable(struct job *job)
{
	if (job->state == JOB_FILLING)
		return check_complete(job);
	if (job->state == JOB_FINISHING || job->state == JOB_FINISHED)
		return 0;
	return fail(EXIT_REFUSED,
		    "%s was being %s, and is not complete: \"xcopysetup cancel %s\" removes it",
		    job->destination_text, job->state == JOB_CREATING ? "made" : "cancelled",
		    job->destination_text);
}

/* Alone now: udev may look at it, and does when LVM has loaded its table once more. */
static int show_destination(struct job *job)
{
	struct arguments arguments = { 0 };

	if (*job->destination_device)
		return destination_device_give(job);
	runtime_show(job->destination_uuid);
	if (!volume_is_active(job->destination_uuid))
		return 0;
	ADD_WORDS(&arguments, "lvchange", "--refresh");
	arguments_add_volume(&arguments, &job->destination);
	return lvm_change(&arguments, "show %s to udev", job->destination_text);
}

static int free_destination(struct job *job)
{
	if (*job->destination_device)
		return destination_device_settle(job);
	return step_extents_out(job->destination_uuid, DM_UDEV_HIDDEN);
}

static int check_clone(struct job *job)
{
	return step_check_clone(job);
}

static int record_finishing(struct job *job)
{
	return step_set_state(job, JOB_FINISHING);
}

/* From the record on it is known that the destination is whole; the record's end is the job's. */
static const end_step finish_steps[] = {
	check_clone,
	check_finishable,
	put_linear_over,
	record_finishing,
	free_destination,
	release_source,
	remove_metadata,
	record_finished,
	NULL
};

int step_finish(struct job *job)
{
	return job->state == JOB_FINISHED ? 0 : walk(finish_steps, job);
}

static int make_linear(struct job *job)
{
	return job->state == JOB_FINISHED ? put_linear_over(job) : 0;
}

static const end_step bring_back_steps[] = {
	check_clone,
	make_linear,
	NULL
};

int step_bring_back(struct job *job)
{
	return walk(bring_back_steps, job);
}

/* With the record the volume is hidden, and not activated by LVM: its name is the device's. */
static const end_step release_steps[] = {
	remove_clone,
	show_destination,
	end_record,
	forget,
	NULL
};

int step_release(struct job *job)
{
	return walk(release_steps, job);
}

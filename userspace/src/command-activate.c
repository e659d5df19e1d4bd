// SPDX-License-Identifier: GPL-2.0-only
/* activate: bring every job that tags record to where it belongs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "destination-device.h"
#include "dm.h"
#include "extents.h"
#include "follow.h"
#include "memory.h"
#include "message.h"
#include "runtime.h"
#include "steps.h"
#include "volume.h"

static int check_source(const struct job *job)
{
	if (!*job->source_text)
		return fail(EXIT_FAILED,
			    "the source of %s (%s) is missing: restore it, or cancel the clone",
			    job->destination_text, job->source_uuid);
	if (!*job->metadata.lv && *job->metadata_away.lv)
		return fail(EXIT_FAILED,
			    "the metadata volume of %s is not in its volume group: %s/%s says that it is; if they were one group, vgmerge them, and the clone goes on",
			    job->destination_text, job->metadata_away.vg, job->metadata_away.lv);
	if (!*job->metadata.lv)
		return fail(EXIT_FAILED,
			    "the metadata volume of %s is missing: the clone cannot be continued; \"xcopysetup cancel\" removes it",
			    job->destination_text);
	if (!job->source_is_taken)
		return fail(EXIT_REFUSED,
			    "source %s/%s does not have the tag " TAG_SOURCE_FOR "%s: it is not held for %s, and may have been written to; cancel the clone, or, if the source surely did not change, \"lvchange --addtag " TAG_SOURCE_FOR "%s %s/%s\"",
			    job->source.vg, job->source.lv, job->id, job->destination_text,
			    job->id, job->source.vg, job->source.lv);
	return 0;
}

/* A device is there without being activated: nobody is to take half a copy for a file system. */
static int guard_destination(struct job *job)
{
	int code = *job->destination_device ? runtime_hide(job->destination_uuid) : 0;

	if (!code && *job->destination_device)
		code = destination_device_bring_back(job);
	return code;
}

static int go_on_filling(struct job *job)
{
	int targets = dm_need_targets(), code = guard_destination(job);

	if (!code)
		code = check_source(job);
	if (!code)
		code = targets;
	if (!code)
		code = step_activate_source(job);
	if (!code)
		code = step_check_source(job);
	if (!code)
		code = step_activate(job);
	if (!code)
		code = step_wipe_new(job);
	if (!code && would("# xcopy-linear under both volumes, then the table of %s with no_format",
			   job->clone_name))
		return 0;
	if (!code) {
		extents_recover(job->clone_uuid);
		if (!job_has_feature(job, "no_offload"))
			step_extents_in(job, NULL);
	}
	if (!code) {
		step_offload_limits(job);
		code = step_load(job, true, NULL);
	}
	if (!code)
		code = step_trim_once(job);
	return code ? code : waiter_start(job);
}

static int go_on_finishing(struct job *job)
{
	int code = step_activate_source(job);

	if (!code)
		code = step_activate(job);
	return code || message_dry_run ? code : step_finish(job);
}

/* Whoever uses it, by fstab or in a virtual machine, knows it by this name. */
static int bring_back(struct job *job)
{
	struct dm_state state;
	int code;

	if (dm_look(job->clone_uuid, &state) && state.live_table)
		return 0;
	say("%s: complete; its device is made again", job->destination_text);
	code = step_activate(job);
	return code || message_dry_run ? code : step_bring_back(job);
}

static int activate(struct job *job)
{
	int code;

	switch (job->state) {
	case JOB_CREATING:
	case JOB_CANCELLING:
		code = step_check_begun(job);
		if (code)
			return code;
		say("%s: was being %s; removing it", job->destination_text,
		    job->state == JOB_CREATING ? "made" : "cancelled");
		return step_undo(job);
	case JOB_FILLING:
		say("%s: going on", job->destination_text);
		return go_on_filling(job);
	case JOB_FINISHING:
		say("%s: complete; cleaning up", job->destination_text);
		return go_on_finishing(job);
	case JOB_FINISHED:
		return bring_back(job);
	case JOB_NONE:
		break;
	}
	return 0;
}

static int activate_locked(struct job *job)
{
	int lock = message_dry_run ? -1 : job_lock(job), code;

	if (lock < 0 && !message_dry_run)
		return EXIT_REFUSED;
	code = job_refresh(job);
	if (!code)
		code = activate(job);
	else if (code == EXIT_REFUSED)
		code = 0;	/* it ended meanwhile */
	if (lock >= 0)
		close(lock);
	return code;
}

/* A record that cannot be read may be of any job. */
static bool any_is_damaged(const struct lvm_report *report)
{
	struct job job;
	int found = 0;

	for (size_t i = 0; found >= 0 && i < report->nr_lvs; i++) {
		found = job_from_lv(report, &report->lvs[i], &job);
		job_free(&job);
	}
	return found < 0;
}

/*
 * A metadata volume without a destination: its destination was removed by hand.  What it says
 * would be lost for ever, so there must be no doubt.
 */
static int remove_orphan(const struct lvm_report *report, const struct lvm_lv *lv)
{
	const char *of = lvm_lv_tag(lv, TAG_METADATA_OF);
	struct lv_name name;

	if (!of || job_is_mentioned(report, of))
		return 0;
	/* one that has begun would be a job, were there no doubt */
	if (report->partial || lvm_lv_tag(lv, TAG_BEGUN) || any_is_damaged(report)) {
		warn("%s/%s holds the metadata of a clone whose record is not to be found, and is kept: LVM does not report all volumes, or a record is damaged",
		     lv->vg_name, lv->name);
		return 0;
	}
	snprintf(name.vg, sizeof(name.vg), "%s", lv->vg_name);
	snprintf(name.lv, sizeof(name.lv), "%s", lv->name);
	return volume_remove(&name, lv->dm_uuid);
}

static bool is_to_be_undone(const struct job *job)
{
	return job->state == JOB_CREATING || job->state == JOB_CANCELLING;
}

static int activate_one(const struct lvm_report *report, const struct lvm_lv *lv, bool undo)
{
	struct job job;
	int found = job_from_lv(report, lv, &job), code = 0;

	if (found == 1 && undo == is_to_be_undone(&job)) {
		code = activate_locked(&job);
	} else if (found < 0 && undo) {
		job_say_damaged(lv);
		code = EXIT_FAILED;
	} else if (!found && undo) {
		code = remove_orphan(report, lv);
	}
	job_free(&job);
	return code;
}

/* What is undone comes last: it may have to wait until the storage's copies have ended. */
static int activate_all(void)
{
	struct lvm_report report;
	time_t begin = time(NULL);
	int code = lvm_load(&report), one, worst = 0;

	runtime_clean();
	if (code)
		return code;
	for (size_t i = 0; i < report.nr_lvs; i++)
		source_say_needed(&report, &report.lvs[i]);
	for (size_t i = 0; i < 2 * report.nr_lvs; i++) {
		one = activate_one(&report, &report.lvs[i % report.nr_lvs], i >= report.nr_lvs);
		worst = one ? one : worst;
	}
	runtime_await_none(begin);
	lvm_report_free(&report);
	return worst;
}

int command_activate(const struct invocation *invocation)
{
	struct job job;
	int code;

	if (!invocation->nr_arguments)
		return activate_all();
	if (option(invocation, "all"))
		return fail(EXIT_USAGE, "give either --all or a clone, not both");
	code = job_find(invocation->arguments[0], &job);
	if (code)
		return code;
	code = activate_locked(&job);
	job_free(&job);
	return code;
}

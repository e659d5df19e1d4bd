// SPDX-License-Identifier: GPL-2.0-only
/* clone: make everything, step by step; undo it all if one step fails. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clone-plan.h"
#include "clone-result.h"
#include "destination-device.h"
#include "devices.h"
#include "dm.h"
#include "follow.h"
#include "memory.h"
#include "message.h"
#include "metadata-device.h"
#include "new-uuid.h"
#include "runtime.h"
#include "steps.h"
#include "tail.h"
#include "wipe.h"

static const int caught[] = { SIGINT, SIGTERM, SIGHUP };
static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	(void)number;
	interrupted = 1;
}

/* What is ignored, as SIGHUP by nohup(1), stays so. */
static void catch_signals(struct sigaction before[])
{
	const struct sigaction action = { .sa_handler = on_signal };

	for (size_t i = 0; i < sizeof(caught) / sizeof(*caught); i++) {
		sigaction(caught[i], NULL, &before[i]);
		if (before[i].sa_handler != SIG_IGN)
			sigaction(caught[i], &action, NULL);
	}
}

static void restore_signals(const struct sigaction before[])
{
	for (size_t i = 0; i < sizeof(caught) / sizeof(*caught); i++)
		sigaction(caught[i], &before[i], NULL);
}

static void add_create(struct arguments *arguments, const struct lv_name *name, uint64_t bytes)
{
	ADD_WORDS(arguments, "lvcreate", "--yes", "--type", "linear", "--name", name->lv, "--size");
	arguments_add(arguments, "%llub", (unsigned long long)bytes);
	/* it is hidden from udev, which LVM would wait for, and wiped by its caller */
	ADD_WORDS(arguments, "--activate", "y", "--ignoreactivationskip", "--setactivationskip", "y",
	    "--wipesignatures", "n", "--zero", "n", "--noudevsync");
}

static void add_tags(struct arguments *arguments, struct tag_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		ADD_WORDS(arguments, "--addtag", list->tags[i]);
	tag_list_free(list);
}

static void add_record(struct arguments *arguments, const struct job *job)
{
	size_t nr_tags = job_nr_tags(job);
	char *tags[16 + 64];

	job_tags(job, tags);
	for (size_t i = 0; i < nr_tags; i++) {
		ADD_WORDS(arguments, "--addtag", tags[i]);
		free(tags[i]);
	}
}

/* "tail" is ours. */
static const char *lvm_alloc(const struct clone_plan *plan)
{
	const char *alloc = option(plan->invocation, "alloc");

	return alloc && strcmp(alloc, "tail") ? alloc : NULL;
}

static bool is_given(const struct lvm_pv *pv, const void *plan)
{
	return clone_plan_has_pv(plan, pv);
}

static int add_tail(struct arguments *arguments, const struct clone_plan *plan)
{
	const struct lvm_vg *vg = lvm_report_vg(&plan->report, plan->job.destination.vg);
	uint64_t bytes = (plan->job.sectors + plan->job.extra_sectors) * 512;

	if (tail_add(arguments, &plan->report, vg->name, is_given, plan,
		     (bytes + vg->extent - 1) / vg->extent))
		return 0;
	return fail(EXIT_FAILED, "--alloc tail: there are too few free extents");
}

/* On which physical volumes. */
static int add_places(struct arguments *arguments, const struct clone_plan *plan)
{
	if (option(plan->invocation, "alloc") && !lvm_alloc(plan))
		return add_tail(arguments, plan);
	for (size_t i = 0; i < plan->invocation->nr_options; i++)
		if (!strcmp(plan->invocation->options[i].spec->name, "pv"))
			arguments_add(arguments, "%s", plan->invocation->options[i].value);
	return 0;
}

static int create_volume(struct clone_plan *plan)
{
	struct job *job = &plan->job;
	struct arguments arguments = { 0 };

	add_create(&arguments, &job->destination, (job->sectors + job->extra_sectors) * 512);
	if (lvm_alloc(plan))
		ADD_WORDS(&arguments, "--alloc", lvm_alloc(plan));
	add_record(&arguments, job);
	arguments_add(&arguments, "%s", job->destination.vg);
	if (add_places(&arguments, plan)) {
		arguments_free(&arguments);
		return EXIT_FAILED;
	}
	return lvm_change(&arguments, "create destination %s", job->destination_text);
}

/* The dm UUID that LVM gave to a new LV. */
static int learn_uuid(const struct lv_name *name, char uuid[69])
{
	char dm_name[DM_NAME_MAX + 1];
	struct dm_state state;

	if (message_dry_run)
		return 0;
	if (!name_dm_join(name, dm_name, sizeof(dm_name)) || !dm_look_name(dm_name, &state) ||
	    !state.exists || strlen(state.uuid) != 68)
		return fail(EXIT_FAILED, "%s/%s was created, but is not active: does volume_list in lvm.conf leave it out?",
			    name->vg, name->lv);
	strcpy(uuid, state.uuid);
	return 0;
}

/* No boot, udev rule or mount may take it for a volume: what it holds is not for anybody. */
static int create_hidden(struct clone_plan *plan, const struct lv_name *name, char uuid[69],
			 int (*create)(struct clone_plan *plan))
{
	char dm_name[DM_NAME_MAX + 1];
	int code, mark;

	name_dm_join(name, dm_name, sizeof(dm_name));
	mark = runtime_hide_name(dm_name);
	if (mark < 0 && !message_dry_run)
		return EXIT_REFUSED;
	code = create(plan);
	if (!code)
		code = learn_uuid(name, uuid);
	if (!code)
		code = runtime_hide(uuid);
	runtime_show_name(dm_name, mark);
	return code;
}

/* Where the destination's place is given, this must not be in its way. */
static void add_place_beside(struct arguments *arguments, struct clone_plan *plan)
{
	const struct lvm_vg *vg = lvm_report_vg(&plan->report, plan->job.metadata.vg);
	uint64_t extents = (plan->metadata_bytes + vg->extent - 1) / vg->extent;
	struct lvm_free_range range;

	/* other policies than LVM's normal one take the largest area for it */
	if ((option(plan->invocation, "alloc") || option(plan->invocation, "pv") ||
	     (strlen(vg->attr) > 4 && vg->attr[4] != 'n')) &&
	    place_beside(&plan->report, vg->name, is_given, plan, extents, &range))
		arguments_add(arguments, "%s:%llu-%llu", range.pv_path,
			      (unsigned long long)range.start,
			      (unsigned long long)(range.start + range.count - 1));
}

static int create_metadata(struct clone_plan *plan)
{
	struct job *job = &plan->job;
	struct arguments arguments = { 0 };
	struct tag_list tags = { 0 };

	add_create(&arguments, &job->metadata, plan->metadata_bytes);
	if (*job->destination_device) {
		add_record(&arguments, job);
	} else {
		job_begun_tags(job, &tags);
		add_tags(&arguments, &tags);
	}
	arguments_add(&arguments, "%s", job->metadata.vg);
	add_place_beside(&arguments, plan);
	return lvm_change(&arguments, "create metadata volume %s/%s", job->metadata.vg,
			  job->metadata.lv);
}

/* Before anything else: it says what there is to be undone. */
static int make_metadata(struct clone_plan *plan)
{
	struct job *job = &plan->job;
	int code = create_hidden(plan, &job->metadata, job->metadata_uuid, create_metadata);

	strcpy(job->record_uuid, job->metadata_uuid);
	return code;
}

static int format_device(struct clone_plan *plan, const struct dm_state *volume)
{
	char *path = need_text("/dev/dm-%u", volume->minor);
	struct metadata_device device;
	int code = metadata_open(path, true, &device);

	if (!code) {
		code = metadata_format(&device, &plan->geometry);
		metadata_close(&device);
	}
	free(path);
	return code;
}

static int format_metadata(struct clone_plan *plan)
{
	struct job *job = &plan->job;
	struct dm_state volume;
	int code;

	if (would("xcopysetup metadata format --size %llu --region-size %llu /dev/%s/%s",
		  (unsigned long long)job->sectors * 512,
		  (unsigned long long)job->region_sectors * 512, job->metadata.vg,
		  job->metadata.lv))
		return 0;
	if (!dm_look(job->metadata_uuid, &volume) || !volume.exists)
		return fail(EXIT_FAILED, "%s/%s has vanished", job->metadata.vg, job->metadata.lv);
	if (!device_wipe(volume.major, volume.minor, O_EXCL, WIPE_START, WIPE_START))
		return fail(EXIT_FAILED, "cannot write to %s/%s: %s", job->metadata.vg,
			    job->metadata.lv, strerror(errno));
	code = format_device(plan, &volume);
	if (!code)
		runtime_show(job->metadata_uuid);
	return code;
}

/* With all that it needs there, the clone begins when this volume exists: its tags are the record. */
static int make_volume(struct clone_plan *plan)
{
	struct job *job = &plan->job;
	int code;

	if (!plan->new_uuid)
		job->state = JOB_FILLING;
	code = create_hidden(plan, &job->destination, job->destination_uuid, create_volume);
	strcpy(job->record_uuid, job->destination_uuid);
	return code ? code : step_wipe(job);
}

static int take_destination(struct clone_plan *plan)
{
	int code = runtime_hide(plan->job.destination_uuid);

	return code ? code : destination_device_take(&plan->job, plan->force);
}

static int make_destination(struct clone_plan *plan)
{
	return *plan->job.destination_device ? take_destination(plan) : make_volume(plan);
}

/* With its lock held since before it was reported, what was reported of it holds. */
static int take_source(struct clone_plan *plan)
{
	bool same = plan->source_lock >= 0 && !strcmp(plan->source_locked, plan->job.source_uuid);
	int code;

	if (same)
		code = step_source_take_reported(&plan->job, &plan->report, plan->force);
	clone_plan_unlock(plan);
	return same ? code : step_source_take(&plan->job, plan->force);
}

/* Of a destination that is a device.  From here on the clone may hold data of its own. */
static int record_filling(struct clone_plan *plan)
{
	return plan->new_uuid ? 0 : step_set_state(&plan->job, JOB_FILLING);
}

static int put_extents(struct clone_plan *plan)
{
	const char *source = *plan->job.source_device ? "" : plan->job.source_text;
	const char *destination = *plan->job.destination_device ? "" : plan->job.destination_text;

	if (message_dry_run && (*source || *destination))
		say("# under LVM's lock of the volume group, device-mapper reloads %s%s%s with xcopy-linear",
		    source, *source && *destination ? " and " : "", destination);
	else if (message_dry_run)
		return 0;
	else if (!job_has_feature(&plan->job, "no_offload"))
		step_extents_in(&plan->job, &plan->cookie);
	return 0;
}

static void print_table(const struct job *job)
{
	struct table table;
	char *metadata = need_text("/dev/%s/%s", job->metadata.vg, job->metadata.lv);
	char *destination = need_text("%s%s", *job->destination_device ? "" : "/dev/",
				      job->destination_text);
	char *source = job_source_path(job);
	char *text, *name = step_loaded_name(job);

	table_clone(job, metadata, destination, source, true, &table);
	text = table_text(&table);
	say("dmsetup create %s --uuid %s --table '%s'", name, job->clone_uuid, text);
	free(text);
	free(name);
	table_free(&table);
	free(metadata);
	free(destination);
	free(source);
}

/* Once for all that was changed: the links to the source are back too. */
static void wait_for_udev(struct clone_plan *plan)
{
	dm_wait_udev(plan->cookie);
	plan->cookie = 0;
}

static int load_table(struct clone_plan *plan)
{
	int code;

	if (message_dry_run) {
		print_table(&plan->job);
		return 0;
	}
	step_offload_limits(&plan->job);
	code = step_load(&plan->job, true, &plan->cookie);
	wait_for_udev(plan);
	return code;
}

static int trim_clone(struct clone_plan *plan)
{
	return step_trim(&plan->job);
}

static int sync_clone(const struct job *job)
{
	struct dm_state state;

	if (message_dry_run)
		return 0;
	if (!dm_look(job->clone_uuid, &state) || !state.exists)
		return fail(EXIT_FAILED, "%s has vanished", job->clone_name);
	return device_sync(state.major, state.minor, job->clone_name);
}

/*
 * Until the programs that do it have ended, its file system is between two UUIDs: a crash has to
 * undo the clone. Nobody has it yet: its device has another name, which udev does not look at.
 */
static int give_new_uuid(struct clone_plan *plan)
{
	char *name, *device;
	int code;

	if (!plan->new_uuid)
		return 0;
	name = step_loaded_name(&plan->job);
	device = need_text("/dev/mapper/%s", name);
	code = new_uuid(device, &plan->content);
	free(device);
	free(name);
	if (!code)
		code = sync_clone(&plan->job);
	if (!code)
		code = step_set_state(&plan->job, JOB_FILLING);
	return code ? code : step_show_clone(&plan->job);
}

static int begin_waiter(struct clone_plan *plan)
{
	return waiter_start(&plan->job);
}

/*
 * In this order.  Until the destination, an LV, is made, whatever exists is known by the tags of the
 * metadata volume, and is removed by any later undo; from there on a crash is followed by going on.
 * That begins with "record" if the destination is a device, and with "new-uuid" if there is to be one.
 */
static const struct clone_step {
	const char *name;
	int (*run)(struct clone_plan *plan);
} clone_steps[] = {
	{ "metadata", make_metadata },
	{ "format", format_metadata },
	{ "source", take_source },
	{ "destination", make_destination },
	{ "record", record_filling },
	{ "extents", put_extents },
	{ "table", load_table },
	{ "trim", trim_clone },
	{ "new-uuid", give_new_uuid },
	{ "waiter", begin_waiter },
};

/* For tests; change_point() is for those of crashes. */
static int injected(const struct invocation *invocation, const char *step)
{
	const char *stop = option(invocation, "fail-before");

	if (stop && !strcmp(stop, step))
		return fail(EXIT_FAILED, "failing before step \"%s\", as asked", step);
	return 0;
}

static int run_steps(struct clone_plan *plan)
{
	int code = 0;

	for (size_t i = 0; !code && i < sizeof(clone_steps) / sizeof(*clone_steps); i++) {
		if (interrupted)
			return fail(EXIT_FAILED, "interrupted");
		code = injected(plan->invocation, clone_steps[i].name);
		if (!code)
			code = clone_steps[i].run(plan);
	}
	return code;
}

static int undone(const struct clone_plan *plan, int code)
{
	if (code)
		return fail(EXIT_LEFT_BEHIND, "could not undo everything: \"xcopysetup cancel %s\" tries again",
			    plan->job.destination_text);
	warn("everything that had been made was removed again");
	return EXIT_FAILED;
}

/* Its metadata volume, which is all that there is. */
static bool find_begun(struct job *job)
{
	struct lvm_report report;
	bool found = false;

	if (lvm_load(&report))
		return false;
	for (size_t i = 0; i < report.nr_lvs; i++) {
		const char *of = lvm_lv_tag(&report.lvs[i], TAG_METADATA_OF);

		if (!of || strcmp(of, job->id))
			continue;
		strcpy(job->metadata_uuid, report.lvs[i].dm_uuid);
		found = true;
	}
	lvm_report_free(&report);
	return found;
}

/* Nothing says that it is a job, as a record of somebody's that cannot be read is in the way. */
static int undo_begun(struct clone_plan *plan)
{
	struct job *job = &plan->job;

	if (*job->destination_device || *job->destination_uuid || !find_begun(job)) {
		runtime_forget(job->id);
		return EXIT_FAILED;
	}
	job->state = JOB_CREATING;
	job->is_begun = true;
	job_set_record(job, &job->metadata);
	strcpy(job->record_uuid, job->metadata_uuid);
	return undone(plan, step_undo(job));
}

/* What exists is asked from LVM again, so that nothing of anybody else's is removed. */
static int undo(struct clone_plan *plan)
{
	const char *name = plan->job.destination_text;
	struct job job;
	int code;

	if (option(plan->invocation, "keep-on-failure"))
		return fail(EXIT_LEFT_BEHIND, "what had been made is kept, as asked; \"xcopysetup cancel %s\" removes it",
			    name);
	code = job_find_id(plan->job.id, &job);
	if (code == EXIT_REFUSED)
		return undo_begun(plan);
	if (!code) {
		code = step_undo(&job);
		job_free(&job);
	}
	return undone(plan, code);
}

static int clone(struct clone_plan *plan)
{
	int lock = message_dry_run ? -1 : runtime_lock("lock", plan->job.id, true), code;

	if (lock < 0 && !message_dry_run)
		return EXIT_REFUSED;
	runtime_clean();
	code = run_steps(plan);
	wait_for_udev(plan);
	clone_plan_unlock(plan);	/* undo takes it itself */
	if (code)
		code = undo(plan);
	if (lock >= 0)
		close(lock);
	return code;
}

int command_clone(const struct invocation *invocation)
{
	struct sigaction before[sizeof(caught) / sizeof(*caught)];
	struct clone_plan plan;
	int code;

	if (!message_dry_run)
		lvm_ask_lock_directory();
	code = clone_plan_make(invocation, &plan);
	catch_signals(before);
	if (!code) {
		code = clone(&plan);
		if (!code && !message_dry_run) {
			clone_result_print(&plan);
			clone_result_warn(&plan);
		}
	}
	restore_signals(before);
	if (!code && !message_dry_run && option(invocation, "wait"))
		code = follow(&plan.job, 0);
	clone_plan_free(&plan);
	return code;
}

// SPDX-License-Identifier: GPL-2.0-only
/* clone: make everything, step by step; undo it all if one step fails. */
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
	ADD_WORDS(arguments, "--activate", "y", "--ignoreactivationskip", "--setactivationskip", "y",
	    "--wipesignatures", "y", "--zero", "y");
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

/* Between creation and the clone's end no boot, udev rule or mount may take it for a volume. */
static int make_volume(struct clone_plan *plan)
{
	struct job *job = &plan->job;
	char dm_name[DM_NAME_MAX + 1];
	int code, mark;

	name_dm_join(&job->destination, dm_name, sizeof(dm_name));
	mark = runtime_hide_name(dm_name);
	if (mark < 0 && !message_dry_run)
		return EXIT_REFUSED;
	code = create_volume(plan);
	if (!code)
		code = learn_uuid(&job->destination, job->destination_uuid);
	strcpy(job->record_uuid, job->destination_uuid);
	if (!code)
		code = runtime_hide(job->destination_uuid);
	runtime_show_name(dm_name, mark);
	return code;
}

/* A device cannot say of itself what it is: the volume with the metadata does, and is made before. */
static int make_record(struct clone_plan *plan)
{
	struct job *job = &plan->job;
	struct arguments arguments = { 0 };
	int code;

	add_create(&arguments, &job->record, plan->metadata_bytes);
	add_record(&arguments, job);
	arguments_add(&arguments, "%s", job->record.vg);
	code = lvm_change(&arguments, "create metadata volume %s/%s", job->record.vg,
			  job->record.lv);
	if (!code)
		code = learn_uuid(&job->record, job->record_uuid);
	strcpy(job->metadata_uuid, job->record_uuid);
	return code;
}

static int make_destination(struct clone_plan *plan)
{
	return *plan->job.destination_device ? make_record(plan) : make_volume(plan);
}

static int take_destination(struct clone_plan *plan)
{
	int code = runtime_hide(plan->job.destination_uuid);

	return code ? code : destination_device_take(&plan->job);
}

static int make_metadata(struct clone_plan *plan)
{
	struct job *job = &plan->job;
	struct arguments arguments = { 0 };
	int code;

	if (*job->destination_device)
		return take_destination(plan);
	add_create(&arguments, &job->metadata, plan->metadata_bytes);
	ADD_WORDS(&arguments, "--addtag");
	arguments_add(&arguments, TAG_METADATA_OF "%s", job->id);
	arguments_add(&arguments, "%s", job->metadata.vg);
	code = lvm_change(&arguments, "create metadata volume %s/%s", job->metadata.vg,
			  job->metadata.lv);
	return code ? code : learn_uuid(&job->metadata, job->metadata_uuid);
}

static int format_metadata(struct clone_plan *plan)
{
	char dm_name[DM_NAME_MAX + 1], *path;
	struct metadata_device device;
	int code;

	name_dm_join(&plan->job.metadata, dm_name, sizeof(dm_name));
	path = need_text("/dev/mapper/%s", dm_name);
	if (would("xcopysetup metadata format --size %llu --region-size %llu %s",
		  (unsigned long long)plan->job.sectors * 512,
		  (unsigned long long)plan->job.region_sectors * 512, path)) {
		free(path);
		return 0;
	}
	code = metadata_open(path, true, &device);
	if (!code) {
		code = metadata_format(&device, &plan->geometry);
		metadata_close(&device);
	}
	free(path);
	return code;
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

/* From here on the clone may hold data of its own, so a crash must not undo it. */
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
		step_extents_in(&plan->job);
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

static int load_table(struct clone_plan *plan)
{
	if (message_dry_run) {
		print_table(&plan->job);
		return 0;
	}
	step_offload_limits(&plan->job);
	return step_load(&plan->job, true);
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
 * In this order.  Up to "record", or "new-uuid" if there is to be one, whatever exists is known by
 * the tag "creating" and is removed by any later undo; from there on a crash is followed by going on.
 */
static const struct clone_step {
	const char *name;
	int (*run)(struct clone_plan *plan);
} clone_steps[] = {
	{ "destination", make_destination },
	{ "metadata", make_metadata },
	{ "format", format_metadata },
	{ "source", take_source },
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
	if (code == EXIT_REFUSED) {
		runtime_forget(plan->job.id);
		return EXIT_FAILED;
	}
	if (!code) {
		code = step_undo(&job);
		job_free(&job);
	}
	if (code)
		return fail(EXIT_LEFT_BEHIND, "could not undo everything: \"xcopysetup cancel %s\" tries again",
			    name);
	warn("everything that had been made was removed again");
	return EXIT_FAILED;
}

static int clone(struct clone_plan *plan)
{
	int lock = message_dry_run ? -1 : runtime_lock("lock", plan->job.id, true), code;

	if (lock < 0 && !message_dry_run)
		return EXIT_REFUSED;
	runtime_clean();
	code = run_steps(plan);
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

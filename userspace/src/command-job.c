// SPDX-License-Identifier: GPL-2.0-only
/* Commands on one existing job: wait, finish, cancel, release, set, pause, resume. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "destination-device.h"
#include "dm.h"
#include "follow.h"
#include "memory.h"
#include "message.h"
#include "steps.h"
#include "volume.h"

/* One that is being made may be undone yet, and one that was given up will be. */
static int check_made(const struct job *job)
{
	if (job->state != JOB_CREATING && job->state != JOB_CANCELLING)
		return 0;
	return fail(EXIT_REFUSED,
		    "%s is being %s, or whoever did it was killed: \"xcopysetup activate %s\" waits for the end, and then removes what is left",
		    job->destination_text, job->state == JOB_CREATING ? "made" : "cancelled",
		    job->destination_text);
}

int command_wait(const struct invocation *invocation)
{
	uint64_t timeout = 0;
	struct job job;
	int code = option_number(invocation, "timeout", &timeout);

	if (!code)
		code = job_find(invocation->arguments[0], &job);
	if (code)
		return code;
	code = check_made(&job);
	if (!code)
		code = follow(&job, timeout);
	job_free(&job);
	return code;
}

/*
 * Find, lock, and read again: what was found without the lock may have changed.
 * *lock is -1 with --dry-run.
 */
static int take_job(const char *argument, struct job *job, int *lock)
{
	int code = job_find(argument, job);

	*lock = -1;
	if (code || message_dry_run)
		return code;
	*lock = job_lock(job);
	code = *lock < 0 ? EXIT_REFUSED : job_refresh(job);
	if (*lock >= 0 && code == EXIT_REFUSED)
		fail(code, "the job of %s has just ended", argument);
	if (code) {
		job_free(job);
		if (*lock >= 0)
			close(*lock);
	}
	return code;
}

static void give_job(struct job *job, int lock)
{
	job_free(job);
	if (lock >= 0)
		close(lock);
}

static int set_tags(const struct job *job, const char *remove, const char *add)
{
	struct arguments arguments = { 0 };

	arguments_add(&arguments, "lvchange");
	if (remove) {
		arguments_add(&arguments, "--deltag");
		arguments_add(&arguments, "%s", remove);
	}
	if (add) {
		arguments_add(&arguments, "--addtag");
		arguments_add(&arguments, "%s", add);
	}
	arguments_add(&arguments, "%s/%s", job->record.vg, job->record.lv);
	return lvm_change(&arguments, "change the tags of %s", job->destination_text);
}

static int send(const struct job *job, const char *message)
{
	int code = check_made(job);

	if (!code)
		code = step_check_clone(job);
	if (code)
		return code;
	if (job->state == JOB_FINISHED)
		return fail(EXIT_REFUSED, "%s is complete, and linear", job->clone_name);
	if (would("dmsetup message %s 0 %s", job->clone_name, message))
		return 0;
	if (dm_message(job->clone_uuid, "%s", message))
		return 0;
	return fail(EXIT_FAILED, "%s does not take \"%s\": %s; \"dmesg | tail\" may have the reason",
		    job->clone_name, message, strerror(errno));
}

static int switch_hydration(struct job *job, bool on)
{
	const char *tag = TAG_FEATURE "no_hydration";
	int code = send(job, on ? "enable_hydration" : "disable_hydration");

	if (!code && job_has_feature(job, "no_hydration") == on)
		code = set_tags(job, on ? tag : NULL, on ? NULL : tag);
	return code;
}

static int command_switch(const struct invocation *invocation, bool on)
{
	struct job job;
	int lock, code = take_job(invocation->arguments[0], &job, &lock);

	if (code)
		return code;
	code = switch_hydration(&job, on);
	give_job(&job, lock);
	return code;
}

int command_pause(const struct invocation *invocation)
{
	return command_switch(invocation, false);
}

int command_resume(const struct invocation *invocation)
{
	return command_switch(invocation, true);
}

int command_set(const struct invocation *invocation)
{
	const char *key = invocation->arguments[1], *value = invocation->arguments[2];
	char *message = need_text("set %s %s", key, value), *remove = NULL, *add;
	const char *old;
	struct job job;
	int lock, code = 0;

	if (strspn(key, "abcdefghijklmnopqrstuvwxyz_") != strlen(key) ||
	    strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen(value) || !*value)
		code = fail(EXIT_USAGE, "\"%s %s\" is no setting: a key and a number, or a word",
			    key, value);
	if (!code)
		code = take_job(invocation->arguments[0], &job, &lock);
	if (code) {
		free(message);
		return code;
	}
	code = send(&job, message);
	old = job_argument(&job, key);
	if (!code) {
		if (old)
			remove = need_text(TAG_ARGUMENT "%s=%s", key, old);
		add = need_text(TAG_ARGUMENT "%s=%s", key, value);
		if (!remove || strcmp(remove, add))
			code = set_tags(&job, remove, add);
		free(remove);
		free(add);
	}
	free(message);
	give_job(&job, lock);
	return code;
}

static int fill(struct job *job, const struct invocation *invocation, uint64_t timeout)
{
	struct dm_state state;
	int code = step_check_clone(job);

	if (code || job->state != JOB_FILLING)
		return code;
	if (!dm_look(job->clone_uuid, &state) || !state.exists)
		return fail(EXIT_REFUSED, "%s is not active: use \"xcopysetup activate %s\"",
			    job->clone_name, invocation->arguments[0]);
	if (job_has_feature(job, "no_hydration"))
		code = switch_hydration(job, true);
	else	/* it may be off without that: by hand, or since a crash */
		code = step_begin_to_fill(job);
	return code || message_dry_run ? code : follow_until_full(job, timeout);
}

/* The waiter may be faster: then there is nothing left to find. */
static int finish_full(struct job *job)
{
	int code, lock = job_lock(job);

	if (lock < 0)
		return EXIT_REFUSED;
	code = job_refresh(job);
	if (!code)
		code = step_finish(job);
	else if (code == EXIT_REFUSED)
		code = volume_is_active(job->destination_uuid) ? 0 :
		       fail(EXIT_NEGATIVE, "%s was removed at the last moment", job->clone_name);
	close(lock);
	return code;
}

int command_finish(const struct invocation *invocation)
{
	const char *argument = invocation->arguments[0];
	uint64_t timeout = 0;
	struct job found;
	int code = option_number(invocation, "timeout", &timeout);

	if (!code)
		code = job_find(argument, &found);
	if (code)
		return code;
	found.source_may_be_away = true;
	found.suspect_is_accepted = option(invocation, "force") != NULL;
	code = fill(&found, invocation, timeout);
	if (!code)
		code = message_dry_run ? step_finish(&found) : finish_full(&found);
	job_free(&found);
	return code;
}

static bool is_linear(const char *uuid)
{
	struct dm_state state;
	struct table table;
	bool is = dm_read_table(uuid, &table, &state) && table_is(&table, "linear");

	table_free(&table);
	return is;
}

static int cancel(struct job *job)
{
	int code;

	job->source_may_be_away = true;
	code = step_undo(job);
	/* from here on the record says that it is being cancelled */
	if (code && job->state == JOB_CANCELLING)
		code = fail(EXIT_LEFT_BEHIND,
			    "%s is half removed: \"xcopysetup cancel\" it again, when what stands in the way is gone",
			    job->destination_text);
	return code;
}

/* Whose destination is whole, recorded so or not, is not given up. */
static int check_unfinished(const char *argument, const struct job *job)
{
	const char *wiped = *job->destination_device ? "wipefs" : "lvremove";

	if (job->state == JOB_FINISHED)
		return fail(EXIT_REFUSED, "%s is complete: \"xcopysetup release\" its device, and %s %s if it is not wanted",
			    argument, wiped, job->destination_text);
	if (job->state == JOB_FINISHING ||
	    (job->state == JOB_FILLING && is_linear(job->clone_uuid)))
		return fail(EXIT_REFUSED, "%s is complete and being cleaned up: \"xcopysetup finish\" it, then %s %s",
			    argument, wiped, job->destination_text);
	return 0;
}

int command_cancel(const struct invocation *invocation)
{
	const char *argument = invocation->arguments[0];
	struct job job;
	int lock, code = take_job(argument, &job, &lock);

	if (code)
		return code;
	code = step_check_clone(&job);
	if (!code)
		code = check_unfinished(argument, &job);
	if (!code)
		code = cancel(&job);
	give_job(&job, lock);
	return code;
}

struct search {
	const char *argument;
	struct dm_state volume;		/* if the argument is one */
	char uuid[129];			/* of the clone that was found */
};

/* Is it called that, or does it lie on the volume that is?  This may be others' source, too. */
static void match_clone(const char *name, const char *uuid, void *data)
{
	struct search *search = data;
	const char *argument = search->argument;

	if (!strncmp(argument, "/dev/mapper/", 12))
		argument += 12;
	if (!strcmp(argument, name) ||
	    (search->volume.exists && is_linear(uuid) &&
	     dm_uses(uuid, search->volume.major, search->volume.minor)))
		snprintf(search->uuid, sizeof(search->uuid), "%s", uuid);
}

/* The device may have lost its record, and the record its device: either will do. */
static bool find_device(struct search *search)
{
	char dm_name[DM_NAME_MAX + 1];
	struct lv_name name;

	if (!name_parse_lv(search->argument, NULL, &name) &&
	    name_dm_join(&name, dm_name, sizeof(dm_name)))
		dm_look_name(dm_name, &search->volume);
	dm_each_clone(match_clone, search);
	return *search->uuid;
}

static int remove_device(const char *argument, const char *uuid)
{
	struct dm_state state;
	int code;

	if (!is_linear(uuid))
		return fail(EXIT_REFUSED, "%s is not complete: \"xcopysetup finish\" or \"cancel\" it",
			    argument);
	if (!dm_look(uuid, &state) || state.open_count)
		return fail(EXIT_REFUSED, "/dev/mapper/%s is in use: unmount or close it first",
			    state.name);
	code = would("dmsetup remove %s", state.name) ? 0 : dm_remove(state.name);
	return code ? code : destination_device_forget(uuid + strlen("XCOPY-"));
}

static int release_job(const char *argument, struct job *job)
{
	int lock = message_dry_run ? -1 : job_lock(job);
	int code = lock < 0 && !message_dry_run ? EXIT_REFUSED : job_refresh(job);

	if (code == EXIT_REFUSED && lock >= 0)
		fail(code, "the job of %s has just ended", argument);
	else if (!code && job->state != JOB_FINISHED)
		code = fail(EXIT_REFUSED, "%s is not complete: \"xcopysetup finish\" or \"cancel\" it",
			    argument);
	else if (!code)
		code = step_release(job);
	if (lock >= 0)
		close(lock);
	return code;
}

int command_release(const struct invocation *invocation)
{
	struct search search = { .argument = invocation->arguments[0] };
	bool found = find_device(&search);
	struct job job;
	int code = found ? job_find_id(search.uuid + strlen("XCOPY-"), &job) :
		   job_find(search.argument, &job);

	if (found && code == EXIT_REFUSED)
		return remove_device(search.argument, search.uuid);
	if (code)
		return code;
	code = release_job(search.argument, &job);
	job_free(&job);
	return code;
}

// SPDX-License-Identifier: GPL-2.0-only
#include "follow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "change.h"
#include "dm.h"
#include "memory.h"
#include "message.h"
#include "progress.h"
#include "run.h"
#include "runtime.h"
#include "steps.h"
#include "volume.h"

/* A waiter that was just started takes a moment; after this it is missed. */
#define WAITER_MISSED_MS 5000

static int run_quietly(struct arguments *arguments)
{
	struct run_result result;
	int status;

	run(arguments, &result);
	status = result.status;
	if (status)
		detail("%s: %s", arguments->list[0], result.errors);
	run_result_free(&result);
	arguments_free(arguments);
	return status;
}

static bool start_unit(const char *unit)
{
	struct arguments arguments = { 0 };

	if (access("/run/systemd/system", F_OK))
		return false;
	arguments_add(&arguments, "systemctl");
	arguments_add(&arguments, "--no-block");
	arguments_add(&arguments, "start");
	arguments_add(&arguments, "%s", unit);
	return !run_quietly(&arguments);
}

int waiter_start(const struct job *job)
{
	char *unit = need_text("xcopysetup@%s.service", job->id);
	struct arguments arguments = { 0 };
	int status = 0;

	change_point("start the waiter");
	if (!would("systemctl --no-block start '%s'", unit) && !start_unit(unit)) {
		arguments_add(&arguments, "/proc/self/exe");
		arguments_add(&arguments, "waiter");
		arguments_add(&arguments, "--daemon");
		arguments_add(&arguments, "%s", job->id);
		status = run_quietly(&arguments);
	}
	free(unit);
	return status ? fail(EXIT_FAILED, "cannot start the waiter of %s", job->clone_name) : 0;
}

enum clone_look clone_look(const struct job *job, struct clone_status *status)
{
	char type[32], *text = dm_read_status(job->clone_uuid, type);
	enum clone_look look = CLONE_FILLING;
	struct dm_state state;

	*status = (struct clone_status){ 0 };
	if (!text)
		look = dm_look(job->clone_uuid, &state) && !state.live_table ? CLONE_GONE :
		       CLONE_BROKEN;
	else if (!strcmp(type, "linear"))
		look = CLONE_LINEAR;
	else if (!clone_status_parse(text, status) || !clone_status_healthy(status))
		look = CLONE_BROKEN;
	free(text);
	return look;
}

bool is_stuck(const struct job *job, const struct clone_status *status)
{
	return clone_status_stuck(status, job_has_feature(job, "no_hydration"));
}

char *stuck_text(const struct job *job, const struct clone_status *status)
{
	return need_text("%s regions of %s cannot be copied (%s), and are not tried again: mend what fails (\"dmesg\" has it), then \"xcopysetup resume %s\"; reads of them still go to the source",
			 clone_status_value(status, "failed_regions", "some"), job->clone_name,
			 clone_status_value(status, "last_error", "-"), job->destination_text);
}

static int say_broken(const struct job *job, const struct clone_status *status)
{
	return fail(EXIT_NEGATIVE, "%s is in mode %s (last error: %s): \"dmesg\" has the reason; its data is as it was, back it up; when what failed is mended, unmount it, \"dmsetup remove %s\" and \"xcopysetup activate %s\"",
		    job->clone_name, *status->mode ? status->mode : "unknown",
		    clone_status_value(status, "last_error", "-"), job->clone_name,
		    job->destination_text);
}

/* What could not be copied is tried again only if somebody says so. */
static int say_stuck(const struct job *job, const struct clone_status *status)
{
	char *text = stuck_text(job, status);

	fail(EXIT_NEGATIVE, "%s", text);
	free(text);
	return EXIT_NEGATIVE;
}

/* The waiter does not finish such a clone: nothing is to be waited for. */
static int say_suspicion(const struct job *job, const char *suspicion)
{
	char *text = suspicion_text(job, suspicion);

	fail(EXIT_NEGATIVE, "%s", text);
	free(text);
	return EXIT_NEGATIVE;
}

/* The clone's device has gone, or is linear: has the job ended, and well? */
static int look_at_record(const struct job *job, bool *ended, bool *filling)
{
	struct job now;
	int code = job_find_id(job->id, &now);

	*ended = code == EXIT_REFUSED || (!code && now.state == JOB_FINISHED);
	*filling = !code && now.state == JOB_FILLING;
	if (!code)
		job_free(&now);
	return *ended ? 0 : code;
}

/* No device: released after the end, or removed before it? */
static int look_at_remains(const struct job *job)
{
	struct dm_state state;
	bool ended, filling;
	int code = look_at_record(job, &ended, &filling), lock;

	/* who cancels it removes the device first */
	if (filling) {
		lock = job_lock(job);
		code = look_at_record(job, &ended, &filling);
		if (lock >= 0)
			close(lock);
	}
	if (code || (ended && volume_is_active(job->destination_uuid)))
		return code;
	if (filling && dm_look(job->clone_uuid, &state) && state.exists)
		return -1;
	if (filling)
		return fail(EXIT_NEGATIVE, "%s is not there, and its clone not complete: \"xcopysetup activate %s\"",
			    job->clone_name, job->destination_text);
	return fail(EXIT_NEGATIVE, "%s was removed before it was complete", job->clone_name);
}

struct following {
	const struct job *job;
	bool until_full;
	uint64_t started;
	uint64_t waiter_seen;
	struct progress progress;
};

/* -1: go on */
static int look_once(struct following *following)
{
	const struct job *job = following->job;
	struct clone_status status;
	enum clone_look look = clone_look(job, &status);
	const char *suspicion;
	bool ended, filling;
	int code = -1;

	if (look == CLONE_FILLING || look == CLONE_BROKEN)
		progress_show(&following->progress, &status, now_ms());
	if (look == CLONE_BROKEN) {
		progress_end(&following->progress);
		code = say_broken(job, &status);
	} else if (following->until_full &&
		   (look == CLONE_LINEAR || clone_status_complete(&status))) {
		code = 0;
	} else if (look == CLONE_FILLING && clone_status_complete(&status) &&
		   (suspicion = step_suspicion(job, &status)) != NULL) {
		progress_end(&following->progress);
		code = say_suspicion(job, suspicion);
	} else if (look == CLONE_FILLING && is_stuck(job, &status)) {
		progress_end(&following->progress);
		code = say_stuck(job, &status);
	} else if (look == CLONE_LINEAR) {
		code = look_at_record(job, &ended, &filling);
		code = code || ended ? code : -1;
		if (code < 0)
			usleep(750000);	/* each look runs lvm, and so does the waiter */
	} else if (look == CLONE_GONE) {
		progress_end(&following->progress);
		code = look_at_remains(job);
	}
	clone_status_free(&status);
	return code;
}

static void miss_waiter(struct following *following)
{
	uint64_t now = now_ms();

	if (runtime_is_locked("waiter", following->job->id))
		following->waiter_seen = now;
	if (now - following->waiter_seen < WAITER_MISSED_MS)
		return;
	detail("nothing follows %s; starting a waiter", following->job->clone_name);
	waiter_start(following->job);
	following->waiter_seen = now;
}

static int follow_any(const struct job *job, uint64_t timeout, bool until_full)
{
	struct following following = {
		.job = job, .until_full = until_full,
		.started = now_ms(), .waiter_seen = now_ms(),
	};
	int code;

	progress_start(&following.progress, job->clone_name);
	while ((code = look_once(&following)) < 0) {
		if (timeout && now_ms() - following.started >= timeout * 1000) {
			progress_end(&following.progress);
			return fail(EXIT_NEGATIVE, "%s was not complete after %llu s",
				    job->clone_name, (unsigned long long)timeout);
		}
		miss_waiter(&following);
		usleep(following.progress.terminal ? 500000 : 250000);
	}
	progress_end(&following.progress);
	return code;
}

int follow(const struct job *job, uint64_t timeout)
{
	return follow_any(job, timeout, false);
}

int follow_until_full(const struct job *job, uint64_t timeout)
{
	return follow_any(job, timeout, true);
}

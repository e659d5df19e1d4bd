// SPDX-License-Identifier: GPL-2.0-only
/*
 * The waiter: follows one job to its end.
 *
 * It holds nothing but its own "waiter" lock while it waits, so commands can work on the job;
 * it may be killed at any time, and started again.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "dm.h"
#include "extents.h"
#include "follow.h"
#include "memory.h"
#include "message.h"
#include "progress.h"
#include "runtime.h"
#include "steps.h"
#include "volume.h"

#define LOOK_MS		2000	/* without an event, look at the clone this often */
#define REPAIR_MS	5000	/* between attempts to put extents back */
#define RETRY_MS	30000	/* after a failure to clean up */
#define LINGER_S	60	/* who was just given the device's name may still be about to use it */

struct waiter {
	struct job job;
	uint64_t next_repair;
	uint64_t next_finish;
	char *last_refusal;
	bool broken_said;
	bool stuck_said;
	const char *suspicion;	/* the first that there was */
	bool suspicion_said;
};

static void note_refusal(struct waiter *waiter, char *why)
{
	if (!waiter->last_refusal || strcmp(waiter->last_refusal, why))
		warn("%s: the host copies for now: %s", waiter->job.clone_name, why);
	free(waiter->last_refusal);
	waiter->last_refusal = why;
}

static void put_back(struct waiter *waiter, const char *uuid, enum dm_udev udev)
{
	char *why;
	int code;

	if (!extents_missing(uuid))
		return;
	code = extents_set(uuid, EXTENTS_ON, udev, NULL, &why);
	if (code == EXIT_REFUSED)
		note_refusal(waiter, why);
	else if (!code)
		detail("%s: extents of %s are back", waiter->job.clone_name, uuid);
}

/*
 * While there is an administrator who remembers; the end refuses to come, and says so again. What
 * was seen once counts, also if it is not to be seen any more when the lock is there.
 */
static void suspect(struct waiter *waiter, const struct clone_status *status)
{
	char *text;
	int lock;

	/* as it was read when the waiter was started */
	if (waiter->job.state == JOB_CREATING && job_refresh(&waiter->job))
		return;
	if (!waiter->suspicion)
		waiter->suspicion = step_suspicion(&waiter->job, status);
	if (!waiter->suspicion || waiter->suspicion_said)
		return;
	lock = runtime_lock("lock", waiter->job.id, false);
	if (lock < 0)
		return;
	/* a job that is not being filled any more has given the source back */
	if (!job_refresh(&waiter->job) && waiter->job.state == JOB_FILLING) {
		text = suspicion_text(&waiter->job, waiter->suspicion);
		warn("%s", text);
		free(text);
		waiter->suspicion_said = !step_record_suspicion(&waiter->job, waiter->suspicion);
	}
	close(lock);
}

/* LVM's own reloads put plain linear tables back, by pvmove, lvextend or a refresh. */
static void repair(struct waiter *waiter, const struct clone_status *status)
{
	const char *offload = clone_status_value(status, "offload", "off");
	uint64_t now = now_ms();
	int lock;

	extents_recover(waiter->job.clone_uuid);
	if ((strcmp(offload, "on") && strcmp(offload, "waiting")) || now < waiter->next_repair)
		return;
	if ((*waiter->job.source_device || !extents_missing(waiter->job.source_uuid)) &&
	    !extents_missing(waiter->job.destination_uuid))
		return;
	waiter->next_repair = now + REPAIR_MS;
	lock = runtime_lock("lock", waiter->job.id, false);
	if (lock < 0)
		return;
	/* before the storage copies again: other namespaces may have other limits */
	step_send_limits(&waiter->job);
	if (!*waiter->job.source_device)
		put_back(waiter, waiter->job.source_uuid, DM_UDEV_NORMAL);
	put_back(waiter, waiter->job.destination_uuid, DM_UDEV_HIDDEN);
	close(lock);
}

/* True when the job has ended. */
static bool finish(struct waiter *waiter)
{
	bool ended = true;
	int lock, code;

	if (now_ms() < waiter->next_finish)
		return false;
	lock = job_lock(&waiter->job);
	if (lock < 0)
		return false;
	code = job_refresh(&waiter->job);
	if (code != EXIT_REFUSED) {	/* that would say: somebody else ended it */
		if (!code)
			code = step_finish(&waiter->job);
		ended = !code;
	}
	if (!ended)
		warn("%s: trying again in %d s", waiter->job.clone_name, RETRY_MS / 1000);
	waiter->next_finish = now_ms() + RETRY_MS;
	close(lock);
	return ended;
}

static void say_broken(struct waiter *waiter, const struct clone_status *status)
{
	if (!waiter->broken_said)
		warn("%s is in mode %s; see the kernel's log", waiter->job.clone_name,
		     *status->mode ? status->mode : "unknown");
	waiter->broken_said = true;
}

/* Once, until it goes on. */
static void say_stuck(struct waiter *waiter, const struct clone_status *status)
{
	bool stuck = is_stuck(&waiter->job, status);
	char *text;

	if (stuck && !waiter->stuck_said && !job_refresh(&waiter->job) &&
	    is_stuck(&waiter->job, status)) {
		text = stuck_text(&waiter->job, status);
		warn("%s", text);
		free(text);
	}
	waiter->stuck_said = stuck;
}

/* True when there is nothing more to wait for. */
static bool work(struct waiter *waiter)
{
	struct clone_status status;
	enum clone_look look = clone_look(&waiter->job, &status);
	bool ended = false;

	switch (look) {
	case CLONE_GONE:
		detail("%s was removed", waiter->job.clone_name);
		ended = true;
		break;
	case CLONE_LINEAR:
		ended = finish(waiter);
		break;
	case CLONE_BROKEN:
		say_broken(waiter, &status);
		break;
	case CLONE_FILLING:
		suspect(waiter, &status);
		say_stuck(waiter, &status);
		if (!clone_status_complete(&status))
			repair(waiter, &status);
		else if (!waiter->suspicion)
			ended = finish(waiter);
		break;
	}
	clone_status_free(&status);
	return ended;
}

/* A complete clone that nobody uses needs no name but its volume's. */
static void linger(struct waiter *waiter)
{
	int lock;

	if (waiter->job.state != JOB_FINISHED || waiter->job.keep_device)
		return;
	sleep(LINGER_S);
	lock = job_lock(&waiter->job);
	if (lock < 0)
		return;
	if (!job_refresh(&waiter->job) && waiter->job.state == JOB_FINISHED &&
	    !volume_is_held(waiter->job.clone_uuid))
		step_release(&waiter->job);
	close(lock);
}

static void wait_for_event(int events)
{
	struct pollfd fd = { .fd = events, .events = POLLIN };

	if (dm_arm_events(events))
		poll(&fd, 1, LOOK_MS);
	else
		usleep(LOOK_MS * 1000);
	/* every device's events arrive here: do not run after each of a burst */
	usleep(100000);
}

static void loop(struct waiter *waiter)
{
	int events = dm_open_events();

	while (!work(waiter))
		wait_for_event(events);
	if (events >= 0)
		close(events);
}

/* Detach from whoever started it.  The first process ends when the second one runs. */
static void become_daemon(void)
{
	int null = open("/dev/null", O_RDWR);
	pid_t pid = fork();

	if (pid)
		_exit(pid < 0);
	setsid();
	pid = fork();
	if (pid)
		_exit(pid < 0);
	message_to_syslog();
	if (null < 0 || chdir("/"))
		return;
	dup2(null, 0);
	dup2(null, 1);
	dup2(null, 2);
	if (null > 2)
		close(null);
}

/* Only one per job.  Somebody who only looks holds the lock for an instant. */
static int take_waiter_lock(const struct job *job)
{
	int fd = -1;

	for (int i = 0; i < 10 && fd == -1; i++) {
		if (i)
			usleep(100000);
		fd = runtime_lock("waiter", job->id, false);
	}
	return fd;
}

int command_waiter(const struct invocation *invocation)
{
	struct waiter waiter = { 0 };
	const char *argument = invocation->arguments[0];
	bool by_id = strlen(argument) == JOB_ID_LENGTH && !strchr(argument, '/');
	int lock, code = by_id ? job_find_id(argument, &waiter.job) :
			 job_find(argument, &waiter.job);

	/* cancelled before the unit came to run: no reason to start it again */
	if (by_id && code == EXIT_REFUSED)
		return 0;
	if (code)
		return code;
	if (option(invocation, "daemon"))
		become_daemon();
	lock = take_waiter_lock(&waiter.job);
	if (lock >= 0) {
		loop(&waiter);
		linger(&waiter);
		close(lock);
	}
	free(waiter.last_refusal);
	job_free(&waiter.job);
	return lock == -2 ? EXIT_REFUSED : 0;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* The waiter of a job, and those who watch it work. */
#ifndef XCOPYSETUP_FOLLOW_H
#define XCOPYSETUP_FOLLOW_H

#include "clone-status.h"
#include "job.h"

/**
 * waiter_start() - have something follow the job when this process is gone
 *
 * The unit xcopysetup@JOB.service where systemd runs and has it; else a daemon.
 * By the job's id: volumes and groups may be renamed.
 * With --dry-run it is printed.  Return: exit code.
 */
int waiter_start(const struct job *job);

enum clone_look {
	CLONE_GONE,		/* no such device */
	CLONE_LINEAR,		/* already swapped */
	CLONE_FILLING,		/* status is filled */
	CLONE_BROKEN,		/* mode ro or Fail, or the status is not understood; status is filled */
};

/** is_stuck() - of a clone that is filling: is what is left not tried again, unless somebody says so? */
bool is_stuck(const struct job *job, const struct clone_status *status);

/** stuck_text() - in words, with what there is to do; to be freed */
char *stuck_text(const struct job *job, const struct clone_status *status);

/** clone_look() - what the clone's device is now; @status to be freed in any case */
enum clone_look clone_look(const struct job *job, struct clone_status *status);

/**
 * follow() - show progress until the job has ended
 * @timeout: seconds; 0: none
 *
 * Return: 0 when the clone has become linear and all else is cleaned up; EXIT_NEGATIVE
 * if it vanished, broke, or the time is up.
 */
int follow(const struct job *job, uint64_t timeout);

/** follow_until_full() - the same, but only until the clone is complete */
int follow_until_full(const struct job *job, uint64_t timeout);

#endif

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Workers, see array.h: as many as have had something to do at a time.
 */
#include <pthread.h>
#include <stdlib.h>

#include "array.h"

struct job {
	struct job *next;
	void (*call)(void *context);
	void *context;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t more = PTHREAD_COND_INITIALIZER;
static struct job *first, **last = &first;
/* Workers that wait, less the jobs that are for them. */
static int spare;

static struct job *next_job(void)
{
	struct job *job;

	pthread_mutex_lock(&lock);
	spare++;
	while (!first)
		pthread_cond_wait(&more, &lock);
	job = first;
	first = job->next;
	if (!first)
		last = &first;
	pthread_mutex_unlock(&lock);
	return job;
}

static void *worker(void *unused)
{
	struct job *job;

	for (;;) {
		job = next_job();
		job->call(job->context);
		free(job);
	}
	return unused;
}

static void start_worker(void)
{
	pthread_t thread;

	/* Without: the job waits for one that there is. */
	if (!pthread_create(&thread, NULL, worker, NULL))
		pthread_detach(thread);
}

void work(void (*call)(void *context), void *context)
{
	struct job *job = malloc(sizeof(*job));
	bool more_workers;

	if (!job)
		abort();
	*job = (struct job){ .call = call, .context = context };
	pthread_mutex_lock(&lock);
	*last = job;
	last = &job->next;
	more_workers = --spare < 0;
	pthread_cond_signal(&more);
	pthread_mutex_unlock(&lock);
	if (more_workers)
		start_worker();
}

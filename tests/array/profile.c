// SPDX-License-Identifier: GPL-2.0-only
/*
 * How the array behaves, see array.h.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "array.h"

#define MiB		(1024U * 1024U)
#define ANY_USAGE	4U
#define NS		1000000000ULL

/* The default: whatever commands can say, and no data is moved. */
#define INSTANT \
	.targets = 2, .segments = 512, .take_segments = 512, .list_bytes = 32768, \
	.segment_bytes = 0, .refusal = 0x2608, .concurrent = 64, .list_id_usage = ANY_USAGE, .operating_parameters = 1

struct profile {
	const char *name;
	struct knobs knobs;
	uint64_t space;
};

#pragma GCC diagnostic ignored "-Woverride-init"

static const struct profile profiles[] = {
	{ "instant", { INSTANT }, UINT64_MAX },
	{ "strict-2seg", { INSTANT, .segments = 32, .take_segments = 2, .segment_bytes = 16 * MiB,
			   .take_segment_bytes = 16 * MiB, .list_id_usage = 3 }, UINT64_MAX },
	{ "lio-like", { INSTANT, .segments = 1, .take_segments = 1, .list_bytes = 1024,
			.segment_bytes = 256 * MiB, .concurrent = 1 }, UINT64_MAX },
	{ "spc4", { INSTANT, .third_party_page = 1 }, UINT64_MAX },
	{ "no-rcr", { INSTANT, .operating_parameters = 0 }, UINT64_MAX },
	{ "slow", { INSTANT, .bandwidth = 8 * MiB }, UINT64_MAX },
	{ "thin", { INSTANT }, 8 * MiB },
	{ "liar-nothing", { INSTANT, .lie = LIE_NOTHING }, UINT64_MAX },
	{ "liar-elsewhere", { INSTANT, .lie = LIE_ELSEWHERE }, UINT64_MAX },
	{ "hang", { INSTANT, .hold = 1 }, UINT64_MAX },
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct knobs knobs = { INSTANT };
static struct failure ordered;
/* When the copies that were begun will be over. */
static uint64_t busy_until;

/* ---- knobs ---- */

#define KNOB(name)	{ #name, offsetof(struct knobs, name) }

static const struct {
	const char *name;
	size_t offset;
} names[] = {
	KNOB(targets), KNOB(segments), KNOB(take_segments), KNOB(list_bytes), KNOB(segment_bytes),
	KNOB(take_segment_bytes), KNOB(refusal), KNOB(granularity), KNOB(concurrent),
	KNOB(list_id_usage), KNOB(operating_parameters), KNOB(third_party_page), KNOB(bandwidth),
	KNOB(lie), KNOB(hold), KNOB(hold_ms), KNOB(abort_ms),
};

struct knobs knobs_get(void)
{
	struct knobs copy;

	pthread_mutex_lock(&lock);
	copy = knobs;
	pthread_mutex_unlock(&lock);
	return copy;
}

static bool set_profile(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(profiles) && strcmp(profiles[i].name, name); i++)
		;
	if (i == ARRAY_SIZE(profiles))
		return false;
	pthread_mutex_lock(&lock);
	knobs = profiles[i].knobs;
	ordered.count = 0;
	busy_until = 0;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
	store_space(profiles[i].space);
	units_restore();
	return true;
}

static bool set_knob(const char *name, uint64_t value)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names) && strcmp(names[i].name, name); i++)
		;
	if (i == ARRAY_SIZE(names))
		return false;
	pthread_mutex_lock(&lock);
	*(uint64_t *)((uint8_t *)&knobs + names[i].offset) = value;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
	return true;
}

bool knobs_set(const char *name, const char *value)
{
	uint64_t number;
	char *end;

	if (!strcmp(name, "profile"))
		return set_profile(value);
	errno = 0;
	number = strtoull(value, &end, 0);
	if (errno || end == value || *end)
		return false;
	if (!strcmp(name, "space"))
		store_space(number ? number : UINT64_MAX);
	else if (!strcmp(name, "write_cache"))
		store_cache(number);
	else
		return set_knob(name, number);
	return true;
}

/* ---- failures ---- */

void failure_order(const struct failure *failure)
{
	pthread_mutex_lock(&lock);
	ordered = *failure;
	pthread_mutex_unlock(&lock);
}

static bool take_ordered(bool query, uint64_t number, struct failure *failure)
{
	bool taken;

	pthread_mutex_lock(&lock);
	taken = ordered.count && ordered.query == query && number >= ordered.from;
	if (taken)
		ordered.count--;
	*failure = ordered;
	pthread_mutex_unlock(&lock);
	return taken;
}

bool failure_take(uint64_t number, struct failure *failure)
{
	return take_ordered(false, number, failure);
}

bool failure_take_query(struct failure *failure)
{
	return take_ordered(true, UINT64_MAX, failure);
}

/* ---- waiting ---- */

static uint64_t now(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return time.tv_sec * NS + time.tv_nsec;
}

static struct timespec to_timespec(uint64_t ns)
{
	return (struct timespec){ .tv_sec = ns / NS, .tv_nsec = ns % NS };
}

void hold(bool held)
{
	set_knob("hold", held);
}

/* Caller holds the lock. */
static void wait_change(uint64_t until)
{
	struct timespec end = to_timespec(until);

	if (until)
		pthread_cond_timedwait(&changed, &lock, &end);
	else
		pthread_cond_wait(&changed, &lock);
}

/* Caller holds the lock. */
static bool held(const struct knobs *begun, uint64_t until)
{
	return begun->hold && knobs.hold && (!until || now(CLOCK_REALTIME) < until);
}

void hold_wait(const struct knobs *begun)
{
	uint64_t until = begun->hold_ms ? now(CLOCK_REALTIME) + begun->hold_ms * 1000000 : 0;

	if (!begun->hold)
		return;
	stat_add(STAT_HELD, 1);
	pthread_mutex_lock(&lock);
	while (held(begun, until))
		wait_change(until);
	pthread_mutex_unlock(&lock);
	stat_add(STAT_HELD, -1);
}

void abort_wait(void)
{
	uint64_t until;

	pthread_mutex_lock(&lock);
	until = now(CLOCK_REALTIME) + knobs.abort_ms * 1000000;
	while (knobs.abort_ms && now(CLOCK_REALTIME) < until)
		wait_change(until);
	pthread_mutex_unlock(&lock);
}

/* Copies share it: each begins when those before it are over. */
void bandwidth_wait(const struct knobs *begun, uint64_t bytes)
{
	struct timespec end;
	uint64_t time;

	if (!begun->bandwidth)
		return;
	pthread_mutex_lock(&lock);
	time = now(CLOCK_MONOTONIC);
	if (busy_until < time)
		busy_until = time;
	busy_until += bytes * NS / begun->bandwidth;
	end = to_timespec(busy_until);
	pthread_mutex_unlock(&lock);
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL) == EINTR)
		;
}

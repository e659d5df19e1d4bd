// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random load: threads that each have one operation in flight, on ranges that
 * do not overlap (reads never overlap anything that changes the device).
 *
 * Locking: one mutex over log, model, random numbers and ranges in flight; it is
 * not held during I/O on the device under test.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "oracle.h"

#define MAX_THREADS	64
#define TRIES		64

struct flight {
	enum kind kind;
	uint64_t sector;
	uint64_t count;
};

struct load {
	struct log *log;
	struct model *model;
	const struct device *device;
	const struct load_options *options;
	pthread_mutex_t lock;
	uint64_t random;
	uint64_t started;
	uint64_t done;
	struct flight flights[MAX_THREADS];	/* count 0: none */
	uint64_t counts[NR_KINDS];
	uint64_t sectors[NR_KINDS];
	uint64_t longest_us[NR_KINDS];
	uint64_t total_us[NR_KINDS];
	uint64_t errors;
	struct mismatches mismatches;
	int failure;
};

struct worker {
	struct load *load;
	unsigned int index;
	char *buffer;
	pthread_t thread;
};

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

void load_catch_signals(void)
{
	struct sigaction action = { .sa_handler = stop };

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
}

static uint64_t random_below(struct load *load, uint64_t limit)
{
	load->random = mix(load->random);
	return load->random % limit;
}

static enum kind choose_kind(struct load *load)
{
	unsigned int total = 0, kind;
	uint64_t value;

	for (kind = 0; kind < NR_KINDS; kind++)
		total += load->options->weights[kind];
	value = random_below(load, total);
	for (kind = 0; value >= load->options->weights[kind]; kind++)
		value -= load->options->weights[kind];
	return (enum kind)kind;
}

/* Sizes: a few blocks, about whole regions, and anything up to the maximum. */
static uint64_t choose_count(struct load *load)
{
	uint64_t block = load->device->block_sectors;
	uint64_t max = load->options->max_sectors;
	uint64_t region = load->options->region_sectors;

	switch (random_below(load, 4)) {
	case 0:
		return block * (1 + random_below(load, max / block < 8 ? max / block : 8));
	case 1:
		if (region <= max)
			return region * (1 + random_below(load, max / region));
		/* fall through */
	default:
		return block * (1 + random_below(load, max / block));
	}
}

/* Starts: on a region, just before one, at the very end, and anywhere. */
static uint64_t choose_start(struct load *load, uint64_t count)
{
	const struct window *window = &load->options->window;
	uint64_t block = load->device->block_sectors;
	uint64_t region = load->options->region_sectors;
	uint64_t last = window->count - count;
	uint64_t start = random_below(load, last / block + 1) * block;

	switch (random_below(load, 8)) {
	case 0:
		return last / block * block;
	case 1:
	case 2:
		return start / region * region;
	case 3:
		start = start / region * region;
		return start > count / 2 ? start - count / 2 / block * block : start;
	case 4:
		/* A hot sixteenth, so that overwrites meet overwrites. */
		return start / 16 / block * block;
	default:
		return start;
	}
}

static bool conflicts(const struct load *load, const struct flight *wanted)
{
	const struct flight *other;
	unsigned int i;

	for (i = 0; i < load->options->threads; i++) {
		other = &load->flights[i];
		if (!other->count || other->sector >= wanted->sector + wanted->count ||
		    wanted->sector >= other->sector + other->count)
			continue;
		if (!load->options->overlap || wanted->kind == KIND_READ ||
		    other->kind == KIND_READ)
			return true;
	}
	return false;
}

static bool choose(struct load *load, struct flight *flight)
{
	unsigned int try;

	flight->kind = choose_kind(load);
	flight->sector = 0;
	flight->count = 0;
	if (flight->kind == KIND_FLUSH)
		return true;
	for (try = 0; try < TRIES; try++) {
		flight->count = choose_count(load);
		if (flight->count > load->options->window.count)
			continue;
		flight->sector = load->options->window.first + choose_start(load, flight->count);
		if (!conflicts(load, flight))
			return true;
	}
	return false;
}

/* Returns the operation's id, 0 on failure. */
static uint32_t log_begin(struct log *log, struct model *model, enum kind kind, uint64_t sector,
			  uint64_t count)
{
	struct record record = {
		.type = RECORD_BEGIN, .kind = kind, .id = model->nr_operations,
		.sector = sector, .count = count,
	};

	if (log_append(log, &record))
		return 0;
	model_apply(model, &record);
	return (uint32_t)record.id;
}

static int log_end(struct log *log, struct model *model, uint32_t id, int result)
{
	struct record record = { .type = RECORD_END, .id = id, .result = (uint64_t)result };

	if (log_append(log, &record))
		return -1;
	model_apply(model, &record);
	return 0;
}

static int submit(const struct device *device, char *buffer, enum kind kind, uint64_t sector,
		  uint64_t count)
{
	switch (kind) {
	case KIND_WRITE:
	case KIND_FUA:
		return device_write(device, buffer, sector, count, kind == KIND_FUA);
	case KIND_ZERO:
		return device_zero(device, sector, count);
	case KIND_DISCARD:
		return device_discard(device, sector, count);
	case KIND_FLUSH:
		return device_flush(device);
	default:
		return device_read(device, buffer, sector, count);
	}
}

static void fill_data(char *buffer, uint64_t seed, const struct flight *flight, uint32_t id)
{
	struct content content = {
		.tag = TAG_DATA, .seed = seed, .sector = flight->sector, .generation = id,
	};

	if (flight->kind == KIND_WRITE || flight->kind == KIND_FUA)
		sectors_fill(buffer, content, flight->count);
}

int operate(struct log *log, struct model *model, const struct device *device, enum kind kind,
	    uint64_t sector, uint64_t count, enum operate_mode mode)
{
	struct flight flight = { kind, sector, count };
	char *buffer = buffer_alloc((count + 1) * SECTOR);
	int result = -1;
	uint32_t id = 0;

	if (buffer)
		id = log_begin(log, model, kind, sector, count);
	if (id) {
		fill_data(buffer, model->seed, &flight, id);
		result = mode == OPERATE_LOST ? 0 : submit(device, buffer, kind, sector, count);
		if (mode != OPERATE_OPEN && log_end(log, model, id, result))
			result = -1;
	}
	free(buffer);
	return result;
}

static void account(struct load *load, const struct flight *flight, int result, uint64_t us)
{
	load->done++;
	load->counts[flight->kind]++;
	load->sectors[flight->kind] += flight->count;
	load->total_us[flight->kind] += us;
	if (us > load->longest_us[flight->kind])
		load->longest_us[flight->kind] = us;
	if (!result)
		return;
	load->errors++;
	if (load->options->errors)
		(*load->options->errors)++;
	if (load->options->allow_errors && result == EIO)
		return;
	fprintf(stderr, "xcopy-oracle: %s of %" PRIu64 "+%" PRIu64 ": %s\n",
		kind_name(flight->kind), flight->sector, flight->count, strerror(result));
	load->failure = 2;
}

/* With the lock; drops it during the I/O.  Result of the operation. */
static int perform(struct worker *worker, struct flight *flight)
{
	struct load *load = worker->load;
	uint64_t begin_us;
	uint32_t id = 0;
	int result;

	if (flight->kind != KIND_READ) {
		id = log_begin(load->log, load->model, flight->kind, flight->sector, flight->count);
		if (!id) {
			load->failure = 2;
			return ENOSPC;
		}
	}
	load->flights[worker->index] = *flight;
	pthread_mutex_unlock(&load->lock);

	fill_data(worker->buffer, load->model->seed, flight, id);
	begin_us = now_us();
	result = submit(load->device, worker->buffer, flight->kind, flight->sector, flight->count);
	begin_us = now_us() - begin_us;

	pthread_mutex_lock(&load->lock);
	if (id && log_end(load->log, load->model, id, result))
		load->failure = 2;
	if (!id && !result)
		compare(load->model, worker->buffer, flight->sector, flight->count,
			&load->mismatches);
	load->flights[worker->index].count = 0;
	account(load, flight, result, begin_us);
	return result;
}

static bool finished(struct load *load, uint64_t deadline)
{
	if (stopped || (load->options->stop && *load->options->stop) || load->failure || load->mismatches.sectors)
		return true;
	if (load->options->operations && load->started >= load->options->operations)
		return true;
	return deadline && now_us() >= deadline;
}

static void *work(void *context)
{
	struct worker *worker = context;
	struct load *load = worker->load;
	uint64_t deadline = 0;
	struct flight flight;

	if (load->options->seconds)
		deadline = now_us() + load->options->seconds * 1000000ULL;
	pthread_mutex_lock(&load->lock);
	while (!finished(load, deadline)) {
		if (choose(load, &flight)) {
			load->started++;
			if (perform(worker, &flight) && load->options->until_error)
				break;
		}
		pthread_mutex_unlock(&load->lock);
		usleep(load->options->delay_us);
		pthread_mutex_lock(&load->lock);
	}
	pthread_mutex_unlock(&load->lock);
	return NULL;
}

static void report(const struct load *load, uint64_t us)
{
	unsigned int kind;

	printf("operations %" PRIu64 " errors %" PRIu64 " wrong_sectors %" PRIu64 " ms %" PRIu64,
	       load->done, load->errors, load->mismatches.sectors, us / 1000);
	for (kind = 0; kind < NR_KINDS; kind++)
		if (load->counts[kind])
			printf(" %ss %" PRIu64 " %s_sectors %" PRIu64 " %s_mean_us %" PRIu64
			       " %s_max_us %" PRIu64, kind_name(kind), load->counts[kind],
			       kind_name(kind), load->sectors[kind], kind_name(kind),
			       load->total_us[kind] / load->counts[kind], kind_name(kind),
			       load->longest_us[kind]);
	printf("\n");
}

static int run_workers(struct load *load, struct worker *workers)
{
	unsigned int i, running;
	int error = 0;

	for (running = 0; running < load->options->threads && !error; running++) {
		workers[running].load = load;
		workers[running].index = running;
		workers[running].buffer = buffer_alloc((load->options->max_sectors + 1) * SECTOR);
		error = !workers[running].buffer ||
			pthread_create(&workers[running].thread, NULL, work, &workers[running]);
	}
	if (error) {
		free(workers[--running].buffer);
		stopped = 1;
	}
	for (i = 0; i < running; i++) {
		pthread_join(workers[i].thread, NULL);
		free(workers[i].buffer);
	}
	return error;
}

int load_run(struct log *log, struct model *model, const struct device *device,
	     const struct load_options *options)
{
	struct worker workers[MAX_THREADS] = { 0 };
	struct load load = {
		.log = log, .model = model, .device = device, .options = options,
		.lock = PTHREAD_MUTEX_INITIALIZER, .mismatches.limit = 10,
		.random = mix(options->random + log->sequence),
	};
	uint64_t begin_us = now_us();

	if (!options->threads || options->threads > MAX_THREADS)
		return 2;
	if (run_workers(&load, workers))
		return 2;
	if (!options->quiet)
		report(&load, now_us() - begin_us);
	if (load.mismatches.sectors)
		return 1;
	return load.failure;
}

static unsigned int weight_number(const char *text)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 0);
	if (!errno && *text && !*end && value <= UINT32_MAX)
		return (unsigned int)value;
	fprintf(stderr, "xcopy-oracle: --mix: %s is no number\n", text);
	exit(2);
}

void load_parse_mix(unsigned int *weights, char *text)
{
	unsigned int kind, weight;
	char *part, *value;

	memset(weights, 0, NR_KINDS * sizeof(*weights));
	for (part = strtok(text, ","); part; part = strtok(NULL, ",")) {
		value = strchr(part, '=');
		if (value)
			*value++ = '\0';
		weight = value ? weight_number(value) : 1;
		for (kind = 0; kind < NR_KINDS && strcmp(part, kind_name(kind)); kind++)
			;
		if (kind == NR_KINDS || kind == KIND_OBSERVED) {
			fprintf(stderr, "xcopy-oracle: --mix: %s is no operation\n", part);
			exit(2);
		}
		weights[kind] = weight;
	}
}

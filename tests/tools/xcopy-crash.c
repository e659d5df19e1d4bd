// SPDX-License-Identifier: GPL-2.0-only
// build: -D_GNU_SOURCE -pthread crash/*.c oracle/*.c -ldevmapper
/*
 * xcopy-crash: clones that lose their power at random instants, and a verdict on every
 * byte after each.
 *
 *   xcopy-crash --log FILE [--seed N] [--cuts N] [--sectors N] [--verbose]
 *
 * Wants the modules xcopy-cut (the disks; tests/modules/README), dm-xcopy and, for
 * copies by the storage, dm-xcopy-test.  FILE is that of the oracle and must not be on
 * the disks; a tmpfs is best.
 *
 * The cuts come in lives: a life is one clone, of random geometry, that is activated,
 * used, cut, activated again, judged and so on, a few times, in the end filled, judged,
 * replaced by its destination, cut once more and judged there.  Every choice of a life
 * follows from its seed: life i of a run has seed N + i, and --seed with that number begins with
 * it.  (When exactly a cut comes depends on the scheduler as well.)
 *
 * Exit status: 0 all as it should be, 1 something lost or wrong, 2 anything else.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crash/crash.h"
#include "oracle/oracle.h"

#define NAME		"crash"
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define DEFAULT_SECTORS	24584		/* regions of more than 4 KiB: the last one is short */
#define META_SECTORS	2048
#define META_TEAR	16
#define META_ZEROED	(256 * 1024)
#define MAX_GENERATIONS	7
#define POLL_US		1000
#define CUT_WITHIN_US	1200000		/* an armed cut that has not come by then is made */
#define FULL_WITHIN_US	60000000

/* What else happens before the cut. */
enum plan {
	PLAN_LOAD,		/* user I/O and hydration */
	PLAN_IDLE,		/* hydration only */
	PLAN_ACTIVATE,		/* nothing: it comes during the activation, or soon after */
	PLAN_FINISH,		/* hydration is let loose: it comes around completion */
	PLAN_RELOAD,		/* the table is loaded again and again */
	PLAN_SUSPEND,		/* suspends and resumes */
	PLAN_REMOVE,		/* it is removed, as by somebody who cancels */
	NR_PLANS,
};

static const char * const plan_names[NR_PLANS] = {
	"load", "idle", "activate", "finish", "reload", "suspend", "remove",
};

/* One clone. */
struct life {
	uint64_t seed;
	struct choices choices;
	const struct disk *source;
	const struct disk *destination;
	const struct disk *metadata;
	unsigned int region;
	bool offload;
	bool passdown;
	unsigned int commit_ms;
	unsigned int rate;
	bool formatted;		/* an activation succeeded: from here on with no_format */
	bool judged;		/* nothing was cut since the last verdict */
	bool complete;		/* was seen to be */
	struct log log;
	struct model model;
	struct map map;
	char path[32];
};

/* The load, in a thread of its own. */
struct load_thread {
	pthread_t thread;
	struct life *life;
	struct device device;
	struct load_options options;
	volatile bool stop;
	volatile bool ended;
	volatile uint64_t errors;
	int status;
};

static struct {
	const char *log;
	uint64_t seed;
	uint64_t sectors;
	unsigned int cuts;
	bool verbose;
} options = { .seed = 1, .sectors = DEFAULT_SECTORS, .cuts = 20 };

static struct {
	unsigned int cuts;
	unsigned int lives;
	unsigned int plans[NR_PLANS];
	unsigned int unhydrated;	/* cuts that found regions left to hydrate */
	unsigned int formats;		/* cuts that spoiled the first activation */
	uint64_t operations;
	uint64_t verified;
} totals;

/* ---- the disks ---- */

/* Sources, destinations and metadata devices; of both block sizes, with and without a cache. */
static struct disk disks[] = {
	{ "xcut-s5", 0, 512, false }, { "xcut-s4", 0, 4096, false },
	{ "xcut-d5c", 0, 512, true }, { "xcut-d5t", 0, 512, false },
	{ "xcut-d4c", 0, 4096, true }, { "xcut-d4t", 0, 4096, false },
	{ "xcut-mc", META_SECTORS, 512, true }, { "xcut-mt", META_SECTORS, 512, false },
};

enum { SOURCE_512, SOURCE_4096, DEST_512_CACHE, DEST_512, DEST_4096_CACHE, DEST_4096, META_CACHE,
       META };

static void device_name(const struct disk *disk, char *path, size_t size)
{
	snprintf(path, size, "/dev/%s", disk->name);
}

static int open_disk(const struct disk *disk, struct device *device, bool writable)
{
	char path[64];

	device_name(disk, path, sizeof(path));
	return device_open(device, path, writable);
}

static int fill(const struct disk *disk, enum tag tag)
{
	struct content content = { .tag = tag, .seed = options.seed };
	char *buffer = buffer_alloc(CHUNK_SECTORS * SECTOR);
	struct device device;
	uint64_t count;
	int error = 0;

	if (!buffer || open_disk(disk, &device, true))
		return -1;
	for (; content.sector < options.sectors && !error; content.sector += count) {
		count = options.sectors - content.sector;
		count = count < CHUNK_SECTORS ? count : CHUNK_SECTORS;
		sectors_fill(buffer, content, count);
		error = device_write(&device, buffer, content.sector, count, false);
	}
	if (!error)
		error = device_flush(&device);
	close(device.fd);
	free(buffer);
	return error ? -1 : 0;
}

static int zero_metadata(const struct disk *disk)
{
	void *zeroes = buffer_alloc(META_ZEROED);
	struct device device;
	int error = -1;

	if (zeroes && !open_disk(disk, &device, true)) {
		memset(zeroes, 0, META_ZEROED);
		error = device_write(&device, zeroes, 0, META_ZEROED / SECTOR, true);
		close(device.fd);
	}
	free(zeroes);
	return error ? -1 : 0;
}

static int make_disks(void)
{
	unsigned int i;

	power_remove_disks();
	for (i = 0; i < ARRAY_SIZE(disks); i++) {
		if (!disks[i].sectors)
			disks[i].sectors = options.sectors;
		power_add_disk(&disks[i]);
	}
	if (fill(&disks[SOURCE_512], TAG_SOURCE) || fill(&disks[SOURCE_4096], TAG_SOURCE))
		return -1;
	return 0;
}

/* ---- the clone ---- */

static void write_table(struct life *life)
{
	const char *features[3];
	unsigned int nr = 0, i;
	int at;

	if (life->formatted)
		features[nr++] = "no_format";
	if (!life->offload)
		features[nr++] = "no_offload";
	if (!life->passdown)
		features[nr++] = "no_discard_passdown";
	life->map = (struct map){ .name = NAME, .sectors = options.sectors, .type = "xcopy" };
	at = snprintf(life->map.parameters, MAP_PARAMETERS, "/dev/%s /dev/%s /dev/%s %u %u",
		      life->metadata->name, life->destination->name, life->source->name,
		      life->region, nr);
	for (i = 0; i < nr; i++)
		at += snprintf(life->map.parameters + at, MAP_PARAMETERS - at, " %s", features[i]);
	snprintf(life->map.parameters + at, MAP_PARAMETERS - at,
		 " %u commit_ms %u hydration_rate %u hydration_floor %u quarantine_ms 100%s",
		 life->offload ? 10 : 8, life->commit_ms, life->rate, life->rate ? life->rate : 64,
		 life->offload ? " offload_driver test" : "");
}

static int activate(struct life *life)
{
	write_table(life);
	if (map_create(&life->map))
		return -1;
	/*
	 * No disk tears its blocks, but metadata must not depend on that.  A format that was
	 * interrupted in the middle of a block would be refused, and rightly so.
	 */
	if (!life->formatted)
		power_tear(life->metadata, META_TEAR);
	life->formatted = true;
	return map_path(NAME, life->path, sizeof(life->path));
}

/* Regions hydrated, and all. */
static int hydrated(uint64_t *count, uint64_t *all)
{
	char status[1024];

	*count = 0;
	*all = 1;
	if (map_status(NAME, status, sizeof(status)))
		return -1;
	/* <block size> <used>/<all> <region size> <hydrated>/<all> ... */
	return sscanf(status, "%*s %*s %*s %" SCNu64 "/%" SCNu64, count, all) == 2 ? 0 : -1;
}

static bool is_full(void)
{
	uint64_t count, all;

	return !hydrated(&count, &all) && count == all;
}

/* ---- verdicts ---- */

static int note(struct life *life, enum record_type type)
{
	struct record record = { .type = type };

	if (log_append(&life->log, &record))
		return -1;
	model_apply(&life->model, &record);
	return 0;
}

static int complain(const struct life *life, const char *what)
{
	printf("FAILED: seed %" PRIu64 ", cut %u: %s\n", life->seed, totals.cuts, what);
	return 1;
}

static int judge(struct life *life, const char *path, const char *what)
{
	struct mismatches mismatches = { .limit = 5 };
	struct device device;
	int status;

	if (device_open(&device, path, false))
		return 2;
	status = verify_device(&life->log, &life->model, &device, true, &mismatches);
	close(device.fd);
	totals.verified += life->model.sectors;
	if (mismatches.sectors)
		printf("%" PRIu64 " sectors wrong\n", mismatches.sectors);
	if (!status)
		life->judged = true;
	return status ? complain(life, what) : 0;
}

/* ---- the load ---- */

static void *load_work(void *context)
{
	struct load_thread *load = context;

	load->status = load_run(&load->life->log, &load->life->model, &load->device, &load->options);
	load->ended = true;
	return NULL;
}

/* What a load does: everything, mostly FUA, hardly any flush, ... */
static const unsigned int mixes[][NR_KINDS] = {
	{ [KIND_WRITE] = 40, [KIND_FUA] = 10, [KIND_ZERO] = 10, [KIND_DISCARD] = 10, [KIND_FLUSH] = 10, [KIND_READ] = 20 },
	{ [KIND_WRITE] = 20, [KIND_FUA] = 50, [KIND_DISCARD] = 5, [KIND_READ] = 5 },
	{ [KIND_WRITE] = 50, [KIND_ZERO] = 10, [KIND_DISCARD] = 10, [KIND_FLUSH] = 30 },
	{ [KIND_WRITE] = 60, [KIND_FUA] = 2, [KIND_ZERO] = 10, [KIND_DISCARD] = 20, [KIND_FLUSH] = 1, [KIND_READ] = 5 },
};

static int load_start(struct load_thread *load, struct life *life)
{
	static const unsigned int sizes[] = { 16, 64, 256 };
	unsigned int mix_nr = (unsigned int)choose_below(&life->choices, ARRAY_SIZE(mixes));

	*load = (struct load_thread){ .life = life };
	load->options = (struct load_options){
		.threads = 1 + (unsigned int)choose_below(&life->choices, 6),
		.max_sectors = choose_one(&life->choices, sizes, ARRAY_SIZE(sizes)),
		.region_sectors = life->region, .window = { 0, options.sectors },
		.overlap = choose_chance(&life->choices, 25), .allow_errors = true,
		.until_error = true, .quiet = true, .stop = &load->stop, .errors = &load->errors,
		.random = choose_below(&life->choices, 1 << 30),
	};
	memcpy(load->options.weights, mixes[mix_nr], sizeof(mixes[0]));
	/* Half of the time in a quarter: overwrites of overwrites, and something left to hydrate. */
	if (choose_chance(&life->choices, 50))
		load->options.window.count = options.sectors / 32 * 8;
	if (device_open(&load->device, life->path, true) || note(life, RECORD_START))
		return -1;
	return pthread_create(&load->thread, NULL, load_work, load) ? -1 : 0;
}

/* Return: 0 if there was nothing wrong but I/O that failed. */
static int load_end(struct load_thread *load)
{
	load->stop = true;
	pthread_join(load->thread, NULL);
	close(load->device.fd);
	if (load->status == 1)
		return complain(load->life, "a read during the load was wrong");
	return load->status ? 2 : 0;
}

/* ---- one cut ---- */

struct cut {
	struct life *life;
	enum plan plan;
	uint64_t seed;
	struct load_thread load;
	bool loaded;		/* the load runs */
	bool mapped;		/* the device exists */
};

static void arm(struct cut *cut, unsigned int most)
{
	struct choices *choices = &cut->life->choices;
	const char *what = "all";
	unsigned int count = 1 + (unsigned int)choose_below(choices, most);

	/* Few bios are flushes or go to the metadata device: count those alone, too. */
	switch (choose_below(choices, 3)) {
	case 0:
		what = "flush";
		count = 1 + count / 8;
		break;
	case 1:
		what = cut->life->metadata->name;
		count = 1 + count / 8;
		break;
	}
	power_arm(cut->seed, count, what);
}

static int reload(struct life *life)
{
	write_table(life);
	return map_load(&life->map) || map_resume(&life->map) ? -1 : 0;
}

static int suspend(struct cut *cut)
{
	bool noflush = choose_chance(&cut->life->choices, 50);

	return map_suspend(&cut->life->map, noflush) || map_resume(&cut->life->map) ? -1 : 0;
}

static int stop_load(struct cut *cut)
{
	if (!cut->loaded)
		return 0;
	cut->loaded = false;
	return load_end(&cut->load);
}

/* It is cut while it is removed, or soon after. */
static int remove_early(struct cut *cut)
{
	int status = stop_load(cut);

	if (!status && !map_remove(NAME))
		cut->mapped = false;
	return status;
}

/* What goes on between the polls. */
static int go_on(struct cut *cut)
{
	switch (cut->plan) {
	case PLAN_RELOAD:
		return reload(cut->life) && power_is_on() ? -1 : 0;
	case PLAN_SUSPEND:
		return suspend(cut) && power_is_on() ? -1 : 0;
	default:
		return 0;
	}
}

/* An error is one that the cut made: the power is off, or it was not the cut. */
static bool failed_early(struct cut *cut)
{
	return cut->loaded && cut->load.errors && power_is_on();
}

static int wait_for_cut(struct cut *cut)
{
	uint64_t deadline = now_us() + CUT_WITHIN_US / 4 +
			    choose_below(&cut->life->choices, CUT_WITHIN_US * 3 / 4);

	while (cut->mapped && power_is_on() && now_us() < deadline) {
		if (failed_early(cut))
			return complain(cut->life, "I/O failed before the cut");
		if (go_on(cut))
			return complain(cut->life, maps_error());
		usleep(POLL_US);
	}
	power_cut(cut->seed);
	return 0;
}

static int begin_plan(struct cut *cut)
{
	struct life *life = cut->life;

	if (cut->plan != PLAN_IDLE && !cut->loaded) {
		if (load_start(&cut->load, life))
			return power_is_on() ? 2 : 0;
		cut->loaded = true;
	}
	if (cut->plan == PLAN_ACTIVATE)
		return 0;
	usleep((unsigned int)choose_below(&life->choices, 80000));
	if (cut->plan == PLAN_FINISH && map_message(NAME, "set hydration_rate 0"))
		return complain(life, maps_error());
	arm(cut, choose_chance(&life->choices, 30) ? 60 : 1500);
	return cut->plan == PLAN_REMOVE ? remove_early(cut) : 0;
}

/* The clone is there, and the power is on, or was a moment ago. */
static int use_clone(struct cut *cut)
{
	struct life *life = cut->life;
	int status = 0;

	/* Who is cut while being activated is judged the next time. */
	if (!life->judged && cut->plan != PLAN_ACTIVATE)
		status = judge(life, life->path, "after the cut");
	if (!status)
		status = begin_plan(cut);
	if (!status)
		status = wait_for_cut(cut);
	return status;
}

static int not_activated(struct life *life)
{
	char text[MAP_PARAMETERS + 300];

	/* An interrupted format leaves an empty device, or a formatted one. */
	if (!power_is_on()) {
		totals.formats += !life->formatted;
		return 0;
	}
	snprintf(text, sizeof(text), "cannot be activated: %s; %s", life->map.parameters,
		 maps_error());
	return complain(life, text);
}

static int count_unhydrated(struct cut *cut)
{
	uint64_t count, all;

	if (!cut->mapped || hydrated(&count, &all))
		return 0;
	totals.unhydrated += count < all;
	return 0;
}

static int put_down(struct cut *cut)
{
	int status = stop_load(cut);

	count_unhydrated(cut);
	if (cut->mapped && map_remove(NAME))
		return complain(cut->life, "cannot be removed after the cut");
	return status;
}

static int after_cut(struct cut *cut)
{
	struct life *life = cut->life;
	char text[256];

	if (options.verbose) {
		power_state(text, sizeof(text));
		printf("cut %u, seed %" PRIu64 ", %s: %s %s region %u%s: %s\n", totals.cuts + 1,
		       life->seed, plan_names[cut->plan], life->destination->name,
		       life->metadata->name, life->region, life->offload ? " offload" : "", text);
		fflush(stdout);
	}
	totals.cuts++;
	totals.plans[cut->plan]++;
	life->judged = false;
	power_on();
	return note(life, RECORD_CRASH) ? 2 : 0;
}

static int cut_once(struct life *life, enum plan plan)
{
	struct cut cut = { .life = life, .plan = plan };
	int status = 0;

	cut.seed = choose_below(&life->choices, 1ULL << 60);
	if (plan == PLAN_ACTIVATE)
		arm(&cut, life->formatted ? 40 : 16);
	cut.mapped = !activate(life);
	if (cut.mapped)
		status = use_clone(&cut);
	else
		status = not_activated(life);
	power_cut(cut.seed);
	if (put_down(&cut) && !status)
		status = 1;
	return status ? status : after_cut(&cut);
}

/* ---- one life ---- */

static enum plan choose_plan(struct life *life)
{
	static const unsigned int weighted[] = {
		PLAN_LOAD, PLAN_LOAD, PLAN_LOAD, PLAN_LOAD, PLAN_IDLE, PLAN_ACTIVATE, PLAN_FINISH,
		PLAN_RELOAD, PLAN_SUSPEND, PLAN_REMOVE,
	};

	/* It is formatted only once. */
	if (!life->formatted && choose_chance(&life->choices, 30))
		return PLAN_ACTIVATE;
	return choose_one(&life->choices, weighted, ARRAY_SIZE(weighted));
}

static int life_begin(struct life *life, uint64_t seed)
{
	static const unsigned int regions[] = { 8, 16, 64, 128 };
	static const unsigned int rates[] = { 0, 512, 1024, 4096 };
	static const unsigned int commits[] = { 10, 50, 1000, 60000 };
	static const unsigned int delays[] = { 100, 400, 3000 };
	struct choices *choices = &life->choices;
	bool large_blocks, cache;

	*life = (struct life){ .seed = seed, .choices = { mix(seed) } };
	large_blocks = choose_chance(choices, 25);
	cache = choose_chance(choices, 70);
	life->source = &disks[large_blocks ? SOURCE_4096 : SOURCE_512];
	life->destination = &disks[DEST_512_CACHE + (cache ? 0 : 1) + (large_blocks ? 2 : 0)];
	life->metadata = &disks[choose_chance(choices, 75) ? META_CACHE : META];
	life->region = choose_one(choices, regions, ARRAY_SIZE(regions));
	life->rate = choose_one(choices, rates, ARRAY_SIZE(rates));
	life->commit_ms = choose_one(choices, commits, ARRAY_SIZE(commits));
	life->offload = choose_chance(choices, 50);
	life->passdown = choose_chance(choices, 70);
	life->judged = true;
	power_tear(life->metadata, life->metadata->block);
	power_delay(choose_one(choices, delays, ARRAY_SIZE(delays)));
	if (fill(life->destination, TAG_POISON) || zero_metadata(life->metadata) ||
	    log_create(options.log, options.seed, options.sectors))
		return 2;
	return log_open(&life->log, options.log, model_apply, &life->model) ? 2 : 0;
}

static int wait_until_full(void)
{
	uint64_t deadline = now_us() + FULL_WITHIN_US;

	while (now_us() < deadline) {
		if (is_full())
			return 0;
		usleep(10 * POLL_US);
	}
	return -1;
}

static int swap(struct life *life)
{
	struct map linear = { .name = NAME, .sectors = options.sectors, .type = "linear" };

	snprintf(linear.parameters, sizeof(linear.parameters), "/dev/%s 0", life->destination->name);
	return map_load(&linear) || map_resume(&linear) ? complain(life, maps_error()) : 0;
}

/* The clone is full: the destination alone is what counts, after a cut, too. */
static int cut_without_clone(struct life *life)
{
	struct cut cut = { .life = life, .plan = PLAN_FINISH, .mapped = true };
	int status;

	cut.seed = choose_below(&life->choices, 1ULL << 60);
	if (load_start(&cut.load, life))
		return 2;
	cut.loaded = true;
	arm(&cut, 200);
	status = wait_for_cut(&cut);
	if (put_down(&cut) && !status)
		status = 1;
	return status ? status : after_cut(&cut);
}

static int life_finish(struct life *life)
{
	char path[64];
	int status;

	if (activate(life))
		return not_activated(life);
	status = judge(life, life->path, "before it is filled");
	if (!status && map_message(NAME, "set hydration_rate 0"))
		status = complain(life, maps_error());
	if (!status && wait_until_full())
		status = complain(life, "does not become full");
	if (!status)
		status = judge(life, life->path, "full");
	if (!status)
		status = swap(life);
	if (status) {
		map_remove(NAME);
		return status;
	}
	status = cut_without_clone(life);
	if (status)
		return status;
	device_name(life->destination, path, sizeof(path));
	return judge(life, path, "the destination alone");
}

static int live(uint64_t seed)
{
	struct life life;
	unsigned int generations, i;
	int status = life_begin(&life, seed);

	generations = 1 + (unsigned int)choose_below(&life.choices, MAX_GENERATIONS);
	for (i = 0; i < generations && !status && totals.cuts < options.cuts; i++)
		status = cut_once(&life, choose_plan(&life));
	if (!status && totals.cuts < options.cuts)
		status = life_finish(&life);
	totals.operations += life.model.nr_operations;
	model_free(&life.model);
	log_close(&life.log);
	return status;
}

/* ---- the program ---- */

static void report(uint64_t us)
{
	char text[256];
	unsigned int i;

	power_state(text, sizeof(text));
	printf("cuts %u lives %u seconds %" PRIu64 " operations %" PRIu64 " verified_mib %" PRIu64
	       " with_regions_left %u formats_cut %u", totals.cuts, totals.lives, us / 1000000,
	       totals.operations, totals.verified >> 11, totals.unhydrated, totals.formats);
	for (i = 0; i < NR_PLANS; i++)
		printf(" %s %u", plan_names[i], totals.plans[i]);
	printf("\ncaches: %s\n", text);
}

static uint64_t number(const char *text)
{
	uint64_t value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 0);
	if (!errno && *text && !*end)
		return value;
	fprintf(stderr, "xcopy-crash: %s is no number\n", text);
	exit(2);
}

static const struct option long_options[] = {
	{ "log", required_argument, NULL, 'l' }, { "seed", required_argument, NULL, 's' },
	{ "cuts", required_argument, NULL, 'c' }, { "sectors", required_argument, NULL, 'n' },
	{ "verbose", no_argument, NULL, 'v' }, { NULL, 0, NULL, 0 },
};

static bool parse(int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "", long_options, NULL)) >= 0) {
		switch (option) {
		case 'l': options.log = optarg; break;
		case 's': options.seed = number(optarg); break;
		case 'c': options.cuts = (unsigned int)number(optarg); break;
		case 'n': options.sectors = number(optarg); break;
		case 'v': options.verbose = true; break;
		default: return false;
		}
	}
	return options.log && options.cuts && options.sectors >= 4096 && !(options.sectors % 8);
}

int main(int argc, char **argv)
{
	uint64_t begin_us = now_us();
	int status = 0;

	if (!parse(argc, argv)) {
		fprintf(stderr, "usage: xcopy-crash --log FILE [--seed N] [--cuts N] [--sectors N] [--verbose]\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	maps_init();
	if (make_disks())
		return 2;
	for (; totals.cuts < options.cuts && !status; totals.lives++)
		status = live(options.seed + totals.lives);
	report(now_us() - begin_us);
	/* What failed stays for whoever wants to look at it. */
	if (!status)
		power_remove_disks();
	return status;
}

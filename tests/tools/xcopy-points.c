// SPDX-License-Identifier: GPL-2.0-only
// build: -D_GNU_SOURCE -pthread crash/*.c oracle/*.c -ldevmapper
/*
 * xcopy-points: every instant at which a clone could have crashed, one after another.
 *
 *   xcopy-points --log FILE --writes DEVICE [--seed N] [--ops N] [--sectors N]
 *                [--region N] [--commit-ms N] [--mix KIND=WEIGHT,...] [--subsets N]
 *
 * First a clone is filled and written to, with dm-log-writes (its log: DEVICE) under metadata
 * device and destination; every acknowledgment that the oracle notes in FILE also is a mark in the
 * log of writes.  Then that log is gone through.  After each flush, each FUA write and each
 * acknowledgment of one, the two devices are made what they would be if the power had
 * failed there: with all that is durable, and nothing else; and, before each flush, a few times with
 * some of what is not, in part even within a write.  The clone is activated on that, and
 * judged by what had been acknowledged.
 *
 * Both devices lie on one disk with one log, so that their writes are in one order; the
 * target xcopy-order tells their flushes apart.
 *
 * dm-log-writes notes a FUA write when it ends, a plain one not before the next flush: what
 * was written by FUA therefore gives way only to a later generation.  The load must not
 * mix FUA writes with write-zeroes or discards, which have none.  When it is removed, it puts
 * plain writes before whatever it has not logged yet: a flush before that leaves none.
 *
 * Wants the modules xcopy-cut, dm-xcopy-order, dm-log-writes and dm-xcopy.  Exit status: 0 all as it
 * should be, 1 something lost or wrong, 2 anything else.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crash/crash.h"
#include "crash/writes.h"
#include "oracle/oracle.h"

#define NAME		"points"
#define META_SECTORS	256
#define META_TEAR	16
#define MARKERS		2
#define PIECE		(64U * 1024)
#define MAX_WRITE	(2U * 1024 * 1024)
#define FULL_TRIES	6000
#define POLL_US		10000
#define COMMITS		20

enum side { METADATA, DESTINATION, SIDES };

static struct {
	const char *log;
	const char *writes;
	uint64_t seed;
	uint64_t sectors;
	unsigned int region;
	unsigned int commit_ms;
	unsigned int subsets;
	struct load_options load;
} options = {
	.seed = 1, .sectors = 8200, .region = 16, .commit_ms = 50, .subsets = 2,
	.load = {
		.operations = 100, .threads = 4, .max_sectors = 64, .quiet = true,
		.weights = { [KIND_WRITE] = 40, [KIND_FUA] = 15, [KIND_FLUSH] = 15, [KIND_READ] = 10 },
	},
};

/* ---- the devices ---- */

static struct disk source = { "xcut-src", 0, 512, false };
static struct disk both = { "xcut-both", 0, 512, false };
static struct disk rebuilt[SIDES] = {
	{ "xcut-meta", META_SECTORS, 512, false }, { "xcut-dst", 0, 512, false },
};

static const char * const logged[SIDES] = { "points-meta", "points-dst" };
static const char order_name[] = "points-order";

/* On the disk that both share. */
static uint64_t start_of(enum side side)
{
	return side == METADATA ? 0 : META_SECTORS;
}

static uint64_t length_of(enum side side)
{
	return side == METADATA ? META_SECTORS : options.sectors;
}

static uint64_t marker_of(enum side side)
{
	return META_SECTORS + options.sectors + side;
}

static int fill(const char *name, uint64_t start, enum tag tag)
{
	struct content content = { .tag = tag, .seed = options.seed };
	char *buffer = buffer_alloc(options.sectors * SECTOR);
	struct device device;
	char path[64];
	int error;

	snprintf(path, sizeof(path), "/dev/%s", name);
	if (!buffer || device_open(&device, path, true))
		return -1;
	sectors_fill(buffer, content, options.sectors);
	error = device_write(&device, buffer, start, options.sectors, false);
	close(device.fd);
	free(buffer);
	return error ? -1 : 0;
}

static int make_disks(void)
{
	source.sectors = options.sectors;
	rebuilt[DESTINATION].sectors = options.sectors;
	both.sectors = META_SECTORS + options.sectors + MARKERS;
	power_remove_disks();
	power_add_disk(&source);
	power_add_disk(&both);
	power_add_disk(&rebuilt[METADATA]);
	power_add_disk(&rebuilt[DESTINATION]);
	power_delay(200);
	if (fill(source.name, 0, TAG_SOURCE))
		return -1;
	return fill(both.name, META_SECTORS, TAG_POISON);
}

static int map_logged(void)
{
	struct map order = { .name = order_name, .sectors = both.sectors, .type = "log-writes" };
	enum side side;
	char path[32];

	snprintf(order.parameters, MAP_PARAMETERS, "/dev/%s %s", both.name, options.writes);
	if (map_create(&order) || map_path(order_name, path, sizeof(path)))
		return -1;
	for (side = METADATA; side < SIDES; side++) {
		struct map map = { .name = logged[side], .sectors = length_of(side),
				   .type = "xcopy-order" };

		snprintf(map.parameters, MAP_PARAMETERS, "%s %" PRIu64 " %" PRIu64, path,
			 start_of(side), marker_of(side));
		if (map_create(&map))
			return -1;
	}
	return 0;
}

static int unmap_logged(void)
{
	return map_remove(logged[METADATA]) || map_remove(logged[DESTINATION]) ||
	       map_remove(order_name) ? -1 : 0;
}

/* ---- recording ---- */

/* Under the load's lock, as all of the oracle's notes. */
static void mark_end(const struct record *record)
{
	char text[48];

	if (record->type != RECORD_END)
		return;
	snprintf(text, sizeof(text), "mark a%" PRIu64, record->sequence);
	if (map_message(order_name, text)) {
		fprintf(stderr, "xcopy-points: no mark: %s\n", maps_error());
		exit(2);
	}
}

static int map_clone(const char *metadata, const char *destination, const char *features)
{
	struct map map = { .name = NAME, .sectors = options.sectors, .type = "xcopy" };

	snprintf(map.parameters, MAP_PARAMETERS,
		 "%s %s /dev/%s %u %s 6 commit_ms %u hydration_rate 256 hydration_floor 64", metadata,
		 destination, source.name, options.region, features, options.commit_ms);
	return map_create(&map);
}

static bool is_full(void)
{
	uint64_t count, all;
	char status[1024];

	return !map_status(NAME, status, sizeof(status)) &&
	       sscanf(status, "%*s %*s %*s %" SCNu64 "/%" SCNu64, &count, &all) == 2 && count == all;
}

static int use_clone(struct log *log, struct model *model, const struct device *device)
{
	struct load_options load = options.load;
	unsigned int tries;
	int status;

	load.region_sectors = options.region;
	load.window = (struct window){ 0, options.sectors };
	load.random = options.seed;
	status = load_run(log, model, device, &load);
	if (status)
		return status;
	if (map_message(NAME, "set hydration_rate 0"))
		return 2;
	load.operations /= 4;
	status = load_run(log, model, device, &load);
	for (tries = 0; !status && tries < FULL_TRIES && !is_full(); tries++)
		usleep(POLL_US);
	if (!status && !is_full())
		status = 2;
	if (!status)
		status = load_run(log, model, device, &load);
	/* When all of its bits are on disk, it commits nothing any more. */
	usleep(COMMITS * options.commit_ms * 1000);
	return status ? status : load_run(log, model, device, &load);
}

/* Read-only: what was open for writing wakes udev. */
static int flush_logged(void)
{
	struct device device;
	char path[32];
	int error;

	if (map_path(logged[DESTINATION], path, sizeof(path)) || device_open(&device, path, false))
		return -1;
	error = device_flush(&device);
	close(device.fd);
	return error ? -1 : 0;
}

static int record_clone(void)
{
	struct model model = { 0 };
	struct device device;
	char path[2][32];
	struct log log;
	int status;

	if (log_create(options.log, options.seed, options.sectors) ||
	    log_open(&log, options.log, model_apply, &model) ||
	    map_path(logged[METADATA], path[0], sizeof(path[0])) ||
	    map_path(logged[DESTINATION], path[1], sizeof(path[1])) ||
	    map_clone(path[0], path[1], "1 no_offload"))
		return 2;
	if (map_message(order_name, "mark up") || map_path(NAME, path[0], sizeof(path[0])) ||
	    device_open(&device, path[0], true))
		return 2;
	log.appended = mark_end;
	status = use_clone(&log, &model, &device);
	close(device.fd);
	model_free(&model);
	log_close(&log);
	return map_remove(NAME) || flush_logged() ? 2 : status;
}

/* ---- going through it ---- */

struct records {
	struct record *all;
	uint64_t count;
	uint64_t room;
	uint64_t applied;
};

/* A write that no flush has made durable yet; in the order of the log. */
struct pending {
	struct pending *next;
	enum side side;
	uint64_t sector;	/* on its side */
	uint64_t sectors;
	char *data;		/* NULL: a discard */
};

static struct {
	struct records records;
	struct model model;
	struct choices choices;
	char *durable[SIDES];		/* what no crash can take away */
	char *wanted[SIDES];		/* what the devices shall hold now */
	char *present[SIDES];		/* what they hold */
	uint64_t *fua;			/* per sector of the destination: generation, or 0 */
	struct pending *first;
	struct pending **last;
	enum side marker;
	bool up;			/* somebody was told that the clone exists */
	struct device devices[SIDES];
	uint64_t entries, flushes, fuas, acknowledged, points, with_some;
} replay;

static void collect(void *context, const struct record *record)
{
	struct records *records = context;

	if (records->count == records->room) {
		records->room = records->room ? records->room * 2 : 1024;
		records->all = realloc(records->all, records->room * sizeof(*record));
		if (!records->all)
			exit(2);
	}
	records->all[records->count++] = *record;
}

/* Everything up to the next acknowledgment: those after it had not been given. */
static void apply_until_end(void)
{
	struct records *records = &replay.records;

	for (; records->applied < records->count; records->applied++) {
		if (records->all[records->applied].type == RECORD_END)
			return;
		model_apply(&replay.model, &records->all[records->applied]);
	}
}

/* Return: was it of an operation that a crash cannot undo? */
static bool acknowledge(uint64_t sequence)
{
	struct records *records = &replay.records;
	const struct record *end = &records->all[sequence];
	enum kind kind;

	for (; records->applied <= sequence; records->applied++)
		model_apply(&replay.model, &records->all[records->applied]);
	apply_until_end();
	kind = replay.model.operations[end->id].kind;
	return !end->result && (kind == KIND_FLUSH || kind == KIND_FUA);
}

static void store_sector(char *images[SIDES], const struct pending *write, uint64_t i)
{
	uint64_t sector = write->sector + i;
	struct content content;

	if (write->side == DESTINATION && replay.fua[sector]) {
		content = write->data ? sector_parse(write->data + i * SECTOR) :
			  (struct content){ .tag = TAG_ZERO };
		if (content.tag != TAG_DATA || content.generation < replay.fua[sector])
			return;
	}
	if (write->data)
		memcpy(images[write->side] + sector * SECTOR, write->data + i * SECTOR, SECTOR);
	else
		memset(images[write->side] + sector * SECTOR, 0, SECTOR);
}

static void store(char *images[SIDES], const struct pending *write)
{
	uint64_t i;

	for (i = 0; i < write->sectors; i++)
		store_sector(images, write, i);
}

/* Disks do not tear their blocks, but metadata must not depend on that. */
static void tear_metadata(const struct pending *write)
{
	uint64_t i;

	for (i = 0; i < write->sectors * SECTOR; i += META_TEAR)
		if (choose_chance(&replay.choices, 50))
			memcpy(replay.wanted[METADATA] + write->sector * SECTOR + i, write->data + i,
			       META_TEAR);
}

static void tear(const struct pending *write)
{
	uint64_t i;

	if (write->side == METADATA && write->data && replay.up) {
		tear_metadata(write);
		return;
	}
	for (i = 0; i < write->sectors; i++)
		if (choose_chance(&replay.choices, 50))
			store_sector(replay.wanted, write, i);
}

static void store_some(const struct pending *write)
{
	switch (choose_below(&replay.choices, 3)) {
	case 0:
		store(replay.wanted, write);
		break;
	case 1:
		tear(write);
		break;
	}
}

static int write_side(enum side side)
{
	uint64_t bytes = length_of(side) * SECTOR, at, piece;
	int error = 0;

	for (at = 0; at < bytes && !error; at += piece) {
		piece = bytes - at < PIECE ? bytes - at : PIECE;
		/* An activation writes to the metadata device. */
		if (side == DESTINATION &&
		    !memcmp(replay.present[side] + at, replay.wanted[side] + at, piece))
			continue;
		memcpy(replay.present[side] + at, replay.wanted[side] + at, piece);
		error = device_write(&replay.devices[side], replay.present[side] + at, at / SECTOR,
				     piece / SECTOR, false);
	}
	return error;
}

static int complain(const char *what)
{
	printf("FAILED: seed %" PRIu64 ", entry %" PRIu64 ", point %" PRIu64 ": %s\n", options.seed,
	       replay.entries, replay.points, what);
	return 1;
}

/* As it looks after a crash: the model's own note of one would be for good. */
static int judge(void)
{
	struct mismatches mismatches = { .limit = 5 };
	struct device device;
	char path[32];
	int status = 2;

	if (!map_path(NAME, path, sizeof(path)) && !device_open(&device, path, false)) {
		replay.model.epoch++;
		status = verify_device(NULL, &replay.model, &device, false, &mismatches);
		replay.model.epoch--;
		close(device.fd);
	}
	return status ? complain("the clone is wrong") : 0;
}

static int crash_here(bool some)
{
	const struct pending *write;
	char paths[SIDES][64];
	enum side side;
	int status;

	replay.points++;
	replay.with_some += some;
	for (side = METADATA; side < SIDES; side++) {
		memcpy(replay.wanted[side], replay.durable[side], length_of(side) * SECTOR);
		snprintf(paths[side], sizeof(paths[side]), "/dev/%s", rebuilt[side].name);
	}
	for (write = replay.first; some && write; write = write->next)
		store_some(write);
	if (write_side(METADATA) || write_side(DESTINATION))
		return 2;
	if (map_clone(paths[METADATA], paths[DESTINATION], replay.up ?
		      "3 no_format no_hydration no_offload" : "2 no_hydration no_offload"))
		return complain(maps_error());
	status = judge();
	if (map_remove(NAME))
		return complain("cannot be removed");
	return status;
}

/* ---- entries ---- */

static void forget(struct pending *write)
{
	free(write->data);
	free(write);
}

static void flush_side(enum side side)
{
	struct pending **at = &replay.first, *write;

	while ((write = *at)) {
		if (write->side != side) {
			at = &write->next;
			continue;
		}
		*at = write->next;
		store(replay.durable, write);
		forget(write);
	}
	replay.last = at;
}

static struct pending *take_write(const struct writes *writes, const struct writes_entry *entry)
{
	struct pending *write;

	if (!(entry->flags & WRITES_DISCARD) && entry->sectors * SECTOR > MAX_WRITE)
		return NULL;
	write = calloc(1, sizeof(*write));
	if (!write)
		return NULL;
	write->side = entry->sector < META_SECTORS ? METADATA : DESTINATION;
	write->sector = entry->sector - start_of(write->side);
	write->sectors = entry->sectors;
	if (entry->flags & WRITES_DISCARD)
		return write;
	write->data = buffer_alloc(MAX_WRITE);
	if (write->data && !writes_data(writes, entry, write->data))
		return write;
	forget(write);
	return NULL;
}

static void note_fua(const struct pending *write)
{
	struct content content;
	uint64_t i;

	if (write->side != DESTINATION)
		return;
	for (i = 0; i < write->sectors; i++) {
		content = sector_parse(write->data + i * SECTOR);
		if (content.tag == TAG_DATA)
			replay.fua[write->sector + i] = content.generation;
	}
}

static int some_points(void)
{
	unsigned int i;
	int status = 0;

	for (i = 0; i < options.subsets && replay.first && !status; i++)
		status = crash_here(true);
	return status;
}

static int replay_fua(struct pending *write)
{
	int status = some_points();

	replay.fuas++;
	store(replay.durable, write);
	note_fua(write);
	forget(write);
	return status ? status : crash_here(false);
}

static int replay_flush(void)
{
	int status = some_points();

	replay.flushes++;
	flush_side(replay.marker);
	return status ? status : crash_here(false);
}

static int replay_mark(const char *mark)
{
	if (!strcmp(mark, "up"))
		replay.up = true;
	if (mark[0] != 'a' || !acknowledge(strtoull(mark + 1, NULL, 10)))
		return 0;
	replay.acknowledged++;
	return crash_here(false);
}

/* The oracle notes an operation before it submits it: its data cannot come earlier. */
static bool comes_early(const struct pending *write)
{
	struct content content;
	uint64_t i;

	if (write->side != DESTINATION || !write->data)
		return false;
	for (i = 0; i < write->sectors; i++) {
		content = sector_parse(write->data + i * SECTOR);
		if (content.tag == TAG_DATA && content.generation >= replay.model.nr_operations)
			return true;
	}
	return false;
}

static int replay_write(const struct writes *writes, const struct writes_entry *entry)
{
	struct pending *write;

	if (entry->sector >= marker_of(METADATA)) {
		replay.marker = entry->sector == marker_of(METADATA) ? METADATA : DESTINATION;
		return 0;
	}
	write = take_write(writes, entry);
	if (!write)
		return 2;
	if (comes_early(write)) {
		complain("the log of writes is out of order");
		forget(write);
		return 2;
	}
	if (entry->flags & WRITES_FUA)
		return replay_fua(write);
	*replay.last = write;
	replay.last = &write->next;
	return 0;
}

static int replay_entry(const struct writes *writes, const struct writes_entry *entry)
{
	replay.entries++;
	if (entry->flags & WRITES_MARK)
		return replay_mark(entry->mark);
	if (entry->flags & WRITES_FLUSH)
		return replay_flush();
	return entry->sectors ? replay_write(writes, entry) : 0;
}

static int replay_begin(void)
{
	enum side side;
	struct log log;
	char path[64];

	replay.last = &replay.first;
	replay.choices.state = mix(options.seed);
	replay.fua = calloc(options.sectors, sizeof(*replay.fua));
	for (side = METADATA; side < SIDES; side++) {
		replay.durable[side] = buffer_alloc(length_of(side) * SECTOR);
		replay.wanted[side] = buffer_alloc(length_of(side) * SECTOR);
		replay.present[side] = buffer_alloc(length_of(side) * SECTOR);
		snprintf(path, sizeof(path), "/dev/%s", rebuilt[side].name);
		if (!replay.durable[side] || !replay.wanted[side] || !replay.present[side] ||
		    device_open(&replay.devices[side], path, true))
			return -1;
		memset(replay.durable[side], 0, length_of(side) * SECTOR);
		memset(replay.present[side], 0, length_of(side) * SECTOR);
	}
	sectors_fill(replay.durable[DESTINATION],
		     (struct content){ .tag = TAG_POISON, .seed = options.seed }, options.sectors);
	if (!replay.fua || log_open(&log, options.log, collect, &replay.records))
		return -1;
	log_close(&log);
	apply_until_end();
	return 0;
}

static int replay_all(void)
{
	struct writes_entry entry;
	struct writes writes;
	int more, status = 0;

	if (replay_begin() || writes_open(&writes, options.writes))
		return 2;
	do {
		more = writes_next(&writes, &entry);
		if (more > 0)
			status = replay_entry(&writes, &entry);
	} while (more > 0 && !status);
	if (!status && !more && replay.records.applied != replay.records.count)
		status = complain("the log of writes ends early");
	writes_close(&writes);
	return more < 0 ? 2 : status;
}

/* ---- the program ---- */

static uint64_t number(const char *text)
{
	uint64_t value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 0);
	if (!errno && *text && !*end)
		return value;
	fprintf(stderr, "xcopy-points: %s is no number\n", text);
	exit(2);
}

static const struct option long_options[] = {
	{ "log", required_argument, NULL, 'l' }, { "writes", required_argument, NULL, 'w' },
	{ "seed", required_argument, NULL, 's' }, { "ops", required_argument, NULL, 'o' },
	{ "sectors", required_argument, NULL, 'n' }, { "region", required_argument, NULL, 'r' },
	{ "commit-ms", required_argument, NULL, 'c' }, { "mix", required_argument, NULL, 'm' },
	{ "subsets", required_argument, NULL, 'u' }, { NULL, 0, NULL, 0 },
};

static bool parse(int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "", long_options, NULL)) >= 0) {
		switch (option) {
		case 'l': options.log = optarg; break;
		case 'w': options.writes = optarg; break;
		case 's': options.seed = number(optarg); break;
		case 'o': options.load.operations = number(optarg); break;
		case 'n': options.sectors = number(optarg); break;
		case 'r': options.region = (unsigned int)number(optarg); break;
		case 'c': options.commit_ms = (unsigned int)number(optarg); break;
		case 'm': load_parse_mix(options.load.weights, optarg); break;
		case 'u': options.subsets = (unsigned int)number(optarg); break;
		default: return false;
		}
	}
	return options.log && options.writes && options.load.operations && options.sectors >= 1024;
}

int main(int argc, char **argv)
{
	uint64_t begin_us = now_us();
	int status;

	if (!parse(argc, argv)) {
		fprintf(stderr, "usage: xcopy-points --log FILE --writes DEVICE [--seed N] [--ops N] [--sectors N]\n"
			"       [--region N] [--commit-ms N] [--mix KIND=WEIGHT,...] [--subsets N]\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	maps_init();
	status = make_disks() || map_logged() ? 2 : record_clone();
	if (unmap_logged() && !status)
		status = 2;
	if (status)
		fprintf(stderr, "xcopy-points: recording failed: %s\n", maps_error());
	else
		status = replay_all();
	printf("points %" PRIu64 " with_some %" PRIu64 " entries %" PRIu64 " flushes %" PRIu64
	       " fuas %" PRIu64 " acknowledged %" PRIu64 " seconds %" PRIu64 "\n", replay.points,
	       replay.with_some, replay.entries, replay.flushes, replay.fuas, replay.acknowledged,
	       (now_us() - begin_us) / 1000000);
	return status;
}

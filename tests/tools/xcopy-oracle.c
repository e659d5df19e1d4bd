// SPDX-License-Identifier: GPL-2.0-only
// build: -D_GNU_SOURCE -pthread oracle/sector.c oracle/log.c oracle/model.c oracle/io.c oracle/compare.c oracle/verify.c oracle/load.c
/*
 * xcopy-oracle: random I/O against a clone, and a verdict on every byte of it.
 *
 *   xcopy-oracle prepare --dev SOURCE [--seed N]          known content
 *   xcopy-oracle poison --dev DESTINATION                 content nobody may ever see
 *   xcopy-oracle init --log LOG --sectors N [--seed N]    a new log: nothing written
 *   xcopy-oracle load --dev CLONE --log LOG ...           random load, checked on the fly
 *   xcopy-oracle do --dev CLONE --log LOG OPERATION...    these operations, in order
 *   xcopy-oracle crash --log LOG                          note that the machine died
 *   xcopy-oracle verify --dev DEVICE --log LOG [--record] every byte against the log
 *   xcopy-oracle show --log LOG                           the log as text
 *
 * LOG is a file or, for a guest that gets killed, a raw disk.  After a crash:
 * "crash", then "verify --record", which notes what was found where several
 * contents were allowed; from then on that and nothing else is allowed.
 *
 * OPERATION of "do", in sectors: write:START:COUNT, fua:START:COUNT,
 * zero:START:COUNT, discard:START:COUNT, read:START:COUNT, flush.  With the
 * prefix "lost-" the operation is logged but not done: a device that lies.
 * With "open-" it is done, but its end is not logged: it was in flight.
 *
 * Exit status: 0 all as it should be, 1 wrong content, 2 anything else.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "oracle/oracle.h"

struct arguments {
	const char *device;
	const char *log;
	uint64_t seed;
	uint64_t sectors;
	bool record;
	struct load_options load;
	char **operations;
};

struct session {
	struct device device;
	struct log log;
	struct model model;
};

static int fill_device(struct arguments *arguments, enum tag tag)
{
	struct content content = { .tag = tag, .seed = arguments->seed };
	char *buffer = buffer_alloc(CHUNK_SECTORS * SECTOR);
	uint64_t end, count;
	struct device device;
	int error = 0;

	if (!buffer || device_open(&device, arguments->device, true))
		return 2;
	end = arguments->sectors ? arguments->sectors : device.sectors;
	for (; content.sector < end && !error; content.sector += count) {
		count = end - content.sector < CHUNK_SECTORS ? end - content.sector : CHUNK_SECTORS;
		sectors_fill(buffer, content, count);
		error = device_write(&device, buffer, content.sector, count, false);
	}
	if (!error)
		error = device_flush(&device);
	if (error)
		fprintf(stderr, "xcopy-oracle: writing %s: %s\n", arguments->device, strerror(error));
	free(buffer);
	close(device.fd);
	return error ? 2 : 0;
}

static int prepare(struct arguments *arguments)
{
	return fill_device(arguments, TAG_SOURCE);
}

static int poison(struct arguments *arguments)
{
	return fill_device(arguments, TAG_POISON);
}

static int init(struct arguments *arguments)
{
	return log_create(arguments->log, arguments->seed, arguments->sectors) ? 2 : 0;
}

static int note(struct session *session, enum record_type type)
{
	struct record record = { .type = type };

	if (log_append(&session->log, &record))
		return -1;
	model_apply(&session->model, &record);
	return 0;
}

static int session_open(struct session *session, struct arguments *arguments, bool writable)
{
	*session = (struct session){ .device.fd = -1 };
	if (log_open(&session->log, arguments->log, model_apply, &session->model))
		return -1;
	if (!arguments->device)
		return 0;
	if (device_open(&session->device, arguments->device, writable))
		return -1;
	if (session->device.sectors >= session->model.sectors)
		return 0;
	fprintf(stderr, "xcopy-oracle: %s is shorter than the clone of the log\n",
		arguments->device);
	return -1;
}

static void session_close(struct session *session)
{
	model_free(&session->model);
	log_close(&session->log);
	if (session->device.fd >= 0)
		close(session->device.fd);
}

static int crash(struct arguments *arguments)
{
	struct session session;
	int error;

	if (session_open(&session, arguments, false))
		return 2;
	error = note(&session, RECORD_CRASH);
	session_close(&session);
	return error ? 2 : 0;
}

static int verify(struct arguments *arguments)
{
	struct mismatches mismatches = { .limit = 10 };
	struct session session;
	int status;

	if (session_open(&session, arguments, false))
		return 2;
	status = verify_device(&session.log, &session.model, &session.device, arguments->record,
			       &mismatches);
	printf("verified %" PRIu64 " sectors of %s, %" PRIu64 " wrong, %" PRIu32 " operations\n",
	       session.model.sectors, arguments->device, mismatches.sectors,
	       session.model.nr_operations - 1);
	session_close(&session);
	return status;
}

static int load(struct arguments *arguments)
{
	struct session session;
	int status;

	/* Before a long log is read: whoever stops the load does not know how far it is. */
	load_catch_signals();
	if (session_open(&session, arguments, true) || note(&session, RECORD_START))
		return 2;
	if (!arguments->load.window.count)
		arguments->load.window.count = session.model.sectors;
	if (arguments->load.window.first + arguments->load.window.count > session.model.sectors ||
	    arguments->load.max_sectors < session.device.block_sectors ||
	    arguments->load.region_sectors < session.device.block_sectors) {
		fprintf(stderr, "xcopy-oracle: window, --max-kib or --region do not fit the device\n");
		return 2;
	}
	status = load_run(&session.log, &session.model, &session.device, &arguments->load);
	session_close(&session);
	return status;
}

static int parse_operation(const char *text, enum kind *kind, uint64_t *sector, uint64_t *count)
{
	unsigned int candidate;
	size_t length;

	*sector = 0;
	*count = 0;
	for (candidate = 0; candidate < NR_KINDS; candidate++) {
		length = strlen(kind_name(candidate));
		if (strncmp(text, kind_name(candidate), length))
			continue;
		*kind = candidate;
		if (*kind == KIND_FLUSH && !text[length])
			return 0;
		if (sscanf(text + length, ":%" SCNu64 ":%" SCNu64, sector, count) == 2)
			return 0;
	}
	fprintf(stderr, "xcopy-oracle: %s is no operation\n", text);
	return -1;
}

static int do_read(struct session *session, uint64_t sector, uint64_t count)
{
	struct mismatches mismatches = { .limit = 10 };
	char *buffer = buffer_alloc((count + 1) * SECTOR);
	int error = buffer ? device_read(&session->device, buffer, sector, count) : ENOMEM;

	if (error)
		fprintf(stderr, "xcopy-oracle: read: %s\n", strerror(error));
	else
		compare(&session->model, buffer, sector, count, &mismatches);
	free(buffer);
	return error ? 2 : mismatches.sectors ? 1 : 0;
}

static int do_one(struct session *session, const char *text)
{
	bool lost = !strncmp(text, "lost-", 5), in_flight = !strncmp(text, "open-", 5);
	uint64_t sector, count;
	enum kind kind;
	int result;

	if (parse_operation(lost || in_flight ? text + 5 : text, &kind, &sector, &count))
		return 2;
	if (kind == KIND_READ)
		return do_read(session, sector, count);
	result = operate(&session->log, &session->model, &session->device, kind, sector, count,
			 lost ? OPERATE_LOST : in_flight ? OPERATE_OPEN : OPERATE_ALL);
	if (result)
		fprintf(stderr, "xcopy-oracle: %s: %s\n", text, strerror(result));
	return result ? 2 : 0;
}

static int perform_list(struct arguments *arguments)
{
	struct session session;
	int status = 0;
	char **text;

	if (session_open(&session, arguments, true) || note(&session, RECORD_START))
		return 2;
	for (text = arguments->operations; *text && !status; text++)
		status = do_one(&session, *text);
	session_close(&session);
	return status;
}

static void show_record(void *context, const struct record *record)
{
	static const char * const names[] = {
		[RECORD_HEADER] = "header", [RECORD_START] = "start", [RECORD_CRASH] = "crash",
		[RECORD_BEGIN] = "begin", [RECORD_END] = "end", [RECORD_OBSERVED] = "observed",
	};

	(void)context;
	printf("%" PRIu64 " %s", record->sequence, names[record->type]);
	if (record->type == RECORD_BEGIN)
		printf(" %" PRIu64 " %s %" PRIu64 "+%" PRIu64, record->id,
		       kind_name(record->kind), record->sector, record->count);
	else if (record->type == RECORD_END)
		printf(" %" PRIu64 " result %" PRIu64, record->id, record->result);
	else if (record->type == RECORD_OBSERVED)
		printf(" %" PRIu64 "+%" PRIu64 " tag %" PRIu32 " generation %" PRIu64,
		       record->sector, record->count, record->kind, record->result);
	else if (record->type == RECORD_HEADER)
		printf(" sectors %" PRIu64 " seed %" PRIu64, record->count, record->seed);
	printf("\n");
}

static int show(struct arguments *arguments)
{
	struct log log;

	if (log_open(&log, arguments->log, show_record, NULL))
		return 2;
	log_close(&log);
	return 0;
}

static const struct command {
	const char *name;
	int (*run)(struct arguments *arguments);
	bool needs_device;
	bool needs_log;
	bool needs_sectors;
} commands[] = {
	{ "prepare", prepare, true, false, false },
	{ "poison", poison, true, false, false },
	{ "init", init, false, true, true },
	{ "load", load, true, true, false },
	{ "do", perform_list, true, true, false },
	{ "crash", crash, false, true, false },
	{ "verify", verify, true, true, false },
	{ "show", show, false, true, false },
	{ NULL, NULL, false, false, false },
};

static void usage(void)
{
	const struct command *command;

	fprintf(stderr, "usage: xcopy-oracle COMMAND --option value ...; COMMAND is one of");
	for (command = commands; command->name; command++)
		fprintf(stderr, " %s", command->name);
	fprintf(stderr, "\noptions: --dev PATH --log PATH --seed N --sectors N --record\n"
		"load: --ops N --seconds N --threads N --mix KIND=WEIGHT,... --max-kib N\n"
		"      --region SECTORS --window START:COUNT --delay-us N --overlap\n"
		"      --allow-errors --random N\n");
}

static uint64_t number(const char *text)
{
	char *end;
	uint64_t value;

	errno = 0;
	value = strtoull(text, &end, 0);
	if (!errno && *text && !*end)
		return value;
	fprintf(stderr, "xcopy-oracle: %s is no number\n", text);
	exit(2);
}

static void parse_window(struct window *window, const char *text)
{
	if (sscanf(text, "%" SCNu64 ":%" SCNu64, &window->first, &window->count) == 2)
		return;
	fprintf(stderr, "xcopy-oracle: --window wants START:COUNT\n");
	exit(2);
}

static const struct option options[] = {
	{ "dev", required_argument, NULL, 'd' }, { "log", required_argument, NULL, 'l' },
	{ "seed", required_argument, NULL, 's' }, { "sectors", required_argument, NULL, 'n' },
	{ "record", no_argument, NULL, 'r' }, { "ops", required_argument, NULL, 'o' },
	{ "seconds", required_argument, NULL, 't' }, { "threads", required_argument, NULL, 'j' },
	{ "mix", required_argument, NULL, 'm' }, { "max-kib", required_argument, NULL, 'k' },
	{ "region", required_argument, NULL, 'R' }, { "window", required_argument, NULL, 'w' },
	{ "delay-us", required_argument, NULL, 'D' }, { "overlap", no_argument, NULL, 'O' },
	{ "allow-errors", no_argument, NULL, 'e' }, { "random", required_argument, NULL, 'x' },
	{ NULL, 0, NULL, 0 },
};

static int apply_option(struct arguments *arguments, int option, char *value)
{
	struct load_options *load = &arguments->load;

	switch (option) {
	case 'd': arguments->device = value; return 0;
	case 'l': arguments->log = value; return 0;
	case 's': arguments->seed = number(value); return 0;
	case 'n': arguments->sectors = number(value); return 0;
	case 'r': arguments->record = true; return 0;
	case 'o': load->operations = number(value); return 0;
	case 't': load->seconds = (unsigned int)number(value); return 0;
	case 'j': load->threads = (unsigned int)number(value); return 0;
	case 'm': load_parse_mix(load->weights, value); return 0;
	case 'k': load->max_sectors = number(value) * 2; return 0;
	case 'R': load->region_sectors = number(value); return 0;
	case 'w': parse_window(&load->window, value); return 0;
	case 'D': load->delay_us = (unsigned int)number(value); return 0;
	case 'O': load->overlap = true; return 0;
	case 'e': load->allow_errors = true; return 0;
	case 'x': load->random = number(value); return 0;
	default: return -1;
	}
}

static const struct command *find_command(const char *name)
{
	const struct command *command;

	for (command = commands; command->name; command++)
		if (!strcmp(command->name, name))
			return command;
	return NULL;
}

static bool complete(const struct command *command, const struct arguments *arguments)
{
	return (!command->needs_device || arguments->device) &&
	       (!command->needs_log || arguments->log) &&
	       (!command->needs_sectors || arguments->sectors);
}

int main(int argc, char **argv)
{
	struct arguments arguments = {
		.seed = 1,
		.load = {
			.threads = 4, .max_sectors = 512, .region_sectors = 128,
			.weights = {
				[KIND_WRITE] = 40, [KIND_FUA] = 5, [KIND_ZERO] = 10,
				[KIND_DISCARD] = 10, [KIND_FLUSH] = 5, [KIND_READ] = 30,
			},
		},
	};
	const struct command *command = argc > 1 ? find_command(argv[1]) : NULL;
	int option;

	if (!command) {
		usage();
		return 2;
	}
	while ((option = getopt_long(argc - 1, argv + 1, "", options, NULL)) >= 0)
		if (apply_option(&arguments, option, optarg))
			return 2;
	arguments.operations = argv + 1 + optind;
	if (!complete(command, &arguments)) {
		usage();
		return 2;
	}
	return command->run(&arguments);
}

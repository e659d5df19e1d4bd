// SPDX-License-Identifier: GPL-2.0-only
/*
 * The control socket, see array.h: a line of words, and what comes back, "ok" or "error" first.
 *
 *   unit NAME NAA SIZE BLOCK     a new unit: 32 hexadecimal digits, bytes, bytes
 *   path DEVICE UNIT             /dev/uioN is a path to it
 *   state UNIT STATE             online, protected, mute, gone, reserved or exclusive
 *   names UNIT NAME...           what it has of naa (the only one at first), eui, name and t10
 *   size UNIT SIZE               bytes: less than it was made with, or as much again
 *   cut SEED                     of the power: all units are gone, until a profile is set
 *   set KEY VALUE                a knob, "profile", "space" or "write_cache"
 *   fail COUNT STATUS KEY ASC ASCQ [after] [deferred] [query] [from N]
 *                                the answer to COUNT copy commands, from the Nth on that comes; query: to
 *                                RECEIVE COPY OPERATING PARAMETERS instead
 *   hold, release                of copy commands
 *   stats [reset]
 *   quit
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "array.h"

#define MAX_WORDS	16
#define LINE_SIZE	512

static bool to_number(const char *word, uint64_t *number)
{
	char *end;

	errno = 0;
	*number = strtoull(word, &end, 0);
	return !errno && end != word && !*end;
}

/* ---- commands: true if it was done ---- */

static bool parse_naa(const char *word, uint8_t *naa)
{
	unsigned int i;

	if (strlen(word) != 2 * NAA_SIZE)
		return false;
	for (i = 0; i < NAA_SIZE; i++)
		if (sscanf(word + 2 * i, "%2hhx", &naa[i]) != 1)
			return false;
	return true;
}

static bool do_unit(int nr, char **words, FILE *out)
{
	uint8_t naa[NAA_SIZE];
	uint64_t size, block;

	(void)out;
	if (nr != 5 || !parse_naa(words[2], naa) || !to_number(words[3], &size) ||
	    !to_number(words[4], &block))
		return false;
	if ((block != 512 && block != 4096) || !size || size % block)
		return false;
	return unit_create(words[1], naa, size, (uint32_t)block);
}

static bool do_path(int nr, char **words, FILE *out)
{
	struct unit *unit = nr == 3 ? unit_find(words[2]) : NULL;

	(void)out;
	return unit && path_open(words[1], unit);
}

static bool do_state(int nr, char **words, FILE *out)
{
	static const char * const states[] = {
		[UNIT_ONLINE] = "online", [UNIT_PROTECTED] = "protected",
		[UNIT_MUTE] = "mute", [UNIT_GONE] = "gone",
		[UNIT_RESERVED] = "reserved", [UNIT_EXCLUSIVE] = "exclusive",
	};
	struct unit *unit = nr == 3 ? unit_find(words[1]) : NULL;
	unsigned int i;

	(void)out;
	for (i = 0; unit && i < ARRAY_SIZE(states); i++) {
		if (!strcmp(words[2], states[i])) {
			unit_set_state(unit, (enum unit_state)i);
			return true;
		}
	}
	return false;
}

static bool take_name(const char *word, unsigned int *names)
{
	static const char * const kinds[NR_NAMES] = {
		[NAME_T10] = "t10", [NAME_SCSI] = "name", [NAME_EUI] = "eui", [NAME_NAA] = "naa",
	};
	unsigned int i;

	for (i = 0; i < NR_NAMES && strcmp(word, kinds[i]); i++)
		;
	*names |= 1U << i;
	return i < NR_NAMES;
}

static bool do_names(int nr, char **words, FILE *out)
{
	struct unit *unit = nr > 2 ? unit_find(words[1]) : NULL;
	unsigned int names = 0;
	int i;

	(void)out;
	for (i = 2; unit && i < nr; i++)
		if (!take_name(words[i], &names))
			return false;
	if (unit)
		unit_designate(unit, names);
	return unit;
}

static bool do_size(int nr, char **words, FILE *out)
{
	struct unit *unit = nr == 3 ? unit_find(words[1]) : NULL;
	uint64_t size;

	(void)out;
	return unit && to_number(words[2], &size) && unit_set_size(unit, size);
}

static bool do_cut(int nr, char **words, FILE *out)
{
	uint64_t seed;

	(void)out;
	if (nr != 2 || !to_number(words[1], &seed))
		return false;
	power_cut((unsigned int)seed);
	return true;
}

static bool do_set(int nr, char **words, FILE *out)
{
	(void)out;
	return nr == 3 && knobs_set(words[1], words[2]);
}

static bool fail_options(int nr, char **words, struct failure *failure)
{
	uint64_t from;
	int i;

	for (i = 0; i < nr; i++) {
		if (!strcmp(words[i], "after"))
			failure->after = true;
		else if (!strcmp(words[i], "deferred"))
			failure->deferred = true;
		else if (!strcmp(words[i], "query"))
			failure->query = true;
		else if (!strcmp(words[i], "from") && i + 1 < nr && to_number(words[++i], &from))
			failure->from += from - 1;
		else
			return false;
	}
	return true;
}

static bool do_fail(int nr, char **words, FILE *out)
{
	struct failure failure = { .from = stat_get(STAT_COPIES) + 1 };
	uint64_t code[4];
	int i;

	(void)out;
	if (nr < 6 || !to_number(words[1], &failure.count))
		return false;
	for (i = 0; i < 4; i++)
		if (!to_number(words[2 + i], &code[i]) || code[i] > UINT8_MAX)
			return false;
	failure.status = (uint8_t)code[0];
	failure.key = (uint8_t)code[1];
	failure.asc = (uint8_t)code[2];
	failure.ascq = (uint8_t)code[3];
	if (!fail_options(nr - 6, words + 6, &failure))
		return false;
	failure_order(&failure);
	return true;
}

static bool do_hold(int nr, char **words, FILE *out)
{
	(void)out;
	hold(!strcmp(words[0], "hold"));
	return nr == 1;
}

static bool do_stats(int nr, char **words, FILE *out)
{
	if (nr == 2 && !strcmp(words[1], "reset"))
		stats_reset();
	else if (nr == 1)
		stats_print(out);
	else
		return false;
	return true;
}

static bool do_quit(int nr, char **words, FILE *out)
{
	(void)nr;
	(void)words;
	(void)out;
	exit(0);
}

static const struct {
	const char *word;
	bool (*call)(int nr, char **words, FILE *out);
} commands[] = {
	{ "unit", do_unit },
	{ "path", do_path },
	{ "state", do_state },
	{ "names", do_names },
	{ "size", do_size },
	{ "cut", do_cut },
	{ "set", do_set },
	{ "fail", do_fail },
	{ "hold", do_hold },
	{ "release", do_hold },
	{ "stats", do_stats },
	{ "quit", do_quit },
};

static bool execute(int nr, char **words, FILE *out)
{
	unsigned int i;

	for (i = 0; nr && i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i].word, words[0]))
			return commands[i].call(nr, words, out);
	return false;
}

/* ---- the array's side ---- */

static int split(char *line, char **words)
{
	char *rest = NULL, *word;
	int nr = 0;

	for (word = strtok_r(line, " ", &rest); word && nr < MAX_WORDS;
	     word = strtok_r(NULL, " ", &rest))
		words[nr++] = word;
	return nr;
}

static void reply(int fd, char *line)
{
	char *words[MAX_WORDS], *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);
	bool done;

	if (!out)
		abort();
	done = execute(split(line, words), words, out);
	fclose(out);
	dprintf(fd, "%s\n%s", done ? "ok" : "error", text);
	free(text);
}

static void serve_one(int fd)
{
	char line[LINE_SIZE];
	ssize_t length = recv(fd, line, sizeof(line) - 1, 0);

	if (length <= 0)
		return;
	line[length] = '\0';
	reply(fd, line);
}

static int open_socket(const char *name, struct sockaddr_un *address)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(name) >= sizeof(address->sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(address->sun_path, name);
	/* A line is a message: none arrives in parts. */
	return socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
}

int control_serve(const char *name)
{
	struct sockaddr_un address;
	int fd = open_socket(name, &address), one;

	unlink(name);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, 16)) {
		perror(name);
		return 1;
	}
	for (;;) {
		one = accept(fd, NULL, NULL);
		if (one < 0)
			continue;
		serve_one(one);
		close(one);
	}
}

/* ---- the other side ---- */

static bool join(char *line, size_t size, int argc, char **argv)
{
	size_t length = 0;
	int i;

	for (i = 0; i < argc && length < size; i++)
		length += snprintf(line + length, size - length, "%s%s", i ? " " : "", argv[i]);
	return length < size;
}

int control_ask(const char *name, int argc, char **argv)
{
	char line[LINE_SIZE], answer[4096];
	struct sockaddr_un address;
	int fd = open_socket(name, &address);
	ssize_t length;

	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		perror(name);
		return 1;
	}
	if (!join(line, sizeof(line), argc, argv) || send(fd, line, strlen(line), MSG_NOSIGNAL) < 0)
		return 1;
	length = recv(fd, answer, sizeof(answer) - 1, 0);
	/* It ended, as it was told. */
	if (length <= 0)
		return strcmp(argv[0], "quit") ? 1 : 0;
	answer[length] = '\0';
	if (strncmp(answer, "ok\n", 3)) {
		fprintf(stderr, "xcopy-array: refused: %s\n", line);
		return 1;
	}
	fputs(answer + 3, stdout);
	return 0;
}

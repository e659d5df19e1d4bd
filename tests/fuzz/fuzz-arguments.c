// SPDX-License-Identifier: GPL-2.0-only
/*
 * Table lines and "set" messages: what is accepted is within its bounds, and is printed so
 * that it is read again as the same.  The input is the words, separated by blanks.
 */
#include <linux/device-mapper.h>

#include "arguments.h"
#include "format.h"
#include "fuzz.h"

#define MAX_WORDS	64

static unsigned int split(char *text, char **words)
{
	unsigned int nr = 0;
	char *word;

	while (nr < MAX_WORDS && (word = strsep(&text, " ")))
		if (*word)
			words[nr++] = word;
	return nr;
}

static void check_driver(const char *driver)
{
	must(strlen(driver) < XCOPY_DRIVER_NAME_MAX);
	must(strspn(driver, "abcdefghijklmnopqrstuvwxyz0123456789") == strlen(driver));
}

static void check_round_trip(const struct xcopy_arguments *args)
{
	char text[2048] = "a b c 8";
	char *words[MAX_WORDS], *error = NULL;
	struct dm_arg_set as = { .argv = words };
	struct xcopy_arguments again;
	unsigned int region;

	must(xcopy_arguments_emit(args, false, text + 7, sizeof(text) - 7) < sizeof(text) - 7);
	as.argc = split(text, words);
	must(!xcopy_arguments_line(&again, &as, &region, &error));
	must(!memcmp(args, &again, sizeof(again)));
}

static void check_small_buffer(const struct xcopy_arguments *args, size_t size)
{
	char *buffer = malloc(size + 1);

	must(buffer);
	must(xcopy_arguments_emit(args, true, buffer, size + 1) <= size + 1);
	free(buffer);
}

static void check_line(const char *line)
{
	char *text = strdup(line), *words[MAX_WORDS], *error = NULL;
	struct dm_arg_set as = { .argv = words };
	struct xcopy_arguments args;
	unsigned int region = 0;

	must(text);
	as.argc = split(text, words);
	if (!xcopy_arguments_line(&args, &as, &region, &error)) {
		must(!error && xcopy_format_region_size_ok(region));
		check_driver(args.driver);
		check_round_trip(&args);
		check_small_buffer(&args, strlen(line) % 700);
	} else {
		must(error && *error);
	}
	free(text);
}

static void check_set(const char *line)
{
	char *text = strdup(line), *words[MAX_WORDS], *error = NULL;
	struct xcopy_arguments args, before;

	must(text);
	xcopy_arguments_init(&args);
	before = args;
	if (split(text, words) >= 2 &&
	    xcopy_arguments_set(&args, words[0], words[1], &error) < 0)
		must(error && !memcmp(&args, &before, sizeof(args)));
	check_round_trip(&args);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	char *text = take_text(&input);

	check_line(text);
	check_set(text);
	free(text);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
#include "command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "change.h"
#include "dm.h"
#include "memory.h"
#include "message.h"
#include "privileges.h"
#include "sizes.h"

#ifndef XCOPYSETUP_VERSION
#define XCOPYSETUP_VERSION "0"
#endif

/* How many words of @words are the name of @command; 0 if they are not. */
static size_t matches(const struct command *command, char **words, size_t count)
{
	const char *space = strchr(command->name, ' ');

	if (!space)
		return count && !strcmp(words[0], command->name);
	if (count < 2 || strlen(words[0]) != (size_t)(space - command->name) ||
	    strncmp(words[0], command->name, space - command->name))
		return 0;
	return strcmp(words[1], space + 1) ? 0 : 2;
}

static const struct option_spec *find_in(const struct option_spec *specs, const char *word,
					 size_t length)
{
	for (; specs && specs->name; specs++) {
		if (word[0] == '-' && word[1] == '-' && strlen(specs->name) == length - 2 &&
		    !strncmp(specs->name, word + 2, length - 2))
			return specs;
		if (word[0] == '-' && specs->letter && word[1] == specs->letter && length == 2)
			return specs;
	}
	return NULL;
}

static const struct option_spec *find_option(const struct command *command, const char *word,
					     size_t length)
{
	const struct option_spec *spec = find_in(command->options, word, length);

	return spec ? spec : find_in(common_options, word, length);
}

static void add_option(struct invocation *invocation, const struct option_spec *spec,
		       const char *value)
{
	invocation->options = need_more(invocation->options, invocation->nr_options + 1,
					sizeof(*invocation->options));
	invocation->options[invocation->nr_options++] = (struct option_given){ spec, value };
}

/* Returns the number of words used up, or minus an exit code. */
static int take_option(struct invocation *invocation, char **words)
{
	const char *equals = words[0][1] == '-' ? strchr(words[0], '=') : NULL;
	size_t length = equals ? (size_t)(equals - words[0]) : strlen(words[0]);
	const struct option_spec *spec = find_option(invocation->command, words[0], length);

	if (!spec)
		return -fail(EXIT_USAGE, "%s knows no option %.*s; see \"xcopysetup help %s\"",
			     invocation->command->name, (int)length, words[0],
			     invocation->command->name);
	if (!spec->value && equals)
		return -fail(EXIT_USAGE, "option --%s takes no value", spec->name);
	if (!spec->value) {
		add_option(invocation, spec, "");
		return 1;
	}
	if (equals) {
		add_option(invocation, spec, equals + 1);
		return 1;
	}
	if (!words[1])
		return -fail(EXIT_USAGE, "option --%s needs a value: %s", spec->name,
			     spec->value);
	add_option(invocation, spec, words[1]);
	return 2;
}

static int parse(struct invocation *invocation, char **words)
{
	bool options = true;
	int used;

	while (*words) {
		if (options && !strcmp(*words, "--")) {
			options = false;
			words++;
			continue;
		}
		if (options && words[0][0] == '-' && words[0][1]) {
			used = take_option(invocation, words);
			if (used < 0)
				return -used;
			words += used;
			continue;
		}
		invocation->arguments = need_more(invocation->arguments,
						  invocation->nr_arguments + 1, sizeof(char *));
		invocation->arguments[invocation->nr_arguments++] = *words++;
	}
	return 0;
}

const char *option(const struct invocation *invocation, const char *name)
{
	const char *value = NULL;

	for (size_t i = 0; i < invocation->nr_options; i++)
		if (!strcmp(invocation->options[i].spec->name, name))
			value = invocation->options[i].value;
	return value;
}

int option_size(const struct invocation *invocation, const char *name, uint64_t *value)
{
	const char *text = option(invocation, name);

	if (text && !size_parse(text, value))
		return fail(EXIT_USAGE, "--%s %s is no size: give a whole number with K, M, G, T or nothing behind it",
			    name, text);
	return 0;
}

int option_number(const struct invocation *invocation, const char *name, uint64_t *value)
{
	const char *text = option(invocation, name);

	if (text && !number_parse(text, value))
		return fail(EXIT_USAGE, "--%s %s is no number", name, text);
	return 0;
}

static void limit_privileges(const struct command *command)
{
	privileges_limit((struct privileges){
		.raw_io = command->flags & COMMAND_RAW_IO,
		.processes = command->flags & COMMAND_PROCESSES,
	});
}

static int check(const struct invocation *invocation)
{
	const struct command *command = invocation->command;

	if (invocation->nr_arguments < command->min)
		return fail(EXIT_USAGE, "%s needs more arguments: xcopysetup %s %s",
			    command->name, command->name, command->arguments);
	if (invocation->nr_arguments > command->max)
		return fail(EXIT_USAGE, "%s does not know what to do with \"%s\": xcopysetup %s %s",
			    command->name, invocation->arguments[command->max], command->name,
			    command->arguments);
	if (option(invocation, "dry-run") && !(command->flags & COMMAND_DRY_RUN))
		return fail(EXIT_USAGE, "%s knows no --dry-run", command->name);
	if (!geteuid())
		limit_privileges(command);
	if (!(command->flags & COMMAND_ROOT))
		return 0;
	if (geteuid())
		return fail(EXIT_REFUSED, "%s needs root", command->name);
	return dm_start();
}

static int run_command(const struct command *command, char **words)
{
	struct invocation invocation = { .command = command };
	int code = parse(&invocation, words);

	if (!code && option(&invocation, "help")) {
		print_help(command);
	} else if (!code) {
		for (size_t i = 0; i < invocation.nr_options; i++)
			if (!strcmp(invocation.options[i].spec->name, "verbose"))
				message_level++;
		if (option(&invocation, "quiet"))
			message_level = -1;
		change_die_at(option(&invocation, "die-at"));
		code = check(&invocation);
		message_dry_run = option(&invocation, "dry-run") != NULL;
		if (!code)
			code = command->run(&invocation);
	}
	free(invocation.options);
	free(invocation.arguments);
	return code;
}

int command_line(int argc, char **argv)
{
	for (const struct command *command = commands; command->name && argc > 1; command++) {
		size_t words = matches(command, argv + 1, argc - 1);

		if (words)
			return run_command(command, argv + 1 + words);
	}
	if (argc < 2) {
		print_help(NULL);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V"))
		return printf("xcopysetup " XCOPYSETUP_VERSION "\n") < 0;
	if (!strcmp(argv[1], "--completion"))
		return print_completion(), 0;
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return print_help(NULL), 0;
	if (!strcmp(argv[1], "metadata"))
		return fail(EXIT_USAGE, "metadata needs one of format, dump, check, rebind");
	return fail(EXIT_USAGE, "there is no command \"%s\"; \"xcopysetup help\" lists them",
		    argv[1]);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The command line: one table (commands.c) drives dispatch, help and completion.
 */
#ifndef XCOPYSETUP_COMMAND_H
#define XCOPYSETUP_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct option_spec {
	const char *name;	/* without dashes */
	char letter;		/* or 0 */
	const char *value;	/* what its value is called; NULL: it has none */
	const char *help;
	bool hidden;
};

struct option_given {
	const struct option_spec *spec;
	const char *value;
};

struct invocation {
	const struct command *command;
	struct option_given *options;
	size_t nr_options;
	const char **arguments;
	size_t nr_arguments;
};

enum command_flags {
	COMMAND_HIDDEN = 1,	/* neither in help nor in completion */
	COMMAND_ROOT = 2,	/* needs root and device-mapper */
	COMMAND_DRY_RUN = 4,	/* knows --dry-run */
	COMMAND_RAW_IO = 8,	/* asks SCSI devices */
	COMMAND_PROCESSES = 16,	/* looks at what processes have open */
};

struct command {
	const char *name;	/* may be two words: "metadata dump" */
	const char *arguments;	/* as in help */
	size_t min;
	size_t max;
	unsigned int flags;
	const struct option_spec *options;	/* ends with a NULL name; may be NULL */
	int (*run)(const struct invocation *invocation);
	const char *help;
};

extern const struct command commands[];		/* ends with a NULL name */
extern const struct option_spec common_options[];

/** command_line() - parse, check and run; exit code */
int command_line(int argc, char **argv);

/** option() - value of an option ("" if it takes none), NULL if it was not given */
const char *option(const struct invocation *invocation, const char *name);

/** option_size(), option_number() - into *@value if given; exit code */
int option_size(const struct invocation *invocation, const char *name, uint64_t *value);
int option_number(const struct invocation *invocation, const char *name, uint64_t *value);

void print_help(const struct command *command);
void print_completion(void);

int command_clone(const struct invocation *invocation);
int command_status(const struct invocation *invocation);
int command_list(const struct invocation *invocation);
int command_wait(const struct invocation *invocation);
int command_finish(const struct invocation *invocation);
int command_cancel(const struct invocation *invocation);
int command_release(const struct invocation *invocation);
int command_set(const struct invocation *invocation);
int command_pause(const struct invocation *invocation);
int command_resume(const struct invocation *invocation);
int command_activate(const struct invocation *invocation);
int command_probe(const struct invocation *invocation);
int command_waiter(const struct invocation *invocation);
int command_help(const struct invocation *invocation);
int command_metadata_format(const struct invocation *invocation);
int command_metadata_dump(const struct invocation *invocation);
int command_metadata_check(const struct invocation *invocation);
int command_metadata_rebind(const struct invocation *invocation);

#endif

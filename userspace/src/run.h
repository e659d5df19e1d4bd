/* SPDX-License-Identifier: GPL-2.0-only */
/* Running other programs, by execv: no shell ever sees a name. */
#ifndef XCOPYSETUP_RUN_H
#define XCOPYSETUP_RUN_H

#include <stddef.h>
#include <sys/types.h>

struct arguments {
	char **list;	/* NULL-terminated */
	size_t count;
};

/** arguments_add() - append a formatted argument */
void arguments_add(struct arguments *arguments, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** ADD_WORDS() - append strings as they are */
#define ADD_WORDS(arguments, ...) \
	arguments_add_words(arguments, (const char *const[]){ __VA_ARGS__, NULL })
void arguments_add_words(struct arguments *arguments, const char *const *words);

/** arguments_text() - as one line that a shell would understand; to be freed */
char *arguments_text(const struct arguments *arguments);

void arguments_free(struct arguments *arguments);

struct run_result {
	int status;	/* exit status; 127: could not be started; 128 + n: signal n */
	char *output;	/* standard output, never NULL */
	char *errors;	/* standard error, never NULL */
};

/**
 * run() - run @arguments->list[0] and wait for it
 *
 * A name without a slash is looked for in /usr/sbin, /usr/bin, /sbin and /bin, not in
 * $PATH.  The environment is made new: LC_ALL=C and a fixed PATH.
 *
 * If the caller alone is killed (not its whole control group), the program goes on to its end, and the caller's locks (runtime.h)
 * are held until then: nobody who takes one meets a change that is still to come.
 */
void run(const struct arguments *arguments, struct run_result *result);

/* A program that is running; pid: -1 if it could not be started. */
struct running {
	pid_t pid;
	int output;
	int errors;
};

/** run_start() - the same without waiting: run_end() has to follow, which waits */
void run_start(const struct arguments *arguments, struct running *running);
void run_end(struct running *running, struct run_result *result);

void run_result_free(struct run_result *result);

#endif

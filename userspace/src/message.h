/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tool says, and its exit codes.
 *
 * A function that can fail prints a message where it knows most and returns an
 * exit code; callers only pass it on.  0 is success everywhere.
 */
#ifndef XCOPYSETUP_MESSAGE_H
#define XCOPYSETUP_MESSAGE_H

#include <stdarg.h>
#include <stdbool.h>

/* Exit codes; xcopysetup(8) documents them. */
enum exit_code {
	EXIT_FINE = 0,
	EXIT_FAILED = 1,	/* it went wrong; what had been made was undone */
	EXIT_USAGE = 2,		/* the command line is wrong */
	EXIT_REFUSED = 3,	/* checked and refused; nothing was changed */
	EXIT_LEFT_BEHIND = 4,	/* it went wrong, and something is left; the message says what */
	EXIT_NEGATIVE = 5,	/* the answer is no: not offloadable, clone unhealthy, metadata damaged */
};

/* -1: -q, 0: normal, 1: -v, 2: -vv */
extern int message_level;

/* Print what would be done, change nothing. */
extern bool message_dry_run;

/** message_to_syslog() - from now on everything goes there: a daemon has no terminal */
void message_to_syslog(void);

/**
 * message_printable() - @text with control characters, other than line ends and tabs, as \xNN
 *
 * Names come from whoever writes arguments, tags and device names: none of them is to tell
 * root's terminal what to do.  The caller frees it.
 */
char *message_printable(const char *text);

/** fail() - say what went wrong on stderr; returns @code */
int fail(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** warn() - something that the user should know, on stderr */
void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** say() - a line of normal output on stdout, not with -q */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** detail() - a line on stderr with -v */
void detail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** would() - with --dry-run, print a step on stdout and return true */
bool would(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif

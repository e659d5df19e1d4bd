// SPDX-License-Identifier: GPL-2.0-only
#include "run.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "memory.h"

void arguments_add(struct arguments *arguments, const char *format, ...)
{
	va_list args;
	char *text = NULL;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		abort();
	va_end(args);
	arguments->list = need_more(arguments->list, arguments->count + 2, sizeof(char *));
	arguments->list[arguments->count++] = text;
	arguments->list[arguments->count] = NULL;
}

void arguments_add_words(struct arguments *arguments, const char *const *words)
{
	for (; *words; words++)
		arguments_add(arguments, "%s", *words);
}

char *arguments_text(const struct arguments *arguments)
{
	char *text = need_copy("");

	for (size_t i = 0; i < arguments->count; i++) {
		const char *c = arguments->list[i];
		bool plain = *c;

		for (; *c; c++)
			plain = plain && (isalnum((unsigned char)*c) || strchr("+_.-/=:,@%#", *c));
		append_text(&text, plain ? "%s%s" : "%s'%s'", i ? " " : "", arguments->list[i]);
	}
	return text;
}

void arguments_free(struct arguments *arguments)
{
	for (size_t i = 0; i < arguments->count; i++)
		free(arguments->list[i]);
	free(arguments->list);
	*arguments = (struct arguments){ 0 };
}

static void child(char *const list[], int output, int errors)
{
	static const char *const places[] = { "/usr/sbin", "/usr/bin", "/sbin", "/bin" };
	static char *const environment[] = {
		"LC_ALL=C", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LVM_SUPPRESS_FD_WARNINGS=1",
		NULL
	};
	int null = open("/dev/null", O_RDONLY);
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* who reads may be killed, which must not end LVM in the middle of something */
	signal(SIGPIPE, SIG_IGN);
	if (null < 0)
		_exit(127);
	dup2(null, 0);
	dup2(output, 1);
	dup2(errors, 2);
	/* a waiter that is a daemon must not hold what the script that began it has open */
	close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
	if (strchr(list[0], '/'))
		execve(list[0], list, environment);
	else
		for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
			execve(need_text("%s/%s", places[i], list[0]), list, environment);
	dprintf(2, "%s: %s\n", list[0], strerror(errno));
	_exit(127);
}

static int exit_status(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 127;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/*
 * Between this process and the program: when this process is killed, the keeper goes on holding
 * the locks that it had, until the program, which goes on too, has ended.  LVM's commands close
 * every descriptor that they were not told of, so they cannot hold them.
 */
static void keeper(char *const list[], const int output[2], const int errors[2])
{
	pid_t pid = fork();

	if (!pid)
		child(list, output[1], errors[1]);
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	for (int i = 0; i < 2; i++) {
		close(output[i]);
		close(errors[i]);
	}
	_exit(pid < 0 ? 127 : exit_status(pid));
}

/* Read what has come from *fd into *text; close it at its end. */
static void take(int *fd, char **text)
{
	char part[4096];
	ssize_t got = read(*fd, part, sizeof(part));

	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (got <= 0) {
		close(*fd);
		*fd = -1;
		return;
	}
	append_text(text, "%.*s", (int)got, part);
}

static void collect(int output, int errors, struct run_result *result)
{
	struct pollfd fds[2] = { { output, POLLIN, 0 }, { errors, POLLIN, 0 } };
	char **texts[2] = { &result->output, &result->errors };

	while (fds[0].fd >= 0 || fds[1].fd >= 0) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			break;
		for (int i = 0; i < 2; i++)
			if (fds[i].fd >= 0 && fds[i].revents)
				take(&fds[i].fd, texts[i]);
	}
}

void run_start(const struct arguments *arguments, struct running *running)
{
	int output[2], errors[2];

	*running = (struct running){ -1, -1, -1 };
	if (pipe2(output, O_CLOEXEC) || pipe2(errors, O_CLOEXEC))
		return;
	running->pid = fork();
	if (!running->pid)
		keeper(arguments->list, output, errors);
	close(output[1]);
	close(errors[1]);
	running->output = output[0];
	running->errors = errors[0];
}

void run_end(struct running *running, struct run_result *result)
{
	*result = (struct run_result){ 127, need_copy(""), need_copy("") };
	collect(running->output, running->errors, result);
	if (running->pid > 0)
		result->status = exit_status(running->pid);
}

void run(const struct arguments *arguments, struct run_result *result)
{
	struct running running;

	run_start(arguments, &running);
	run_end(&running, result);
}

void run_result_free(struct run_result *result)
{
	free(result->output);
	free(result->errors);
	*result = (struct run_result){ 0 };
}

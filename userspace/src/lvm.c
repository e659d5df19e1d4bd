// SPDX-License-Identifier: GPL-2.0-only
#include "lvm.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lvm-lock.h"
#include "memory.h"
#include "message.h"

static void run_lvm(struct arguments *arguments, struct run_result *result)
{
	char *text = arguments_text(arguments);

	if (lvm_lock_is_held()) {
		fprintf(stderr, "xcopysetup: internal error: %s under a VG lock\n", text);
		abort();
	}
	detail("%s", text);
	free(text);
	run(arguments, result);
	if (*result->errors)
		detail("%s", result->errors);
}

/* The last line that LVM said, without its indentation: the reason. */
static const char *last_line(char *text)
{
	size_t length = strlen(text);
	char *start;

	while (length && strchr("\n \t", text[length - 1]))
		text[--length] = 0;
	start = strrchr(text, '\n');
	start = start ? start + 1 : text;
	return start + strspn(start, " \t");
}

typedef const char *parse_fn(const char *json, struct lvm_report *report);

static int load(const char *command, const char *option, const char *columns, parse_fn *parse,
		struct lvm_report *report)
{
	struct arguments arguments = { 0 };
	struct run_result result;
	const char *wrong = NULL;
	int code = 0;

	arguments_add(&arguments, "lvm");
	arguments_add(&arguments, "%s", command);
	arguments_add(&arguments, "%s", option);
	arguments_add(&arguments, "--reportformat");
	arguments_add(&arguments, "json");
	arguments_add(&arguments, "--units");
	arguments_add(&arguments, "b");
	arguments_add(&arguments, "--nosuffix");
	arguments_add(&arguments, "--config");
	arguments_add(&arguments, "log/prefix=\"\" log/report_command_log=0");
	arguments_add(&arguments, "-o");
	arguments_add(&arguments, "%s", columns);
	run_lvm(&arguments, &result);
	if (*result.output)
		wrong = parse(result.output, report);
	if (result.status == 127)
		code = fail(EXIT_REFUSED, "cannot run lvm: %s; install lvm2",
			    last_line(result.errors));
	else if (!*result.output || wrong)
		code = fail(EXIT_REFUSED, "lvm %s: %s", command,
			    wrong ? wrong : last_line(result.errors));
	run_result_free(&result);
	arguments_free(&arguments);
	return code;
}

int lvm_load(struct lvm_report *report)
{
	int code;

	*report = (struct lvm_report){ 0 };
	code = load("pvs", "-a", LVM_PV_COLUMNS, lvm_report_parse_pvs, report);
	if (!code)
		code = load("lvs", "-a", LVM_LV_COLUMNS, lvm_report_parse_lvs, report);
	if (code)
		lvm_report_free(report);
	return code;
}

int lvm_change(struct arguments *arguments, const char *purpose, ...)
{
	struct arguments full = { 0 };
	struct run_result result;
	char *text, *what = NULL;
	va_list args;
	int code = 0;

	va_start(args, purpose);
	if (vasprintf(&what, purpose, args) < 0)
		abort();
	va_end(args);
	arguments_add(&full, "lvm");
	for (size_t i = 0; i < arguments->count; i++)
		arguments_add(&full, "%s", arguments->list[i]);
	text = arguments_text(&full);
	if (!would("%s", text)) {
		run_lvm(&full, &result);
		if (result.status)
			code = fail(EXIT_FAILED, "cannot %s: %s", what, last_line(result.errors));
		run_result_free(&result);
	}
	free(text);
	free(what);
	arguments_free(&full);
	arguments_free(arguments);
	return code;
}

const char *lvm_lock_directory(void)
{
	static char *directory;
	struct arguments arguments = { 0 };
	struct run_result result;
	char *start, *end;

	if (directory)
		return directory;
	arguments_add(&arguments, "lvm");
	arguments_add(&arguments, "lvmconfig");
	arguments_add(&arguments, "--typeconfig");
	arguments_add(&arguments, "full");
	arguments_add(&arguments, "global/locking_dir");
	run_lvm(&arguments, &result);
	start = strchr(result.output, '"');
	end = start ? strchr(start + 1, '"') : NULL;
	if (!result.status && end)
		directory = need_text("%.*s", (int)(end - start - 1), start + 1);
	else
		directory = need_copy("/run/lock/lvm");
	run_result_free(&result);
	arguments_free(&arguments);
	return directory;
}

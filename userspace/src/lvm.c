// SPDX-License-Identifier: GPL-2.0-only
#include "lvm.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "change.h"
#include "lvm-lock.h"
#include "memory.h"
#include "message.h"
#include "nested.h"

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

static void add_report(struct arguments *arguments, const char *report, const char *columns)
{
	arguments_add(arguments, "--configreport");
	arguments_add(arguments, "%s", report);
	arguments_add(arguments, "-o");
	arguments_add(arguments, "%s", columns);
}

/* One process for everything: starting lvm and scanning devices is what takes time. */
static void full_report(struct arguments *arguments)
{
	static const char *const words[] = {
		"lvm", "fullreport", "--all", "--reportformat", "json", "--units", "b",
		"--nosuffix", "--config", "log/prefix=\"\" log/report_command_log=0 report/list_item_separator=\",\" report/binary_values_as_numeric=0",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		arguments_add(arguments, "%s", words[i]);
	add_report(arguments, "vg", LVM_VG_COLUMNS);
	add_report(arguments, "pv", LVM_PV_COLUMNS);
	add_report(arguments, "lv", "lv_name");
	add_report(arguments, "pvseg", LVM_PVSEG_COLUMNS);
	add_report(arguments, "seg", LVM_SEG_COLUMNS);
}

int lvm_load(struct lvm_report *report)
{
	struct arguments arguments = { 0 };
	struct run_result result;
	const char *wrong = NULL;
	int code = 0;

	*report = (struct lvm_report){ 0 };
	full_report(&arguments);
	run_lvm(&arguments, &result);
	if (*result.output)
		wrong = lvm_report_parse(result.output, report);
	if (result.status == 127)
		code = fail(EXIT_REFUSED, "cannot run lvm: %s; install lvm2",
			    last_line(result.errors));
	else if (!*result.output || wrong)
		code = fail(EXIT_REFUSED, "lvm fullreport: %s",
			    wrong ? wrong : last_line(result.errors));
	report->partial = result.status != 0;
	if (!code)
		nested_hide(report);
	run_result_free(&result);
	arguments_free(&arguments);
	if (code)
		lvm_report_free(report);
	return code;
}

int lvm_missing(const struct lvm_report *report)
{
	if (!report->partial)
		return EXIT_REFUSED;
	return fail(EXIT_FAILED, "lvm could not report all volumes: \"lvs -a\" says why; try again then");
}

static int change_failed(const char *what, char *errors)
{
	if (strstr(errors, "Multiple VGs found"))
		return fail(EXIT_FAILED, "cannot %s: two volume groups have one name, and one of them may be inside a clone (\"vgs -o vg_name,vg_uuid,pv_name\"): vgrename one by its UUID",
			    what);
	return fail(EXIT_FAILED, "cannot %s: %s", what, last_line(errors));
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
		change_point(text);
		run_lvm(&full, &result);
		if (result.status)
			code = change_failed(what, result.errors);
		run_result_free(&result);
	}
	free(text);
	free(what);
	arguments_free(&full);
	arguments_free(arguments);
	return code;
}

/* While it runs, other things can be done. */
static struct running asked;

void lvm_ask_lock_directory(void)
{
	struct arguments arguments = { 0 };

	if (asked.pid)
		return;
	ADD_WORDS(&arguments, "lvm", "lvmconfig", "--typeconfig", "full", "global/locking_dir");
	run_start(&arguments, &asked);
	arguments_free(&arguments);
}

const char *lvm_lock_directory(void)
{
	static char *directory;
	struct run_result result;
	char *start, *end;

	if (directory)
		return directory;
	lvm_ask_lock_directory();
	run_end(&asked, &result);
	start = strchr(result.output, '"');
	end = start ? strchr(start + 1, '"') : NULL;
	if (!result.status && end)
		directory = need_text("%.*s", (int)(end - start - 1), start + 1);
	else
		directory = need_copy("/run/lock/lvm");
	run_result_free(&result);
	return directory;
}

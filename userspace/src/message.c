// SPDX-License-Identifier: GPL-2.0-only
#include "message.h"

#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>

#include "memory.h"

int message_level;
bool message_dry_run;

static bool to_syslog;

void message_to_syslog(void)
{
	openlog("xcopysetup", LOG_PID, LOG_DAEMON);
	to_syslog = true;
}

/* What would make a terminal do more than show it: ECMA-48's C0, but for line ends, DEL, and C1 as UTF-8 has it. */
static int control_length(const unsigned char *text)
{
	if ((*text < 0x20 && *text != '\n' && *text != '\t') || *text == 0x7f)
		return 1;
	return text[0] == 0xc2 && text[1] >= 0x80 && text[1] < 0xa0 ? 2 : 0;
}

char *message_printable(const char *text)
{
	char *out = need_copy("");

	while (*text) {
		int control = control_length((const unsigned char *)text);

		if (!control)
			append_text(&out, "%c", *text++);
		for (; control; control--)
			append_text(&out, "\\x%02x", (unsigned char)*text++);
	}
	return out;
}

static void line(FILE *stream, const char *prefix, const char *format, va_list args)
{
	char *text = need_vtext(format, args), *printable = message_printable(text);

	if (to_syslog)
		syslog(LOG_NOTICE, "%s", printable);
	else
		fprintf(stream, "%s%s\n", prefix, printable);
	fflush(stream);
	free(printable);
	free(text);
}

int fail(int code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	line(stderr, "xcopysetup: ", format, args);
	va_end(args);
	return code;
}

void warn(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	line(stderr, "xcopysetup: warning: ", format, args);
	va_end(args);
}

void say(const char *format, ...)
{
	va_list args;

	if (message_level < 0)
		return;
	va_start(args, format);
	line(stdout, "", format, args);
	va_end(args);
}

void detail(const char *format, ...)
{
	va_list args;

	if (message_level < 1)
		return;
	va_start(args, format);
	line(stderr, "", format, args);
	va_end(args);
}

bool would(const char *format, ...)
{
	va_list args;

	if (!message_dry_run)
		return false;
	va_start(args, format);
	line(stdout, "", format, args);
	va_end(args);
	return true;
}

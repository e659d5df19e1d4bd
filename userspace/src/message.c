// SPDX-License-Identifier: GPL-2.0-only
#include "message.h"

#include <stdio.h>
#include <syslog.h>

int message_level;
bool message_dry_run;

static bool to_syslog;

void message_to_syslog(void)
{
	openlog("xcopysetup", LOG_PID, LOG_DAEMON);
	to_syslog = true;
}

static void line(FILE *stream, const char *prefix, const char *format, va_list args)
{
	if (to_syslog) {
		vsyslog(LOG_NOTICE, format, args);
		return;
	}
	fputs(prefix, stream);
	vfprintf(stream, format, args);
	fputc('\n', stream);
	fflush(stream);
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

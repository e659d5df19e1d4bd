// SPDX-License-Identifier: GPL-2.0-only
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *checked(void *pointer)
{
	if (!pointer) {
		fputs("xcopysetup: out of memory\n", stderr);
		abort();
	}
	return pointer;
}

void *need(size_t size)
{
	return checked(calloc(1, size));
}

void *need_more(void *old, size_t count, size_t size)
{
	return checked(reallocarray(old, count, size));
}

char *need_copy(const char *text)
{
	return checked(strdup(text));
}

char *need_vtext(const char *format, va_list args)
{
	char *text = NULL;

	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	return checked(text);
}

char *need_text(const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = need_vtext(format, args);
	va_end(args);
	return text;
}

void append_text(char **text, const char *format, ...)
{
	va_list args;
	char *more, *old = *text;

	va_start(args, format);
	more = need_vtext(format, args);
	va_end(args);
	*text = need_text("%s%s", old ? old : "", more);
	free(old);
	free(more);
}

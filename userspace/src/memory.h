/* SPDX-License-Identifier: GPL-2.0-only */
/* Allocation that does not return NULL: this is a short-lived tool. */
#ifndef XCOPYSETUP_MEMORY_H
#define XCOPYSETUP_MEMORY_H

#include <stdarg.h>
#include <stddef.h>

void *need(size_t size);
void *need_more(void *old, size_t count, size_t size);
char *need_copy(const char *text);
char *need_text(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *need_vtext(const char *format, va_list args) __attribute__((format(printf, 1, 0)));

/** append_text() - *@text = *@text + formatted; *@text may be NULL, is freed */
void append_text(char **text, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif

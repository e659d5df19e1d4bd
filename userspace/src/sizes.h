/* SPDX-License-Identifier: GPL-2.0-only */
/* Sizes, rates and times as text; region size by clone size. */
#ifndef XCOPYSETUP_SIZES_H
#define XCOPYSETUP_SIZES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** size_parse() - "64K", "1.5" is refused, "4096", "2MiB"; suffixes are powers of 1024 */
bool size_parse(const char *text, uint64_t *bytes);

/** number_parse() - decimal, nothing else around it */
bool number_parse(const char *text, uint64_t *number);

/** size_text() - "1.5 GiB", into @text */
const char *size_text(uint64_t bytes, char *text, size_t size);

/** time_text() - "2h05m", "3m20s", "7s" */
const char *time_text(uint64_t seconds, char *text, size_t size);

/**
 * region_default() - region size in bytes for a clone of @bytes
 *
 * 64 KiB up to 1 TiB; above that doubled until the bitmap has at most 2^24
 * regions, so that it stays at 2 MiB of memory.
 */
uint64_t region_default(uint64_t bytes);

#endif

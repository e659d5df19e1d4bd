// SPDX-License-Identifier: GPL-2.0-only
#include "sizes.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool number_parse(const char *text, uint64_t *number)
{
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	*number = strtoull(text, &end, 10);
	return !errno && !*end;
}

/* Power of 1024 that @suffix means, -1 if it means nothing. */
static int suffix_power(const char *suffix)
{
	static const char letters[] = "kmgtp";
	const char *letter;

	if (!*suffix || !strcasecmp(suffix, "b"))
		return 0;
	letter = strchr(letters, tolower((unsigned char)*suffix));
	if (!letter)
		return -1;
	if (suffix[1] && strcasecmp(suffix + 1, "ib") && strcasecmp(suffix + 1, "b"))
		return -1;
	return letter - letters + 1;
}

bool size_parse(const char *text, uint64_t *bytes)
{
	char *end;
	int power;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	*bytes = strtoull(text, &end, 10);
	power = suffix_power(end);
	if (errno || power < 0)
		return false;
	for (; power; power--) {
		if (*bytes > UINT64_MAX / 1024)
			return false;
		*bytes *= 1024;
	}
	return true;
}

const char *size_text(uint64_t bytes, char *text, size_t size)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	double value = bytes;
	int unit = 0;

	for (; value >= 1024 && unit < 6; unit++)
		value /= 1024;
	snprintf(text, size, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
	return text;
}

const char *time_text(uint64_t seconds, char *text, size_t size)
{
	unsigned long long s = seconds;

	if (s >= 3600)
		snprintf(text, size, "%lluh%02llum", s / 3600, s / 60 % 60);
	else if (s >= 60)
		snprintf(text, size, "%llum%02llus", s / 60, s % 60);
	else
		snprintf(text, size, "%llus", s);
	return text;
}

uint64_t region_default(uint64_t bytes)
{
	uint64_t region = 64 << 10;

	while (region < 1 << 30 && bytes / region > 1 << 24)
		region *= 2;
	return region;
}

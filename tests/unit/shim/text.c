// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's ways with numbers and words, and device-mapper's with arguments.
 */
#include <ctype.h>
#include <stdarg.h>

#include "shim.h"

int kstrtou64(const char *text, unsigned int base, u64 *number)
{
	unsigned long long value;
	char *end;

	if (*text == '+')
		text++;
	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	errno = 0;
	value = strtoull(text, &end, base);
	if (*end == '\n')
		end++;
	if (*end)
		return -EINVAL;
	if (errno)
		return -ERANGE;
	*number = value;
	return 0;
}

int kstrtouint(const char *text, unsigned int base, unsigned int *number)
{
	u64 value;
	int r = kstrtou64(text, base, &value);

	if (r)
		return r;
	if (value > UINT_MAX)
		return -ERANGE;
	*number = value;
	return 0;
}

int match_string(const char *const *array, size_t n, const char *string)
{
	size_t i;

	for (i = 0; i < n && array[i]; i++)
		if (!strcmp(array[i], string))
			return i;
	return -EINVAL;
}

/* What snprintf() wrote, not what it would have. */
int scnprintf(char *buffer, size_t size, const char *format, ...)
{
	va_list args;
	int wanted;

	va_start(args, format);
	wanted = vsnprintf(buffer, size, format, args);
	va_end(args);
	if (!size)
		return 0;
	return (size_t)wanted < size ? wanted : (int)size - 1;
}

ssize_t shim_strscpy(char *to, const char *from, size_t size)
{
	size_t length = strnlen(from, size);

	if (length == size) {
		memcpy(to, from, size - 1);
		to[size - 1] = 0;
		return -E2BIG;
	}
	memcpy(to, from, length + 1);
	return length;
}

const char *dm_shift_arg(struct dm_arg_set *as)
{
	if (!as->argc)
		return NULL;
	as->argc--;
	return *as->argv++;
}

/* As the kernel's sscanf("%u%c") == 1: blanks before, nothing behind, and it wraps. */
static bool scan_number(const char *text, unsigned int *number)
{
	unsigned int value = 0;

	while (isspace((unsigned char)*text))
		text++;
	if (!isdigit((unsigned char)*text))
		return false;
	for (; isdigit((unsigned char)*text); text++)
		value = value * 10 + (*text - '0');
	*number = value;
	return !*text;
}

int dm_read_arg_group(const struct dm_arg *arg, struct dm_arg_set *as, unsigned int *count,
		      char **error)
{
	const char *word = dm_shift_arg(as);

	if (word && scan_number(word, count) && *count >= arg->min && *count <= arg->max &&
	    as->argc >= *count)
		return 0;
	*error = arg->error;
	return -EINVAL;
}

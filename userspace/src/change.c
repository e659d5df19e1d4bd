// SPDX-License-Identifier: GPL-2.0-only
#include "change.h"

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "sizes.h"

static const char *die_at;
static uint64_t count;

void change_die_at(const char *where)
{
	die_at = where;
}

void change_point(const char *what)
{
	uint64_t number;

	count++;
	if (!die_at || (number_parse(die_at, &number) ? count != number :
			strncmp(what, die_at, strlen(die_at))))
		return;
	fprintf(stderr, "xcopysetup: dying before change %llu (%s), as asked\n",
		(unsigned long long)count, what);
	raise(SIGKILL);
}

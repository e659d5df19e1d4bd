// SPDX-License-Identifier: GPL-2.0-only
/*
 * Power, see array.h: commands that are executed hold it, so that a cut finds none that would write
 * afterwards.
 */
#define _GNU_SOURCE
#include <pthread.h>

#include "array.h"

/* Who cuts it is not kept waiting by commands that keep coming. */
static pthread_rwlock_t power = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;

static unsigned int cuts;

unsigned int power_since(void)
{
	unsigned int since;

	pthread_rwlock_rdlock(&power);
	since = cuts;
	pthread_rwlock_unlock(&power);
	return since;
}

bool power_take(const struct unit *unit, unsigned int since)
{
	pthread_rwlock_rdlock(&power);
	if (unit_state(unit) != UNIT_GONE && since == cuts)
		return true;
	pthread_rwlock_unlock(&power);
	return false;
}

void power_give(void)
{
	pthread_rwlock_unlock(&power);
}

void power_cut(unsigned int seed)
{
	pthread_rwlock_wrlock(&power);
	cuts++;
	units_gone();
	store_cut(seed);
	pthread_rwlock_unlock(&power);
}

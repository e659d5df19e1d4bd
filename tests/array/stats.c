// SPDX-License-Identifier: GPL-2.0-only
/*
 * What was done, see array.h.
 */
#include <inttypes.h>

#include "array.h"

static const char * const names[NR_STATS] = {
	[STAT_COPIES] = "copies",
	[STAT_COPIES_GOOD] = "copies_good",
	[STAT_RUNNING] = "running",
	[STAT_MAX_RUNNING] = "max_running",
	[STAT_HELD] = "held",
	[STAT_SEGMENTS] = "segments",
	[STAT_MAX_SEGMENTS] = "max_segments",
	[STAT_MAX_SEGMENT_BYTES] = "max_segment_bytes",
	[STAT_COPIED_BYTES] = "copied_bytes",
	[STAT_READ_BYTES] = "read_bytes",
	[STAT_WRITTEN_BYTES] = "written_bytes",
	[STAT_UNMAPPED_BYTES] = "unmapped_bytes",
	[STAT_ABORTED] = "aborted",
	[STAT_LATE] = "late",
	[STAT_BY_T10] = "by_t10",
	[STAT_BY_NAME] = "by_name",
	[STAT_BY_EUI] = "by_eui",
	[STAT_BY_NAA] = "by_naa",
};

static uint64_t stats[NR_STATS];

uint64_t stat_add(enum counter counter, int64_t value)
{
	return __atomic_add_fetch(&stats[counter], (uint64_t)value, __ATOMIC_RELAXED);
}

void stat_max(enum counter counter, uint64_t value)
{
	uint64_t old = stat_get(counter);

	while (old < value && !__atomic_compare_exchange_n(&stats[counter], &old, value, false,
							   __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

uint64_t stat_get(enum counter counter)
{
	return __atomic_load_n(&stats[counter], __ATOMIC_RELAXED);
}

void stats_print(FILE *out)
{
	unsigned int i;

	for (i = 0; i < NR_STATS; i++)
		fprintf(out, "%s %" PRIu64 "\n", names[i], stat_get(i));
}

/* But for those that say what is going on. */
void stats_reset(void)
{
	unsigned int i;

	for (i = 0; i < NR_STATS; i++)
		if (i != STAT_RUNNING && i != STAT_HELD)
			__atomic_store_n(&stats[i], 0, __ATOMIC_RELAXED);
}

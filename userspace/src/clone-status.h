/* SPDX-License-Identifier: GPL-2.0-only */
/* The status line of the xcopy target (Documentation/dm-xcopy.rst). */
#ifndef XCOPYSETUP_CLONE_STATUS_H
#define XCOPYSETUP_CLONE_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct clone_stat {
	char *key;
	char *value;
};

struct clone_status {
	uint64_t metadata_block;	/* sectors */
	uint64_t metadata_used;
	uint64_t metadata_total;
	uint64_t region;		/* sectors */
	uint64_t hydrated;
	uint64_t regions;
	uint64_t hydrating;
	bool hydration_off;		/* feature no_hydration */
	char mode[8];			/* rw, ro, Fail */
	struct clone_stat *stats;
	size_t nr_stats;
};

/** clone_status_parse() - false if @text is not of that form; @status is then empty */
bool clone_status_parse(const char *text, struct clone_status *status);

/** clone_status_value() - value of a statistic, or @missing */
const char *clone_status_value(const struct clone_status *status, const char *key,
			       const char *missing);

/** clone_status_number() - the same as a number, 0 if missing */
uint64_t clone_status_number(const struct clone_status *status, const char *key);

bool clone_status_complete(const struct clone_status *status);
/**
 * clone_status_stuck() - is all that is left what could not be copied, and is not tried again?
 * @paused: hydration is off because somebody wanted it so
 */
bool clone_status_stuck(const struct clone_status *status, bool paused);
bool clone_status_healthy(const struct clone_status *status);

/** clone_status_permille() - how full, rounded down, so 1000 only when complete */
unsigned int clone_status_permille(const struct clone_status *status);

void clone_status_free(struct clone_status *status);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* One line that is redrawn on a terminal, lines now and then elsewhere; on stderr. */
#ifndef XCOPYSETUP_PROGRESS_H
#define XCOPYSETUP_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clone-status.h"

#define PROGRESS_SAMPLES 16

struct progress {
	const char *name;
	bool terminal;
	bool drawn;
	uint64_t last_line_ms;
	struct { uint64_t ms; uint64_t sectors; } samples[PROGRESS_SAMPLES];
	size_t nr_samples;
};

void progress_start(struct progress *progress, const char *name);

/** progress_show() - draw, if it is time */
void progress_show(struct progress *progress, const struct clone_status *status, uint64_t now_ms);

/** progress_end() - leave the terminal's line */
void progress_end(struct progress *progress);

/** progress_text() - "12.3 %, 340.0 MiB/s, 2m10s left, 99 % by the storage"; to be freed */
char *progress_text(struct progress *progress, const struct clone_status *status,
		    uint64_t now_ms);

/** progress_share() - percent of the copied sectors that the storage copied; -1: none yet */
int progress_share(const struct clone_status *status);

uint64_t now_ms(void);

#endif

// SPDX-License-Identifier: GPL-2.0-only
#include "progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "memory.h"
#include "message.h"
#include "sizes.h"

#define LINE_MS 10000	/* between lines where there is no terminal */

uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

void progress_start(struct progress *progress, const char *name)
{
	*progress = (struct progress){ .name = name, .terminal = isatty(2) };
}

int progress_share(const struct clone_status *status)
{
	uint64_t storage = clone_status_number(status, "offloaded");
	uint64_t host = clone_status_number(status, "host_copied");

	if (!storage && !host)
		return -1;
	return (unsigned __int128)storage * 100 / ((unsigned __int128)storage + host);
}

static void add_sample(struct progress *progress, uint64_t sectors, uint64_t ms)
{
	if (progress->nr_samples == PROGRESS_SAMPLES) {
		memmove(progress->samples, progress->samples + 1,
			(PROGRESS_SAMPLES - 1) * sizeof(*progress->samples));
		progress->nr_samples--;
	}
	progress->samples[progress->nr_samples].ms = ms;
	progress->samples[progress->nr_samples++].sectors = sectors;
}

/* Sectors per second over the samples that are kept. */
static uint64_t rate_of(const struct progress *progress)
{
	uint64_t ms, sectors;

	if (progress->nr_samples < 2)
		return 0;
	ms = progress->samples[progress->nr_samples - 1].ms - progress->samples[0].ms;
	sectors = progress->samples[progress->nr_samples - 1].sectors -
		  progress->samples[0].sectors;
	return ms ? sectors * 1000 / ms : 0;
}

char *progress_text(struct progress *progress, const struct clone_status *status,
		    uint64_t at_ms)
{
	unsigned int permille = clone_status_permille(status);
	uint64_t done = status->hydrated * status->region, rate;
	uint64_t left = (status->regions - status->hydrated) * status->region;
	int share = progress_share(status);
	char size[32], *text;

	add_sample(progress, done, at_ms);
	rate = rate_of(progress);
	text = need_text("%u.%u %%", permille / 10, permille % 10);
	if (rate)
		append_text(&text, ", %s/s", size_text(rate * 512, size, sizeof(size)));
	if (rate && left)
		append_text(&text, ", %s left", time_text(left / rate, size, sizeof(size)));
	if (share >= 0)
		append_text(&text, ", %d %% by the storage", share);
	if (status->hydration_off && left)
		append_text(&text, ", paused");
	return text;
}

void progress_show(struct progress *progress, const struct clone_status *status, uint64_t at_ms)
{
	bool due = !progress->last_line_ms || at_ms - progress->last_line_ms >= LINE_MS ||
		   clone_status_complete(status);
	char *text;

	if (message_level < 0)
		return;
	text = progress_text(progress, status, at_ms);
	if (progress->terminal) {
		fprintf(stderr, "\r\033[K%s: %s", progress->name, text);
		progress->drawn = true;
	} else if (due) {
		fprintf(stderr, "%s: %s\n", progress->name, text);
		progress->last_line_ms = at_ms;
	}
	fflush(stderr);
	free(text);
}

void progress_end(struct progress *progress)
{
	if (progress->drawn)
		fputc('\n', stderr);
	progress->drawn = false;
}

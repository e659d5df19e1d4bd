// SPDX-License-Identifier: GPL-2.0-only
/* The status line of a clone, and what is told of it. */
#include "clone-status.h"
#include "fuzz.h"
#include "progress.h"

static void check_status(const struct clone_status *status)
{
	struct progress progress = { .name = "vg/lv" };
	size_t i;

	must(strlen(status->mode) < sizeof(status->mode));
	must(clone_status_permille(status) <= 1000);
	must(!clone_status_complete(status) || clone_status_permille(status) == 1000);
	must(progress_share(status) >= -1 && progress_share(status) <= 100);
	for (i = 0; i < status->nr_stats; i++) {
		must(status->stats[i].key && *status->stats[i].value);
		must(clone_status_value(status, status->stats[i].key, NULL));
		clone_status_number(status, status->stats[i].key);
	}
	for (i = 0; i < 3; i++)
		free(progress_text(&progress, status, i * 1000));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	char *text = take_text(&input);
	struct clone_status status;

	if (clone_status_parse(text, &status))
		check_status(&status);
	else
		must(!status.stats && !status.nr_stats);
	clone_status_free(&status);
	free(text);
	return 0;
}

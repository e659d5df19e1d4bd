// SPDX-License-Identifier: GPL-2.0-only
/* Judge what was read. */
#include <inttypes.h>

#include "oracle.h"

static void show(const struct model *model, uint64_t sector, const struct content *found,
		 const void *buffer)
{
	printf("mismatch at sector %" PRIu64 "\n  found: ", sector);
	content_print(stdout, found, buffer);
	printf("\n");
	model_explain(model, sector, stdout);
	fflush(stdout);
}

void compare(const struct model *model, const void *buffer, uint64_t sector, uint64_t count,
	     struct mismatches *mismatches)
{
	const char *at = buffer;
	struct content found;
	bool previous_wrong = false;

	for (; count; count--, sector++, at += SECTOR) {
		found = sector_parse(at);
		if (model_allows(model, sector, &found)) {
			previous_wrong = false;
			continue;
		}
		/* One of each run of wrong sectors is enough to see what happened. */
		if (!previous_wrong && mismatches->shown < mismatches->limit) {
			mismatches->shown++;
			show(model, sector, &found, at);
		}
		previous_wrong = true;
		mismatches->sectors++;
	}
}

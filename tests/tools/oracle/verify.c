// SPDX-License-Identifier: GPL-2.0-only
/* Every byte of a device against the model; after a crash, what was found becomes what is known. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "oracle.h"

struct verification {
	struct log *log;
	struct model *model;
	const struct device *device;
	bool record;
	struct mismatches *mismatches;
};

static bool same_content(const struct content *a, const struct record *b)
{
	return a->tag == b->kind && a->generation == b->result;
}

static int log_observed(struct verification *verification, struct record *record)
{
	if (!record->count)
		return 0;
	if (log_append(verification->log, record))
		return -1;
	model_apply(verification->model, record);
	return 0;
}

/*
 * Log what was found in [sector, end) wherever more than that was allowed, one
 * record for each run of the same.
 */
static int record_choices(struct verification *verification, const char *buffer, uint64_t sector,
			  uint64_t end)
{
	struct record run = { .type = RECORD_OBSERVED };
	struct content found;

	for (; sector < end; sector++, buffer += SECTOR) {
		if (model_choices(verification->model, sector) < 2)
			continue;
		found = sector_parse(buffer);
		if (run.count && run.sector + run.count == sector && same_content(&found, &run)) {
			run.count++;
			continue;
		}
		if (log_observed(verification, &run))
			return -1;
		run = (struct record){
			.type = RECORD_OBSERVED, .kind = found.tag, .sector = sector, .count = 1,
			.result = found.generation,
		};
	}
	return log_observed(verification, &run);
}

static int verify_chunk(struct verification *verification, char *buffer, uint64_t sector,
			uint64_t count)
{
	int error = device_read(verification->device, buffer, sector, count);

	if (error) {
		fprintf(stderr, "xcopy-oracle: reading %" PRIu64 "+%" PRIu64 ": %s\n", sector, count,
			strerror(error));
		return 2;
	}
	compare(verification->model, buffer, sector, count, verification->mismatches);
	if (verification->record && !verification->mismatches->sectors)
		return record_choices(verification, buffer, sector, sector + count) ? 2 : 0;
	return 0;
}

int verify_device(struct log *log, struct model *model, const struct device *device, bool record,
		  struct mismatches *mismatches)
{
	struct verification verification = { log, model, device, record, mismatches };
	char *buffer = buffer_alloc(CHUNK_SECTORS * SECTOR);
	uint64_t sector, end = model->sectors, count;
	int status = buffer ? 0 : 2;

	for (sector = 0; sector < end && !status; sector += count) {
		count = end - sector < CHUNK_SECTORS ? end - sector : CHUNK_SECTORS;
		status = verify_chunk(&verification, buffer, sector, count);
	}
	free(buffer);
	return status ? status : mismatches->sectors ? 1 : 0;
}

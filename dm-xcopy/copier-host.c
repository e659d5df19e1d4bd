// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host copies: dm-kcopyd. Always there, always correct.
 */
#include <linux/completion.h>
#include <linux/dm-kcopyd.h>

#include "clone.h"

struct host_copy {
	struct completion done;
	int result;
};

static void host_copied(int read_err, unsigned long write_err, void *context)
{
	struct host_copy *copy = context;

	if (read_err)
		copy->result = -EREMOTEIO;
	else if (write_err)
		copy->result = -EIO;
	complete(&copy->done);
}

int xcopy_host_copy(struct xcopy_clone *clone, struct dm_kcopyd_client *kcopyd, sector_t sector,
		    sector_t sectors)
{
	struct dm_io_region from = {
		.bdev = clone->source, .sector = sector, .count = sectors,
	};
	struct dm_io_region to = {
		.bdev = clone->destination, .sector = sector, .count = sectors,
	};
	struct host_copy copy = { .result = 0 };

	init_completion(&copy.done);
	dm_kcopyd_copy(kcopyd, &from, 1, &to, 0, host_copied, &copy);
	wait_for_completion_io(&copy.done);
	if (!copy.result)
		xcopy_stat_add(clone, XCOPY_STAT_HOST_COPIED, sectors);
	else
		xcopy_clone_set_word(clone, clone->last_error, copy.result == -EIO ?
				     "destination-write" : "source-read");
	return copy.result;
}

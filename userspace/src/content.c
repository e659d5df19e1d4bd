// SPDX-License-Identifier: GPL-2.0-only
#include "content.h"

#include <blkid.h>

#include "memory.h"

static char *probed_content(blkid_probe probe)
{
	const char *type;

	blkid_probe_enable_superblocks(probe, 1);
	blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_TYPE);
	blkid_probe_enable_partitions(probe, 1);
	switch (blkid_do_safeprobe(probe)) {
	case 1:
		return NULL;
	case 0:
		if (!blkid_probe_lookup_value(probe, "TYPE", &type, NULL) ||
		    !blkid_probe_lookup_value(probe, "PTTYPE", &type, NULL))
			return need_copy(type);
		return need_copy("something");
	case -2:
		return need_copy("signatures of several kinds");
	default:
		return need_copy("what libblkid cannot read");
	}
}

char *content_find(const char *path)
{
	blkid_probe probe = blkid_new_probe_from_filename(path);
	char *found;

	if (!probe)
		return need_copy("what libblkid cannot open");
	found = probed_content(probe);
	blkid_free_probe(probe);
	return found;
}

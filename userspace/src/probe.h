/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether the storage can copy between two disks: rules only, no I/O. */
#ifndef XCOPYSETUP_PROBE_H
#define XCOPYSETUP_PROBE_H

#include "devices.h"

/* A disk or partition, and what is known about it. */
struct probe_part {
	char *path;
	uint64_t offset;	/* sectors: where its data area begins */
	bool is_disk;
	struct disk disk;
	bool answers;		/* identify commands worked */
	struct nvme_copy nvme;
};

struct probe_answer {
	char *reason;		/* why not, to be freed; NULL: it can be offloaded */
	const char *driver;
	const char *how;
};

void probe_pair(const struct probe_part *source, const struct probe_part *destination,
		struct probe_answer *answer);

#endif

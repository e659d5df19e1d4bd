/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether the storage can copy between two disks: rules only, no I/O. */
#ifndef XCOPYSETUP_PROBE_H
#define XCOPYSETUP_PROBE_H

#include "devices.h"
#include "scsi.h"

/* A disk or partition, and what is known about it. */
struct probe_part {
	char *path;
	uint64_t offset;	/* sectors: where its data area begins */
	bool is_disk;
	struct disk disk;
	bool answers;		/* identify commands worked */
	struct nvme_copy nvme;
	struct scsi_unit unit;	/* where scsi_is_unit() */
};

struct probe_answer {
	char *reason;		/* why not, to be freed; NULL: it can be offloaded */
	const char *word;	/* the kernel's for that, as in status; NULL: it has none */
	const char *driver;
	const char *how;
};

/** probe_pair() - can it be offloaded? @answer is filled in any case */
bool probe_pair(const struct probe_part *source, const struct probe_part *destination,
		struct probe_answer *answer);

#endif

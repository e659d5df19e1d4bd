/* SPDX-License-Identifier: GPL-2.0-only */
/* What root may do, less what this program and the programs that it runs never need. */
#ifndef XCOPYSETUP_PRIVILEGES_H
#define XCOPYSETUP_PRIVILEGES_H

#include <stdbool.h>

/* What only some commands need. */
struct privileges {
	bool raw_io;	/* SCSI commands that the kernel does not let everybody send (RECEIVE COPY OPERATING PARAMETERS) */
	bool processes;	/* to see what other processes have open; not for programs that are run from here */
};

/**
 * privileges_limit() - give up capabilities(7) that are not needed, for good
 * @kept: what the command needs besides
 *
 * They leave the bounding set too, so that lvm and whatever else is run from here has them as
 * little.  Where that cannot be done (a container, say) the program goes on as it was started.
 */
void privileges_limit(struct privileges kept);

#endif /* XCOPYSETUP_PRIVILEGES_H */

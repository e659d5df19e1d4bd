/* SPDX-License-Identifier: GPL-2.0-only */
/* What root may do, less what this program and the programs that it runs never need. */
#ifndef XCOPYSETUP_PRIVILEGES_H
#define XCOPYSETUP_PRIVILEGES_H

#include <stdbool.h>

/**
 * privileges_limit() - give up capabilities(7) that are not needed, for good
 * @raw_io: SCSI commands are sent that the kernel does not let everybody send (RECEIVE COPY
 *	OPERATING PARAMETERS)
 *
 * They leave the bounding set too, so that lvm and whatever else is run from here has them as
 * little.  Where that cannot be done (a container, say) the program goes on as it was started.
 */
void privileges_limit(bool raw_io);

#endif /* XCOPYSETUP_PRIVILEGES_H */

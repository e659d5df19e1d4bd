/* SPDX-License-Identifier: GPL-2.0-only */
/* What root may do, less what this program and the programs that it runs never need. */
#ifndef XCOPYSETUP_PRIVILEGES_H
#define XCOPYSETUP_PRIVILEGES_H

/**
 * privileges_limit() - give up capabilities(7) that are not needed, for good
 *
 * They leave the bounding set too, so that lvm and whatever else is run from here has them as
 * little.  Where that cannot be done (a container, say) the program goes on as it was started.
 */
void privileges_limit(void);

#endif /* XCOPYSETUP_PRIVILEGES_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel logs while something is tried: device-mapper's reasons are only there. */
#ifndef XCOPYSETUP_KERNEL_LOG_H
#define XCOPYSETUP_KERNEL_LOG_H

/** kernel_log_open() - a descriptor that sees what is logged from now on; -1 if it cannot */
int kernel_log_open(void);

/**
 * kernel_log_reason() - device-mapper's last sentence about a table since kernel_log_open()
 *
 * Closes @fd.  Return: the sentence without its prefix, to be freed; NULL if there is none.
 */
char *kernel_log_reason(int fd);

/** kernel_log_sentence() - the part of a /dev/kmsg record that says why a table was refused */
const char *kernel_log_sentence(const char *record);

#endif

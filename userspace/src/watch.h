/* SPDX-License-Identifier: GPL-2.0-only */
/* status --watch: clones as they fill. */
#ifndef XCOPYSETUP_WATCH_H
#define XCOPYSETUP_WATCH_H

#include <stdbool.h>

/**
 * watch() - show clones until none is being filled
 * @argument: one clone, or NULL: all
 * @json: a line of JSON every two seconds (what status --json prints, for each look)
 *
 * On a terminal lines that are redrawn each second, elsewhere a line for each clone now and then.
 * LVM is asked for the clones again twice a minute, and when one has ended.
 *
 * Return: exit code; EXIT_NEGATIVE if a clone is broken or suspect.
 */
int watch(const char *argument, bool json);

#endif

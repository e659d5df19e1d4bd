/* SPDX-License-Identifier: GPL-2.0-only */
/* For tests: to be killed between any two changes. */
#ifndef XCOPYSETUP_CHANGE_H
#define XCOPYSETUP_CHANGE_H

/**
 * change_die_at() - where the process kills itself
 * @where: number of a change (the first is 1), or how the text of one begins; NULL: nowhere
 */
void change_die_at(const char *where);

/**
 * change_point() - something that outlives this process is about to be changed
 * @what: what it is, for whoever reads why the process has died
 *
 * Whatever changes LVM, device-mapper, /run or a device says so here first, so that a test that
 * counts up sees the tool killed at every point where it matters.
 */
void change_point(const char *what);

#endif

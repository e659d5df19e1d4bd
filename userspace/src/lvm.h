/* SPDX-License-Identifier: GPL-2.0-only */
/* Running LVM's commands.  Never while a VG lock of lvm-lock.h is held: they would wait for it. */
#ifndef XCOPYSETUP_LVM_H
#define XCOPYSETUP_LVM_H

#include "lvm-report.h"
#include "run.h"

/** lvm_load() - fill @report with everything that LVM knows; exit code */
int lvm_load(struct lvm_report *report);

/**
 * lvm_missing() - something is not in @report: is it really gone?
 *
 * Return: EXIT_REFUSED if it is; EXIT_FAILED, after a message, if lvm failed to report all.
 */
int lvm_missing(const struct lvm_report *report);

/**
 * lvm_change() - run a command that changes something
 * @arguments: without "lvm" in front; freed
 * @purpose: for the message when it fails: "cannot <purpose>: <what LVM said>"
 *
 * With --dry-run it is printed instead.
 */
int lvm_change(struct arguments *arguments, const char *purpose, ...)
	__attribute__((format(printf, 2, 3)));

/** lvm_ask_lock_directory() - begin to ask for it: it is there the sooner when it is needed */
void lvm_ask_lock_directory(void);

/** lvm_lock_directory() - global/locking_dir of LVM's configuration; asked for once */
const char *lvm_lock_directory(void);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A VG's metadata, read from a PV without running lvm.
 *
 * Under LVM's VG lock no lvm command can run, and nothing that a command said
 * before the lock was taken is sure.  So the text of the VG is read as LVM does:
 * label in one of the PV's first four sectors, metadata area header, committed
 * text.  Reads should be direct: the block device's page cache may be old.
 */
#ifndef XCOPYSETUP_LVM_TEXT_H
#define XCOPYSETUP_LVM_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "names.h"

enum lvm_text_result {
	LVM_TEXT_FOUND,
	LVM_TEXT_NONE,		/* the PV has no metadata area in use */
	LVM_TEXT_BAD,		/* not a PV of this VG, or not understood */
};

struct lvm_text {
	char vg[LVM_NAME_MAX + 1];
	uint64_t seqno;
	bool shared;		/* has a lock_type other than none, or is clustered */
};

/**
 * lvm_text_read() - what one PV says about its VG
 * @fd: the PV, opened with O_DIRECT if that works on it
 * @dm_uuid: of any LV of the VG: "LVM-", then the VG's UUID without dashes, 32 characters
 * @text: filled when LVM_TEXT_FOUND is returned
 */
enum lvm_text_result lvm_text_read(int fd, const char *dm_uuid, struct lvm_text *text);

/** lvm_text_parse() - the same from the text itself */
enum lvm_text_result lvm_text_parse(const char *metadata, const char *dm_uuid,
				    struct lvm_text *text);

#endif

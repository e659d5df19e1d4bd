/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The seqno of a VG, read from a PV without running lvm.
 *
 * Under LVM's VG lock no lvm command can run, and nothing that a command said
 * before the lock was taken is sure.  So the text of the VG is read as LVM does:
 * label in one of the PV's first four sectors, metadata area header, committed
 * text.  Reads are direct: the block device's page cache may be old.
 */
#ifndef XCOPYSETUP_LVM_TEXT_H
#define XCOPYSETUP_LVM_TEXT_H

#include <stdint.h>

enum lvm_text_result {
	LVM_TEXT_FOUND,
	LVM_TEXT_NONE,		/* the PV has no metadata area in use */
	LVM_TEXT_BAD,		/* not a PV, or not understood */
};

/**
 * lvm_text_seqno() - seqno of VG @vg_uuid in the metadata of one PV
 * @fd: the PV, opened with O_DIRECT if that works on it
 * @vg_uuid: with dashes, as LVM reports it
 * @seqno: set when LVM_TEXT_FOUND is returned
 */
enum lvm_text_result lvm_text_seqno(int fd, const char *vg_uuid, uint64_t *seqno);

/** lvm_text_parse() - seqno in @text, if it is the text of VG @vg_uuid */
enum lvm_text_result lvm_text_parse(const char *text, const char *vg_uuid, uint64_t *seqno);

#endif

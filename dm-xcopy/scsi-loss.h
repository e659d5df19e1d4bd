/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lost writes: a unit that could not bring to its medium what it had acknowledged tells so
 * with whatever command comes next, as a deferred error, and only once. When that is one of
 * the copier's, whoever relies on flushes has to be told. When it is one of sd's, sd repeats
 * the command, flushes too, and nobody learns of it.
 *
 * A pair is told when the copier's worker has the answer, which may be a moment after a flush
 * that was sent later has ended: then the flush after that one fails.
 *
 * Locking: one spinlock for the list of watches; @pair's lost() is called under it.
 */
#ifndef XCOPY_SCSI_LOSS_H
#define XCOPY_SCSI_LOSS_H

#include <linux/list.h>
#include <scsi/scsi_device.h>

#include "copier.h"
#include "scsi-command.h"

/**
 * struct xcopy_scsi_watch - a pair that is told of its destination's lost writes
 * @list: all of them
 * @identity: of the unit
 * @pair: to be told
 */
struct xcopy_scsi_watch {
	struct list_head list;
	const struct xcopy_scsi_identity *identity;
	struct xcopy_pair *pair;
};

/** xcopy_scsi_loss_watch() - begin; @watch is filled but for the list; process */
void xcopy_scsi_loss_watch(struct xcopy_scsi_watch *watch);

/** xcopy_scsi_loss_unwatch() - end; the pair is not told any more; process */
void xcopy_scsi_loss_unwatch(struct xcopy_scsi_watch *watch);

/**
 * xcopy_scsi_loss_note() - look at the sense data of an answer
 * @sdev: that gave it
 * @sense: NULL if there is none
 *
 * Tells all pairs whose destination has one of the unit's identities: two units of one name
 * are possible, and then one pair too many is told.
 *
 * Context: process.
 */
void xcopy_scsi_loss_note(const struct scsi_device *sdev, const struct xcopy_scsi_sense *sense);

#endif /* XCOPY_SCSI_LOSS_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Paths: the SCSI devices of this host, found by the identity of the logical unit behind
 * them. So they may come and go, dm-multipath's among them.
 *
 * A path is trusted for a second after the unit has answered over it; else it is asked with
 * TEST UNIT READY first. What is lost then is a command that writes nothing, and not a copy
 * of which nobody knows what became of it.
 *
 * Locking: one spinlock for the list and the paths' state, innermost; process context.
 */
#ifndef XCOPY_SCSI_PATH_H
#define XCOPY_SCSI_PATH_H

#include <linux/kref.h>
#include <linux/list.h>
#include <scsi/scsi_device.h>

#include "scsi-command.h"

/**
 * struct xcopy_scsi_path - a SCSI device, while it is registered and longer if referenced
 * @list: all of them
 * @ref: the list's, and one per path held
 * @sdev: its device is referenced; between find and put scsi_device_get() is held too
 * @key: never used again
 * @answered: the unit has answered over it, at @answered_at
 * @answered_at: jiffies
 * @silent: the last command got no answer, or the wrong one, at @silent_at
 * @silent_at: jiffies
 * @why: what it answered instead, see xcopy_scsi_status_word(); 0: nothing
 */
struct xcopy_scsi_path {
	struct list_head list;
	struct kref ref;
	struct scsi_device *sdev;
	u64 key;
	bool answered;
	unsigned long answered_at;
	bool silent;
	unsigned long silent_at;
	u32 why;
};

/* Paths that can be avoided at a time. */
#define XCOPY_SCSI_AVOIDED	16U

/**
 * struct xcopy_scsi_detour - a path that is left alone where there is another
 * @key: of the path; 0: none
 * @since: jiffies
 */
struct xcopy_scsi_detour {
	u64 key;
	unsigned long since;
};

/**
 * struct xcopy_scsi_unit - a logical unit, as one user of paths to it sees them
 * @identity: of the unit
 * @only: a plain disk's own device, which the block layer's I/O goes to as well: names
 *	are not unique everywhere; NULL: any device with that identity
 * @avoided: paths that are of no use to this user, though the unit answers; the directory's lock
 */
struct xcopy_scsi_unit {
	struct xcopy_scsi_identity identity;
	const struct scsi_device *only;
	struct xcopy_scsi_detour avoided[XCOPY_SCSI_AVOIDED];
};

/**
 * xcopy_scsi_path_find() - the best way to a logical unit
 * @unit: which
 *
 * Running devices only, in ALUA's order: active/optimized, active/non-optimized,
 * LBA-dependent; what was silent within the last second is passed over, and what is avoided
 * comes last.
 *
 * Context: process; sleeps, for as long as TEST UNIT READY takes.
 * Return: a path, held until xcopy_scsi_path_put(), or NULL if there is none now.
 */
struct xcopy_scsi_path *xcopy_scsi_path_find(const struct xcopy_scsi_unit *unit);

/**
 * xcopy_scsi_path_avoid() - have @unit's user take another path for a minute
 * @unit: which
 * @path: by which something was refused that the others may take
 *
 * Context: process.
 * Return: is there another path now that is not avoided?
 */
bool xcopy_scsi_path_avoid(struct xcopy_scsi_unit *unit, const struct xcopy_scsi_path *path);

/** xcopy_scsi_path_put() - let go of it; process */
void xcopy_scsi_path_put(struct xcopy_scsi_path *path);

/** xcopy_scsi_is_unit() - is @identity one of those of the unit behind @sdev? any context */
bool xcopy_scsi_is_unit(const struct scsi_device *sdev, const struct xcopy_scsi_identity *identity);

/**
 * xcopy_scsi_path_why() - why xcopy_scsi_path_find() has found none
 * @unit: what it was asked for
 *
 * Context: process.
 * Return: what a path that is passed over has answered, as a word; "no-path" if none has.
 */
const char *xcopy_scsi_path_why(const struct xcopy_scsi_unit *unit);

/** xcopy_scsi_path_good() - the last command over it has been answered; process */
void xcopy_scsi_path_good(struct xcopy_scsi_path *path);

/** xcopy_scsi_path_ask() - it has been answered, but is asked again before the next; process */
void xcopy_scsi_path_ask(struct xcopy_scsi_path *path);

/**
 * xcopy_scsi_path_bad() - the last command over it got no answer, or the wrong one
 * @path: to be passed over for a while
 * @why: the wrong one, see xcopy_scsi_status_word(); 0: none
 *
 * Context: process.
 */
void xcopy_scsi_path_bad(struct xcopy_scsi_path *path, u32 why);

/** xcopy_scsi_paths_init() - start the directory; 0 or a negative errno */
int xcopy_scsi_paths_init(void);

/** xcopy_scsi_paths_exit() - end it; no path is held */
void xcopy_scsi_paths_exit(void);

#endif /* XCOPY_SCSI_PATH_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copiers: who can copy between two disks, and what became of a copy.
 *
 * An offload module registers a type, as dm path selectors do; it is loaded by
 * request_module("dm-xcopy-<name>").  The core (copier.c) resolves ranges to
 * disks, decides which pairs are trusted, verifies, puts unknown outcomes into
 * quarantine and falls back to the host copy.  A copier only sends one command
 * and says what became of it.
 */
#ifndef XCOPY_COPIER_H
#define XCOPY_COPIER_H

#include <linux/blkdev.h>

#include "limits.h"
#include "outcome.h"

struct xcopy_copier_type;

/**
 * struct xcopy_pair - a source disk and a destination disk, seen by a copier
 * @type: the copier
 * @source: source disk (whole); its memory is kept by a reference on its device,
 *	but it is sure to be open only inside path_get() and copy()
 * @destination: destination disk, as above; may be the same as @source
 * @block_size: logical block size in bytes, the same on both
 * @hard_segment_blocks: set by open(): what a descriptor can say
 * @hard_segments: set by open(): how many descriptors a command can have
 * @hint_segment_blocks: set by open(): what the device advertises for a descriptor; 0: nothing
 * @granularity: set by open(): sectors of which a command's length must be a multiple; 0: a
 *	logical block
 * @lost: set by the core: the destination has told that writes which it had acknowledged,
 *	flushed or not, are lost; from open() to close(), any context that may take a spinlock
 * @private: the copier's own, set by open()
 */
struct xcopy_pair {
	struct xcopy_copier_type *type;
	struct gendisk *source;
	struct gendisk *destination;
	unsigned int block_size;
	u32 hard_segment_blocks;
	u32 hard_segments;
	u32 hint_segment_blocks;
	u32 granularity;
	void (*lost)(struct xcopy_pair *pair);
	void *private;
};

/**
 * struct xcopy_path - a way to the destination device, held for one command
 * @key: identifies the path while it exists; a key that was not seen before makes
 *	the core verify the command.  Never 0.
 * @private: the copier's own, set by path_get()
 */
struct xcopy_path {
	u64 key;
	void *private;
};

/**
 * struct xcopy_command - one copy command
 * @source_sector: on the source disk, sectors of 512 bytes
 * @destination_sector: on the destination disk, sectors
 * @sectors: length; all three are multiples of the pair's logical block size
 * @segment_sectors: descriptors are consecutive pieces of this length, the last
 *	one may be shorter; at most hard_segments of them
 * @payload: room for the parameter list; type->payload_size bytes, zeroed,
 *	physically contiguous
 * @list_id_usage: SCSI's LIST ID USAGE, as the table says now
 * @status: set by copy(): the device's status word, for the log and "last error"
 *	(NVMe: status & 0x7ff; 0 if the device did not answer)
 * @lost: set by copy() with XCOPY_UNKNOWN: it was not the copy that took too long: the
 *	transport went away, or somebody else has reset the device
 */
struct xcopy_command {
	sector_t source_sector;
	sector_t destination_sector;
	sector_t sectors;
	sector_t segment_sectors;
	void *payload;
	u8 list_id_usage;
	u32 status;
	bool lost;
};

/**
 * struct xcopy_copier_type - an offload module
 * @name: as in "offload_driver <name>" and in status
 * @owner: THIS_MODULE
 * @forced_only: used only where a table says "offload_driver <name>"
 * @payload_size: bytes that the largest parameter list needs
 * @claims: is @disk one of the kind that this copier speaks to?  Any context
 *	that may sleep; only looks.
 * @open: can this pair be offloaded?  Fills the fields marked so.  0, or a
 *	negative errno (-EAGAIN: could not be found out now, ask again) with
 *	*@reason a word for status (static, no spaces).
 * @close: undo open()
 * @path_get: find a usable path and arm it if it needs that.  XCOPY_DONE and
 *	@path filled; or XCOPY_BUSY, XCOPY_PATH (none at all now; with *@reason
 *	if it is known why), XCOPY_UNSUPPORTED with *@reason.
 * @path_put: undo path_get()
 * @copy: send one command and wait for it
 * @strerror: a word for @status (static, no spaces)
 * @answer: writes @status as the device said it, no spaces; not called with 0; may be NULL
 * @list: the registry's
 *
 * open, path_get and copy run in workers of a WQ_MEM_RECLAIM workqueue under
 * memalloc_noio_save(), several at a time for one pair; the copier locks what it
 * shares between them.  References on both extents are held around open(),
 * path_get() and copy().
 */
struct xcopy_copier_type {
	const char *name;
	struct module *owner;
	bool forced_only;
	size_t payload_size;
	bool (*claims)(struct gendisk *disk);
	int (*open)(struct xcopy_pair *pair, const char **reason);
	void (*close)(struct xcopy_pair *pair);
	enum xcopy_outcome (*path_get)(struct xcopy_pair *pair, struct xcopy_path *path,
				       const char **reason);
	void (*path_put)(struct xcopy_pair *pair, struct xcopy_path *path);
	enum xcopy_outcome (*copy)(struct xcopy_pair *pair, struct xcopy_path *path,
				   struct xcopy_command *command);
	const char *(*strerror)(u32 status);
	void (*answer)(u32 status, char *text, size_t size);
	struct list_head list;
};

/**
 * xcopy_copier_register() - make a copier type known
 *
 * Context: process, module init.
 * Return: 0, or -EEXIST if the name is taken.
 */
int xcopy_copier_register(struct xcopy_copier_type *type);

/** xcopy_copier_unregister() - the opposite; module exit.  Users hold @owner, so there are none. */
void xcopy_copier_unregister(struct xcopy_copier_type *type);

/* ---- for the core ---- */

/**
 * xcopy_copier_find() - a registered copier for two disks, its module held
 * @driver: name of the only one to consider, "" for any that is not forced_only
 * @source: source disk
 * @destination: destination disk
 *
 * Context: process.
 * Return: the type, to be given back by xcopy_copier_put(); NULL if there is none.
 */
struct xcopy_copier_type *xcopy_copier_find(const char *driver, struct gendisk *source,
					    struct gendisk *destination);

/** xcopy_copier_put() - let the module go */
void xcopy_copier_put(struct xcopy_copier_type *type);

/**
 * xcopy_copier_kind() - which copier a disk calls for, by its bus
 *
 * Return: "nvme", "scsi", or NULL.
 */
const char *xcopy_copier_kind(struct gendisk *disk);

/**
 * xcopy_copier_load() - load the module of a copier, unless it is registered
 *
 * Context: process that may load modules: no WQ_MEM_RECLAIM worker.
 * Return: 0 if it is registered now, or -ENOENT.
 */
int xcopy_copier_load(const char *name);

/**
 * xcopy_copier_request() - have the module of @kind, from xcopy_copier_kind(), loaded soon
 *
 * The work is no clone's: modprobe may have to read from the very clone that is being
 * suspended, and nobody may wait for it meanwhile.
 *
 * Context: any.
 */
void xcopy_copier_request(const char *kind);

/** xcopy_copier_exit() - no module is being loaded any more; module exit */
void xcopy_copier_exit(void);

#endif /* XCOPY_COPIER_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/* A metadata device, read and written from userspace (Documentation/metadata-format.rst). */
#ifndef XCOPYSETUP_METADATA_DEVICE_H
#define XCOPYSETUP_METADATA_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "format.h"

struct metadata_device {
	int fd;
	const char *path;
	uint64_t blocks;	/* of XCOPY_BLOCK_SIZE */
};

/* What reading the whole of it found. */
struct metadata_scan {
	enum xcopy_format_error sb_errors[XCOPY_SB_COPIES];
	struct xcopy_geometry sb[XCOPY_SB_COPIES];
	int current;			/* index into sb, -1: none is valid */
	bool offload_open;		/* in any valid copy */
	bool too_small;			/* the device is smaller than the bitmap needs */
	uint64_t regions;
	uint64_t hydrated;
	uint64_t bad_slots;
	uint64_t lost_blocks;		/* bitmap blocks with no valid slot */
	uint64_t first_lost;		/* the first of these */
};

/**
 * metadata_open() - open @path
 * @write: for writing, and exclusively: refused while anybody uses it
 *
 * Return: exit code.
 */
int metadata_open(const char *path, bool write, struct metadata_device *device);
void metadata_close(struct metadata_device *device);

/**
 * metadata_format() - make it new
 *
 * Invalidates both superblocks, flushes, writes every slot, flushes, writes the superblocks,
 * flushes: at no time does the device look like one that it is not.  Return: exit code.
 */
int metadata_format(struct metadata_device *device, const struct xcopy_geometry *geometry);

/** metadata_scan() - read it all; exit code (only I/O errors are failures here) */
int metadata_scan(struct metadata_device *device, struct metadata_scan *scan);

/** Has a clone ever been loaded with it? */
enum metadata_use {
	METADATA_NEW,		/* formatted for this job, and not used */
	METADATA_UNFORMATTED,	/* not, or not wholly, formatted for it */
	METADATA_USED,		/* or it cannot be read */
};

/**
 * metadata_look() - has the clone with the metadata UUID @id, as text, been loaded?
 *
 * The kernel writes superblocks with a number of their own before it acknowledges any write.
 */
enum metadata_use metadata_look(struct metadata_device *device, const char *id);

/** metadata_write_superblock() - write one copy, and flush; exit code */
int metadata_write_superblock(struct metadata_device *device, unsigned int copy,
			      const struct xcopy_geometry *geometry);

/** metadata_new_geometry() - a random UUID, nothing bound; false if the kernel has no random */
bool metadata_new_geometry(uint64_t sectors, uint32_t region, struct xcopy_geometry *geometry);

/** metadata_uuid_text() - 32 hex digits and a NUL */
void metadata_uuid_text(const uint8_t *uuid, char text[33]);

#endif

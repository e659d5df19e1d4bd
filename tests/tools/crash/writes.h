/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The log of dm-log-writes: what was written to a device, in the order in which it
 * became durable.
 *
 * In sectors of the logged device: a superblock, then for each entry a header and what was
 * written.  Writes come when a flush that began after their end has ended, FUA writes when
 * they end, marks when they are made; writes that no flush has followed come when the log is
 * removed, before what had not been logged until then.
 */
#ifndef XCOPY_WRITES_H
#define XCOPY_WRITES_H

#include <stdbool.h>
#include <stdint.h>

#define WRITES_FLUSH	1
#define WRITES_FUA	2
#define WRITES_DISCARD	4
#define WRITES_MARK	8

struct writes_entry {
	uint64_t sector;
	uint64_t sectors;	/* 0: an empty flush, or a mark */
	uint64_t flags;
	uint64_t position;	/* of the data in the log, bytes */
	char mark[64];
};

struct writes {
	int fd;
	uint64_t unit;		/* bytes of a sector of the log */
	uint64_t entries;	/* all, or as many as were told of when the log was closed */
	uint64_t number;	/* of the next one */
	uint64_t position;	/* of the next one, bytes */
	void *sector;
};

/* 0, or -1 with a message. */
int writes_open(struct writes *writes, const char *path);
/* 1 with the next entry, 0 at the end, -1 with a message. */
int writes_next(struct writes *writes, struct writes_entry *entry);
/* What @entry wrote; 0, or -1 with a message. */
int writes_data(const struct writes *writes, const struct writes_entry *entry, void *buffer);
void writes_close(struct writes *writes);

#endif

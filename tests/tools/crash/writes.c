// SPDX-License-Identifier: GPL-2.0-only
/* Reading the log of dm-log-writes. */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "writes.h"
#include "../oracle/oracle.h"

#define MAGIC	0x6a736677736872ULL
#define VERSION	1

/* As they lie in the log, little endian. */
struct raw_super {
	uint64_t magic;
	uint64_t version;
	uint64_t entries;
	uint32_t unit;
};

struct raw_entry {
	uint64_t sector;
	uint64_t sectors;
	uint64_t flags;
	uint64_t bytes;		/* of a mark */
};

static int fail(const char *what)
{
	fprintf(stderr, "xcopy-crash: the log of writes %s\n", what);
	return -1;
}

static int read_at(const struct writes *writes, void *buffer, uint64_t bytes, uint64_t position)
{
	return pread(writes->fd, buffer, bytes, (off_t)position) == (ssize_t)bytes ? 0 : -1;
}

int writes_open(struct writes *writes, const char *path)
{
	const struct raw_super *super;

	*writes = (struct writes){ .fd = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC) };
	writes->sector = buffer_alloc(ALIGNMENT);
	if (writes->fd < 0 || !writes->sector || read_at(writes, writes->sector, ALIGNMENT, 0))
		return fail("cannot be read");
	super = writes->sector;
	writes->unit = le32toh(super->unit);
	writes->entries = le64toh(super->entries);
	writes->position = writes->unit;
	if (le64toh(super->magic) != MAGIC || le64toh(super->version) != VERSION ||
	    writes->unit < SECTOR || writes->unit > ALIGNMENT)
		return fail("is not one");
	return 0;
}

static void note_mark(const struct writes *writes, const struct raw_entry *raw,
		      struct writes_entry *entry)
{
	uint64_t bytes = le64toh(raw->bytes);

	if (bytes >= sizeof(entry->mark))
		bytes = sizeof(entry->mark) - 1;
	memcpy(entry->mark, (const char *)writes->sector + sizeof(*raw), bytes);
}

int writes_next(struct writes *writes, struct writes_entry *entry)
{
	const struct raw_entry *raw = writes->sector;
	uint64_t data;

	if (writes->number == writes->entries)
		return 0;
	if (read_at(writes, writes->sector, writes->unit, writes->position))
		return fail("ends early");
	data = le64toh(raw->sectors) * writes->unit;
	*entry = (struct writes_entry){
		.sector = le64toh(raw->sector) * writes->unit / SECTOR, .sectors = data / SECTOR,
		.flags = le64toh(raw->flags), .position = writes->position + writes->unit,
	};
	if (entry->flags & WRITES_MARK)
		note_mark(writes, raw, entry);
	writes->position = entry->position + (entry->flags & WRITES_DISCARD ? 0 : data);
	writes->number++;
	return 1;
}

int writes_data(const struct writes *writes, const struct writes_entry *entry, void *buffer)
{
	return read_at(writes, buffer, entry->sectors * SECTOR, entry->position) ?
	       fail("cannot be read") : 0;
}

void writes_close(struct writes *writes)
{
	close(writes->fd);
	free(writes->sector);
}

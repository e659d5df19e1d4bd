// SPDX-License-Identifier: GPL-2.0-only
/*
 * The log: records of 64 bytes, one after another, on a raw disk or in a file.
 *
 * A disk is written through (O_DIRECT and O_DSYNC), a file by O_SYNC.  The log
 * ends at the first record that does not fit; a block that was torn while it
 * was rewritten keeps its earlier records, for these bytes did not change.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "oracle.h"

#define READ_BYTES	(1 << 20)

_Static_assert(sizeof(struct record) == 64, "records fill blocks evenly");

static uint64_t record_hash(const struct record *record)
{
	const uint64_t *words = (const uint64_t *)record;
	uint64_t hash = 0;
	size_t i;

	for (i = 0; i < offsetof(struct record, hash) / sizeof(*words); i++)
		hash = mix(hash ^ words[i]);
	return hash;
}

static int open_backing(struct log *log, const char *path, int flags)
{
	struct stat stat_buffer;
	int block = ALIGNMENT;

	if (!stat(path, &stat_buffer) && S_ISBLK(stat_buffer.st_mode)) {
		log->fd = open(path, O_RDWR | O_DIRECT | O_DSYNC | O_CLOEXEC);
		if (log->fd >= 0 && ioctl(log->fd, BLKSSZGET, &block))
			return -1;
	} else {
		log->fd = open(path, O_RDWR | O_SYNC | O_CLOEXEC | flags, 0644);
		block = sizeof(struct record);
	}
	log->block = (size_t)block;
	log->tail = buffer_alloc(ALIGNMENT);
	return log->fd >= 0 && log->tail ? 0 : -1;
}

/* Two processes in one log would make nonsense of it. */
static int claim(const struct log *log, const char *path)
{
	if (!flock(log->fd, LOCK_EX | LOCK_NB) || errno != EWOULDBLOCK)
		return 0;
	fprintf(stderr, "xcopy-oracle: log %s is in use by another process\n", path);
	return -1;
}

static int write_block(const struct log *log, uint64_t offset)
{
	return pwrite(log->fd, log->tail, log->block, (off_t)offset) == (ssize_t)log->block ? 0 : -1;
}

int log_append(struct log *log, struct record *record)
{
	uint64_t offset = log->sequence * sizeof(*record);
	size_t within = offset % log->block;

	record->sequence = log->sequence;
	record->seed = log->seed;
	record->hash = record_hash(record);
	if (!within)
		memset(log->tail, 0, log->block);
	memcpy(log->tail + within, record, sizeof(*record));
	if (write_block(log, offset - within)) {
		fprintf(stderr, "xcopy-oracle: cannot write the log: %s\n", strerror(errno));
		return -1;
	}
	log->sequence++;
	if (log->appended)
		log->appended(record);
	return 0;
}

void log_close(struct log *log)
{
	close(log->fd);
	free(log->tail);
}

int log_create(const char *path, uint64_t seed, uint64_t sectors)
{
	struct log log = { .seed = seed };
	struct record header = { .type = RECORD_HEADER, .count = sectors };
	int error;

	if (open_backing(&log, path, O_CREAT | O_TRUNC)) {
		fprintf(stderr, "xcopy-oracle: cannot open log %s: %s\n", path, strerror(errno));
		return -1;
	}
	error = log_append(&log, &header);
	log_close(&log);
	return error;
}

/* Is @record the next one of this log? */
static bool is_next(struct log *log, const struct record *record)
{
	if (record->hash != record_hash(record) || record->sequence != log->sequence)
		return false;
	if (!log->sequence) {
		log->seed = record->seed;
		return record->type == RECORD_HEADER;
	}
	return record->seed == log->seed;
}

/* Many records at a time: a log may lie where each read is a round trip to another machine. */
static void read_records(struct log *log, void *buffer,
			 void (*each)(void *, const struct record *), void *context)
{
	const struct record *record, *end;
	ssize_t bytes;

	do {
		bytes = pread(log->fd, buffer, READ_BYTES,
			      (off_t)(log->sequence * sizeof(*record)));
		record = buffer;
		end = record + (bytes > 0 ? (size_t)bytes / sizeof(*record) : 0);
		for (; record < end && is_next(log, record); record++) {
			each(context, record);
			log->sequence++;
		}
	} while (bytes == READ_BYTES && record == end);
}

static int read_log(struct log *log, void (*each)(void *, const struct record *), void *context)
{
	void *buffer = buffer_alloc(READ_BYTES);
	uint64_t offset;

	if (!buffer)
		return -1;
	read_records(log, buffer, each, context);
	free(buffer);
	offset = log->sequence * sizeof(struct record);
	if (!(offset % log->block))
		return 0;
	offset -= offset % log->block;
	return pread(log->fd, log->tail, log->block, (off_t)offset) == (ssize_t)log->block ? 0 : -1;
}

int log_open(struct log *log, const char *path, void (*each)(void *, const struct record *),
	     void *context)
{
	*log = (struct log){ 0 };
	if (open_backing(log, path, 0)) {
		fprintf(stderr, "xcopy-oracle: cannot open log %s: %s\n", path, strerror(errno));
		return -1;
	}
	if (claim(log, path))
		return -1;
	if (!read_log(log, each, context) && log->sequence)
		return 0;
	fprintf(stderr, "xcopy-oracle: %s holds no log; make one with \"init\"\n", path);
	return -1;
}

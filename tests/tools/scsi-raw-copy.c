// SPDX-License-Identifier: GPL-2.0-only
// build: -D_GNU_SOURCE -pthread -I ../unit/shim -I ../../userspace/compat -I ../../dm-xcopy ../../dm-xcopy/scsi-command.c
/*
 * The rate of EXTENDED COPY commands sent from user space, to compare hydration with:
 *
 *   scsi-raw-copy SOURCE DESTINATION MIB [DEPTH [BLOCKS [SEGMENTS]]]
 *
 * copies MIB mebibytes from the start of one unit to another, DEPTH commands at a time (1), of SEGMENTS segments (1),
 * BLOCKS logical blocks each (65535), and prints MiB/s and commands per second. OVERWRITES the destination.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <scsi/sg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <linux/fs.h>

#include "scsi-command.h"

#define MAX_DEPTH	64

struct job {
	int fd;
	struct xcopy_scsi_identity source;
	struct xcopy_scsi_identity destination;
	unsigned int block_size;
	__u64 blocks;
	__u32 segment_blocks;
	__u64 command_blocks;
	pthread_mutex_t mutex;
	__u64 next;
	unsigned long commands;
	bool failed;
};

static void die(const char *what, const char *of)
{
	fprintf(stderr, "scsi-raw-copy: %s: %s: %s\n", of, what, strerror(errno));
	exit(1);
}

static bool scsi(int fd, __u8 *cdb, unsigned char length, int direction, void *data, unsigned int bytes)
{
	__u8 sense[64] = { 0 };
	struct sg_io_hdr io = {
		.interface_id = 'S',
		.cmd_len = length,
		.cmdp = cdb,
		.dxfer_direction = direction,
		.dxferp = data,
		.dxfer_len = bytes,
		.sbp = sense,
		.mx_sb_len = sizeof(sense),
		.timeout = 120000,
	};

	if (ioctl(fd, SG_IO, &io))
		return false;
	if (!io.status && !io.host_status && !(io.driver_status & 0xf))
		return true;
	fprintf(stderr, "scsi-raw-copy: command %02x: status %02x, host %02x, sense %02x %02x/%02x\n", cdb[0], io.status,
		io.host_status, sense[2] & 0xf, sense[12], sense[13]);
	errno = EIO;
	return false;
}

static void identify(const char *path, int fd, struct xcopy_scsi_identity *identity)
{
	__u8 page[252] = { 0 };
	__u8 cdb[6] = { 0x12, 1, XCOPY_SCSI_VPD_IDENTIFICATION, 0, sizeof(page), 0 };

	if (!scsi(fd, cdb, sizeof(cdb), SG_DXFER_FROM_DEV, page, sizeof(page)))
		die("INQUIRY", path);
	errno = ENODATA;
	if (!xcopy_scsi_identify(page, sizeof(page), identity))
		die("no identity", path);
}

static bool copy(struct job *job, __u64 first, __u64 blocks)
{
	struct xcopy_scsi_copy copy = {
		.source = &job->source,
		.destination = &job->destination,
		.source_block = first,
		.destination_block = first,
		.blocks = blocks,
		.segment_blocks = job->segment_blocks,
		.block_size = job->block_size,
		.list_id_usage = XCOPY_SCSI_LIST_ID_NONE,
	};
	__u8 cdb[XCOPY_SCSI_CDB_SIZE], payload[XCOPY_SCSI_PAYLOAD_SIZE];
	__u32 length = xcopy_scsi_build(&copy, cdb, payload);

	return length && scsi(job->fd, cdb, sizeof(cdb), SG_DXFER_TO_DEV, payload, length);
}

static void *worker(void *data)
{
	struct job *job = data;
	__u64 first, blocks;

	for (;;) {
		pthread_mutex_lock(&job->mutex);
		first = job->next;
		blocks = job->blocks - first < job->command_blocks ? job->blocks - first : job->command_blocks;
		job->next += blocks;
		job->commands += blocks > 0;
		pthread_mutex_unlock(&job->mutex);
		if (!blocks || job->failed)
			return NULL;
		if (!copy(job, first, blocks))
			job->failed = true;
	}
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

static double run(struct job *job, unsigned int depth)
{
	pthread_t threads[MAX_DEPTH];
	double start = now();
	unsigned int i;

	for (i = 0; i < depth; i++)
		if (pthread_create(&threads[i], NULL, worker, job))
			die("thread", "pthread_create");
	for (i = 0; i < depth; i++)
		pthread_join(threads[i], NULL);
	return now() - start;
}

static unsigned long number(char **argv, int argc, int at, unsigned long otherwise)
{
	return argc > at ? strtoul(argv[at], NULL, 0) : otherwise;
}

static int open_disk(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		die("open", path);
	return fd;
}

int main(int argc, char **argv)
{
	struct job job = { .mutex = PTHREAD_MUTEX_INITIALIZER };
	unsigned long depth = number(argv, argc, 4, 1);
	int source, size;
	double took;

	if (argc < 4 || argc > 7 || !depth || depth > MAX_DEPTH) {
		fprintf(stderr, "usage: scsi-raw-copy SOURCE DESTINATION MIB [DEPTH [BLOCKS [SEGMENTS]]]\n");
		return 2;
	}
	source = open_disk(argv[1], O_RDONLY);
	job.fd = open_disk(argv[2], O_RDWR);
	if (ioctl(job.fd, BLKSSZGET, &size))
		die("BLKSSZGET", argv[2]);
	job.block_size = size;
	identify(argv[1], source, &job.source);
	identify(argv[2], job.fd, &job.destination);
	job.blocks = ((__u64)number(argv, argc, 3, 0) << 20) / job.block_size;
	job.segment_blocks = number(argv, argc, 5, XCOPY_SCSI_SEGMENT_BLOCKS);
	job.command_blocks = (__u64)job.segment_blocks * number(argv, argc, 6, 1);
	took = run(&job, depth);
	if (job.failed)
		return 1;
	printf("%.0f %.0f\n", number(argv, argc, 3, 0) / took, job.commands / took);
	return 0;
}

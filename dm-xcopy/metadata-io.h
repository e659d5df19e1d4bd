/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Blocks to and from the metadata device.
 *
 * Buffers are vmalloc'ed and aligned to XCOPY_BLOCK_SIZE, one block each.
 * Nothing here allocates but from a pool, once it is initialised.  One user at a
 * time: the constructor, later the committer.
 */
#ifndef XCOPY_METADATA_IO_H
#define XCOPY_METADATA_IO_H

#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/completion.h>

/**
 * struct xcopy_metadata_io - the way to one metadata device
 * @bdev: metadata device
 * @bios: for bios of one page
 * @pending: bios in flight, and one for whoever waits
 * @status: of a bio that failed
 * @done: nothing is pending
 */
struct xcopy_metadata_io {
	struct block_device *bdev;
	struct bio_set bios;
	atomic_t pending;
	blk_status_t status;
	struct completion done;
};

/**
 * xcopy_metadata_io_init() - make the pool
 * @io: zeroed
 * @bdev: metadata device; the caller keeps it open
 *
 * Return: 0 or -ENOMEM.
 */
int xcopy_metadata_io_init(struct xcopy_metadata_io *io, struct block_device *bdev);

/** xcopy_metadata_io_exit() - free the pool; also fine after a failed or missing init */
void xcopy_metadata_io_exit(struct xcopy_metadata_io *io);

/** xcopy_metadata_io_sectors() - size of the device, sectors */
u64 xcopy_metadata_io_sectors(const struct xcopy_metadata_io *io);

/** xcopy_metadata_io_read_only() - would a write be refused? */
bool xcopy_metadata_io_read_only(const struct xcopy_metadata_io *io);

/**
 * xcopy_metadata_io_settle() - let what others wrote through the page cache reach the device
 *
 * A tool that has just formatted it, and its pages, would otherwise differ from what is read here.
 *
 * Return: 0 or a negative errno.
 */
int xcopy_metadata_io_settle(struct xcopy_metadata_io *io);

/**
 * xcopy_metadata_io_read() - read consecutive blocks
 * @io: device
 * @block: first block number
 * @buffer: for @count blocks
 * @count: number of blocks
 *
 * Return: 0, or a negative errno; the buffer's content is then unknown.
 */
int xcopy_metadata_io_read(struct xcopy_metadata_io *io, u64 block, void *buffer,
			   unsigned int count);

/** xcopy_metadata_io_begin() - before a batch of xcopy_metadata_io_write() */
void xcopy_metadata_io_begin(struct xcopy_metadata_io *io);

/** xcopy_metadata_io_write() - start to write a block; its buffer must not change until the end */
void xcopy_metadata_io_write(struct xcopy_metadata_io *io, u64 block, void *buffer);

/**
 * xcopy_metadata_io_end() - wait for the batch
 *
 * Return: 0, or the errno of a write that failed.
 */
int xcopy_metadata_io_end(struct xcopy_metadata_io *io);

/**
 * xcopy_metadata_io_flush() - make what was written durable
 *
 * Return: 0 or a negative errno.
 */
int xcopy_metadata_io_flush(struct xcopy_metadata_io *io);

#endif /* XCOPY_METADATA_IO_H */

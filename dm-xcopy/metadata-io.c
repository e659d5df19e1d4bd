// SPDX-License-Identifier: GPL-2.0-only
/*
 * Blocks to and from the metadata device, one bio each.
 *
 * The two slots of a block lie side by side, and a commit writes one of them:
 * there is nothing to gain from larger bios.  Reads are merged by the plug.
 */
#include <linux/highmem.h>
#include <linux/mm.h>

#include "format.h"
#include "metadata-io.h"

/* What makes progress certain when memory is short. */
#define POOL_BIOS	16

int xcopy_metadata_io_init(struct xcopy_metadata_io *io, struct block_device *bdev)
{
	io->bdev = bdev;
	init_completion(&io->done);
	return bioset_init(&io->bios, POOL_BIOS, 0, BIOSET_NEED_BVECS);
}

void xcopy_metadata_io_exit(struct xcopy_metadata_io *io)
{
	bioset_exit(&io->bios);
}

u64 xcopy_metadata_io_sectors(const struct xcopy_metadata_io *io)
{
	return bdev_nr_sectors(io->bdev);
}

bool xcopy_metadata_io_read_only(const struct xcopy_metadata_io *io)
{
	return bdev_read_only(io->bdev);
}

int xcopy_metadata_io_settle(struct xcopy_metadata_io *io)
{
	return sync_blockdev(io->bdev);
}

static void put_pending(struct xcopy_metadata_io *io)
{
	if (atomic_dec_and_test(&io->pending))
		complete(&io->done);
}

static void block_done(struct bio *bio)
{
	struct xcopy_metadata_io *io = bio->bi_private;

	if (bio->bi_status)
		WRITE_ONCE(io->status, bio->bi_status);
	bio_put(bio);
	put_pending(io);
}

static void submit_block(struct xcopy_metadata_io *io, blk_opf_t opf, u64 block, void *buffer)
{
	struct bio *bio = bio_alloc_bioset(io->bdev, 1, opf, GFP_NOIO, &io->bios);

	bio->bi_iter.bi_sector = block * XCOPY_BLOCK_SECTORS;
	bio->bi_private = io;
	bio->bi_end_io = block_done;
	__bio_add_page(bio, vmalloc_to_page(buffer), XCOPY_BLOCK_SIZE, offset_in_page(buffer));
	atomic_inc(&io->pending);
	submit_bio(bio);
}

void xcopy_metadata_io_begin(struct xcopy_metadata_io *io)
{
	reinit_completion(&io->done);
	io->status = BLK_STS_OK;
	atomic_set(&io->pending, 1);
}

void xcopy_metadata_io_write(struct xcopy_metadata_io *io, u64 block, void *buffer)
{
	flush_kernel_vmap_range(buffer, XCOPY_BLOCK_SIZE);
	submit_block(io, REQ_OP_WRITE | REQ_SYNC | REQ_META, block, buffer);
}

int xcopy_metadata_io_end(struct xcopy_metadata_io *io)
{
	put_pending(io);
	wait_for_completion_io(&io->done);
	return blk_status_to_errno(io->status);
}

int xcopy_metadata_io_read(struct xcopy_metadata_io *io, u64 block, void *buffer,
			   unsigned int count)
{
	struct blk_plug plug;
	unsigned int i;
	int r;

	xcopy_metadata_io_begin(io);
	blk_start_plug(&plug);
	for (i = 0; i < count; i++)
		submit_block(io, REQ_OP_READ | REQ_SYNC | REQ_META, block + i,
			     buffer + i * XCOPY_BLOCK_SIZE);
	blk_finish_plug(&plug);
	r = xcopy_metadata_io_end(io);
	invalidate_kernel_vmap_range(buffer, count * XCOPY_BLOCK_SIZE);
	return r;
}

int xcopy_metadata_io_flush(struct xcopy_metadata_io *io)
{
	return blkdev_issue_flush(io->bdev);
}

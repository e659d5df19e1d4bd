// SPDX-License-Identifier: GPL-2.0-only
/*
 * Verification of offloaded copies, see verify.h.
 */
#include <linux/bio.h>
#include <linux/highmem.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "clone.h"
#include "verify.h"

#define CHUNK_SECTORS	512U
#define CHUNK_PAGES	((CHUNK_SECTORS << SECTOR_SHIFT) / PAGE_SIZE)

/**
 * struct xcopy_verifier - buffers
 * @mutex: one verification at a time uses them
 * @vecs: for the one bio that is in flight
 * @source: CHUNK_SECTORS of the source
 * @destination: CHUNK_SECTORS of the destination
 */
struct xcopy_verifier {
	struct mutex mutex; /* see above */
	struct bio_vec vecs[CHUNK_PAGES];
	u8 *source;
	u8 *destination;
};

void xcopy_verifier_destroy(struct xcopy_verifier *verifier)
{
	if (!verifier)
		return;
	vfree(verifier->source);
	vfree(verifier->destination);
	kfree(verifier);
}

struct xcopy_verifier *xcopy_verifier_create(void)
{
	struct xcopy_verifier *verifier = kzalloc(sizeof(*verifier), GFP_KERNEL);

	if (!verifier)
		return NULL;
	mutex_init(&verifier->mutex);
	verifier->source = vmalloc(CHUNK_SECTORS << SECTOR_SHIFT);
	verifier->destination = vmalloc(CHUNK_SECTORS << SECTOR_SHIFT);
	if (verifier->source && verifier->destination)
		return verifier;
	xcopy_verifier_destroy(verifier);
	return NULL;
}

static int transfer(struct xcopy_verifier *verifier, blk_opf_t op, struct block_device *bdev,
		    sector_t sector, sector_t sectors, u8 *buffer)
{
	unsigned int bytes = sectors << SECTOR_SHIFT, length, i;
	struct bio bio;
	int r;

	bio_init(&bio, bdev, verifier->vecs, CHUNK_PAGES, op);
	bio.bi_iter.bi_sector = sector;
	if (op_is_write(op))
		flush_kernel_vmap_range(buffer, bytes);
	for (i = 0; i < bytes; i += length) {
		length = min_t(unsigned int, bytes - i, PAGE_SIZE);
		__bio_add_page(&bio, vmalloc_to_page(buffer + i), length, 0);
	}
	r = submit_bio_wait(&bio);
	bio_uninit(&bio);
	if (!op_is_write(op))
		invalidate_kernel_vmap_range(buffer, bytes);
	return r;
}

/*
 * What is poisoned must not be written a second time, later: a path that was lost might do that,
 * and whoever sends the write again by another one tells of the last one alone.
 */
#define POISON	(REQ_OP_WRITE | REQ_FAILFAST_DEV | REQ_FAILFAST_TRANSPORT | REQ_FAILFAST_DRIVER)

/*
 * By what blk_status_to_errno() makes of an answer of the device's own. BLK_STS_TARGET is not
 * among them: it may be a hardware error, after which a target may be at it still.
 */
static bool has_answered(int error)
{
	switch (error) {
	case -ENODATA:		/* BLK_STS_MEDIUM */
	case -ENOSPC:
	case -EBADE:		/* BLK_STS_RESV_CONFLICT */
	case -EILSEQ:		/* BLK_STS_PROTECTION */
	case -EOPNOTSUPP:
		return true;
	default:
		return false;
	}
}

static int poison_block(struct xcopy_verifier *verifier, struct xcopy_clone *clone,
			sector_t sector, sector_t block_sectors)
{
	size_t i, bytes = block_sectors << SECTOR_SHIFT;
	int r;

	r = transfer(verifier, REQ_OP_READ, clone->source, sector, block_sectors,
		     verifier->source);
	if (r)
		return r;
	for (i = 0; i < bytes; i++)
		verifier->source[i] ^= 0xff;
	r = transfer(verifier, POISON, clone->destination, sector, block_sectors, verifier->source);
	return !r || has_answered(r) ? r : -EINPROGRESS;
}

static int compare_chunk(struct xcopy_verifier *verifier, struct xcopy_clone *clone,
			 sector_t sector, sector_t sectors)
{
	int r = transfer(verifier, REQ_OP_READ, clone->source, sector, sectors, verifier->source);

	if (!r)
		r = transfer(verifier, REQ_OP_READ, clone->destination, sector, sectors,
			     verifier->destination);
	if (!r && memcmp(verifier->source, verifier->destination, sectors << SECTOR_SHIFT))
		r = -EILSEQ;
	return r;
}

/* What is done with one block of the clone. */
typedef int (*block_fn)(struct xcopy_verifier *verifier, struct xcopy_clone *clone,
			sector_t sector, sector_t block_sectors);

static int for_ends(struct xcopy_verifier *verifier, struct xcopy_clone *clone,
		    sector_t sector, sector_t sectors, sector_t block_sectors, block_fn fn)
{
	int r = fn(verifier, clone, sector, block_sectors);

	if (r || sectors == block_sectors)
		return r;
	return fn(verifier, clone, sector + sectors - block_sectors, block_sectors);
}

static int for_all_ends(struct xcopy_verifier *verifier, struct xcopy_clone *clone,
			sector_t sector, sector_t sectors, sector_t segment_sectors,
			sector_t block_sectors, block_fn fn)
{
	sector_t end = sector + sectors, segment;
	int r = 0;

	mutex_lock(&verifier->mutex);
	for (; !r && sector < end; sector += segment) {
		segment = min(segment_sectors, end - sector);
		r = for_ends(verifier, clone, sector, segment, block_sectors, fn);
	}
	mutex_unlock(&verifier->mutex);
	return r;
}

int xcopy_verify_poison(struct xcopy_verifier *verifier, struct xcopy_clone *clone,
			sector_t sector, sector_t sectors, sector_t segment_sectors,
			sector_t block_sectors)
{
	return for_all_ends(verifier, clone, sector, sectors, segment_sectors, block_sectors,
			    poison_block);
}

int xcopy_verify_compare_ends(struct xcopy_verifier *verifier, struct xcopy_clone *clone,
			      sector_t sector, sector_t sectors, sector_t segment_sectors,
			      sector_t block_sectors)
{
	return for_all_ends(verifier, clone, sector, sectors, segment_sectors, block_sectors,
			    compare_chunk);
}

int xcopy_verify_compare(struct xcopy_verifier *verifier, struct xcopy_clone *clone,
			 sector_t sector, sector_t sectors)
{
	sector_t end = sector + sectors, chunk;
	int r = 0;

	mutex_lock(&verifier->mutex);
	for (; !r && sector < end; sector += chunk) {
		chunk = min_t(sector_t, CHUNK_SECTORS, end - sector);
		r = compare_chunk(verifier, clone, sector, chunk);
	}
	mutex_unlock(&verifier->mutex);
	return r;
}

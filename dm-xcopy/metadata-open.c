// SPDX-License-Identifier: GPL-2.0-only
/*
 * From the metadata device to memory, and the first time: formatting.
 *
 * Everything is read and judged before the first write.  What the slots say may
 * still be in the device's cache only, when the host but not the device went
 * down; a flush makes sure of it before anybody is told that a bit is durable.
 */
#include <linux/err.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "metadata-private.h"

/* How much is read at a time: so many bitmap blocks, each with its slots. */
#define CHUNK_BLOCKS	64U

/* How many bad blocks are logged one by one. */
#define LOGGED_BLOCKS	16

/* How many blocks are written between two waits, when formatting. */
#define FORMAT_BATCH	1024U

/* Number of bitmaps in struct xcopy_metadata.states. */
#define NR_STATES	5

#define BOTH_BAD \
	"metadata dev: both slots of a bitmap block are bad (the kernel log names the regions); restore it from a copy, or start the clone anew"

static int refuse(const char **error, int r, const char *sentence)
{
	*error = sentence;
	return r;
}

/* ---- sizes and memory ---- */

static int check_config(struct xcopy_metadata *md, const struct xcopy_metadata_config *config,
			const char **error)
{
	u64 blocks;

	if (!xcopy_format_region_size_ok(config->region_sectors))
		return refuse(error, -EINVAL,
			      "region size: must be a power of two of sectors, 8 (4 KiB) to 2097152 (1 GiB)");
	if (!config->target_sectors || config->target_sectors > XCOPY_MAX_TARGET)
		return refuse(error, -EINVAL, "length: must be more than zero and less than 8 EiB");
	md->nr_regions = xcopy_format_regions(config->target_sectors, config->region_sectors);
	blocks = xcopy_format_bitmap_blocks(md->nr_regions);
	if (blocks > SIZE_MAX / XCOPY_BLOCK_SIZE || md->nr_regions > ULONG_MAX)
		return refuse(error, -EINVAL,
			      "region size: makes too many regions for this machine; use a larger one");
	md->nr_blocks = blocks;
	return 0;
}

static int check_room(struct xcopy_metadata *md, const struct xcopy_metadata_config *config,
		      const char **error)
{
	u64 has = xcopy_metadata_io_sectors(&md->io);
	u64 needs = xcopy_format_device_sectors(config->target_sectors, config->region_sectors);

	if (has >= needs)
		return 0;
	metadata_err(md, "has %llu sectors, %llu are needed", has, needs);
	return refuse(error, -ENOSPC,
		      "metadata dev: is too small (the kernel log has the size that is needed); enlarge it, or use larger regions for a new clone");
}

/* vmalloc'ed for its alignment, and because kvmalloc() ends at 2 GiB. */
static void *get_zeroed(size_t size)
{
	return __vmalloc(size, GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN);
}

static int allocate_bitmap(struct xcopy_metadata *md)
{
	size_t longs = BITS_TO_LONGS(md->nr_blocks);

	md->bitmap = get_zeroed(md->nr_blocks * XCOPY_BITMAP_BYTES);
	md->images = get_zeroed(md->nr_blocks * XCOPY_BLOCK_SIZE);
	md->states = get_zeroed(NR_STATES * longs * sizeof(long));
	if (!md->bitmap || !md->images || !md->states)
		return -ENOMEM;
	md->dirty = md->states;
	md->committing = md->dirty + longs;
	md->writing = md->committing + longs;
	md->stale = md->writing + longs;
	md->next = md->stale + longs;
	return 0;
}

/* ---- reading the bitmap ---- */

static u64 first_region(unsigned long block)
{
	return (u64)block * XCOPY_BITMAP_BITS;
}

/* Regions that block @block really has: the last one has fewer than fit. */
static unsigned int regions_in(const struct xcopy_metadata *md, unsigned long block)
{
	return min_t(u64, md->nr_regions - first_region(block), XCOPY_BITMAP_BITS);
}

static void log_block(const struct xcopy_metadata *md, unsigned long block,
		      const enum xcopy_format_error *errors)
{
	metadata_err(md, "bitmap block %lu, regions %llu to %llu: slot 0: %s; slot 1: %s", block,
		     first_region(block), first_region(block) + regions_in(md, block) - 1,
		     xcopy_format_error_text(errors[0]), xcopy_format_error_text(errors[1]));
}

static u64 sequence_of(const struct xcopy_bitmap_block *slot)
{
	return le64_to_cpu(slot->sequence);
}

static void join_slots(struct xcopy_metadata *md, unsigned long block,
		       const struct xcopy_bitmap_block *slots,
		       const enum xcopy_format_error *errors)
{
	struct xcopy_bitmap_block *image = &md->images[block];
	u64 sequence = 0;
	unsigned int s, i;

	for (s = 0; s < XCOPY_SLOTS; s++) {
		if (errors[s])
			continue;
		sequence = max(sequence, sequence_of(&slots[s]));
		for (i = 0; i < XCOPY_BITMAP_BYTES; i++)
			image->bits[i] |= slots[s].bits[i];
	}
	xcopy_bitmap_seal(image, md->geometry.uuid, block, sequence);
	memcpy(xcopy_metadata_bits(md, block), image->bits, XCOPY_BITMAP_BYTES);
	atomic64_add(bitmap_weight(xcopy_metadata_bits(md, block), XCOPY_BITMAP_BITS),
		     &md->nr_hydrated);
	md->sequence = max(md->sequence, sequence);
}

static void note_state(struct xcopy_metadata *md, unsigned long block,
		       const struct xcopy_bitmap_block *slots,
		       const enum xcopy_format_error *errors)
{
	if (xcopy_bitmap_worse_slot(errors, slots))
		__set_bit(block, md->next);
	if (errors[0] || errors[1] || memcmp(slots[0].bits, slots[1].bits, XCOPY_BITMAP_BYTES))
		__set_bit(block, md->stale);
}

/* Return: may the block be used? */
static bool load_block(struct xcopy_metadata *md, unsigned long block,
		       struct xcopy_bitmap_block *slots, unsigned int *logged)
{
	enum xcopy_format_error errors[XCOPY_SLOTS];
	unsigned int s;

	for (s = 0; s < XCOPY_SLOTS; s++) {
		errors[s] = xcopy_bitmap_check(&slots[s], md->geometry.uuid, block);
		xcopy_bitmap_clear_padding(slots[s].bits, regions_in(md, block));
	}
	if ((errors[0] || errors[1]) && (*logged)++ < LOGGED_BLOCKS)
		log_block(md, block, errors);
	if (errors[0] && errors[1])
		return false;
	join_slots(md, block, slots, errors);
	note_state(md, block, slots, errors);
	return true;
}

/* A slot that cannot be read is a bad slot, and costs no more than that. */
static void read_one_by_one(struct xcopy_metadata *md, u64 block,
			    struct xcopy_bitmap_block *slots, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		if (!xcopy_metadata_io_read(&md->io, block + i, &slots[i], 1))
			continue;
		memset(&slots[i], 0, XCOPY_BLOCK_SIZE);
		metadata_err(md, "block %llu cannot be read", block + i);
	}
}

/* Return: number of blocks with no valid slot. */
static unsigned long load_chunk(struct xcopy_metadata *md, unsigned long first,
				struct xcopy_bitmap_block *slots, unsigned int *logged)
{
	unsigned int i, count = min_t(unsigned long, CHUNK_BLOCKS, md->nr_blocks - first);
	u64 at = xcopy_format_bitmap_block(first, 0);
	unsigned long bad = 0;

	if (xcopy_metadata_io_read(&md->io, at, slots, count * XCOPY_SLOTS))
		read_one_by_one(md, at, slots, count * XCOPY_SLOTS);
	for (i = 0; i < count; i++) {
		if (!load_block(md, first + i, &slots[i * XCOPY_SLOTS], logged))
			bad++;
	}
	cond_resched();
	return bad;
}

static void log_result(struct xcopy_metadata *md, unsigned int logged, unsigned long bad)
{
	if (logged > LOGGED_BLOCKS)
		metadata_err(md, "and %u more bitmap blocks with a bad slot",
			     logged - LOGGED_BLOCKS);
	if (bad)
		metadata_err(md, "%lu bitmap blocks have no valid slot: not activated, nothing written",
			     bad);
	else if (logged)
		metadata_warn(md, "the other slots are valid and are used; the bad ones will be repaired");
}

static int load_bitmap(struct xcopy_metadata *md, const char **error)
{
	struct xcopy_bitmap_block *slots = vmalloc(CHUNK_BLOCKS * XCOPY_SLOTS * XCOPY_BLOCK_SIZE);
	unsigned long first, bad = 0;
	unsigned int logged = 0;

	if (!slots)
		return refuse(error, -ENOMEM, "metadata dev: no memory to read it");
	for (first = 0; first < md->nr_blocks; first += CHUNK_BLOCKS)
		bad += load_chunk(md, first, slots, &logged);
	vfree(slots);
	log_result(md, logged, bad);
	return bad ? refuse(error, -EUCLEAN, BOTH_BAD) : 0;
}

/* ---- formatting ---- */

static int write_slots(struct xcopy_metadata *md, unsigned long from, unsigned long to)
{
	unsigned long block;
	unsigned int s;

	xcopy_metadata_io_begin(&md->io);
	for (block = from; block < to; block++) {
		xcopy_bitmap_seal(&md->images[block], md->geometry.uuid, block, md->sequence);
		for (s = 0; s < XCOPY_SLOTS; s++)
			xcopy_metadata_io_write(&md->io, xcopy_format_bitmap_block(block, s),
						&md->images[block]);
	}
	return xcopy_metadata_io_end(&md->io);
}

static int write_all_slots(struct xcopy_metadata *md)
{
	unsigned long from, to;
	int r;

	for (from = 0; from < md->nr_blocks; from = to) {
		to = from + min_t(unsigned long, FORMAT_BATCH, md->nr_blocks - from);
		r = write_slots(md, from, to);
		if (r)
			return r;
		cond_resched();
	}
	return xcopy_metadata_io_flush(&md->io);
}

/*
 * The order is what makes an interrupted format harmless: the slots are durable
 * before a superblock gives them a meaning, and no older superblock can.
 */
static int format(struct xcopy_metadata *md, const struct xcopy_metadata_config *config,
		  const char **error)
{
	int r;

	xcopy_super_new(md, config);
	md->sequence = 1;
	r = xcopy_super_invalidate(md);
	if (!r)
		r = write_all_slots(md);
	if (!r)
		r = xcopy_super_write(md, &md->geometry);
	if (r)
		return refuse(error, r,
			      "metadata dev: failed a write while it was formatted; see the kernel log");
	metadata_info(md, "formatted, %pUb", md->geometry.uuid);
	return 0;
}

/* ---- opening and closing ---- */

static int load(struct xcopy_metadata *md, const struct xcopy_metadata_config *config,
		const char **error)
{
	int r = load_bitmap(md, error);

	if (r)
		return r;
	/* Ours would soon be beyond what may be read again. */
	if (max(md->sequence, md->super_sequence) >= XCOPY_MAX_SEQUENCE / 2)
		return refuse(error, -EUCLEAN,
			      "metadata dev: has sequence numbers that nobody can have counted to: restore it from a copy, or start anew");
	if (!xcopy_metadata_io_read_only(&md->io)) {
		r = xcopy_metadata_io_flush(&md->io);
		if (r)
			return refuse(error, r, "metadata dev: failed a flush; see the kernel log");
	}
	r = xcopy_super_settle(md, config);
	if (r)
		return refuse(error, r,
			      "metadata dev: failed a superblock write; see the kernel log");
	return 0;
}

static int read_super(struct xcopy_metadata *md, const struct xcopy_metadata_config *config,
		      const char **error)
{
	int r;

	if (xcopy_metadata_io_sectors(&md->io) < XCOPY_SB_AREA_BLOCKS * XCOPY_BLOCK_SECTORS)
		return check_room(md, config, error);
	r = xcopy_metadata_io_settle(&md->io);
	if (r)
		return refuse(error, r,
			      "metadata dev: what is in its page cache cannot be written out; see the kernel log");
	return xcopy_super_read(md, config, error);
}

static int open_device(struct xcopy_metadata *md, const struct xcopy_metadata_config *config,
		       const char **error)
{
	int r, found = read_super(md, config, error);

	if (found < 0)
		return found;
	r = check_room(md, config, error);
	if (r)
		return r;
	if (allocate_bitmap(md))
		return refuse(error, -ENOMEM,
			      "region size: no memory for the bitmap; use larger regions for a new clone");
	return found ? load(md, config, error) : format(md, config, error);
}

static int prepare_io(struct xcopy_metadata *md, const struct xcopy_metadata_config *config,
		      const char **error)
{
	md->super = get_zeroed(XCOPY_BLOCK_SIZE);
	if (!md->super || xcopy_metadata_io_init(&md->io, config->bdev))
		return refuse(error, -ENOMEM, "metadata dev: no memory for it");
	if (bdev_logical_block_size(config->bdev) > XCOPY_BLOCK_SIZE)
		return refuse(error, -EINVAL,
			      "metadata dev: has logical blocks larger than 4 KiB; use another");
	return 0;
}

struct xcopy_metadata *xcopy_metadata_open(const struct xcopy_metadata_config *config,
					   const char **error)
{
	struct xcopy_metadata *md = kzalloc(sizeof(*md), GFP_KERNEL);
	int r;

	if (!md) {
		*error = "metadata dev: no memory for it";
		return ERR_PTR(-ENOMEM);
	}
	spin_lock_init(&md->lock);
	r = prepare_io(md, config, error);
	if (!r)
		r = check_config(md, config, error);
	if (!r)
		r = open_device(md, config, error);
	if (r) {
		xcopy_metadata_close(md);
		return ERR_PTR(r);
	}
	return md;
}

void xcopy_metadata_close(struct xcopy_metadata *md)
{
	if (IS_ERR_OR_NULL(md))
		return;
	xcopy_metadata_free_bitmap(md);
	xcopy_metadata_io_exit(&md->io);
	vfree(md->super);
	kfree(md);
}

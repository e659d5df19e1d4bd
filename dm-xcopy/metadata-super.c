// SPDX-License-Identifier: GPL-2.0-only
/*
 * The superblocks: whether a metadata device may be used for a clone at all.
 */
#include <linux/string.h>
#include <linux/uuid.h>
#include <linux/vmalloc.h>

#include "metadata-id.h"
#include "metadata-private.h"

#define OTHER_REGION_SIZE \
	"metadata dev: was formatted for another region size; correct the table, see 'xcopysetup metadata dump'"
#define OTHER_LENGTH \
	"metadata dev: was formatted for another length; correct the table, see 'xcopysetup metadata dump'"

static int refuse(const char **error, int r, const char *sentence)
{
	*error = sentence;
	return r;
}

/* ---- reading ---- */

/* What cannot be read is neither zero nor valid: it must not invite to format. */
static void read_or_spoil(struct xcopy_metadata *md, u64 block, void *buffer)
{
	int r = xcopy_metadata_io_read(&md->io, block, buffer, 1);

	if (!r)
		return;
	memset(buffer, 0xff, XCOPY_BLOCK_SIZE);
	metadata_err(md, "superblock area: block %llu cannot be read (error %d)", block, r);
}

static void *read_area(struct xcopy_metadata *md)
{
	void *area = vmalloc(XCOPY_SB_AREA_BLOCKS * XCOPY_BLOCK_SIZE);
	unsigned int i;

	for (i = 0; area && i < XCOPY_SB_AREA_BLOCKS; i++)
		read_or_spoil(md, i, area + i * XCOPY_BLOCK_SIZE);
	return area;
}

static const struct xcopy_superblock *copy_in(const void *area, unsigned int copy)
{
	return area + xcopy_format_sb_block(copy) * XCOPY_BLOCK_SIZE;
}

static bool either(const enum xcopy_format_error errors[XCOPY_SB_COPIES],
		   enum xcopy_format_error error)
{
	return errors[0] == error || errors[1] == error;
}

/* A newer program's copy counts even beside a valid old one: what it changed is not known. */
static int check_newer(const enum xcopy_format_error errors[XCOPY_SB_COPIES], const char **error)
{
	if (either(errors, XCOPY_FORMAT_VERSION_ERR))
		return refuse(error, -EOPNOTSUPP,
			      "metadata dev: was made by a newer version of dm-xcopy; update this one");
	if (either(errors, XCOPY_FORMAT_FEATURE))
		return refuse(error, -EOPNOTSUPP,
			      "metadata dev: uses a feature that this dm-xcopy does not know; update it");
	return 0;
}

static int refuse_damaged(const enum xcopy_format_error errors[XCOPY_SB_COPIES],
			  const char **error)
{
	if (either(errors, XCOPY_FORMAT_GEOMETRY))
		return refuse(error, -EUCLEAN,
			      "metadata dev: its superblocks contradict themselves; see 'xcopysetup metadata check', or format it for a new clone");
	if (either(errors, XCOPY_FORMAT_CRC))
		return refuse(error, -EUCLEAN,
			      "metadata dev: its superblocks are damaged; see 'xcopysetup metadata check', or format it for a new clone");
	return refuse(error, -EINVAL,
		      "metadata dev: holds something else than dm-xcopy metadata; use another, or clear its first 64 KiB");
}

static int no_superblock(struct xcopy_metadata *md, const struct xcopy_metadata_config *config,
			 const void *area, const enum xcopy_format_error errors[XCOPY_SB_COPIES],
			 const char **error)
{
	if (memchr_inv(area, 0, XCOPY_SB_AREA_BLOCKS * XCOPY_BLOCK_SIZE))
		return refuse_damaged(errors, error);
	if (!config->may_format)
		return refuse(error, -EINVAL,
			      "metadata dev: is not formatted, and no_format is given; run 'xcopysetup metadata format', or leave no_format out for a new clone");
	if (xcopy_metadata_io_read_only(&md->io))
		return refuse(error, -EROFS,
			      "metadata dev: is not formatted, and read-only; make it writable");
	return 0;
}

/* ---- judging ---- */

static int check_length(struct xcopy_metadata *md, const struct xcopy_metadata_config *config,
			const char **error)
{
	const struct xcopy_geometry *stored = &md->geometry;

	if (stored->region_sectors != config->region_sectors) {
		metadata_err(md, "formatted for regions of %u sectors, not %u",
			     stored->region_sectors, config->region_sectors);
		return refuse(error, -EINVAL, OTHER_REGION_SIZE);
	}
	if (stored->target_sectors != config->target_sectors) {
		metadata_err(md, "formatted for a clone of %llu sectors, not %llu",
			     stored->target_sectors, (u64)config->target_sectors);
		return refuse(error, -EINVAL, OTHER_LENGTH);
	}
	return 0;
}

static bool device_matches(struct xcopy_metadata *md, const char *role,
			   struct block_device *bdev, const struct xcopy_device_id *stored)
{
	char was[XCOPY_ID_TEXT], is[XCOPY_ID_TEXT];
	struct xcopy_device_id now;

	xcopy_device_identify(bdev, &now);
	if (xcopy_device_id_matches(stored, &now))
		return true;
	metadata_err(md, "was used with %s %s, but %pg is %s", role,
		     xcopy_device_id_text(stored, was), bdev, xcopy_device_id_text(&now, is));
	return false;
}

static int check_devices(struct xcopy_metadata *md, const struct xcopy_metadata_config *config,
			 const char **error)
{
	if (!device_matches(md, "source", config->source, &md->geometry.source))
		return refuse(error, -EINVAL,
			      "source dev: is not the one that the metadata device was used with; correct the table, or run 'xcopysetup metadata rebind' if it was restored from a copy");
	if (!device_matches(md, "destination", config->destination, &md->geometry.destination))
		return refuse(error, -EINVAL,
			      "destination dev: is not the one that the metadata device was used with; correct the table, or run 'xcopysetup metadata rebind' if it was restored from a copy");
	return 0;
}

/* ---- choosing ---- */

/* A device may still be copying if either copy says so, and for the longer of the times. */
static void merge_copy(struct xcopy_metadata *md, const struct xcopy_geometry *copy)
{
	if (!(copy->flags & XCOPY_SB_OFFLOAD_OPEN))
		return;
	md->geometry.flags |= XCOPY_SB_OFFLOAD_OPEN;
	md->geometry.quarantine_ms = max(md->geometry.quarantine_ms, copy->quarantine_ms);
}

static void take_copies(struct xcopy_metadata *md, const struct xcopy_geometry *copies,
			const enum xcopy_format_error *errors, int best)
{
	unsigned int i;

	md->geometry = copies[best];
	md->super_sequence = copies[best].sequence;
	md->super_next = !best;
	md->super_level = !errors[0] && !errors[1] && copies[0].sequence == copies[1].sequence;
	for (i = 0; i < XCOPY_SB_COPIES; i++) {
		if (!errors[i])
			merge_copy(md, &copies[i]);
		else
			metadata_warn(md, "superblock copy %u is bad (%s), the other one is used",
				      i, xcopy_format_error_text(errors[i]));
	}
	md->was_open = md->geometry.flags & XCOPY_SB_OFFLOAD_OPEN;
}

static int choose_copy(struct xcopy_metadata *md, const struct xcopy_metadata_config *config,
		       const void *area, const char **error)
{
	struct xcopy_geometry copies[XCOPY_SB_COPIES];
	enum xcopy_format_error errors[XCOPY_SB_COPIES];
	unsigned int i;
	int r, best;

	for (i = 0; i < XCOPY_SB_COPIES; i++)
		errors[i] = xcopy_superblock_decode(copy_in(area, i), &copies[i]);
	r = check_newer(errors, error);
	if (r)
		return r;
	best = xcopy_superblock_choose(errors, copies);
	if (best < 0)
		return no_superblock(md, config, area, errors, error);
	if (!errors[0] && !errors[1] && memcmp(copies[0].uuid, copies[1].uuid, XCOPY_UUID_SIZE))
		return refuse(error, -EUCLEAN,
			      "metadata dev: its superblocks are of different clones; see 'xcopysetup metadata check', or format it for a new clone");
	take_copies(md, copies, errors, best);
	return 1;
}

int xcopy_super_read(struct xcopy_metadata *md, const struct xcopy_metadata_config *config,
		     const char **error)
{
	void *area = read_area(md);
	int r;

	if (!area)
		return refuse(error, -ENOMEM, "metadata dev: no memory to read it");
	r = choose_copy(md, config, area, error);
	vfree(area);
	if (r <= 0)
		return r;
	r = check_length(md, config, error);
	if (!r)
		r = check_devices(md, config, error);
	return r ? r : 1;
}

/* ---- writing ---- */

void xcopy_super_new(struct xcopy_metadata *md, const struct xcopy_metadata_config *config)
{
	struct xcopy_geometry *geometry = &md->geometry;

	memset(geometry, 0, sizeof(*geometry));
	generate_random_uuid(geometry->uuid);
	geometry->target_sectors = config->target_sectors;
	geometry->region_sectors = config->region_sectors;
	geometry->quarantine_ms = config->quarantine_ms;
	geometry->bitmap_blocks =
		xcopy_format_bitmap_blocks(xcopy_format_regions(config->target_sectors,
								config->region_sectors));
	xcopy_device_identify(config->source, &geometry->source);
	xcopy_device_identify(config->destination, &geometry->destination);
}

int xcopy_super_invalidate(struct xcopy_metadata *md)
{
	unsigned int i;
	int r;

	memset(md->super, 0, XCOPY_BLOCK_SIZE);
	xcopy_metadata_io_begin(&md->io);
	for (i = 0; i < XCOPY_SB_COPIES; i++)
		xcopy_metadata_io_write(&md->io, xcopy_format_sb_block(i), md->super);
	r = xcopy_metadata_io_end(&md->io);
	return r ? r : xcopy_metadata_io_flush(&md->io);
}

/* Writes @super to the copy that is not surely good, which then is. */
static int write_copy(struct xcopy_metadata *md)
{
	int r;

	xcopy_metadata_io_begin(&md->io);
	xcopy_metadata_io_write(&md->io, xcopy_format_sb_block(md->super_next), md->super);
	r = xcopy_metadata_io_end(&md->io);
	if (!r)
		r = xcopy_metadata_io_flush(&md->io);
	if (!r)
		md->super_next = !md->super_next;
	return r;
}

int xcopy_super_write(struct xcopy_metadata *md, const struct xcopy_geometry *geometry)
{
	struct xcopy_geometry new = *geometry;
	unsigned int i;
	int r;

	/* Never the number of an attempt that failed: it may have reached one copy. */
	new.sequence = ++md->super_sequence;
	xcopy_superblock_encode(md->super, &new);
	for (i = 0; i < XCOPY_SB_COPIES; i++) {
		r = write_copy(md);
		if (r)
			return r;
	}
	md->geometry = new;
	md->super_level = true;
	return 0;
}

/* Return: was it recorded now? */
static bool record(struct xcopy_device_id *id, struct block_device *bdev)
{
	if (!xcopy_device_id_unbound(id))
		return false;
	xcopy_device_identify(bdev, id);
	return true;
}

int xcopy_super_settle(struct xcopy_metadata *md, const struct xcopy_metadata_config *config)
{
	struct xcopy_geometry new = md->geometry;
	bool source = record(&new.source, config->source);
	bool destination = record(&new.destination, config->destination);

	if (md->super_level && !source && !destination)
		return 0;
	if (xcopy_metadata_io_read_only(&md->io)) {
		metadata_warn(md, "is read-only: its superblocks are left as they are");
		return 0;
	}
	return xcopy_super_write(md, &new);
}

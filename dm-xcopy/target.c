// SPDX-License-Identifier: GPL-2.0-only
/*
 * The "xcopy" target: device-mapper's hooks.
 */
#include <linux/device-mapper.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "copier.h"
#include "target.h"

#define DM_MSG_PREFIX XCOPY_MSG_PREFIX

/* ---- constructor, destructor ---- */

static int refuse(struct dm_target *ti, char *sentence)
{
	ti->error = sentence;
	return -EINVAL;
}

static int get_device_argument(struct dm_target *ti, const char *name, blk_mode_t mode,
			       struct dm_dev **dev, char *error)
{
	int r = dm_get_device(ti, name, mode, dev);

	if (r)
		ti->error = error;
	return r;
}

static int check_length(struct dm_target *ti, struct dm_dev *dev, char *error)
{
	if (bdev_nr_sectors(dev->bdev) >= ti->len)
		return 0;
	return refuse(ti, error);
}

static int check_blocks(struct xcopy_target *t)
{
	unsigned int block = max(bdev_logical_block_size(t->destination->bdev),
				 bdev_logical_block_size(t->source->bdev)) >> SECTOR_SHIFT;

	if (t->region_sectors & (block - 1))
		return refuse(t->ti, "region size: must be a multiple of the devices' logical block size");
	if (t->ti->len & (block - 1))
		return refuse(t->ti, "length: must be a multiple of the devices' logical block size");
	return 0;
}

static int check_devices(struct xcopy_target *t)
{
	struct dm_target *ti = t->ti;
	int r;

	if (t->metadata->bdev == t->destination->bdev || t->metadata->bdev == t->source->bdev)
		return refuse(ti, "metadata dev: is the destination or the source too; it needs a device of its own");
	if (t->destination->bdev == t->source->bdev)
		return refuse(ti, "destination dev: is the source too; it needs a device of its own");
	if (bdev_read_only(t->destination->bdev))
		return refuse(ti, "destination dev: is read-only; make it writable");
	if (bdev_read_only(t->metadata->bdev))
		return refuse(ti, "metadata dev: is read-only; make it writable");
	r = check_length(ti, t->destination, "destination dev: is smaller than the target; use one at least as long");
	if (!r)
		r = check_length(ti, t->source, "source dev: is smaller than the target; make the target as long as the source");
	return r ? r : check_blocks(t);
}

static int get_devices(struct xcopy_target *t, struct dm_arg_set *as)
{
	struct dm_target *ti = t->ti;
	int r;

	r = get_device_argument(ti, dm_shift_arg(as), BLK_OPEN_READ | BLK_OPEN_WRITE, &t->metadata,
				"metadata dev: cannot be opened for writing; is it there, and not in use?");
	if (r)
		return r;
	r = get_device_argument(ti, dm_shift_arg(as), BLK_OPEN_READ | BLK_OPEN_WRITE,
				&t->destination,
				"destination dev: cannot be opened for writing; is it there, and not in use?");
	if (r)
		return r;
	return get_device_argument(ti, dm_shift_arg(as), BLK_OPEN_READ, &t->source,
				   "source dev: cannot be opened; is it there, and not mounted?");
}

static int get_clone(struct xcopy_target *t)
{
	struct dm_target *ti = t->ti;
	const struct xcopy_binding binding = {
		.md_disk = dm_disk(dm_table_get_md(ti->table)),
		.table = ti->table,
		.metadata = t->metadata->bdev,
		.destination = t->destination->bdev,
		.source = t->source->bdev,
		.target_sectors = ti->len,
		.region_sectors = t->region_sectors,
		.args = &t->args,
	};
	const char *error = NULL;
	struct xcopy_clone *clone = xcopy_clone_get(&binding, &error);

	if (IS_ERR(clone)) {
		ti->error = (char *)error;
		return PTR_ERR(clone);
	}
	t->clone = clone;
	xcopy_offload_prepare(clone);
	return 0;
}

static int check_driver(struct xcopy_target *t)
{
	if (!t->args.driver[0] || !xcopy_copier_load(t->args.driver))
		return 0;
	return refuse(t->ti, "offload_driver: there is no such copier; load its module, or say auto");
}

static void put_devices(struct xcopy_target *t)
{
	if (t->source)
		dm_put_device(t->ti, t->source);
	if (t->destination)
		dm_put_device(t->ti, t->destination);
	if (t->metadata)
		dm_put_device(t->ti, t->metadata);
}

static void set_target(struct xcopy_target *t)
{
	struct dm_target *ti = t->ti;
	struct block_device *destination = t->destination->bdev;

	ti->private = t;
	ti->per_io_data_size = xcopy_io_size();
	ti->num_flush_bios = 1;
	/* A flush commits the bitmap, whether or not the devices have caches. */
	ti->flush_supported = true;
	ti->num_discard_bios = 1;
	ti->discards_supported = bdev_max_discard_sectors(destination) ||
				 bdev_write_zeroes_sectors(destination);
	ti->num_write_zeroes_bios = 1;
	ti->num_secure_erase_bios = 0;
}

static int build(struct xcopy_target *t, struct dm_arg_set *as)
{
	/* What only needs reading comes before what opens devices. */
	int r = xcopy_arguments_line(&t->args, as, &t->region_sectors, &t->ti->error);

	if (!r)
		r = get_devices(t, as);
	if (!r)
		r = check_devices(t);
	if (!r)
		r = check_driver(t);
	return r ? r : get_clone(t);
}

static int xcopy_ctr(struct dm_target *ti, unsigned int argc, char **argv)
{
	struct dm_arg_set as = { .argc = argc, .argv = argv };
	struct xcopy_target *t = kzalloc(sizeof(*t), GFP_KERNEL);
	int r;

	if (!t) {
		ti->error = "Out of memory";
		return -ENOMEM;
	}
	t->ti = ti;
	r = build(t, &as);
	if (r) {
		put_devices(t);
		kfree(t);
		return r;
	}
	set_target(t);
	return 0;
}

static void xcopy_dtr(struct dm_target *ti)
{
	struct xcopy_target *t = ti->private;

	xcopy_clone_put(t->clone, ti->table);
	put_devices(t);
	kfree(t);
}

/* ---- I/O ---- */

static int xcopy_map(struct dm_target *ti, struct bio *bio)
{
	struct xcopy_target *t = ti->private;

	return xcopy_io_map(t->clone, ti, bio);
}

static int xcopy_end_io(struct dm_target *ti, struct bio *bio, blk_status_t *error)
{
	struct xcopy_target *t = ti->private;

	return xcopy_io_end(t->clone, bio, error);
}

/* ---- suspend, resume ---- */

static void xcopy_presuspend(struct dm_target *ti)
{
	struct xcopy_target *t = ti->private;

	if (READ_ONCE(t->clone->ti) == ti)
		xcopy_clone_quiesce(t->clone);
}

static void xcopy_presuspend_undo(struct dm_target *ti)
{
	struct xcopy_target *t = ti->private;

	if (READ_ONCE(t->clone->ti) == ti)
		xcopy_clone_unquiesce(t->clone);
}

static void xcopy_postsuspend(struct dm_target *ti)
{
	struct xcopy_target *t = ti->private;

	if (READ_ONCE(t->clone->ti) == ti)
		xcopy_clone_stop(t->clone);
}

static void xcopy_resume(struct dm_target *ti)
{
	struct xcopy_target *t = ti->private;

	xcopy_clone_start(t->clone, ti, &t->args);
}

/* ---- properties ---- */

static int xcopy_iterate_devices(struct dm_target *ti, iterate_devices_callout_fn fn, void *data)
{
	struct xcopy_target *t = ti->private;
	int r = fn(ti, t->destination, 0, ti->len, data);

	return r ? r : fn(ti, t->source, 0, ti->len, data);
}

static void xcopy_io_hints(struct dm_target *ti, struct queue_limits *limits)
{
	struct xcopy_target *t = ti->private;
	unsigned int region_bytes = t->region_sectors << SECTOR_SHIFT;

	if (limits->io_opt < region_bytes || limits->io_opt % region_bytes)
		limits->io_opt = region_bytes;
	if (!ti->discards_supported)
		return;
	/* Less than a region would be ignored. */
	limits->discard_granularity = max(limits->discard_granularity, region_bytes);
	limits->max_hw_discard_sectors = max(t->region_sectors, UINT_MAX >> SECTOR_SHIFT);
	limits->max_discard_sectors = limits->max_hw_discard_sectors;
}

static struct target_type xcopy_target = {
	.name = "xcopy",
	.version = { 1, 0, 0 },
	.module = THIS_MODULE,
	.ctr = xcopy_ctr,
	.dtr = xcopy_dtr,
	.map = xcopy_map,
	.end_io = xcopy_end_io,
	.presuspend = xcopy_presuspend,
	.presuspend_undo = xcopy_presuspend_undo,
	.postsuspend = xcopy_postsuspend,
	.resume = xcopy_resume,
	.status = xcopy_target_status,
	.message = xcopy_target_message,
	.iterate_devices = xcopy_iterate_devices,
	.io_hints = xcopy_io_hints,
};

static int __init xcopy_init(void)
{
	int r = xcopy_extent_init();

	if (r)
		return r;
	r = dm_register_target(&xcopy_target);
	if (r)
		xcopy_extent_exit();
	return r;
}

static void __exit xcopy_exit(void)
{
	dm_unregister_target(&xcopy_target);
	xcopy_extent_exit();
	xcopy_copier_exit();
}

module_init(xcopy_init);
module_exit(xcopy_exit);

MODULE_DESCRIPTION("device-mapper target that clones by having the storage copy");
MODULE_AUTHOR("The dm-xcopy developers");
MODULE_LICENSE("GPL");
MODULE_ALIAS("dm-xcopy-linear");

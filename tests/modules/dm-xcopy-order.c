// SPDX-License-Identifier: GPL-2.0-only
/*
 * A target that tells flushes apart: for dm-log-writes under two devices at once.
 *
 *	xcopy-order <device> <sector> <marker sector>
 *
 * Maps like linear.  A flush is sent on after a FUA write to the marker sector of
 * <device>, and no two flushes of any of these devices are under way at a time: in a
 * log of the writes to <device> each flush belongs to the last marker before it.  A
 * log has no other way to tell, for an empty flush has no sector.
 */
#include <linux/bio.h>
#include <linux/device-mapper.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

/*
 * struct order - one device
 * @dev: below
 * @start: where this begins on @dev, sectors
 * @marker: sector of @dev
 * @page: what is written there: nothing in particular
 */
struct order {
	struct dm_dev *dev;
	sector_t start;
	sector_t marker;
	struct page *page;
};

/* A flush that waits for its turn; per-bio data. */
struct order_flush {
	struct work_struct work;
	struct order *order;
};

static struct workqueue_struct *order_wq;

static int order_mark(struct order *order)
{
	struct block_device *bdev = order->dev->bdev;
	struct bio *bio = bio_alloc(bdev, 1, REQ_OP_WRITE | REQ_FUA | REQ_SYNC, GFP_NOIO);
	int r;

	bio->bi_iter.bi_sector = order->marker;
	__bio_add_page(bio, order->page, bdev_logical_block_size(bdev), 0);
	r = submit_bio_wait(bio);
	bio_put(bio);
	return r;
}

static void order_work(struct work_struct *work)
{
	struct order_flush *flush = container_of(work, struct order_flush, work);
	struct bio *bio = dm_bio_from_per_bio_data(flush, sizeof(*flush));
	int r = order_mark(flush->order);

	if (!r)
		r = blkdev_issue_flush(flush->order->dev->bdev);
	bio->bi_status = errno_to_blk_status(r);
	bio_endio(bio);
}

static int order_map(struct dm_target *ti, struct bio *bio)
{
	struct order_flush *flush = dm_per_bio_data(bio, sizeof(*flush));
	struct order *order = ti->private;

	if (bio->bi_opf & REQ_PREFLUSH) {
		flush->order = order;
		INIT_WORK(&flush->work, order_work);
		queue_work(order_wq, &flush->work);
		return DM_MAPIO_SUBMITTED;
	}
	bio_set_dev(bio, order->dev->bdev);
	bio->bi_iter.bi_sector = order->start + dm_target_offset(ti, bio->bi_iter.bi_sector);
	return DM_MAPIO_REMAPPED;
}

static int order_parse(struct dm_target *ti, char **argv, struct order *order)
{
	unsigned long long start, marker;

	if (kstrtoull(argv[1], 10, &start) || kstrtoull(argv[2], 10, &marker)) {
		ti->error = "sector, marker sector: must be numbers";
		return -EINVAL;
	}
	order->start = start;
	order->marker = marker;
	if (dm_get_device(ti, argv[0], dm_table_get_mode(ti->table), &order->dev)) {
		ti->error = "device: cannot be opened";
		return -ENODEV;
	}
	return 0;
}

static int order_ctr(struct dm_target *ti, unsigned int argc, char **argv)
{
	struct order *order;
	int r = -ENOMEM;

	if (argc != 3) {
		ti->error = "give <device> <sector> <marker sector>";
		return -EINVAL;
	}
	order = kzalloc(sizeof(*order), GFP_KERNEL);
	if (!order)
		return r;
	order->page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	if (order->page)
		r = order_parse(ti, argv, order);
	if (r) {
		if (order->page)
			__free_page(order->page);
		kfree(order);
		return r;
	}
	ti->private = order;
	ti->num_flush_bios = 1;
	ti->num_discard_bios = 1;
	ti->num_write_zeroes_bios = 1;
	ti->per_io_data_size = sizeof(struct order_flush);
	return 0;
}

static void order_dtr(struct dm_target *ti)
{
	struct order *order = ti->private;

	dm_put_device(ti, order->dev);
	__free_page(order->page);
	kfree(order);
}

static void order_status(struct dm_target *ti, status_type_t type, unsigned int status_flags,
			 char *result, unsigned int maxlen)
{
	struct order *order = ti->private;
	size_t sz = 0;

	result[0] = '\0';
	if (type == STATUSTYPE_TABLE)
		DMEMIT("%s %llu %llu", order->dev->name, (unsigned long long)order->start,
		       (unsigned long long)order->marker);
}

static int order_iterate_devices(struct dm_target *ti, iterate_devices_callout_fn fn, void *data)
{
	struct order *order = ti->private;

	return fn(ti, order->dev, order->start, ti->len, data);
}

static struct target_type order_target = {
	.name = "xcopy-order",
	.version = { 1, 0, 0 },
	.module = THIS_MODULE,
	.ctr = order_ctr,
	.dtr = order_dtr,
	.map = order_map,
	.status = order_status,
	.iterate_devices = order_iterate_devices,
};

static int __init order_init(void)
{
	int r;

	order_wq = alloc_ordered_workqueue("xcopy-order", WQ_MEM_RECLAIM);
	if (!order_wq)
		return -ENOMEM;
	r = dm_register_target(&order_target);
	if (r)
		destroy_workqueue(order_wq);
	return r;
}

static void __exit order_exit(void)
{
	dm_unregister_target(&order_target);
	destroy_workqueue(order_wq);
}

module_init(order_init);
module_exit(order_exit);

MODULE_DESCRIPTION(DM_NAME " target that tells flushes apart, for tests of dm-xcopy");
MODULE_LICENSE("GPL");

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The xcopy-linear target, and from a device to the sector on a disk.
 *
 * An extent is one target of one table.  What it goes through:
 *
 *	NEW		constructed; its table was never live
 *	PUBLISHED	found by the resolver, references can be taken
 *	WITHDRAWN	still found, so that the resolver can say "later" instead of
 *			"never", but no reference can be taken
 *
 * resume publishes, presuspend withdraws and waits for the references held,
 * presuspend_undo gives back.  Device-mapper calls these under the mapped
 * device's suspend lock, and swaps a table only after presuspend and before
 * resume; so whoever holds a reference knows that the table in which the extent
 * was found is still live.
 *
 * A device's new table is resumed before the old one is destroyed.  The old one's
 * withdrawn extents make room then: what is in the tree never overlaps.
 *
 * Locking and lifetime: everything about the registry, the state and the count of
 * an extent is under xcopy_extent_lock, so there is nothing to order by barriers.
 * An extent is freed by its destructor, after presuspend (or the destructor
 * itself) saw under the lock that no reference is left; whoever dropped the last
 * one touches only the wait queue afterwards, which is static.  A reference also
 * keeps the device below open, since that is closed by the same destructor: the
 * resolver looks at a level only while it has a reference on the level above.
 */
#include <linux/bio.h>
#include <linux/device-mapper.h>
#include <linux/module.h>
#include <linux/rbtree.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "extent.h"
#include "multipath.h"
#include "segment.h"

#define DM_MSG_PREFIX "xcopy-linear"

enum xcopy_extent_state {
	XCOPY_EXTENT_NEW,
	XCOPY_EXTENT_PUBLISHED,
	XCOPY_EXTENT_WITHDRAWN,
};

/*
 * struct xcopy_extent - one xcopy-linear target
 * @node: in xcopy_extents; empty while NEW, and after making room
 * @disk: the mapped device's disk, the first part of the key; never dereferenced
 * @begin: first sector on @disk
 * @length: sectors
 * @dev: device below
 * @start: sector on @dev where @begin lies
 * @state: see above
 * @references: held by mappings
 * @generation: when it was published
 */
struct xcopy_extent {
	struct rb_node node;
	struct gendisk *disk;
	sector_t begin;
	sector_t length;
	struct dm_dev *dev;
	sector_t start;
	enum xcopy_extent_state state;
	unsigned int references;
	u64 generation;
};

/*
 * struct xcopy_extent_watch - a count of writes
 * @link: in xcopy_extent_watches
 * @disk: mapped device whose writes are counted; kept open by the owner of the watch
 * @writes: so far
 * @rcu: for freeing
 */
struct xcopy_extent_watch {
	struct list_head link;
	struct gendisk *disk;
	atomic64_t writes;
	struct rcu_head rcu;
};

/* Protects the tree, the generation, and each extent's node, state and references. */
static DEFINE_SPINLOCK(xcopy_extent_lock);
static struct rb_root xcopy_extents = RB_ROOT;
static u64 xcopy_extent_generation;
static DECLARE_WAIT_QUEUE_HEAD(xcopy_extent_idle);

/* Written under xcopy_extent_lock, read under RCU. */
static LIST_HEAD(xcopy_extent_watches);

/* --- The tree ------------------------------------------------------------- */

/* Whether @extent ends before @sector of @disk, in the order of the tree. */
static bool xcopy_extent_before(const struct xcopy_extent *extent, const struct gendisk *disk,
				sector_t sector)
{
	if (extent->disk != disk)
		return (uintptr_t)extent->disk < (uintptr_t)disk;
	return extent->begin + extent->length <= sector;
}

/* The first extent that overlaps [begin, end) of @disk, or NULL; nothing in the tree overlaps. */
static struct xcopy_extent *xcopy_extent_find(const struct gendisk *disk, sector_t begin,
					      sector_t end)
{
	struct xcopy_extent *extent, *found = NULL;
	struct rb_node *node = xcopy_extents.rb_node;

	lockdep_assert_held(&xcopy_extent_lock);
	while (node) {
		extent = rb_entry(node, struct xcopy_extent, node);
		if (xcopy_extent_before(extent, disk, begin)) {
			node = node->rb_right;
		} else {
			found = extent;
			node = node->rb_left;
		}
	}
	return found && found->disk == disk && found->begin < end ? found : NULL;
}

static bool xcopy_extent_less(struct rb_node *a, const struct rb_node *b)
{
	const struct xcopy_extent *extent = rb_entry(a, struct xcopy_extent, node);
	const struct xcopy_extent *other = rb_entry(b, struct xcopy_extent, node);

	return !xcopy_extent_before(other, extent->disk, extent->begin);
}

static void xcopy_extent_erase(struct xcopy_extent *extent)
{
	lockdep_assert_held(&xcopy_extent_lock);
	if (RB_EMPTY_NODE(&extent->node))
		return;
	rb_erase(&extent->node, &xcopy_extents);
	RB_CLEAR_NODE(&extent->node);
}

/* Those of the table before, which is not destroyed yet, and @extent itself if it was there. */
static void xcopy_extent_make_room(const struct xcopy_extent *extent)
{
	struct xcopy_extent *old;

	while ((old = xcopy_extent_find(extent->disk, extent->begin,
					extent->begin + extent->length)))
		xcopy_extent_erase(old);
}

/* --- Published, withdrawn, given back ------------------------------------- */

static void xcopy_extent_publish(struct xcopy_extent *extent)
{
	spin_lock_irq(&xcopy_extent_lock);
	xcopy_extent_make_room(extent);
	extent->state = XCOPY_EXTENT_PUBLISHED;
	extent->generation = ++xcopy_extent_generation;
	rb_add(&extent->node, &xcopy_extents, xcopy_extent_less);
	spin_unlock_irq(&xcopy_extent_lock);
}

static bool xcopy_extent_is_idle(const struct xcopy_extent *extent)
{
	bool idle;

	spin_lock_irq(&xcopy_extent_lock);
	idle = !extent->references;
	spin_unlock_irq(&xcopy_extent_lock);
	return idle;
}

/*
 * Refuse new references, and wait for those held.
 *
 * Not counted as hung: a reference may be held for the transport's timeout, its
 * error handling and a quarantine on top.  Not interruptible either: presuspend
 * cannot fail, and going on would let the table be swapped under a copy.
 */
static void xcopy_extent_withdraw(struct xcopy_extent *extent)
{
	spin_lock_irq(&xcopy_extent_lock);
	if (extent->state == XCOPY_EXTENT_PUBLISHED)
		extent->state = XCOPY_EXTENT_WITHDRAWN;
	spin_unlock_irq(&xcopy_extent_lock);

	wait_event_idle(xcopy_extent_idle, xcopy_extent_is_idle(extent));
}

/* The table was not swapped, so what was resolved before still holds: same generation. */
static void xcopy_extent_give_back(struct xcopy_extent *extent)
{
	spin_lock_irq(&xcopy_extent_lock);
	if (extent->state == XCOPY_EXTENT_WITHDRAWN && !RB_EMPTY_NODE(&extent->node))
		extent->state = XCOPY_EXTENT_PUBLISHED;
	spin_unlock_irq(&xcopy_extent_lock);
}

static void xcopy_extent_free(struct xcopy_extent *extent)
{
	/* Presuspend did this for every table that was live; a reference here would be fatal. */
	xcopy_extent_withdraw(extent);

	spin_lock_irq(&xcopy_extent_lock);
	xcopy_extent_erase(extent);
	spin_unlock_irq(&xcopy_extent_lock);
	kfree(extent);
}

/* --- The resolver --------------------------------------------------------- */

/*
 * struct xcopy_position - a place in the stack, on the way down
 * @bdev: device
 * @place: where on @bdev
 */
struct xcopy_position {
	struct block_device *bdev;
	struct xcopy_place place;
};

/*
 * From a partition to its disk. One may have been made shorter below what lies on it: then the
 * sectors behind it are not its own, although a mapping above leads there.
 *
 * Return: 0, or -ENODEV if the place is behind its end.
 */
static int xcopy_position_to_disk(struct xcopy_position *position)
{
	struct xcopy_place *place = &position->place;
	sector_t size = bdev_nr_sectors(position->bdev);

	if (place->sector >= size)
		return -ENODEV;
	place->after = min(place->after, size - place->sector);
	place->sector += get_start_sect(position->bdev);
	position->bdev = bdev_whole(position->bdev);
	return 0;
}

static void xcopy_position_below(struct xcopy_position *position,
				 const struct xcopy_extent *extent)
{
	xcopy_place_below(&position->place, extent->begin, extent->length, extent->start);
	position->bdev = extent->dev->bdev;
}

/*
 * Take a reference on the extent at @position.
 *
 * Return: 1 with the reference in @mapping, 0 if there is no extent, -EAGAIN if it
 * is withdrawn, -EOPNOTSUPP if there are too many levels.
 */
static int xcopy_extent_get(const struct xcopy_position *position, struct xcopy_mapping *mapping,
			    struct xcopy_extent **result)
{
	struct xcopy_extent *extent;
	int r = 0;

	spin_lock_irq(&xcopy_extent_lock);
	extent = xcopy_extent_find(position->bdev->bd_disk, position->place.sector,
				   position->place.sector + 1);
	if (extent && extent->state != XCOPY_EXTENT_PUBLISHED) {
		r = -EAGAIN;
	} else if (extent && mapping->nr == XCOPY_EXTENT_DEPTH) {
		r = -EOPNOTSUPP;
	} else if (extent) {
		extent->references++;
		mapping->generations[mapping->nr] = extent->generation;
		mapping->extents[mapping->nr++] = extent;
		*result = extent;
		r = 1;
	}
	spin_unlock_irq(&xcopy_extent_lock);
	return r;
}

/*
 * A mapped device without an extent may be LVM's plain linear, which xcopysetup
 * can replace, or any other target; the kernel does not tell which.
 *
 * The device is open, by our caller or by the extent above, so that it is not
 * being deleted, for which dm_get_md() would not know it.
 */
static int xcopy_check_bottom(struct gendisk *disk)
{
	struct mapped_device *md = dm_get_md(disk_devt(disk));

	if (md) {
		dm_put(md);
		/* Its paths map sectors as they are, and all are the unit that its UUID names. */
		if (!xcopy_is_multipath(disk))
			return -ENXIO;
	}
	if (bdev_is_zoned(disk->part0) || blk_queue_dax(disk->queue))
		return -EOPNOTSUPP;
	/*
	 * Removed while it is open: volumes above have their length still, and a command that
	 * names the device by a number would reach whoever has that number now.
	 */
	if (test_bit(GD_DEAD, &disk->state) || !get_capacity(disk))
		return -ENODEV;
	return 0;
}

/* Go down from @position to the disk at the bottom, taking references. */
static int xcopy_position_descend(struct xcopy_position *position, struct xcopy_mapping *mapping)
{
	struct xcopy_extent *extent;
	int r;

	for (;;) {
		r = xcopy_position_to_disk(position);
		if (!r)
			r = xcopy_extent_get(position, mapping, &extent);
		if (r <= 0)
			break;
		xcopy_position_below(position, extent);
	}
	return r ?: xcopy_check_bottom(position->bdev->bd_disk);
}

int xcopy_extent_resolve(struct block_device *bdev, sector_t sector, sector_t sectors,
			 struct xcopy_mapping *mapping)
{
	sector_t size = bdev_nr_sectors(bdev);
	struct xcopy_position position = {
		.bdev = bdev,
		.place = { .sector = sector, .before = sector, .after = size - sector },
	};
	const struct xcopy_place *place = &position.place;
	int r;

	*mapping = (struct xcopy_mapping){ };
	if (!sectors || sector >= size || sectors > size - sector)
		return -EINVAL;

	r = xcopy_position_descend(&position, mapping);
	if (r) {
		xcopy_mapping_put(mapping);
		return r;
	}

	mapping->disk = position.bdev->bd_disk;
	mapping->sector = place->sector;
	mapping->sectors = min_t(u64, sectors, place->after);
	mapping->extent_start = place->sector - place->before;
	mapping->extent_sectors = place->before + place->after;
	return 0;
}

/* Return: true if somebody in xcopy_extent_withdraw() may have waited for this. */
static bool xcopy_extent_put(struct xcopy_extent *extent)
{
	lockdep_assert_held(&xcopy_extent_lock);
	return !--extent->references && extent->state != XCOPY_EXTENT_PUBLISHED;
}

void xcopy_mapping_put(struct xcopy_mapping *mapping)
{
	bool wake = false;
	unsigned long flags;
	unsigned int i;

	spin_lock_irqsave(&xcopy_extent_lock, flags);
	for (i = 0; i < mapping->nr; i++) {
		if (mapping->extents[i])
			wake |= xcopy_extent_put(mapping->extents[i]);
		mapping->extents[i] = NULL;
	}
	spin_unlock_irqrestore(&xcopy_extent_lock, flags);

	/* The extents may be gone by now; the queue is not. */
	if (wake)
		wake_up_all(&xcopy_extent_idle);
}

bool xcopy_mapping_unchanged(const struct xcopy_mapping *mapping, struct block_device *bdev,
			     sector_t sector)
{
	struct xcopy_mapping now;
	bool same;

	if (xcopy_extent_resolve(bdev, sector, mapping->sectors, &now))
		return false;

	/* A generation is never used twice, so the extents need no comparison. */
	same = now.disk == mapping->disk && now.sector == mapping->sector &&
	       now.sectors == mapping->sectors && now.nr == mapping->nr &&
	       !memcmp(now.generations, mapping->generations, sizeof(now.generations));
	xcopy_mapping_put(&now);
	return same;
}

/* --- Watches -------------------------------------------------------------- */

struct xcopy_extent_watch *xcopy_extent_watch(struct block_device *bdev)
{
	struct xcopy_extent_watch *watch = kzalloc(sizeof(*watch), GFP_KERNEL);

	if (!watch)
		return ERR_PTR(-ENOMEM);

	watch->disk = bdev->bd_disk;
	spin_lock_irq(&xcopy_extent_lock);
	list_add_rcu(&watch->link, &xcopy_extent_watches);
	spin_unlock_irq(&xcopy_extent_lock);
	return watch;
}

u64 xcopy_extent_watch_writes(const struct xcopy_extent_watch *watch)
{
	return atomic64_read(&watch->writes);
}

void xcopy_extent_unwatch(struct xcopy_extent_watch *watch)
{
	spin_lock_irq(&xcopy_extent_lock);
	list_del_rcu(&watch->link);
	spin_unlock_irq(&xcopy_extent_lock);
	kfree_rcu(watch, rcu);
}

/* An empty flush is a write operation too, but changes nothing; empty zone operations do. */
static bool xcopy_bio_changes_data(struct bio *bio)
{
	return op_is_write(bio_op(bio)) && (bio_op(bio) != REQ_OP_WRITE || bio_sectors(bio));
}

static void xcopy_extent_count_write(const struct gendisk *disk)
{
	struct xcopy_extent_watch *watch;

	rcu_read_lock();
	list_for_each_entry_rcu(watch, &xcopy_extent_watches, link)
		if (watch->disk == disk)
			atomic64_inc(&watch->writes);
	rcu_read_unlock();
}

/* --- The target ----------------------------------------------------------- */

static int xcopy_linear_parse(struct dm_target *ti, unsigned int argc, char **argv,
			      struct xcopy_extent *extent)
{
	unsigned long long start;
	char dummy;
	int r;

	if (sscanf(argv[1], "%llu%c", &start, &dummy) != 1 || start != (sector_t)start) {
		ti->error = "Invalid <sector>: give a decimal number of 512-byte sectors";
		return -EINVAL;
	}
	extent->start = start;

	r = dm_get_device(ti, argv[0], dm_table_get_mode(ti->table), &extent->dev);
	if (r)
		ti->error = "Cannot open <device>: does it exist, is it in use?";
	return r;
}

/* xcopy-linear <device> <sector> */
static int xcopy_linear_ctr(struct dm_target *ti, unsigned int argc, char **argv)
{
	struct xcopy_extent *extent;
	int r;

	if (argc != 2) {
		ti->error = "Wrong number of arguments: give <device> <sector>";
		return -EINVAL;
	}
	extent = kzalloc(sizeof(*extent), GFP_KERNEL);
	if (!extent) {
		ti->error = "Out of memory for the extent";
		return -ENOMEM;
	}
	r = xcopy_linear_parse(ti, argc, argv, extent);
	if (r) {
		kfree(extent);
		return r;
	}

	RB_CLEAR_NODE(&extent->node);
	extent->disk = dm_disk(dm_table_get_md(ti->table));
	extent->begin = ti->begin;
	extent->length = ti->len;
	ti->private = extent;
	ti->num_flush_bios = 1;
	ti->num_discard_bios = 1;
	ti->num_secure_erase_bios = 1;
	ti->num_write_zeroes_bios = 1;
	xcopy_dm_flush_bypasses_map(ti);
	return 0;
}

static void xcopy_linear_dtr(struct dm_target *ti)
{
	struct xcopy_extent *extent = ti->private;
	struct dm_dev *dev = extent->dev;

	/* First the extent: a reference on it keeps the device open. */
	xcopy_extent_free(extent);
	dm_put_device(ti, dev);
}

static sector_t xcopy_linear_sector(struct dm_target *ti, sector_t sector)
{
	struct xcopy_extent *extent = ti->private;

	return extent->start + dm_target_offset(ti, sector);
}

static int xcopy_linear_map(struct dm_target *ti, struct bio *bio)
{
	struct xcopy_extent *extent = ti->private;

	if (!list_empty(&xcopy_extent_watches) && xcopy_bio_changes_data(bio))
		xcopy_extent_count_write(extent->disk);

	bio_set_dev(bio, extent->dev->bdev);
	bio->bi_iter.bi_sector = xcopy_linear_sector(ti, bio->bi_iter.bi_sector);
	return DM_MAPIO_REMAPPED;
}

static void xcopy_linear_resume(struct dm_target *ti)
{
	xcopy_extent_publish(ti->private);
}

static void xcopy_linear_presuspend(struct dm_target *ti)
{
	xcopy_extent_withdraw(ti->private);
}

static void xcopy_linear_presuspend_undo(struct dm_target *ti)
{
	xcopy_extent_give_back(ti->private);
}

static void xcopy_linear_status(struct dm_target *ti, status_type_t type,
				unsigned int status_flags, char *result, unsigned int maxlen)
{
	struct xcopy_extent *extent = ti->private;
	unsigned long long start = extent->start;
	size_t sz = 0;

	switch (type) {
	case STATUSTYPE_INFO:
		result[0] = '\0';
		break;
	case STATUSTYPE_TABLE:
		DMEMIT("%s %llu", extent->dev->name, start);
		break;
	case STATUSTYPE_IMA:
		DMEMIT_TARGET_NAME_VERSION(ti->type);
		DMEMIT(",device_name=%s,start=%llu;", extent->dev->name, start);
		break;
	}
}

/* Only the whole device below is the same thing to an ioctl; else dm asks for privileges. */
static int xcopy_linear_ioctl_bdev(struct dm_target *ti, struct block_device **bdev)
{
	struct xcopy_extent *extent = ti->private;

	*bdev = extent->dev->bdev;
	return extent->start || ti->len != bdev_nr_sectors(*bdev);
}

XCOPY_DM_PREPARE_IOCTL(xcopy_linear)

#ifdef CONFIG_BLK_DEV_ZONED
static int xcopy_linear_report_zones(struct dm_target *ti, struct dm_report_zones_args *args,
				     unsigned int nr_zones)
{
	struct xcopy_extent *extent = ti->private;

	return dm_report_zones(extent->dev->bdev, extent->start,
			       xcopy_linear_sector(ti, args->next_sector), args, nr_zones);
}
#else
#define xcopy_linear_report_zones NULL
#endif

static int xcopy_linear_iterate_devices(struct dm_target *ti, iterate_devices_callout_fn fn,
					void *data)
{
	struct xcopy_extent *extent = ti->private;

	return fn(ti, extent->dev, extent->start, ti->len, data);
}

static struct target_type xcopy_linear_target = {
	.name = "xcopy-linear",
	.version = { 1, 0, 0 },
	.features = DM_TARGET_PASSES_INTEGRITY | DM_TARGET_NOWAIT | DM_TARGET_ZONED_HM |
		    DM_TARGET_PASSES_CRYPTO | DM_TARGET_ATOMIC_WRITES,
	.module = THIS_MODULE,
	.ctr = xcopy_linear_ctr,
	.dtr = xcopy_linear_dtr,
	.map = xcopy_linear_map,
	.resume = xcopy_linear_resume,
	.presuspend = xcopy_linear_presuspend,
	.presuspend_undo = xcopy_linear_presuspend_undo,
	.status = xcopy_linear_status,
	.prepare_ioctl = xcopy_linear_prepare_ioctl,
	.report_zones = xcopy_linear_report_zones,
	.iterate_devices = xcopy_linear_iterate_devices,
};

int __init xcopy_extent_init(void)
{
	return dm_register_target(&xcopy_linear_target);
}

void xcopy_extent_exit(void)
{
	dm_unregister_target(&xcopy_linear_target);
}

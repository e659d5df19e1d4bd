// SPDX-License-Identifier: GPL-2.0-only
/*
 * Disks whose power can be cut: memory, with a volatile write cache in front.
 *
 * Controlled by files below /sys/kernel/debug/xcopy-cut; README says what each
 * does.  All disks lose their power at the same instant.
 *
 * They are disks of their own and no device-mapper target, so that they are found
 * at the bottom of a stack and copier commands go to them as well.
 *
 * Each has two images.  "now" is what a read sees; "stable" is what is left when
 * the power has been cut.  What was written and not flushed is on a list, oldest
 * first, with its data.  A flush brings the list to the stable image; a FUA write
 * does so for itself alone.  A cut brings some of it there and forgets the rest.
 *
 * Bios are served by workers, after a delay of random length before or after they
 * take effect: acknowledgments come in any order, and a cut finds bios that were
 * submitted but have not taken effect.
 *
 * Locking: cut_power.lock is held for reading while a bio takes effect, for writing
 * by whoever changes the power or the set of disks; cut_disk.mutex, under it, protects
 * images and list.
 */
#include <linux/blkdev.h>
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "cut-disk.h"

#define CUT_LINE	128	/* longest line written to a file */
#define CUT_NAME	32
#define CUT_MIN_BLOCK	512U
#define CUT_MAX_BLOCK	4096U

/*
 * enum cut_style - what a cut leaves of the cache
 * @CUT_LOSE: nothing
 * @CUT_KEEP: everything
 * @CUT_SOME: each write whole or not at all
 * @CUT_TORN: each write whole, or some blocks of it, or not at all
 * @CUT_NEWEST: rather the newer ones
 * @CUT_OLDEST: rather the older ones
 */
enum cut_style {
	CUT_LOSE,
	CUT_KEEP,
	CUT_SOME,
	CUT_TORN,
	CUT_NEWEST,
	CUT_OLDEST,
	CUT_NR_STYLES,
};

/*
 * struct cut_write - something in the cache
 * @link: on cut_disk.cache, oldest first
 * @sector: first sector
 * @sectors: length
 * @data: NULL: zeroes
 * @certain: it was a FUA write
 */
struct cut_write {
	struct list_head link;
	sector_t sector;
	sector_t sectors;
	void *data;
	bool certain;
};

struct cut_disk {
	struct list_head link;
	struct gendisk *disk;
	struct mutex mutex;		/* images and cache */
	u8 *now;
	u8 *stable;
	struct list_head cache;
	unsigned int nr_cached;
	sector_t sectors;
	unsigned int block;		/* sectors */
	unsigned int tear;		/* bytes: what of a write is torn */
	bool has_cache;
};

/*
 * struct cut_job - a bio on its way
 * @work: it is served by
 * @disk: to which it was submitted
 * @bio: the bio
 * @random: decides its delay, and what becomes of it in a cut
 * @powered: it was submitted before the cut
 */
struct cut_job {
	struct work_struct work;
	struct cut_disk *disk;
	struct bio *bio;
	u64 random;
	bool powered;
};

/* What became of the writes in the caches. */
struct cut_counters {
	u64 cuts;
	u64 kept;
	u64 torn;
	u64 lost;
};

static struct {
	struct rw_semaphore lock;	/* @disks, @on, @style, @seed */
	struct list_head disks;
	bool on;
	enum cut_style style;
	u64 seed;			/* of the cut that is armed, or was last */
	u64 number;			/* of random numbers drawn for it */
	spinlock_t arm_lock;		/* @armed, @countdown, @what */
	bool armed;
	unsigned int countdown;
	char what[CUT_NAME];
	unsigned int delay_us;
	atomic_t jobs;
	wait_queue_head_t idle;
	atomic64_t bios;
	atomic64_t in_flight;		/* written in part after the cut */
	struct cut_counters counters;	/* @lock, for writing */
	struct workqueue_struct *wq;
	struct dentry *directory;
} cut_power = {
	.lock = __RWSEM_INITIALIZER(cut_power.lock),
	.disks = LIST_HEAD_INIT(cut_power.disks),
	.on = true,
	.arm_lock = __SPIN_LOCK_UNLOCKED(cut_power.arm_lock),
	.idle = __WAIT_QUEUE_HEAD_INITIALIZER(cut_power.idle),
};

/* --- Random numbers ------------------------------------------------------- */

/* The finalizer of splitmix64. */
static u64 cut_mix(u64 value)
{
	value += 0x9e3779b97f4a7c15ULL;
	value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
	value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
	return value ^ (value >> 31);
}

/* With cut_power.lock for writing. */
static u64 cut_random(void)
{
	return cut_mix(cut_power.seed + cut_power.number++);
}

/* --- Images --------------------------------------------------------------- */

static void cut_store(u8 *image, sector_t sector, const void *data, sector_t sectors)
{
	u8 *at = image + (sector << SECTOR_SHIFT);

	if (data)
		memcpy(at, data, sectors << SECTOR_SHIFT);
	else
		memset(at, 0, sectors << SECTOR_SHIFT);
}

/* Each piece of it for itself, as @random says. */
static void cut_store_torn(struct cut_disk *disk, sector_t sector, const void *data,
			   sector_t sectors, u64 random)
{
	u8 *at = disk->stable + (sector << SECTOR_SHIFT);
	size_t i, bytes = sectors << SECTOR_SHIFT;

	for (i = 0; i < bytes; i += disk->tear) {
		random = cut_mix(random);
		if (!(random & 1))
			continue;
		if (data)
			memcpy(at + i, data + i, disk->tear);
		else
			memset(at + i, 0, disk->tear);
	}
}

static void cut_forget(struct cut_disk *disk, struct cut_write *write)
{
	list_del(&write->link);
	disk->nr_cached--;
	kvfree(write->data);
	kfree(write);
}

static void cut_flush(struct cut_disk *disk)
{
	struct cut_write *write, *next;

	list_for_each_entry_safe(write, next, &disk->cache, link) {
		cut_store(disk->stable, write->sector, write->data, write->sectors);
		cut_forget(disk, write);
	}
}

/* Out of the cache, or the whole of it would have to be flushed before. */
static void cut_remember(struct cut_disk *disk, sector_t sector, void *data, sector_t sectors,
			 bool certain)
{
	struct cut_write *write = kzalloc(sizeof(*write), GFP_NOIO | __GFP_NOFAIL);

	write->sector = sector;
	write->sectors = sectors;
	write->data = data;
	write->certain = certain;
	list_add_tail(&write->link, &disk->cache);
	disk->nr_cached++;
}

/* --- The cut -------------------------------------------------------------- */

/* In 256ths: how likely number @i of @count survives. */
static unsigned int cut_chance(unsigned int i, unsigned int count)
{
	switch (cut_power.style) {
	case CUT_LOSE:
		return 0;
	case CUT_KEEP:
		return 256;
	case CUT_NEWEST:
		return 256 * (i + 1) / (count + 1);
	case CUT_OLDEST:
		return 256 - 256 * (i + 1) / (count + 1);
	default:
		return 128;
	}
}

static void cut_one(struct cut_disk *disk, struct cut_write *write, unsigned int chance)
{
	u64 random = cut_random();

	if (!write->certain && cut_power.style == CUT_TORN && random % 3 == 0) {
		cut_store_torn(disk, write->sector, write->data, write->sectors, random);
		cut_power.counters.torn++;
	} else if (write->certain || (random >> 32) % 256 < chance) {
		cut_store(disk->stable, write->sector, write->data, write->sectors);
		cut_power.counters.kept++;
	} else {
		cut_power.counters.lost++;
	}
}

static void cut_disk_off(struct cut_disk *disk)
{
	unsigned int i = 0, count = disk->nr_cached;
	struct cut_write *write, *next;

	list_for_each_entry_safe(write, next, &disk->cache, link) {
		cut_one(disk, write, cut_chance(i++, count));
		cut_forget(disk, write);
	}
}

static void cut_now(u64 seed)
{
	struct cut_disk *disk;

	down_write(&cut_power.lock);
	if (cut_power.on) {
		cut_power.seed = seed;
		cut_power.number = 0;
		cut_power.style = cut_random() % CUT_NR_STYLES;
		list_for_each_entry(disk, &cut_power.disks, link)
			cut_disk_off(disk);
		cut_power.counters.cuts++;
		WRITE_ONCE(cut_power.on, false);
	}
	up_write(&cut_power.lock);
}

/* Is @job of the kind that is counted? With arm_lock. */
static bool cut_counts(const struct cut_job *job)
{
	const struct bio *bio = job->bio;

	if (!op_is_write(bio_op(bio)))
		return false;
	if (!strcmp(cut_power.what, "all"))
		return true;
	if (!strcmp(cut_power.what, "flush"))
		return bio->bi_opf & (REQ_PREFLUSH | REQ_FUA);
	return !strcmp(cut_power.what, job->disk->disk->disk_name);
}

static bool cut_is_due(const struct cut_job *job)
{
	bool due = false;

	spin_lock(&cut_power.arm_lock);
	if (cut_power.armed && cut_counts(job) && !--cut_power.countdown) {
		cut_power.armed = false;
		due = true;
	}
	spin_unlock(&cut_power.arm_lock);
	return due;
}

/* --- Bios ----------------------------------------------------------------- */

static void *cut_data_of(struct bio *bio)
{
	void *data = kvmalloc(bio->bi_iter.bi_size, GFP_NOIO);
	struct bvec_iter iter;
	struct bio_vec bvec;
	void *at = data;

	if (!data)
		return NULL;
	bio_for_each_segment(bvec, bio, iter) {
		memcpy_from_bvec(at, &bvec);
		at += bvec.bv_len;
	}
	return data;
}

static void cut_read(struct cut_disk *disk, struct bio *bio)
{
	u8 *at = disk->now + (bio->bi_iter.bi_sector << SECTOR_SHIFT);
	struct bvec_iter iter;
	struct bio_vec bvec;

	bio_for_each_segment(bvec, bio, iter) {
		memcpy_to_bvec(&bvec, at);
		at += bvec.bv_len;
	}
}

/* A discard may or may not do anything. */
static bool cut_ignores(const struct cut_job *job)
{
	return bio_op(job->bio) == REQ_OP_DISCARD && (job->random & 2);
}

/* What a bio writes takes effect; @data becomes the cache's, or is freed. */
static void cut_change(struct cut_job *job, void *data)
{
	sector_t sector = job->bio->bi_iter.bi_sector, sectors = bio_sectors(job->bio);
	struct cut_disk *disk = job->disk;

	cut_store(disk->now, sector, data, sectors);
	if (disk->has_cache) {
		cut_remember(disk, sector, data, sectors, job->bio->bi_opf & REQ_FUA);
	} else {
		cut_store(disk->stable, sector, data, sectors);
		kvfree(data);
	}
}

/* The power is off; what was on its way may have been in the middle of being written. */
static void cut_too_late(struct cut_job *job, void *data)
{
	if (job->powered && (job->random & 4)) {
		cut_store_torn(job->disk, job->bio->bi_iter.bi_sector, data,
			       bio_sectors(job->bio), job->random);
		atomic64_inc(&cut_power.in_flight);
	}
	kvfree(data);
}

static blk_status_t cut_write(struct cut_job *job)
{
	struct bio *bio = job->bio;
	void *data = NULL;

	if (cut_ignores(job) || !bio_sectors(bio))
		return cut_power.on ? BLK_STS_OK : BLK_STS_IOERR;
	if (bio_op(bio) == REQ_OP_WRITE) {
		data = cut_data_of(bio);
		if (!data)
			return BLK_STS_RESOURCE;
	}
	if (cut_power.on)
		cut_change(job, data);
	else
		cut_too_late(job, data);
	return cut_power.on ? BLK_STS_OK : BLK_STS_IOERR;
}

/* With the disk's mutex, and cut_power.lock for reading. */
static blk_status_t cut_serve(struct cut_job *job)
{
	struct bio *bio = job->bio;

	if (cut_power.on && (bio->bi_opf & REQ_PREFLUSH))
		cut_flush(job->disk);

	switch (bio_op(bio)) {
	case REQ_OP_READ:
		if (!cut_power.on)
			return BLK_STS_IOERR;
		cut_read(job->disk, bio);
		return BLK_STS_OK;
	case REQ_OP_WRITE:
	case REQ_OP_WRITE_ZEROES:
	case REQ_OP_DISCARD:
		return cut_write(job);
	default:
		return BLK_STS_NOTSUPP;
	}
}

static void cut_delay(u64 random)
{
	unsigned int us = READ_ONCE(cut_power.delay_us);

	if (us && READ_ONCE(cut_power.on))
		usleep_range(random % us, random % us + 20);
}

static void cut_work(struct work_struct *work)
{
	struct cut_job *job = container_of(work, struct cut_job, work);
	struct bio *bio = job->bio;

	if (job->random & 1)
		cut_delay(job->random >> 8);
	if (cut_is_due(job))
		cut_now(cut_power.seed);
	down_read(&cut_power.lock);
	mutex_lock(&job->disk->mutex);
	bio->bi_status = cut_serve(job);
	mutex_unlock(&job->disk->mutex);
	up_read(&cut_power.lock);
	if (!(job->random & 1))
		cut_delay(job->random >> 8);

	kfree(job);
	bio_endio(bio);
	if (atomic_dec_and_test(&cut_power.jobs))
		wake_up_all(&cut_power.idle);
}

static void cut_submit(struct bio *bio)
{
	struct cut_job *job = kzalloc(sizeof(*job), GFP_NOIO | __GFP_NOFAIL);

	job->disk = bio->bi_bdev->bd_disk->private_data;
	job->bio = bio;
	job->random = cut_mix(cut_power.seed ^ cut_mix(atomic64_inc_return(&cut_power.bios)));
	job->powered = READ_ONCE(cut_power.on);
	atomic_inc(&cut_power.jobs);
	INIT_WORK(&job->work, cut_work);
	queue_work(cut_power.wq, &job->work);
}

static const struct block_device_operations cut_operations = {
	.owner = THIS_MODULE,
	.submit_bio = cut_submit,
};

/* --- Disks ---------------------------------------------------------------- */

static void cut_free(struct cut_disk *disk)
{
	cut_flush(disk);
	vfree(disk->now);
	vfree(disk->stable);
	kfree(disk);
}

static int cut_add(const char *name, sector_t sectors, unsigned int block, bool has_cache)
{
	struct cut_disk *disk = kzalloc(sizeof(*disk), GFP_KERNEL);
	int r = -ENOMEM;

	if (!disk)
		return r;
	mutex_init(&disk->mutex);
	INIT_LIST_HEAD(&disk->cache);
	disk->sectors = sectors;
	disk->block = block >> SECTOR_SHIFT;
	disk->tear = block;
	disk->has_cache = has_cache;
	disk->now = vzalloc(sectors << SECTOR_SHIFT);
	disk->stable = vzalloc(sectors << SECTOR_SHIFT);
	if (!disk->now || !disk->stable)
		goto out_free;
	disk->disk = cut_alloc_disk(block, has_cache);
	r = PTR_ERR_OR_ZERO(disk->disk);
	if (r)
		goto out_free;
	strscpy(disk->disk->disk_name, name, DISK_NAME_LEN);
	disk->disk->fops = &cut_operations;
	disk->disk->private_data = disk;
	disk->disk->flags |= GENHD_FL_NO_PART;
	set_capacity(disk->disk, sectors);
	r = add_disk(disk->disk);
	if (r)
		goto out_put;
	down_write(&cut_power.lock);
	list_add_tail(&disk->link, &cut_power.disks);
	up_write(&cut_power.lock);
	return 0;

out_put:
	put_disk(disk->disk);
out_free:
	cut_free(disk);
	return r;
}

static void cut_remove_all(void)
{
	struct cut_disk *disk, *next;
	LIST_HEAD(disks);

	down_write(&cut_power.lock);
	list_splice_init(&cut_power.disks, &disks);
	up_write(&cut_power.lock);
	list_for_each_entry_safe(disk, next, &disks, link) {
		del_gendisk(disk->disk);
		wait_event(cut_power.idle, !atomic_read(&cut_power.jobs));
		put_disk(disk->disk);
		cut_free(disk);
	}
}

/* --- Files ---------------------------------------------------------------- */

static int cut_write_add(char *line)
{
	unsigned long long sectors;
	char name[CUT_NAME], kind[CUT_NAME];
	unsigned int block;

	if (sscanf(line, "%31s %llu %u %31s", name, &sectors, &block, kind) != 4 || !sectors ||
	    block < CUT_MIN_BLOCK || block > CUT_MAX_BLOCK || !is_power_of_2(block) ||
	    (strcmp(kind, "cache") && strcmp(kind, "through")))
		return -EINVAL;
	return cut_add(name, sectors, block, !strcmp(kind, "cache"));
}

/* "<seed>": at once; "<seed> <count> <what>": when that many of these have come. */
static int cut_write_cut(char *line)
{
	unsigned long long seed;
	char what[CUT_NAME];
	unsigned int count;
	int n = sscanf(line, "%llu %u %31s", &seed, &count, what);

	spin_lock(&cut_power.arm_lock);
	cut_power.armed = n == 3 && count;
	if (cut_power.armed) {
		cut_power.seed = seed;
		cut_power.countdown = count;
		strscpy(cut_power.what, what, sizeof(cut_power.what));
	}
	spin_unlock(&cut_power.arm_lock);
	if (n == 1)
		cut_now(seed);
	return n == 1 || n == 3 ? 0 : -EINVAL;
}

/* What is under way belongs to the time before. */
static int cut_write_on(char *line)
{
	struct cut_disk *disk;

	if (wait_event_interruptible(cut_power.idle, !atomic_read(&cut_power.jobs)))
		return -EINTR;
	down_write(&cut_power.lock);
	list_for_each_entry(disk, &cut_power.disks, link)
		if (!cut_power.on)
			memcpy(disk->now, disk->stable, disk->sectors << SECTOR_SHIFT);
	cut_power.on = true;
	up_write(&cut_power.lock);
	return 0;
}

static struct cut_disk *cut_find(const char *name)
{
	struct cut_disk *disk;

	list_for_each_entry(disk, &cut_power.disks, link)
		if (!strcmp(disk->disk->disk_name, name))
			return disk;
	return NULL;
}

static int cut_write_tear(char *line)
{
	struct cut_disk *disk;
	char name[CUT_NAME];
	unsigned int tear;
	int r = -ENODEV;

	if (sscanf(line, "%31s %u", name, &tear) != 2 || !tear || tear > CUT_MAX_BLOCK ||
	    !is_power_of_2(tear))
		return -EINVAL;
	down_write(&cut_power.lock);
	disk = cut_find(name);
	if (disk && tear <= disk->block << SECTOR_SHIFT) {
		disk->tear = tear;
		r = 0;
	}
	up_write(&cut_power.lock);
	return r;
}

static int cut_write_delay(char *line)
{
	return kstrtouint(strim(line), 0, &cut_power.delay_us);
}

static int cut_write_remove(char *line)
{
	cut_remove_all();
	return 0;
}

static int cut_state_show(struct seq_file *file, void *unused)
{
	const struct cut_counters *counters = &cut_power.counters;

	seq_printf(file, "%s bios %llu cuts %llu kept %llu torn %llu lost %llu in_flight %llu\n",
		   READ_ONCE(cut_power.on) ? "on" : "off",
		   (u64)atomic64_read(&cut_power.bios), counters->cuts, counters->kept,
		   counters->torn, counters->lost, (u64)atomic64_read(&cut_power.in_flight));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(cut_state);

/* What a line written to a file does; the file's private data. */
struct cut_verb {
	const char *name;
	int (*write)(char *line);
};

static const struct cut_verb cut_verbs[] = {
	{ "add", cut_write_add },
	{ "cut", cut_write_cut },
	{ "on", cut_write_on },
	{ "delay_us", cut_write_delay },
	{ "tear", cut_write_tear },
	{ "remove", cut_write_remove },
};

static ssize_t cut_file_write(struct file *file, const char __user *user, size_t size,
			      loff_t *position)
{
	const struct cut_verb *verb = file->private_data;
	char *line;
	int r;

	if (size >= CUT_LINE)
		return -EINVAL;
	line = memdup_user_nul(user, size);
	if (IS_ERR(line))
		return PTR_ERR(line);
	r = verb->write(line);
	kfree(line);
	return r ?: size;
}

static const struct file_operations cut_verb_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = cut_file_write,
};

static int __init cut_init(void)
{
	unsigned int i;

	cut_power.wq = alloc_workqueue("xcopy-cut", WQ_UNBOUND | WQ_MEM_RECLAIM, 32);
	if (!cut_power.wq)
		return -ENOMEM;
	cut_power.directory = debugfs_create_dir("xcopy-cut", NULL);
	for (i = 0; i < ARRAY_SIZE(cut_verbs); i++)
		debugfs_create_file(cut_verbs[i].name, 0200, cut_power.directory,
				    (void *)&cut_verbs[i], &cut_verb_fops);
	debugfs_create_file("state", 0400, cut_power.directory, NULL, &cut_state_fops);
	return 0;
}

static void __exit cut_exit(void)
{
	debugfs_remove(cut_power.directory);
	cut_remove_all();
	destroy_workqueue(cut_power.wq);
}

module_init(cut_init);
module_exit(cut_exit);

MODULE_DESCRIPTION("disks whose power can be cut, for tests of dm-xcopy");
MODULE_LICENSE("GPL");

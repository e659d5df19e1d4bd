// SPDX-License-Identifier: GPL-2.0-only
/*
 * The NVMe copier: finds the queue that a Copy command has to go to, makes its
 * controller take Format 2h, sends the command and says what became of it.
 *
 * A disk whose parent is a controller is a path itself.  A disk whose parent is a
 * subsystem is a native multipath head, which has no queue: a read of one block
 * sent to it ends with bi_bdev being the hidden path disk that the driver's own
 * policy chose.
 *
 * What keeps what: path_get() takes a reference on the path disk's device, which
 * keeps the memory of the disk and of its queue; a queue that is dying refuses
 * requests.  A request holds up the removal of the path disk and so of the
 * controller.  Paths are told apart by their disks' sequence numbers, which are
 * never used again.
 */
#define pr_fmt(fmt) "dm-xcopy-nvme: " fmt

#include <linux/blk-integrity.h>
#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/jiffies.h>
#include <linux/kref.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/nvme_ioctl.h>
#include <linux/slab.h>

#include "copier.h"
#include "nvme-command.h"
#include "nvme-private.h"

/* Extents are held meanwhile, so a head without a live path must not keep path_get() for long. */
#define PROBE_TIMEOUT	(5 * HZ)
/* After a probe that took so long, the next ones are not waited for. */
#define PROBE_PAUSE	HZ
/* The driver may have come to prefer another path. */
#define PATH_LIFETIME	HZ
/* Paths of a pair whose arming is remembered; forgetting one costs a Get Features. */
#define PATHS		16
/* Arming that does not help so many times in a row is not what is missing. */
#define MAX_ARMINGS	3

/**
 * struct probe - the read that finds a path of a head
 * @ref: one of the pair, one of the bio in flight
 * @bio: the read
 * @vec: its only segment
 * @buffer: room for a block
 * @order: of @buffer
 * @head: the disk read from
 * @lock: protects @abandoned and @path
 * @abandoned: nobody waits any more; @path stays NULL
 * @path: disk that served the read, its device referenced; NULL if none did
 * @done: the read has ended
 */
struct probe {
	struct kref ref;
	struct bio bio;
	struct bio_vec vec;
	struct page *buffer;
	unsigned int order;
	struct gendisk *head;
	spinlock_t lock; /* see above */
	bool abandoned;
	struct gendisk *path;
	struct completion done;
};

/**
 * struct arming - whether a path's controller was made to take Format 2h
 * @key: the path's; 0: unused
 * @generation: counts arming and its loss: odd while armed
 * @armings: since the last copy that the controller took
 */
struct arming {
	u64 key;
	u32 generation;
	u32 armings;
};

/**
 * struct nvme_pair - the copier's part of a struct xcopy_pair
 * @source_nsid: namespace to read
 * @destination_nsid: namespace to write
 * @block_shift: sectors to logical blocks
 * @mutex: finding and arming a path, one at a time; protects all below but @armings
 * @probe: NULL if the destination is no head
 * @probing: @probe is in flight
 * @pause_until: jiffies; a probe has kept us waiting, do not wait again before
 * @path: last path found, its device referenced, or NULL
 * @path_until: jiffies; look for a path again then
 * @path_failed: a copy has failed; look for a path again (also written without @mutex)
 * @features: room for the data of a feature
 * @lock: protects @armings and @next
 * @armings: what is known about controllers
 * @next: the slot of @armings that is overwritten next
 */
struct nvme_pair {
	u32 source_nsid;
	u32 destination_nsid;
	unsigned int block_shift;
	struct mutex mutex; /* see above */
	struct probe *probe;
	bool probing;
	unsigned long pause_until;
	struct gendisk *path;
	unsigned long path_until;
	bool path_failed;
	u8 *features;
	spinlock_t lock; /* see above */
	struct arming armings[PATHS];
	unsigned int next;
};

/* Reads in flight, of pairs that may be gone: their end_io is code of this module. */
static atomic_t probes_in_flight;

static bool is_head(const struct gendisk *disk)
{
	return !strcmp(disk_to_dev(disk)->parent->class->name, "nvme-subsystem");
}

static bool nvme_claims(struct gendisk *disk)
{
	struct device *parent = disk_to_dev(disk)->parent;

	if (!parent || !parent->class || !disk->fops->ioctl || (disk->flags & GENHD_FL_HIDDEN))
		return false;
	/* Heads are bio-based, paths are not: anything else is not the kernel's NVMe driver. */
	if (!strcmp(parent->class->name, "nvme"))
		return queue_is_mq(disk->queue);
	return !strcmp(parent->class->name, "nvme-subsystem") && !queue_is_mq(disk->queue);
}

/* ---- finding the path of a head ---- */

static void free_probe(struct kref *ref)
{
	struct probe *probe = container_of(ref, struct probe, ref);

	__free_pages(probe->buffer, probe->order);
	kfree(probe);
}

static void probe_end_io(struct bio *bio)
{
	struct probe *probe = bio->bi_private;
	struct gendisk *disk = bio->bi_bdev->bd_disk;
	unsigned long flags;

	/*
	 * Its request is not freed yet, so the path disk is there.  An error does not
	 * matter: it is the path's own disk that has answered with it.
	 */
	spin_lock_irqsave(&probe->lock, flags);
	if (!probe->abandoned && disk != probe->head) {
		get_device(disk_to_dev(disk));
		probe->path = disk;
	}
	spin_unlock_irqrestore(&probe->lock, flags);
	complete(&probe->done);
	kref_put(&probe->ref, free_probe);
	atomic_dec(&probes_in_flight);
}

static struct probe *alloc_probe(struct gendisk *head)
{
	struct probe *probe = kzalloc(sizeof(*probe), GFP_KERNEL);

	if (!probe)
		return NULL;
	probe->order = get_order(queue_logical_block_size(head->queue));
	probe->buffer = alloc_pages(GFP_KERNEL, probe->order);
	if (!probe->buffer) {
		kfree(probe);
		return NULL;
	}
	kref_init(&probe->ref);
	spin_lock_init(&probe->lock);
	probe->head = head;
	return probe;
}

static void send_probe(struct probe *probe)
{
	struct bio *bio = &probe->bio;

	init_completion(&probe->done);
	bio_init(bio, probe->head->part0, &probe->vec, 1, REQ_OP_READ);
	__bio_add_page(bio, probe->buffer, queue_logical_block_size(probe->head->queue), 0);
	bio->bi_private = probe;
	bio->bi_end_io = probe_end_io;
	kref_get(&probe->ref);
	atomic_inc(&probes_in_flight);
	submit_bio(bio);
}

static void abandon_probe(struct probe *probe)
{
	struct gendisk *path;

	spin_lock_irq(&probe->lock);
	probe->abandoned = true;
	path = probe->path;
	spin_unlock_irq(&probe->lock);
	if (path)
		put_device(disk_to_dev(path));
	kref_put(&probe->ref, free_probe);
}

static void forget_path(struct nvme_pair *np)
{
	if (np->path)
		put_device(disk_to_dev(np->path));
	np->path = NULL;
}

/* The disk's removal has begun; what is sent now would only be refused, if anything. */
static bool is_gone(struct gendisk *disk)
{
	return !get_capacity(disk) || test_bit(GD_DEAD, &disk->state) ||
	       blk_queue_dying(disk->queue);
}

/* One read at a time: one that is still on its way is waited for again, not sent again. */
static enum xcopy_outcome probe_path(struct nvme_pair *np)
{
	if (time_before(jiffies, np->pause_until))
		return XCOPY_BUSY;
	if (!np->probing)
		send_probe(np->probe);
	np->probing = !wait_for_completion_timeout(&np->probe->done, PROBE_TIMEOUT);
	if (np->probing) {
		np->pause_until = jiffies + PROBE_PAUSE;
		return XCOPY_BUSY;
	}
	np->path = np->probe->path;
	np->probe->path = NULL;
	np->path_until = jiffies + PATH_LIFETIME;
	return np->path ? XCOPY_DONE : XCOPY_PATH;
}

static enum xcopy_outcome head_path(struct nvme_pair *np, struct gendisk **disk)
{
	enum xcopy_outcome outcome = XCOPY_DONE;

	if (READ_ONCE(np->path_failed) || time_after_eq(jiffies, np->path_until) ||
	    (np->path && is_gone(np->path)))
		forget_path(np);
	if (!np->path) {
		WRITE_ONCE(np->path_failed, false);
		outcome = probe_path(np);
	}
	*disk = np->path;
	return outcome;
}

/* ---- making a controller take Format 2h ---- */

/* Caller holds np->lock. */
static struct arming *find_arming(struct nvme_pair *np, u64 key)
{
	unsigned int i;

	for (i = 0; i < PATHS; i++)
		if (np->armings[i].key == key)
			return &np->armings[i];
	return NULL;
}

static struct arming *need_arming(struct nvme_pair *np, u64 key)
{
	struct arming *arming = find_arming(np, key);

	if (!arming) {
		arming = &np->armings[np->next++ % PATHS];
		*arming = (struct arming) { .key = key };
	}
	return arming;
}

/*
 * Return: 0; > 0: status of the controller; < 0: no answer, or refused to allocate.
 *
 * The driver clears the feature at each reset and sets other parts of it then, to
 * the same values each time: so what Get returned is right to set, whatever
 * happens in between.
 */
static int arm_controller(struct device *device, u8 *features)
{
	struct nvme_ctrl *ctrl = dev_get_drvdata(device);
	int r;

	r = nvme_get_features(ctrl, XCOPY_NVME_HOST_BEHAVIOR, 0, features,
			      XCOPY_NVME_HOST_BEHAVIOR_SIZE, NULL);
	if (r || !xcopy_nvme_arm(features))
		return r;
	r = nvme_set_features(ctrl, XCOPY_NVME_HOST_BEHAVIOR, 0, features,
			      XCOPY_NVME_HOST_BEHAVIOR_SIZE, NULL);
	if (!r)
		pr_info_ratelimited("%s: copies between namespaces enabled\n",
				    dev_name(device));
	return r;
}

/*
 * The controller, and its admin queue, must not go away under the feature calls, and
 * a reference on its device does not ensure that on every kernel.  A request of the
 * path disk does: the disk is removed before the controller, and waits for it.
 */
static int arm_path(struct gendisk *disk, u8 *features)
{
	struct request *guard;
	int r;

	guard = blk_mq_alloc_request(disk->queue, REQ_OP_DRV_IN, BLK_MQ_REQ_NOWAIT);
	if (IS_ERR(guard))
		return PTR_ERR(guard);
	r = arm_controller(disk_to_dev(disk)->parent, features);
	blk_mq_free_request(guard);
	return r;
}

/* What to do about arming: 1: do it, 0: armed already, -ELOOP: it does not help. */
static int plan_arming(struct nvme_pair *np, u64 key)
{
	struct arming *arming;
	int r = 1;

	spin_lock(&np->lock);
	arming = need_arming(np, key);
	if (arming->generation & 1)
		r = 0;
	else if (arming->armings >= MAX_ARMINGS)
		r = -ELOOP;
	spin_unlock(&np->lock);
	return r;
}

static void note_armed(struct nvme_pair *np, u64 key)
{
	struct arming *arming;

	spin_lock(&np->lock);
	arming = need_arming(np, key);
	arming->generation |= 1;
	arming->armings++;
	spin_unlock(&np->lock);
}

/* These are no copies: nothing but an answer of the controller is final. */
static bool cannot_arm(int r)
{
	enum xcopy_outcome outcome = r > 0 ? xcopy_nvme_outcome(r, false) : XCOPY_BUSY;

	return outcome == XCOPY_UNSUPPORTED || outcome == XCOPY_REFUSED;
}

static enum xcopy_outcome arm(struct nvme_pair *np, struct gendisk *disk, const char **reason)
{
	int r = plan_arming(np, disk->diskseq);

	if (!r)
		return XCOPY_DONE;
	*reason = "copy-between-namespaces-refused";
	if (r < 0)
		return XCOPY_UNSUPPORTED;
	r = arm_path(disk, np->features);
	if (!r) {
		note_armed(np, disk->diskseq);
		return XCOPY_DONE;
	}
	return cannot_arm(r) ? XCOPY_UNSUPPORTED : XCOPY_BUSY;
}

static u32 arming_generation(struct nvme_pair *np, u64 key)
{
	struct arming *arming;
	u32 generation = 0;

	spin_lock(&np->lock);
	arming = find_arming(np, key);
	if (arming)
		generation = arming->generation;
	spin_unlock(&np->lock);
	return generation;
}

/* A refusal counts only against the arming that was in force when the copy was sent. */
static void note_outcome(struct nvme_pair *np, u64 key, u32 generation, enum xcopy_outcome outcome)
{
	struct arming *arming;

	spin_lock(&np->lock);
	arming = find_arming(np, key);
	if (arming && outcome == XCOPY_DONE)
		arming->armings = 0;
	if (arming && outcome == XCOPY_UNARMED && (generation & 1) &&
	    arming->generation == generation)
		arming->generation++;
	spin_unlock(&np->lock);
}

/* ---- the copier ---- */

static bool across(const struct nvme_pair *np)
{
	return np->source_nsid != np->destination_nsid;
}

static int get_nsid(struct gendisk *disk, u32 *nsid)
{
	int r = disk->fops->ioctl(disk->part0, 0, NVME_IOCTL_ID, 0);

	if (r == -EWOULDBLOCK)
		return -EAGAIN;
	/* NSIDs with the top bit set are for broadcast and vendors. */
	if (r <= 0)
		return -EOPNOTSUPP;
	*nsid = r;
	return 0;
}

static const char *unfit(struct gendisk *disk)
{
	if (!IS_ENABLED(CONFIG_BLK_DEV_INTEGRITY))
		return "kernel-without-integrity";
	if (blk_get_integrity(disk))
		return "integrity";
	if (bdev_is_zoned(disk->part0))
		return "zoned";
	return NULL;
}

static const char *check_pair(struct xcopy_pair *pair)
{
	struct gendisk *source = pair->source, *destination = pair->destination;
	const char *reason = unfit(source) ?: unfit(destination);

	if (reason)
		return reason;
	if (queue_logical_block_size(source->queue) != pair->block_size ||
	    queue_logical_block_size(destination->queue) != pair->block_size)
		return "block-sizes-differ";
	/* NSIDs are unique within a subsystem that has heads, and within a controller. */
	if (disk_to_dev(source)->parent != disk_to_dev(destination)->parent)
		return is_head(source) && is_head(destination) ? "other-subsystem" :
								 "other-controller";
	return NULL;
}

static int get_nsids(struct xcopy_pair *pair, struct nvme_pair *np, const char **reason)
{
	bool same = pair->source == pair->destination;
	int r = get_nsid(pair->source, &np->source_nsid);

	if (!r)
		r = get_nsid(pair->destination, &np->destination_nsid);
	if (r) {
		*reason = r == -EAGAIN ? "no-path" : "no-nsid";
		return r;
	}
	if (across(np) == same) {
		*reason = "nsids-ambiguous";
		return -EOPNOTSUPP;
	}
	return 0;
}

static void free_pair(struct nvme_pair *np)
{
	if (np->probe)
		abandon_probe(np->probe);
	forget_path(np);
	kfree(np->features);
	kfree(np);
}

static struct nvme_pair *alloc_pair(struct xcopy_pair *pair)
{
	struct nvme_pair *np = kzalloc(sizeof(*np), GFP_KERNEL);

	if (!np)
		return NULL;
	mutex_init(&np->mutex);
	spin_lock_init(&np->lock);
	np->block_shift = ilog2(pair->block_size) - SECTOR_SHIFT;
	np->pause_until = jiffies;
	np->path_until = jiffies;
	np->features = kzalloc(XCOPY_NVME_HOST_BEHAVIOR_SIZE, GFP_KERNEL);
	if (is_head(pair->destination))
		np->probe = alloc_probe(pair->destination);
	if (!np->features || (is_head(pair->destination) && !np->probe)) {
		free_pair(np);
		return NULL;
	}
	return np;
}

static int nvme_open(struct xcopy_pair *pair, const char **reason)
{
	struct nvme_pair *np;
	int r;

	*reason = check_pair(pair);
	if (*reason)
		return -EOPNOTSUPP;
	*reason = "no-memory";
	np = alloc_pair(pair);
	if (!np)
		return -EAGAIN;
	r = get_nsids(pair, np, reason);
	if (r) {
		free_pair(np);
		return r;
	}
	pair->hard_segment_blocks = XCOPY_NVME_RANGE_BLOCKS;
	pair->hard_segments = XCOPY_NVME_RANGES;
	pair->private = np;
	return 0;
}

static void nvme_close(struct xcopy_pair *pair)
{
	free_pair(pair->private);
}

/* Caller holds np->mutex. On XCOPY_DONE, @disk stays until the mutex is released, at least. */
static enum xcopy_outcome find_path(struct xcopy_pair *pair, struct gendisk **disk)
{
	struct nvme_pair *np = pair->private;
	enum xcopy_outcome outcome = XCOPY_DONE;

	if (np->probe)
		outcome = head_path(np, disk);
	else
		*disk = pair->destination;
	if (outcome == XCOPY_DONE && is_gone(*disk))
		outcome = XCOPY_PATH;
	return outcome;
}

/*
 * A source that is kept while it has no path (delayed_removal_secs) may have lost its number to
 * another namespace, which the controller would copy from.
 */
static bool has_source(const struct xcopy_pair *pair, const struct nvme_pair *np)
{
	u32 nsid;

	return !get_nsid(pair->source, &nsid) && nsid == np->source_nsid;
}

static enum xcopy_outcome nvme_path_get(struct xcopy_pair *pair, struct xcopy_path *path,
					const char **reason)
{
	struct nvme_pair *np = pair->private;
	enum xcopy_outcome outcome;
	struct gendisk *disk;

	mutex_lock(&np->mutex);
	outcome = find_path(pair, &disk);
	if (outcome == XCOPY_DONE && across(np) && !has_source(pair, np))
		outcome = XCOPY_PATH;
	if (outcome == XCOPY_DONE && across(np))
		outcome = arm(np, disk, reason);
	if (outcome == XCOPY_DONE) {
		get_device(disk_to_dev(disk));
		path->key = disk->diskseq;
		path->private = disk;
	} else {
		WRITE_ONCE(np->path_failed, true);
	}
	mutex_unlock(&np->mutex);
	return outcome;
}

static void nvme_path_put(struct xcopy_pair *pair, struct xcopy_path *path)
{
	struct gendisk *disk = path->private;

	put_device(disk_to_dev(disk));
}

/* Return: length of the source ranges in the command's payload; 0: no command can say that. */
static u32 build_copy(const struct nvme_pair *np, const struct xcopy_command *command,
		      struct nvme_command *raw)
{
	struct xcopy_nvme_copy copy = {
		.source_nsid = np->source_nsid,
		.destination_nsid = np->destination_nsid,
		.source_block = command->source_sector >> np->block_shift,
		.destination_block = command->destination_sector >> np->block_shift,
		.blocks = command->sectors >> np->block_shift,
		.range_blocks = command->segment_sectors >> np->block_shift,
	};
	struct xcopy_nvme_dwords dwords;
	u32 length = xcopy_nvme_build(&copy, &dwords, command->payload);

	if (!length)
		return 0;
	raw->common.opcode = dwords.opcode;
	raw->common.nsid = cpu_to_le32(dwords.nsid);
	raw->common.cdw10 = cpu_to_le32(dwords.cdw10);
	raw->common.cdw11 = cpu_to_le32(dwords.cdw11);
	raw->common.cdw12 = cpu_to_le32(dwords.cdw12);
	return length;
}

/*
 * The loss of a path takes all its commands with it, and is no fault of theirs. Who was too slow
 * has had the driver's timeout, after which the driver ends all of them in the same way. That is
 * its parameter, which is not always that of the queue.
 */
static bool went_with_path(struct gendisk *disk, int r, unsigned long sent_at)
{
	return (r < 0 || xcopy_nvme_went_with_path(r)) &&
	       time_before(jiffies, sent_at + min(disk->queue->rq_timeout, nvme_io_timeout * HZ));
}

/*
 * A negative value may stem from before or after the submission, and tells
 * nothing.  While a reset has the queue frozen, this waits.
 */
static enum xcopy_outcome send_copy(struct nvme_pair *np, struct xcopy_path *path,
				    struct nvme_command *raw, struct xcopy_command *command,
				    u32 length)
{
	struct gendisk *disk = path->private;
	u32 generation = arming_generation(np, path->key);
	enum xcopy_outcome outcome = XCOPY_UNKNOWN;
	unsigned long sent_at = jiffies;
	int r = nvme_submit_sync_cmd(disk->queue, raw, command->payload, length);

	command->lost = went_with_path(disk, r, sent_at);
	if (r >= 0) {
		command->status = r & XCOPY_NVME_STATUS_MASK;
		outcome = xcopy_nvme_outcome(r, across(np));
	}
	note_outcome(np, path->key, generation, outcome);
	return outcome;
}

static enum xcopy_outcome nvme_copy(struct xcopy_pair *pair, struct xcopy_path *path,
				    struct xcopy_command *command)
{
	struct nvme_pair *np = pair->private;
	enum xcopy_outcome outcome = XCOPY_PATH;
	struct nvme_command raw = { };
	u32 length = build_copy(np, command, &raw);

	command->status = 0;
	if (!length)
		return XCOPY_RANGE;
	if (!is_gone(path->private))
		outcome = send_copy(np, path, &raw, command, length);
	if (outcome == XCOPY_UNKNOWN || outcome == XCOPY_PATH || outcome == XCOPY_BUSY)
		WRITE_ONCE(np->path_failed, true);
	return outcome;
}

static const char *nvme_strerror(u32 status)
{
	/* Asked only about what did not succeed. */
	return status ? xcopy_nvme_status_name(status) : "no-answer";
}

static void nvme_answer(u32 status, char *text, size_t size)
{
	snprintf(text, size, "status-%03x", status);
}

static struct xcopy_copier_type nvme_type = {
	.name = "nvme",
	.owner = THIS_MODULE,
	.payload_size = XCOPY_NVME_PAYLOAD_SIZE,
	.claims = nvme_claims,
	.open = nvme_open,
	.close = nvme_close,
	.path_get = nvme_path_get,
	.path_put = nvme_path_put,
	.copy = nvme_copy,
	.strerror = nvme_strerror,
	.answer = nvme_answer,
};

static int __init xcopy_nvme_init(void)
{
	return xcopy_copier_register(&nvme_type);
}

static void __exit xcopy_nvme_exit(void)
{
	xcopy_copier_unregister(&nvme_type);
	/* They end when their controller has come back or is given up. */
	while (atomic_read(&probes_in_flight))
		msleep(20);
	/* And their end_io, mostly an interrupt handler, has to return. */
	synchronize_rcu();
}

module_init(xcopy_nvme_init);
module_exit(xcopy_nvme_exit);

MODULE_DESCRIPTION("dm-xcopy: NVMe Copy");
MODULE_LICENSE("GPL");

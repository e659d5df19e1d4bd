// SPDX-License-Identifier: GPL-2.0-only
/*
 * The SCSI copier: EXTENDED COPY(LID1), sent to the destination's unit over whichever path
 * to it is best.
 *
 * A disk is one of SCSI's if its parent is a SCSI device, or if it is a dm-multipath device
 * whose UUID names a unit. Either way it stands for a logical unit, and a pair knows its two
 * units by their identities only: paths are looked up for each command.
 */
#define pr_fmt(fmt) "dm-xcopy-scsi: " fmt

#include <linux/atomic.h>
#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <scsi/scsi_device.h>

#include "copier.h"
#include "multipath.h"
#include "scsi-loss.h"
#include "scsi-path.h"
#include "scsi-send.h"

/* A copy that times out starts error handling, which resets devices: better to wait. */
#define COPY_TIMEOUT	(60 * HZ)
/* A unit attention that stands for a command comes in no time. */
#define AT_ONCE		HZ
#define ASK_TIMEOUT	(10 * HZ)
#define ASK_TRIES	4
#define THIRD_PARTY_SIZE	252
#define MAX_GRANULARITY	(8U << 20)

/**
 * struct scsi_pair - the copier's part of a struct xcopy_pair
 * @source: unit to read
 * @destination: unit to write. A plain disk's SCSI device is kept by the pair's reference on
 *	the disk
 * @block_shift: sectors to logical blocks
 * @watch: for writes that the destination has lost
 */
struct scsi_pair {
	struct xcopy_scsi_identity source;
	struct xcopy_scsi_unit destination;
	unsigned int block_shift;
	struct xcopy_scsi_watch watch;
};

/* For LIST IDENTIFIER, which has to differ among commands of one initiator that run at a time. */
static atomic_t list_ids = ATOMIC_INIT(0);

static struct scsi_device *disk_device(struct gendisk *disk)
{
	struct device *parent = disk_to_dev(disk)->parent;

	return parent && scsi_is_sdev_device(parent) ? to_scsi_device(parent) : NULL;
}

static bool scsi_claims(struct gendisk *disk)
{
	struct scsi_device *sdev = disk_device(disk);

	return sdev ? sdev->type == TYPE_DISK : xcopy_is_multipath(disk);
}

/* ---- who and how much ---- */

static bool identify_device(const struct scsi_device *sdev, struct xcopy_scsi_identity *identity)
{
	const struct scsi_vpd *page;
	bool found;

	rcu_read_lock();
	page = rcu_dereference(sdev->vpd_pg83);
	found = page && xcopy_scsi_identify(page->data, page->len, identity);
	rcu_read_unlock();
	return found;
}

static bool identify(struct gendisk *disk, struct xcopy_scsi_identity *identity)
{
	struct scsi_device *sdev = disk_device(disk);
	char uuid[DM_UUID_LEN];

	if (sdev)
		return identify_device(sdev, identity);
	return xcopy_multipath_uuid(disk, uuid) && xcopy_scsi_wwid(uuid, identity);
}

static const char *identify_pair(struct xcopy_pair *pair, struct scsi_pair *sp)
{
	if (!identify(pair->source, &sp->source) ||
	    !identify(pair->destination, &sp->destination.identity))
		return "no-identity";
	return NULL;
}

/*
 * Who has reserved the unit keeps it from being asked: what it takes is not known before that
 * is over, its granularity for one. What is no word on the question itself may be another one
 * next time, but need not be.
 */
static int not_told(const struct xcopy_scsi_answer *answer, const char **why)
{
	const struct xcopy_scsi_sense *sense = xcopy_scsi_answer_sense(answer);
	enum xcopy_outcome outcome = xcopy_scsi_outcome(answer->status, sense);

	if (outcome == XCOPY_UNKNOWN)
		return -EINTR;
	if (outcome != XCOPY_BUSY && outcome != XCOPY_PATH &&
	    answer->status != SAM_STAT_RESERVATION_CONFLICT)
		return 0;
	*why = xcopy_scsi_status_name(xcopy_scsi_status_word(answer->status, sense));
	return -EAGAIN;
}

/*
 * Return: 1: it has said, and @why, unless NULL, why that will not do; 0: it does not say;
 * -EAGAIN: ask again, and @why, unless NULL, why that is so; -EINTR: the same, but who goes on
 * like that does not say
 */
static int ask_once(struct xcopy_scsi_path *path, void *data, struct xcopy_scsi_limits *limits,
		    const char **why)
{
	u8 cdb[XCOPY_SCSI_CDB_SIZE];
	const struct xcopy_scsi_request request = {
		.sdev = path->sdev,
		.cdb = cdb,
		.op = REQ_OP_DRV_IN,
		.data = data,
		.length = XCOPY_SCSI_PARAMETERS_SIZE,
		.timeout = ASK_TIMEOUT,
	};
	struct xcopy_scsi_answer answer;

	xcopy_scsi_ask_limits(cdb, XCOPY_SCSI_PARAMETERS_SIZE);
	*why = NULL;
	if (xcopy_scsi_send(&request, &answer))
		return -EAGAIN;
	if (!answer.answered) {
		xcopy_scsi_path_bad(path, 0);
		/* One that hangs is not asked again: each time starts error handling. */
		return answer.lost ? -EAGAIN : 0;
	}
	xcopy_scsi_path_good(path);
	if (xcopy_scsi_outcome(answer.status, xcopy_scsi_answer_sense(&answer)) != XCOPY_DONE)
		return not_told(&answer, why);
	*why = xcopy_scsi_parse_parameters(data, XCOPY_SCSI_PARAMETERS_SIZE -
					   min(answer.residue, XCOPY_SCSI_PARAMETERS_SIZE), limits);
	return 1;
}

static int ask(struct xcopy_scsi_path *path, void *data, struct xcopy_scsi_limits *limits,
	       const char **why)
{
	unsigned int i;
	int r = -EAGAIN;

	for (i = 0; i < ASK_TRIES && r < 0; i++)
		r = ask_once(path, data, limits, why);
	if (r && r != -EINTR)
		return r;
	if (scsi_get_vpd_page(path->sdev, XCOPY_SCSI_VPD_THIRD_PARTY_COPY, data, THIRD_PARTY_SIZE))
		return 0;
	return xcopy_scsi_parse_third_party(data, THIRD_PARTY_SIZE, limits);
}

static u32 list_segments(const struct xcopy_scsi_limits *limits)
{
	u32 targets = XCOPY_SCSI_TARGETS * XCOPY_SCSI_TARGET_SIZE;
	u32 segments = XCOPY_SCSI_SEGMENTS;

	if (limits->segments)
		segments = min(segments, limits->segments);
	/* Whether the header counts is not the same everywhere. */
	if (limits->list_bytes > XCOPY_SCSI_HEADER_SIZE + targets)
		segments = min(segments, (limits->list_bytes - XCOPY_SCSI_HEADER_SIZE - targets) /
					 XCOPY_SCSI_SEGMENT_SIZE);
	return max(segments, 1U);
}

static u32 segment_blocks(const struct xcopy_scsi_limits *limits, unsigned int block_size)
{
	u32 blocks = limits->segment_bytes / block_size;

	return blocks && blocks < XCOPY_SCSI_SEGMENT_BLOCKS ? blocks : XCOPY_SCSI_SEGMENT_BLOCKS;
}

/* What is said starts the search; only what commands can say bounds it, but for their number. */
static void set_limits(struct xcopy_pair *pair, const struct xcopy_scsi_limits *limits, bool known)
{
	pair->hard_segment_blocks = XCOPY_SCSI_SEGMENT_BLOCKS;
	pair->hard_segments = XCOPY_SCSI_SEGMENTS;
	if (!known)
		return;
	pair->hard_segments = list_segments(limits);
	pair->hint_segment_blocks = segment_blocks(limits, pair->block_size);
	pair->granularity = limits->granularity >> SECTOR_SHIFT;
}

/* Return: as ask_once(), but for -EINTR. */
static int ask_path(struct xcopy_scsi_path *path, struct xcopy_scsi_limits *limits,
		    const char **why)
{
	void *data = kzalloc(XCOPY_SCSI_PARAMETERS_SIZE, GFP_KERNEL);
	int r;

	if (!data)
		return -EAGAIN;
	r = ask(path, data, limits, why);
	kfree(data);
	return r;
}

/* A segment has to be able to say it, and the first commands, which are verified, too. */
static bool granularity_fits(const struct xcopy_pair *pair, const struct xcopy_scsi_limits *limits)
{
	return limits->granularity <= MAX_GRANULARITY &&
	       limits->granularity / pair->block_size <= XCOPY_SCSI_SEGMENT_BLOCKS;
}

static int find_limits(struct xcopy_pair *pair, struct scsi_pair *sp, const char **reason)
{
	struct xcopy_scsi_limits limits = { .granularity = 1 };
	struct xcopy_scsi_path *path = xcopy_scsi_path_find(&sp->destination);
	const char *refused = NULL;
	int r = 0;

	*reason = path ? "no-path" : xcopy_scsi_path_why(&sp->destination);
	if (!path)
		return -EAGAIN;
	/* Whether ranges overlap is told by disks, so that one unit must not be two of them. */
	if (pair->source != pair->destination && xcopy_scsi_is_unit(path->sdev, &sp->source))
		refused = "one-unit-by-two-names";
	else
		r = ask_path(path, &limits, &refused);
	xcopy_scsi_path_put(path);
	if (!refused && !granularity_fits(pair, &limits))
		refused = "granularity";
	if (refused)
		*reason = refused;
	if (r < 0)
		return r;
	if (refused)
		return -EOPNOTSUPP;
	set_limits(pair, &limits, r);
	return 0;
}

/* ---- the copier ---- */

static void scsi_close(struct xcopy_pair *pair)
{
	struct scsi_pair *sp = pair->private;

	xcopy_scsi_loss_unwatch(&sp->watch);
	kfree(sp);
}

static int scsi_open(struct xcopy_pair *pair, const char **reason)
{
	struct scsi_pair *sp = kzalloc(sizeof(*sp), GFP_KERNEL);
	int r = -EOPNOTSUPP;

	*reason = "no-memory";
	if (!sp)
		return -EAGAIN;
	sp->block_shift = ilog2(pair->block_size) - SECTOR_SHIFT;
	sp->destination.only = disk_device(pair->destination);
	*reason = identify_pair(pair, sp);
	if (*reason) {
		kfree(sp);
		return r;
	}
	pair->private = sp;
	sp->watch.identity = &sp->destination.identity;
	sp->watch.pair = pair;
	xcopy_scsi_loss_watch(&sp->watch);
	r = find_limits(pair, sp, reason);
	if (r)
		scsi_close(pair);
	return r;
}

static enum xcopy_outcome scsi_path_get(struct xcopy_pair *pair, struct xcopy_path *path,
					const char **reason)
{
	struct scsi_pair *sp = pair->private;
	struct xcopy_scsi_path *found = xcopy_scsi_path_find(&sp->destination);

	if (!found) {
		*reason = xcopy_scsi_path_why(&sp->destination);
		return XCOPY_PATH;
	}
	if (found->sdev->sector_size != pair->block_size) {
		xcopy_scsi_path_put(found);
		*reason = "block-sizes-differ";
		return XCOPY_UNSUPPORTED;
	}
	path->key = found->key;
	path->private = found;
	return XCOPY_DONE;
}

static void scsi_path_put(struct xcopy_pair *pair, struct xcopy_path *path)
{
	xcopy_scsi_path_put(path->private);
}

static u32 build(const struct xcopy_pair *pair, const struct xcopy_command *command, u8 *cdb)
{
	const struct scsi_pair *sp = pair->private;
	const struct xcopy_scsi_copy copy = {
		.source = &sp->source,
		.destination = &sp->destination.identity,
		.source_block = command->source_sector >> sp->block_shift,
		.destination_block = command->destination_sector >> sp->block_shift,
		.blocks = command->sectors >> sp->block_shift,
		.segment_blocks = command->segment_sectors >> sp->block_shift,
		.block_size = pair->block_size,
		.list_id_usage = command->list_id_usage,
		.list_id = atomic_inc_return(&list_ids),
	};

	return xcopy_scsi_build(&copy, cdb, command->payload);
}

/* GOOD for a parameter list that was not taken whole is no word to be trusted. */
static enum xcopy_outcome judge(const struct xcopy_scsi_answer *answer, unsigned long sent_at,
				struct xcopy_command *command)
{
	const struct xcopy_scsi_sense *sense = xcopy_scsi_answer_sense(answer);
	enum xcopy_outcome outcome;

	/* A task is aborted because of something that somebody else has done. */
	command->lost = answer->lost || answer->status == SAM_STAT_TASK_ABORTED;
	if (!answer->answered)
		return XCOPY_UNKNOWN;
	command->status = xcopy_scsi_status_word(answer->status, sense);
	if (sense && xcopy_scsi_was_reset(sense)) {
		command->lost = time_before(jiffies, sent_at + AT_ONCE);
		return XCOPY_UNKNOWN;
	}
	outcome = xcopy_scsi_outcome(answer->status, sense);
	if (outcome != XCOPY_DONE || !answer->residue)
		return outcome;
	command->status = XCOPY_SCSI_WORD_RESIDUE;
	return XCOPY_RANGE;
}

/*
 * The unit has answered, so that the path is not to be called silent; but whether there is
 * another has to be asked: where there is none, the range is the host's, and counts.
 */
static enum xcopy_outcome detour(struct scsi_pair *sp, struct xcopy_scsi_path *path)
{
	xcopy_scsi_path_good(path);
	return xcopy_scsi_path_avoid(&sp->destination, path) ? XCOPY_PATH : XCOPY_RANGE;
}

static bool unreached(const struct xcopy_scsi_answer *answer)
{
	return answer->answered && answer->has_sense && xcopy_scsi_unreached(&answer->sense);
}

/*
 * Who has ended a command in such a way that nobody knows what became of it may have a unit
 * attention to tell of that: not to the next copy, of which nobody would know either.
 */
static void note_path(struct xcopy_scsi_path *path, const struct xcopy_scsi_answer *answer,
		      enum xcopy_outcome outcome, u32 status)
{
	if (outcome == XCOPY_PATH || !answer->answered)
		xcopy_scsi_path_bad(path, status);
	else if (outcome == XCOPY_UNKNOWN)
		xcopy_scsi_path_ask(path);
	else
		xcopy_scsi_path_good(path);
}

static enum xcopy_outcome send(struct scsi_pair *sp, struct xcopy_scsi_path *path, const u8 *cdb,
			       u32 length, struct xcopy_command *command)
{
	const struct xcopy_scsi_request request = {
		.sdev = path->sdev,
		.cdb = cdb,
		.op = REQ_OP_DRV_OUT,
		.data = command->payload,
		.length = length,
		.timeout = max_t(unsigned int, COPY_TIMEOUT, path->sdev->request_queue->rq_timeout),
		.once = true,
	};
	struct xcopy_scsi_answer answer;
	unsigned long sent_at = jiffies;
	enum xcopy_outcome outcome;
	int r = xcopy_scsi_send(&request, &answer);

	if (r == -EAGAIN)
		return XCOPY_BUSY;
	outcome = r ? XCOPY_PATH : judge(&answer, sent_at, command);
	if (outcome == XCOPY_PATH && unreached(&answer))
		return detour(sp, path);
	note_path(path, &answer, outcome, command->status);
	return outcome;
}

static enum xcopy_outcome scsi_copy(struct xcopy_pair *pair, struct xcopy_path *path,
				    struct xcopy_command *command)
{
	u8 cdb[XCOPY_SCSI_CDB_SIZE];
	u32 length = build(pair, command, cdb);

	command->status = 0;
	return length ? send(pair->private, path->private, cdb, length, command) : XCOPY_RANGE;
}

static const char *scsi_strerror(u32 status)
{
	/* Asked only about what did not succeed. */
	return status ? xcopy_scsi_status_name(status) : "no-answer";
}

static void scsi_answer(u32 status, char *text, size_t size)
{
	char answer[XCOPY_SCSI_STATUS_TEXT];

	xcopy_scsi_status_text(status, answer);
	strscpy(text, answer, size);
}

static struct xcopy_copier_type scsi_type = {
	.name = "scsi",
	.owner = THIS_MODULE,
	.payload_size = XCOPY_SCSI_PAYLOAD_SIZE,
	.claims = scsi_claims,
	.open = scsi_open,
	.close = scsi_close,
	.path_get = scsi_path_get,
	.path_put = scsi_path_put,
	.copy = scsi_copy,
	.strerror = scsi_strerror,
	.answer = scsi_answer,
};

static int __init xcopy_scsi_init(void)
{
	int r = xcopy_scsi_paths_init();

	if (r)
		return r;
	r = xcopy_copier_register(&scsi_type);
	if (r)
		xcopy_scsi_paths_exit();
	return r;
}

static void __exit xcopy_scsi_exit(void)
{
	xcopy_copier_unregister(&scsi_type);
	xcopy_scsi_paths_exit();
}

module_init(xcopy_scsi_init);
module_exit(xcopy_scsi_exit);

MODULE_DESCRIPTION("dm-xcopy: SCSI EXTENDED COPY");
MODULE_LICENSE("GPL");

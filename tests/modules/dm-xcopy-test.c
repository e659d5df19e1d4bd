// SPDX-License-Identifier: GPL-2.0-only
/*
 * The test copier: copies any disk by bios, and misbehaves on command.
 *
 * Chosen by "offload_driver test".  Controlled by files below
 * /sys/kernel/debug/dm-xcopy-test; README says what each does.
 *
 * It also checks what a copier is given: "violations" counts commands that the
 * contract of copier.h forbids.
 *
 * Locking: xcopy_test.lock protects everything of xcopy_test but the log, which has
 * a mutex of its own.  Nothing else is taken under either.
 */
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/parser.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "../../dm-xcopy/copier.h"

#define pr_test(fmt, ...)	pr_info("dm-xcopy-test: " fmt "\n", ##__VA_ARGS__)

#define XCOPY_TEST_RULES	16
#define XCOPY_TEST_WRITE	128	/* longest line written to a file */
#define XCOPY_TEST_PAYLOAD	4096	/* bytes; arbitrary, to see that it comes zeroed */
#define XCOPY_TEST_ORDER	4	/* pages of the bounce buffer, log2 */
#define XCOPY_TEST_CHUNK	((unsigned int)((PAGE_SIZE << XCOPY_TEST_ORDER) >> SECTOR_SHIFT))

/*
 * enum xcopy_test_how - what a command writes
 * @XCOPY_TEST_AS_OUTCOME: everything if the outcome is DONE, else nothing
 */
enum xcopy_test_how {
	XCOPY_TEST_AS_OUTCOME,
	XCOPY_TEST_EVERYTHING,
	XCOPY_TEST_NOTHING,
	XCOPY_TEST_PARTIAL,
	XCOPY_TEST_ELSEWHERE,
	XCOPY_TEST_LATE,
};

static const char * const xcopy_test_hows[] = {
	[XCOPY_TEST_EVERYTHING] = "copied",
	[XCOPY_TEST_NOTHING] = "nothing",
	[XCOPY_TEST_PARTIAL] = "partial",
	[XCOPY_TEST_ELSEWHERE] = "elsewhere",
	[XCOPY_TEST_LATE] = "late",
};

static const char * const xcopy_test_outcomes[] = {
	[XCOPY_DONE] = "done",
	[XCOPY_TOO_BIG] = "too_big",
	[XCOPY_BUSY] = "busy",
	[XCOPY_PATH] = "path",
	[XCOPY_UNKNOWN] = "unknown",
	[XCOPY_RANGE] = "range",
	[XCOPY_UNARMED] = "unarmed",
	[XCOPY_REFUSED] = "refused",
	[XCOPY_UNSUPPORTED] = "unsupported",
};

/*
 * struct xcopy_test_rule - what some commands do
 * @from: number of the first command
 * @count: how many commands
 * @wait: block before anything else, until told to go on
 * @hold: block at the end, with the copy made
 * @delay_ms: sleep before the copy
 * @late_ms: when a late copy is made, after the command
 * @offset: elsewhere: by how many sectors; 0: half the command
 * @descriptors: partial: how many of them
 * @outcome: what the command says
 * @how: what it writes
 */
struct xcopy_test_rule {
	u64 from;
	u64 count;
	bool wait;
	bool hold;
	unsigned int delay_ms;
	unsigned int late_ms;
	unsigned int offset;
	unsigned int descriptors;
	enum xcopy_outcome outcome;
	enum xcopy_test_how how;
};

/*
 * struct xcopy_test_job - a command; outlives it when the copy is late
 * @link: in @inflight or @late
 * @work: the late copy
 * @number: counted from 1 since the last reset
 * @source: disk; a late copy has a reference on its device, which suffices for bios:
 *	a disk that is gone fails them
 * @destination: disk, as above
 * @from: sector on @source
 * @to: sector on @destination
 * @sectors: length
 * @segment: length of a descriptor, sectors
 * @align: logical block size, sectors
 * @rule: what it does
 */
struct xcopy_test_job {
	struct list_head link;
	struct delayed_work work;
	u64 number;
	struct gendisk *source;
	struct gendisk *destination;
	sector_t from;
	sector_t to;
	sector_t sectors;
	sector_t segment;
	unsigned int align;
	struct xcopy_test_rule rule;
};

struct xcopy_test_entry {
	struct list_head link;
	char line[160];
};

/* What a reset sets back; names are those of the files. */
struct xcopy_test_knobs {
	u32 hard_segment_blocks;
	u32 hard_segments;
	u32 max_segment_blocks;
	u32 max_segments;
	u32 max_command_blocks;
	u32 open_error;
	u32 armed;
	enum xcopy_outcome refuse_as;
	u64 path_key;
	enum xcopy_outcome path_result;
	u32 path_results;
};

static const struct xcopy_test_knobs xcopy_test_defaults = {
	.hard_segment_blocks = 65536,
	.hard_segments = 256,
	.armed = 1,
	.refuse_as = XCOPY_TOO_BIG,
	.path_key = 1,
};

struct xcopy_test_counters {
	u64 commands;
	u64 copied;
	u64 arms;
	u64 opens;
	u64 path_gets;
	u64 violations;
};

static struct {
	spinlock_t lock;		/* everything but @log */
	struct xcopy_test_knobs knobs;
	struct xcopy_test_counters counters;
	struct xcopy_test_rule rules[XCOPY_TEST_RULES];
	unsigned int nr_rules;
	struct list_head inflight;
	struct list_head late;
	bool exiting;
	u32 late_pending;
	u32 open_pairs;
	u32 paths_held;
	u32 waiting;
	u32 tickets;
	wait_queue_head_t go;
	struct workqueue_struct *wq;
	struct dentry *directory;
	struct mutex log_mutex;		/* @log */
	struct list_head log;
} xcopy_test = {
	.lock = __SPIN_LOCK_UNLOCKED(xcopy_test.lock),
	.inflight = LIST_HEAD_INIT(xcopy_test.inflight),
	.late = LIST_HEAD_INIT(xcopy_test.late),
	.go = __WAIT_QUEUE_HEAD_INITIALIZER(xcopy_test.go),
	.log_mutex = __MUTEX_INITIALIZER(xcopy_test.log_mutex),
	.log = LIST_HEAD_INIT(xcopy_test.log),
};

/* Descriptors; a command without any is refused, but logged before. */
static u64 xcopy_test_segments(const struct xcopy_test_job *job)
{
	return job->segment ? DIV_ROUND_UP_SECTOR_T(job->sectors, job->segment) : 0;
}

/* --- The log -------------------------------------------------------------- */

/* A line of the log: what was done, in the words of README. */
static void xcopy_test_log(const struct xcopy_test_job *job, const char *outcome, const char *how)
{
	struct xcopy_test_entry *entry = kzalloc(sizeof(*entry), GFP_NOIO | __GFP_NOFAIL);

	snprintf(entry->line, sizeof(entry->line), "%llu %s %llu %s %llu %llu %llu %s %s",
		 job->number, job->source->disk_name, (u64)job->from,
		 job->destination->disk_name, (u64)job->to, (u64)job->sectors,
		 xcopy_test_segments(job), outcome, how);
	mutex_lock(&xcopy_test.log_mutex);
	list_add_tail(&entry->link, &xcopy_test.log);
	mutex_unlock(&xcopy_test.log_mutex);
}

static void xcopy_test_log_clear(void)
{
	struct xcopy_test_entry *entry, *next;

	mutex_lock(&xcopy_test.log_mutex);
	list_for_each_entry_safe(entry, next, &xcopy_test.log, link)
		kfree(entry);
	INIT_LIST_HEAD(&xcopy_test.log);
	mutex_unlock(&xcopy_test.log_mutex);
}

static int log_show(struct seq_file *file, void *unused)
{
	struct xcopy_test_entry *entry;

	mutex_lock(&xcopy_test.log_mutex);
	list_for_each_entry(entry, &xcopy_test.log, link)
		seq_printf(file, "%s\n", entry->line);
	mutex_unlock(&xcopy_test.log_mutex);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(log);

/* --- Copying by bios ------------------------------------------------------ */

static int xcopy_test_io(struct gendisk *disk, blk_opf_t op, sector_t sector, struct page *pages,
			 unsigned int sectors)
{
	struct bio *bio = bio_alloc(disk->part0, 1, op, GFP_NOIO);
	int r;

	bio->bi_iter.bi_sector = sector;
	__bio_add_page(bio, pages, sectors << SECTOR_SHIFT, 0);
	r = submit_bio_wait(bio);
	bio_put(bio);
	return r;
}

static int xcopy_test_copy_chunk(const struct xcopy_test_job *job, sector_t from, sector_t to,
				 unsigned int sectors, struct page *pages)
{
	int r = xcopy_test_io(job->source, REQ_OP_READ, job->from + from, pages, sectors);

	return r ?: xcopy_test_io(job->destination, REQ_OP_WRITE | REQ_SYNC, job->to + to, pages,
				  sectors);
}

/* By how much the destination is wrong; never outside of the command's own. */
static sector_t xcopy_test_shift(const struct xcopy_test_job *job)
{
	sector_t shift = job->rule.offset ?: job->sectors / 2;

	if (job->rule.how != XCOPY_TEST_ELSEWHERE)
		return 0;
	return round_down(shift, (sector_t)job->align) % job->sectors;
}

/* One descriptor. */
static int xcopy_test_copy_segment(const struct xcopy_test_job *job, sector_t from,
				   sector_t end, struct page *pages)
{
	sector_t to = (from + xcopy_test_shift(job)) % job->sectors;
	sector_t sectors;
	int r = 0;

	for (; from < end && !r; from += sectors, to = (to + sectors) % job->sectors) {
		sectors = min3((sector_t)XCOPY_TEST_CHUNK, end - from, job->sectors - to);
		r = xcopy_test_copy_chunk(job, from, to, sectors, pages);
	}
	return r;
}

static sector_t xcopy_test_sectors(const struct xcopy_test_job *job)
{
	if (job->rule.how != XCOPY_TEST_PARTIAL)
		return job->sectors;
	return min_t(sector_t, job->sectors, job->rule.descriptors * job->segment);
}

/* Descriptors in their order. */
static int xcopy_test_copy_segments(const struct xcopy_test_job *job, struct page *pages)
{
	sector_t from, end = xcopy_test_sectors(job);
	int r = 0;

	for (from = 0; !r && from < end; from += job->segment)
		r = xcopy_test_copy_segment(job, from, min(from + job->segment, end), pages);
	return r;
}

static int xcopy_test_perform(const struct xcopy_test_job *job)
{
	struct page *pages;
	int r;

	pages = alloc_pages(GFP_NOIO | __GFP_COMP, XCOPY_TEST_ORDER);
	if (!pages)
		return -ENOMEM;
	r = xcopy_test_copy_segments(job, pages);
	__free_pages(pages, XCOPY_TEST_ORDER);

	spin_lock(&xcopy_test.lock);
	if (!r)
		xcopy_test.counters.copied += job->sectors;
	spin_unlock(&xcopy_test.lock);
	return r;
}

/* --- Late copies ---------------------------------------------------------- */

static void xcopy_test_late_copy(struct work_struct *work)
{
	struct xcopy_test_job *job = container_of(to_delayed_work(work), struct xcopy_test_job,
						  work);
	int r = READ_ONCE(xcopy_test.exiting) ? -EINTR : xcopy_test_perform(job);

	xcopy_test_log(job, r ? "failed" : "done", "landed");
	spin_lock(&xcopy_test.lock);
	list_del(&job->link);
	xcopy_test.late_pending--;
	spin_unlock(&xcopy_test.lock);
	put_device(disk_to_dev(job->source));
	put_device(disk_to_dev(job->destination));
	kfree(job);
}

/* The job belongs to its work from here on. */
static void xcopy_test_make_late(struct xcopy_test_job *job)
{
	get_device(disk_to_dev(job->source));
	get_device(disk_to_dev(job->destination));
	INIT_DELAYED_WORK(&job->work, xcopy_test_late_copy);
	spin_lock(&xcopy_test.lock);
	list_move_tail(&job->link, &xcopy_test.late);
	xcopy_test.late_pending++;
	queue_delayed_work(xcopy_test.wq, &job->work, msecs_to_jiffies(job->rule.late_ms));
	spin_unlock(&xcopy_test.lock);
}

/*
 * A job is on the list for as long as it exists.  One whose work runs already must
 * not be queued again: it would be freed with the work pending.
 */
static void xcopy_test_late_now(void)
{
	struct xcopy_test_job *job;

	spin_lock(&xcopy_test.lock);
	list_for_each_entry(job, &xcopy_test.late, link)
		if (cancel_delayed_work(&job->work))
			queue_delayed_work(xcopy_test.wq, &job->work, 0);
	spin_unlock(&xcopy_test.lock);
}

/* --- Waiting -------------------------------------------------------------- */

static bool xcopy_test_ticket(void)
{
	bool taken = false;

	spin_lock(&xcopy_test.lock);
	if (xcopy_test.tickets) {
		xcopy_test.tickets--;
		xcopy_test.waiting--;
		taken = true;
	}
	spin_unlock(&xcopy_test.lock);
	return taken;
}

static void xcopy_test_wait(void)
{
	spin_lock(&xcopy_test.lock);
	xcopy_test.waiting++;
	spin_unlock(&xcopy_test.lock);
	wait_event_idle(xcopy_test.go, xcopy_test_ticket());
}

/* Let @count commands go on, waiting now or later; 0: those that wait now. */
static void xcopy_test_go(unsigned int count)
{
	spin_lock(&xcopy_test.lock);
	xcopy_test.tickets = count ? xcopy_test.tickets + count : xcopy_test.waiting;
	spin_unlock(&xcopy_test.lock);
	wake_up_all(&xcopy_test.go);
}

/* --- What is allowed ------------------------------------------------------ */

static void xcopy_test_violation(const struct xcopy_test_job *job, const char *what)
{
	pr_test("command %llu: %s", job->number, what);
	spin_lock(&xcopy_test.lock);
	xcopy_test.counters.violations++;
	spin_unlock(&xcopy_test.lock);
}

static bool xcopy_test_overlap(const struct gendisk *disk, sector_t sector, sector_t sectors,
			       const struct gendisk *other, sector_t other_sector,
			       sector_t other_sectors)
{
	return disk == other && sector < other_sector + other_sectors &&
	       other_sector < sector + sectors;
}

/* Whether @job writes what @other reads or writes. */
static bool xcopy_test_hits(const struct xcopy_test_job *job, const struct xcopy_test_job *other)
{
	return xcopy_test_overlap(job->destination, job->to, job->sectors, other->source,
				  other->from, other->sectors) ||
	       (job != other &&
		xcopy_test_overlap(job->destination, job->to, job->sectors, other->destination,
				   other->to, other->sectors));
}

/* Ranges on one unit never overlap: not inside a command, not among those in flight. */
static bool xcopy_test_collides(const struct xcopy_test_job *job)
{
	const struct xcopy_test_job *other;
	bool hit = false;

	spin_lock(&xcopy_test.lock);
	list_for_each_entry(other, &xcopy_test.inflight, link)
		hit |= xcopy_test_hits(job, other) || xcopy_test_hits(other, job);
	spin_unlock(&xcopy_test.lock);
	return hit;
}

static bool xcopy_test_aligned(const struct xcopy_test_job *job)
{
	return !((job->from | job->to | job->sectors | job->segment) & (job->align - 1));
}

static bool xcopy_test_fits(const struct xcopy_test_job *job)
{
	return job->sectors && job->segment &&
	       job->from + job->sectors <= get_capacity(job->source) &&
	       job->to + job->sectors <= get_capacity(job->destination);
}

/* Return: false if the command cannot even be looked at. */
static bool xcopy_test_judge(const struct xcopy_test_job *job, const struct xcopy_pair *pair,
			     const struct xcopy_path *path, struct xcopy_command *command)
{
	if (!xcopy_test_fits(job)) {
		xcopy_test_violation(job, "empty, or beyond the end of a disk");
		return false;
	}
	if (!xcopy_test_aligned(job))
		xcopy_test_violation(job, "not aligned to the logical block size");
	if (job->segment > (sector_t)pair->hard_segment_blocks * job->align ||
	    xcopy_test_segments(job) > pair->hard_segments)
		xcopy_test_violation(job, "more than descriptors can say");
	if (xcopy_test_collides(job))
		xcopy_test_violation(job, "ranges overlap");
	if (!path->key)
		xcopy_test_violation(job, "no path");
	if (memchr_inv(command->payload, 0, XCOPY_TEST_PAYLOAD))
		xcopy_test_violation(job, "payload not zeroed");
	memset(command->payload, 0x5a, XCOPY_TEST_PAYLOAD);
	return true;
}

static bool xcopy_test_exceeds(u64 value, u32 limit)
{
	return limit && value > limit;
}

/* What a device says before it does anything. */
static enum xcopy_outcome xcopy_test_refusal(const struct xcopy_test_job *job)
{
	const struct xcopy_test_knobs *knobs = &xcopy_test.knobs;
	u64 segments = xcopy_test_segments(job);
	u64 segment = min(job->segment, job->sectors);

	if (!READ_ONCE(knobs->armed))
		return XCOPY_UNARMED;
	if (xcopy_test_exceeds(segments, READ_ONCE(knobs->max_segments)) ||
	    xcopy_test_exceeds(segment / job->align, READ_ONCE(knobs->max_segment_blocks)) ||
	    xcopy_test_exceeds(job->sectors / job->align, READ_ONCE(knobs->max_command_blocks)))
		return READ_ONCE(knobs->refuse_as);
	return XCOPY_DONE;
}

/* --- Commands ------------------------------------------------------------- */

/* The first rule for command @number, or an honest copy. */
static struct xcopy_test_rule xcopy_test_rule_for(u64 number)
{
	const struct xcopy_test_rule *rule;

	for (rule = xcopy_test.rules; rule < xcopy_test.rules + xcopy_test.nr_rules; rule++)
		if (number >= rule->from && number - rule->from < rule->count)
			return *rule;
	return (struct xcopy_test_rule){ .how = XCOPY_TEST_EVERYTHING };
}

static struct xcopy_test_job *xcopy_test_begin(const struct xcopy_pair *pair,
					       const struct xcopy_command *command)
{
	struct xcopy_test_job *job = kzalloc(sizeof(*job), GFP_NOIO | __GFP_NOFAIL);

	job->source = pair->source;
	job->destination = pair->destination;
	job->from = command->source_sector;
	job->to = command->destination_sector;
	job->sectors = command->sectors;
	job->segment = command->segment_sectors;
	job->align = pair->block_size >> SECTOR_SHIFT;
	spin_lock(&xcopy_test.lock);
	job->number = ++xcopy_test.counters.commands;
	job->rule = xcopy_test_rule_for(job->number);
	list_add_tail(&job->link, &xcopy_test.inflight);
	spin_unlock(&xcopy_test.lock);
	return job;
}

static void xcopy_test_end(struct xcopy_test_job *job)
{
	spin_lock(&xcopy_test.lock);
	list_del(&job->link);
	spin_unlock(&xcopy_test.lock);
	kfree(job);
}

/* Return: the rule's outcome, or RANGE if the disks failed. */
static enum xcopy_outcome xcopy_test_obey(struct xcopy_test_job *job)
{
	const struct xcopy_test_rule *rule = &job->rule;
	int r = 0;

	if (rule->wait)
		xcopy_test_wait();
	if (rule->delay_ms)
		msleep(rule->delay_ms);
	if (rule->how != XCOPY_TEST_NOTHING && rule->how != XCOPY_TEST_LATE)
		r = xcopy_test_perform(job);
	if (rule->hold)
		xcopy_test_wait();
	return r ? XCOPY_RANGE : rule->outcome;
}

/* A device that was not asked, or did not answer, says nothing. */
static u32 xcopy_test_status(enum xcopy_outcome outcome)
{
	return outcome == XCOPY_UNKNOWN || outcome == XCOPY_PATH ? 0 : outcome;
}

static enum xcopy_outcome xcopy_test_copy(struct xcopy_pair *pair, struct xcopy_path *path,
					  struct xcopy_command *command)
{
	struct xcopy_test_job *job = xcopy_test_begin(pair, command);
	bool sane = xcopy_test_judge(job, pair, path, command);
	enum xcopy_outcome outcome = sane ? xcopy_test_refusal(job) : XCOPY_RANGE;

	if (outcome == XCOPY_DONE)
		outcome = xcopy_test_obey(job);
	else
		job->rule.how = XCOPY_TEST_NOTHING;

	command->status = xcopy_test_status(outcome);
	xcopy_test_log(job, xcopy_test_outcomes[outcome], xcopy_test_hows[job->rule.how]);
	if (job->rule.how == XCOPY_TEST_LATE)
		xcopy_test_make_late(job);
	else
		xcopy_test_end(job);
	return outcome;
}

/* --- The rest of the copier ----------------------------------------------- */

static bool xcopy_test_claims(struct gendisk *disk)
{
	return true;
}

static int xcopy_test_open(struct xcopy_pair *pair, const char **reason)
{
	const struct xcopy_test_knobs *knobs = &xcopy_test.knobs;
	int r;

	spin_lock(&xcopy_test.lock);
	xcopy_test.counters.opens++;
	pair->hard_segment_blocks = knobs->hard_segment_blocks;
	pair->hard_segments = knobs->hard_segments;
	r = -(int)knobs->open_error;
	if (r)
		*reason = "test_refuses";
	else
		xcopy_test.open_pairs++;
	spin_unlock(&xcopy_test.lock);
	return r;
}

static void xcopy_test_close(struct xcopy_pair *pair)
{
	spin_lock(&xcopy_test.lock);
	xcopy_test.open_pairs--;
	spin_unlock(&xcopy_test.lock);
}

/* The next @path_results calls fail; else the device is armed if it needs that. */
static enum xcopy_outcome xcopy_test_path_result(struct xcopy_test_knobs *knobs)
{
	if (knobs->path_results) {
		knobs->path_results--;
		return knobs->path_result;
	}
	if (!knobs->armed)
		xcopy_test.counters.arms++;
	knobs->armed = 1;
	return XCOPY_DONE;
}

static enum xcopy_outcome xcopy_test_path_get(struct xcopy_pair *pair, struct xcopy_path *path,
					      const char **reason)
{
	enum xcopy_outcome outcome;

	spin_lock(&xcopy_test.lock);
	xcopy_test.counters.path_gets++;
	outcome = xcopy_test_path_result(&xcopy_test.knobs);
	if (outcome == XCOPY_UNSUPPORTED)
		*reason = "test_unsupported";
	if (outcome == XCOPY_DONE) {
		path->key = xcopy_test.knobs.path_key;
		xcopy_test.paths_held++;
	}
	spin_unlock(&xcopy_test.lock);
	return outcome;
}

static void xcopy_test_path_put(struct xcopy_pair *pair, struct xcopy_path *path)
{
	spin_lock(&xcopy_test.lock);
	xcopy_test.paths_held--;
	spin_unlock(&xcopy_test.lock);
}

static const char *xcopy_test_strerror(u32 status)
{
	if (!status)
		return "no_answer";
	return status < ARRAY_SIZE(xcopy_test_outcomes) ? xcopy_test_outcomes[status] : "other";
}

static struct xcopy_copier_type xcopy_test_type = {
	.name = "test",
	.owner = THIS_MODULE,
	.forced_only = true,
	.payload_size = XCOPY_TEST_PAYLOAD,
	.claims = xcopy_test_claims,
	.open = xcopy_test_open,
	.close = xcopy_test_close,
	.path_get = xcopy_test_path_get,
	.path_put = xcopy_test_path_put,
	.copy = xcopy_test_copy,
	.strerror = xcopy_test_strerror,
};

/* --- Rules ---------------------------------------------------------------- */

enum {
	XCOPY_TEST_WORD_FROM,
	XCOPY_TEST_WORD_COUNT,
	XCOPY_TEST_WORD_WAIT,
	XCOPY_TEST_WORD_HOLD,
	XCOPY_TEST_WORD_DELAY,
	XCOPY_TEST_WORD_LIE,
	XCOPY_TEST_WORD_COPIED,
	XCOPY_TEST_WORD_PARTIAL_BY,
	XCOPY_TEST_WORD_PARTIAL,
	XCOPY_TEST_WORD_ELSEWHERE_BY,
	XCOPY_TEST_WORD_ELSEWHERE,
	XCOPY_TEST_WORD_LATE,
	XCOPY_TEST_WORD_OUTCOME,
	XCOPY_TEST_WORD_WRONG,
};

static const match_table_t xcopy_test_words = {
	{ XCOPY_TEST_WORD_FROM, "from=%d" },
	{ XCOPY_TEST_WORD_COUNT, "count=%d" },
	{ XCOPY_TEST_WORD_WAIT, "wait" },
	{ XCOPY_TEST_WORD_HOLD, "hold" },
	{ XCOPY_TEST_WORD_DELAY, "delay_ms=%d" },
	{ XCOPY_TEST_WORD_LIE, "lie" },
	{ XCOPY_TEST_WORD_COPIED, "copied" },
	{ XCOPY_TEST_WORD_PARTIAL_BY, "partial=%d" },
	{ XCOPY_TEST_WORD_PARTIAL, "partial" },
	{ XCOPY_TEST_WORD_ELSEWHERE_BY, "elsewhere=%d" },
	{ XCOPY_TEST_WORD_ELSEWHERE, "elsewhere" },
	{ XCOPY_TEST_WORD_LATE, "late_ms=%d" },
	{ XCOPY_TEST_WORD_OUTCOME, "outcome=%s" },
	{ XCOPY_TEST_WORD_WRONG, NULL },
};

/* Return: the outcome that @word names, or -EINVAL. */
static int xcopy_test_outcome(const char *word)
{
	return match_string(xcopy_test_outcomes, ARRAY_SIZE(xcopy_test_outcomes), word);
}

static int xcopy_test_parse_outcome(substring_t *args, struct xcopy_test_rule *rule)
{
	char word[16];
	int outcome;

	match_strlcpy(word, args, sizeof(word));
	outcome = xcopy_test_outcome(word);
	if (outcome < 0)
		return outcome;
	rule->outcome = outcome;
	return 0;
}

static int xcopy_test_parse_late(int ms, struct xcopy_test_rule *rule)
{
	rule->how = XCOPY_TEST_LATE;
	rule->outcome = XCOPY_UNKNOWN;
	rule->late_ms = ms;
	return 0;
}

static int xcopy_test_parse_how(int token, int value, struct xcopy_test_rule *rule)
{
	switch (token) {
	case XCOPY_TEST_WORD_LIE:
		rule->how = XCOPY_TEST_NOTHING;
		return 0;
	case XCOPY_TEST_WORD_COPIED:
		rule->how = XCOPY_TEST_EVERYTHING;
		return 0;
	case XCOPY_TEST_WORD_PARTIAL_BY:
	case XCOPY_TEST_WORD_PARTIAL:
		rule->how = XCOPY_TEST_PARTIAL;
		rule->descriptors = value ?: 1;
		return 0;
	case XCOPY_TEST_WORD_ELSEWHERE_BY:
	case XCOPY_TEST_WORD_ELSEWHERE:
		rule->how = XCOPY_TEST_ELSEWHERE;
		rule->offset = value;
		return 0;
	case XCOPY_TEST_WORD_LATE:
		return xcopy_test_parse_late(value, rule);
	default:
		return -EINVAL;
	}
}

static int xcopy_test_parse_word(char *word, struct xcopy_test_rule *rule)
{
	substring_t args[MAX_OPT_ARGS] = { };
	int token = match_token(word, xcopy_test_words, args);
	int value = 0;

	if (token == XCOPY_TEST_WORD_OUTCOME)
		return xcopy_test_parse_outcome(args, rule);
	if (args[0].from && (match_int(args, &value) || value < 0))
		return -EINVAL;

	switch (token) {
	case XCOPY_TEST_WORD_FROM:
		rule->from = value;
		return 0;
	case XCOPY_TEST_WORD_COUNT:
		rule->count = value ?: U64_MAX;
		return 0;
	case XCOPY_TEST_WORD_WAIT:
		rule->wait = true;
		return 0;
	case XCOPY_TEST_WORD_HOLD:
		rule->hold = true;
		return 0;
	case XCOPY_TEST_WORD_DELAY:
		rule->delay_ms = value;
		return 0;
	default:
		return xcopy_test_parse_how(token, value, rule);
	}
}

static int xcopy_test_parse_rule(char *line, struct xcopy_test_rule *rule)
{
	char *word;
	int r = 0;

	while (!r && (word = strsep(&line, " \t\n")))
		r = *word ? xcopy_test_parse_word(word, rule) : 0;
	if (rule->how == XCOPY_TEST_AS_OUTCOME)
		rule->how = rule->outcome == XCOPY_DONE ? XCOPY_TEST_EVERYTHING :
							  XCOPY_TEST_NOTHING;
	return r;
}

/* From the next command on, unless the rule says otherwise. */
static int xcopy_test_add_rule(struct xcopy_test_rule *rule)
{
	int r = -ENOSPC;

	spin_lock(&xcopy_test.lock);
	if (!rule->from)
		rule->from = xcopy_test.counters.commands + 1;
	if (xcopy_test.nr_rules < XCOPY_TEST_RULES) {
		xcopy_test.rules[xcopy_test.nr_rules++] = *rule;
		r = 0;
	}
	spin_unlock(&xcopy_test.lock);
	return r;
}

static int xcopy_test_write_rules(char *line)
{
	struct xcopy_test_rule rule = { .count = 1 };
	int r;

	if (!strcmp(strim(line), "clear")) {
		spin_lock(&xcopy_test.lock);
		xcopy_test.nr_rules = 0;
		spin_unlock(&xcopy_test.lock);
		return 0;
	}
	r = xcopy_test_parse_rule(line, &rule);
	return r ?: xcopy_test_add_rule(&rule);
}

/* --- The other files ------------------------------------------------------ */

static int xcopy_test_write_go(char *line)
{
	unsigned int count = 0;

	if (strcmp(strim(line), "all") && (kstrtouint(strim(line), 0, &count) || !count))
		return -EINVAL;
	xcopy_test_go(count);
	return 0;
}

static int xcopy_test_write_late_now(char *line)
{
	xcopy_test_late_now();
	return 0;
}

/* "<outcome> <count>": what the next calls of path_get() say. */
static int xcopy_test_write_path_result(char *line)
{
	char *rest = strim(line);
	int outcome = xcopy_test_outcome(strsep(&rest, " "));
	unsigned int count;

	if (outcome < 0 || !rest || kstrtouint(rest, 0, &count))
		return -EINVAL;
	spin_lock(&xcopy_test.lock);
	xcopy_test.knobs.path_result = outcome;
	xcopy_test.knobs.path_results = count;
	spin_unlock(&xcopy_test.lock);
	return 0;
}

/* "<outcome>": what commands that are too large get. */
static int xcopy_test_write_refuse_as(char *line)
{
	int outcome = xcopy_test_outcome(strim(line));

	if (outcome < 0)
		return outcome;
	WRITE_ONCE(xcopy_test.knobs.refuse_as, outcome);
	return 0;
}

static int xcopy_test_write_reset(char *line)
{
	spin_lock(&xcopy_test.lock);
	xcopy_test.knobs = xcopy_test_defaults;
	xcopy_test.counters = (struct xcopy_test_counters){ };
	xcopy_test.nr_rules = 0;
	spin_unlock(&xcopy_test.lock);
	xcopy_test_go(0);
	xcopy_test_log_clear();
	return 0;
}

/* What a line written to a file does; the file's private data. */
struct xcopy_test_verb {
	const char *name;
	int (*write)(char *line);
};

static const struct xcopy_test_verb xcopy_test_verbs[] = {
	{ "rules", xcopy_test_write_rules },
	{ "go", xcopy_test_write_go },
	{ "late_now", xcopy_test_write_late_now },
	{ "path_result", xcopy_test_write_path_result },
	{ "refuse_as", xcopy_test_write_refuse_as },
	{ "reset", xcopy_test_write_reset },
};

static ssize_t xcopy_test_write(struct file *file, const char __user *user, size_t size,
				loff_t *position)
{
	const struct xcopy_test_verb *verb = file->private_data;
	char *line;
	int r;

	if (size >= XCOPY_TEST_WRITE)
		return -EINVAL;
	line = memdup_user_nul(user, size);
	if (IS_ERR(line))
		return PTR_ERR(line);
	r = verb->write(line);
	kfree(line);
	return r ?: size;
}

static const struct file_operations xcopy_test_verb_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = xcopy_test_write,
};

static void xcopy_test_create_knobs(struct dentry *directory, struct xcopy_test_knobs *knobs)
{
	debugfs_create_u32("hard_segment_blocks", 0600, directory, &knobs->hard_segment_blocks);
	debugfs_create_u32("hard_segments", 0600, directory, &knobs->hard_segments);
	debugfs_create_u32("max_segment_blocks", 0600, directory, &knobs->max_segment_blocks);
	debugfs_create_u32("max_segments", 0600, directory, &knobs->max_segments);
	debugfs_create_u32("max_command_blocks", 0600, directory, &knobs->max_command_blocks);
	debugfs_create_u32("open_error", 0600, directory, &knobs->open_error);
	debugfs_create_u32("armed", 0600, directory, &knobs->armed);
	debugfs_create_u64("path_key", 0600, directory, &knobs->path_key);
}

static void xcopy_test_create_counters(struct dentry *directory,
				       struct xcopy_test_counters *counters)
{
	debugfs_create_u64("commands", 0400, directory, &counters->commands);
	debugfs_create_u64("copied", 0400, directory, &counters->copied);
	debugfs_create_u64("arms", 0400, directory, &counters->arms);
	debugfs_create_u64("opens", 0400, directory, &counters->opens);
	debugfs_create_u64("path_gets", 0400, directory, &counters->path_gets);
	debugfs_create_u64("violations", 0400, directory, &counters->violations);
	debugfs_create_u32("waiting", 0400, directory, &xcopy_test.waiting);
	debugfs_create_u32("late_pending", 0400, directory, &xcopy_test.late_pending);
	debugfs_create_u32("open_pairs", 0400, directory, &xcopy_test.open_pairs);
	debugfs_create_u32("paths_held", 0400, directory, &xcopy_test.paths_held);
}

static void xcopy_test_create_files(void)
{
	struct dentry *directory = debugfs_create_dir("dm-xcopy-test", NULL);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(xcopy_test_verbs); i++)
		debugfs_create_file(xcopy_test_verbs[i].name, 0200, directory,
				    (void *)&xcopy_test_verbs[i], &xcopy_test_verb_fops);
	debugfs_create_file("log", 0400, directory, NULL, &log_fops);
	xcopy_test_create_knobs(directory, &xcopy_test.knobs);
	xcopy_test_create_counters(directory, &xcopy_test.counters);
	xcopy_test.directory = directory;
}

static int __init xcopy_test_init(void)
{
	int r;

	xcopy_test.knobs = xcopy_test_defaults;
	xcopy_test.wq = alloc_workqueue("dm-xcopy-test", WQ_UNBOUND, 0);
	if (!xcopy_test.wq)
		return -ENOMEM;
	r = xcopy_copier_register(&xcopy_test_type);
	if (r) {
		destroy_workqueue(xcopy_test.wq);
		return r;
	}
	xcopy_test_create_files();
	return 0;
}

/* Late copies are dropped: whatever is on the disks next must not be hit by them. */
static void __exit xcopy_test_exit(void)
{
	debugfs_remove(xcopy_test.directory);
	xcopy_copier_unregister(&xcopy_test_type);
	WRITE_ONCE(xcopy_test.exiting, true);
	xcopy_test_late_now();
	destroy_workqueue(xcopy_test.wq);
	xcopy_test_log_clear();
}

module_init(xcopy_test_init);
module_exit(xcopy_test_exit);

MODULE_DESCRIPTION("dm-xcopy test copier: copies any disk by bios, and misbehaves on command");
MODULE_LICENSE("GPL");

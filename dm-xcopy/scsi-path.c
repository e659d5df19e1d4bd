// SPDX-License-Identifier: GPL-2.0-only
/*
 * Paths, see scsi-path.h.
 */
#include <linux/blkdev.h>
#include <linux/jiffies.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <scsi/scsi_driver.h>
#include <scsi/scsi_proto.h>

#include "scsi-path.h"
#include "scsi-send.h"

#define TRUST		HZ
#define SILENCE		HZ
#define AVOIDANCE	(60 * HZ)
#define CHECK_TIMEOUT	(5 * HZ)
/* A unit may have more than one unit attention to tell. */
#define CHECKS		4
/* What is better than nothing ranks below this, and what is not avoided below that. */
#define USELESS		100U
#define AVOIDED		50U

static DEFINE_SPINLOCK(paths_lock);
static LIST_HEAD(paths);
static u64 next_key = 1;

static void free_path(struct kref *ref)
{
	struct xcopy_scsi_path *path = container_of(ref, struct xcopy_scsi_path, ref);

	put_device(&path->sdev->sdev_gendev);
	kfree(path);
}

/* ---- the directory ---- */

static int add_path(struct scsi_device *sdev)
{
	struct xcopy_scsi_path *path = kzalloc(sizeof(*path), GFP_KERNEL);

	if (!path)
		return -ENOMEM;
	kref_init(&path->ref);
	get_device(&sdev->sdev_gendev);
	path->sdev = sdev;
	spin_lock(&paths_lock);
	path->key = next_key++;
	list_add_tail(&path->list, &paths);
	spin_unlock(&paths_lock);
	return 0;
}

static struct xcopy_scsi_path *take_path(struct scsi_device *sdev)
{
	struct xcopy_scsi_path *path, *found = NULL;

	spin_lock(&paths_lock);
	list_for_each_entry(path, &paths, list) {
		if (path->sdev == sdev) {
			list_del(&path->list);
			found = path;
			break;
		}
	}
	spin_unlock(&paths_lock);
	return found;
}

/* Both run under the class's mutex, and wait for nothing. */
static int interface_add(xcopy_interface_arguments(dev))
{
	struct scsi_device *sdev = to_scsi_device(dev->parent);

	return sdev->type == TYPE_DISK ? add_path(sdev) : 0;
}

static void interface_remove(xcopy_interface_arguments(dev))
{
	struct xcopy_scsi_path *path = take_path(to_scsi_device(dev->parent));

	if (path)
		kref_put(&path->ref, free_path);
}

static struct class_interface interface = {
	.add_dev = interface_add,
	.remove_dev = interface_remove,
};

int xcopy_scsi_paths_init(void)
{
	return scsi_register_interface(&interface);
}

void xcopy_scsi_paths_exit(void)
{
	scsi_unregister_interface(&interface);
}

/* ---- choosing ---- */

bool xcopy_scsi_is_unit(const struct scsi_device *sdev, const struct xcopy_scsi_identity *identity)
{
	const struct scsi_vpd *page;
	bool found;

	rcu_read_lock();
	page = rcu_dereference(sdev->vpd_pg83);
	found = page && xcopy_scsi_has_identity(page->data, page->len, identity);
	rcu_read_unlock();
	return found;
}

/**
 * struct search - for a path
 * @unit: where to
 * @since: jiffies when it began: what was silent since then is not asked again
 */
struct search {
	const struct xcopy_scsi_unit *unit;
	unsigned long since;
};

static bool is_silent(const struct xcopy_scsi_path *path, const struct search *search)
{
	return path->silent && (time_before(jiffies, path->silent_at + SILENCE) ||
				time_after_eq(path->silent_at, search->since));
}

static bool in_force(const struct xcopy_scsi_detour *detour)
{
	return detour->key && time_before(jiffies, detour->since + AVOIDANCE);
}

static bool is_avoided(const struct xcopy_scsi_path *path, const struct xcopy_scsi_unit *unit)
{
	unsigned int i;

	for (i = 0; i < XCOPY_SCSI_AVOIDED; i++)
		if (unit->avoided[i].key == path->key && in_force(&unit->avoided[i]))
			return true;
	return false;
}

/* Where nothing knows of ALUA, all are active/optimized. */
static unsigned int state_rank(const struct xcopy_scsi_path *path)
{
	switch (path->sdev->access_state & SCSI_ACCESS_STATE_MASK) {
	case SCSI_ACCESS_STATE_OPTIMAL:
		return path->silent ? 1 : 0;
	case SCSI_ACCESS_STATE_ACTIVE:
		return 2;
	case SCSI_ACCESS_STATE_LBA:
		return 3;
	default:
		return USELESS;
	}
}

/* Less is better. Caller holds paths_lock. */
static unsigned int rank(const struct xcopy_scsi_path *path, const struct search *search)
{
	const struct xcopy_scsi_unit *unit = search->unit;

	if (path->sdev->sdev_state != SDEV_RUNNING || is_silent(path, search))
		return USELESS;
	if (unit->only && path->sdev != unit->only)
		return USELESS;
	return state_rank(path) + (is_avoided(path, unit) ? AVOIDED : 0);
}

/* That ranks below @best_rank. Caller holds paths_lock. */
static struct xcopy_scsi_path *best_path(const struct search *search, unsigned int best_rank)
{
	struct xcopy_scsi_path *path, *best = NULL;

	list_for_each_entry(path, &paths, list) {
		unsigned int its_rank = rank(path, search);

		if (its_rank >= best_rank ||
		    !xcopy_scsi_is_unit(path->sdev, &search->unit->identity))
			continue;
		best = path;
		best_rank = its_rank;
	}
	return best;
}

static void note_silence(struct xcopy_scsi_path *path, u32 why)
{
	path->answered = false;
	path->silent = true;
	path->silent_at = jiffies;
	path->why = why;
}

static struct xcopy_scsi_path *get_best_path(const struct search *search)
{
	struct xcopy_scsi_path *path;

	spin_lock(&paths_lock);
	while ((path = best_path(search, USELESS)) && scsi_device_get(path->sdev))
		note_silence(path, 0);
	if (path)
		kref_get(&path->ref);
	spin_unlock(&paths_lock);
	return path;
}

void xcopy_scsi_path_put(struct xcopy_scsi_path *path)
{
	struct scsi_device *sdev = path->sdev;

	/* In this order: the device must not outlive its driver's module. */
	kref_put(&path->ref, free_path);
	scsi_device_put(sdev);
}

void xcopy_scsi_path_good(struct xcopy_scsi_path *path)
{
	spin_lock(&paths_lock);
	path->silent = false;
	path->answered = true;
	path->answered_at = jiffies;
	spin_unlock(&paths_lock);
}

void xcopy_scsi_path_ask(struct xcopy_scsi_path *path)
{
	spin_lock(&paths_lock);
	path->silent = false;
	path->answered = false;
	spin_unlock(&paths_lock);
}

void xcopy_scsi_path_bad(struct xcopy_scsi_path *path, u32 why)
{
	spin_lock(&paths_lock);
	note_silence(path, why);
	spin_unlock(&paths_lock);
}

static bool may_use(const struct xcopy_scsi_unit *unit, const struct xcopy_scsi_path *path)
{
	return (!unit->only || path->sdev == unit->only) &&
	       xcopy_scsi_is_unit(path->sdev, &unit->identity);
}

const char *xcopy_scsi_path_why(const struct xcopy_scsi_unit *unit)
{
	struct xcopy_scsi_path *path;
	u32 why = 0;

	spin_lock(&paths_lock);
	list_for_each_entry(path, &paths, list)
		if (!why && path->silent && may_use(unit, path))
			why = path->why;
	spin_unlock(&paths_lock);
	return why ? xcopy_scsi_status_name(why) : "no-path";
}

static bool trusted(const struct xcopy_scsi_path *path)
{
	bool trusted;

	spin_lock(&paths_lock);
	trusted = path->answered && time_before(jiffies, path->answered_at + TRUST);
	spin_unlock(&paths_lock);
	return trusted;
}

/*
 * Return: false: all tags are in use, and it was not asked. XCOPY_BUSY: it has told something else.
 * @word: what it has told; 0: nothing
 */
static bool test_unit_ready(struct scsi_device *sdev, enum xcopy_outcome *outcome, u32 *word)
{
	static const u8 cdb[XCOPY_SCSI_CDB_SIZE] = { TEST_UNIT_READY };
	const struct xcopy_scsi_request request = {
		.sdev = sdev,
		.cdb = cdb,
		.op = REQ_OP_DRV_IN,
		.timeout = CHECK_TIMEOUT,
	};
	struct xcopy_scsi_answer answer;
	int r = xcopy_scsi_send(&request, &answer);

	if (r == -EAGAIN)
		return false;
	*outcome = XCOPY_PATH;
	*word = 0;
	if (r || !answer.answered)
		return true;
	*outcome = xcopy_scsi_outcome(answer.status, xcopy_scsi_answer_sense(&answer));
	*word = xcopy_scsi_status_word(answer.status, xcopy_scsi_answer_sense(&answer));
	return true;
}

static bool check(struct xcopy_scsi_path *path)
{
	enum xcopy_outcome outcome = XCOPY_BUSY;
	unsigned int i;
	u32 word;

	for (i = 0; i < CHECKS && outcome == XCOPY_BUSY; i++)
		if (!test_unit_ready(path->sdev, &outcome, &word))
			/* Which says nothing of the path: the copy will see. */
			return true;
	if (outcome == XCOPY_DONE)
		xcopy_scsi_path_good(path);
	else
		xcopy_scsi_path_bad(path, word);
	return outcome == XCOPY_DONE;
}

/* Those found to be silent are passed over, so that this ends. */
struct xcopy_scsi_path *xcopy_scsi_path_find(const struct xcopy_scsi_unit *unit)
{
	const struct search search = { .unit = unit, .since = jiffies };
	struct xcopy_scsi_path *path;

	while ((path = get_best_path(&search)) && !trusted(path) && !check(path))
		xcopy_scsi_path_put(path);
	return path;
}

/* False: there is no room. Caller holds paths_lock. */
static bool add_avoided(struct xcopy_scsi_unit *unit, const struct xcopy_scsi_path *path)
{
	unsigned int i;

	if (is_avoided(path, unit))
		return true;
	for (i = 0; i < XCOPY_SCSI_AVOIDED && in_force(&unit->avoided[i]); i++)
		;
	if (i == XCOPY_SCSI_AVOIDED)
		return false;
	unit->avoided[i].key = path->key;
	unit->avoided[i].since = jiffies;
	return true;
}

bool xcopy_scsi_path_avoid(struct xcopy_scsi_unit *unit, const struct xcopy_scsi_path *path)
{
	const struct search search = { .unit = unit, .since = jiffies };
	bool other;

	spin_lock(&paths_lock);
	/* What cannot be remembered would be tried for ever. */
	other = add_avoided(unit, path) && best_path(&search, AVOIDED);
	spin_unlock(&paths_lock);
	return other;
}

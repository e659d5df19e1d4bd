// SPDX-License-Identifier: GPL-2.0-only
#include "extents.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "clone-status.h"
#include "devices.h"
#include "lvm-lock.h"
#include "lvm-text.h"
#include "lvm.h"
#include "memory.h"
#include "message.h"
#include "runtime.h"

/* How often a VG that changed between report and lock is looked at again. */
#define ATTEMPTS 10

#define MAX_PVS 64

/* Everything that was found out before the lock is taken. */
struct plan {
	const char *lv_uuid;
	const char *type;
	enum dm_udev udev;
	uint32_t *cookie;
	struct dm_state lv;
	struct lvm_text vg;
	int pvs[MAX_PVS];	/* open descriptors of PVs */
	size_t nr_pvs;
	struct drained {
		char *uuid;	/* clone whose offload has to be turned on again */
		int lock;
	} drained[64];
	size_t nr_drained;
};

static int refuse(char **why, char *text)
{
	*why = text;
	return EXIT_REFUSED;
}

/* "off" was somebody's wish, "failed" and "done" are for good. */
static bool offloads(const char *uuid)
{
	struct clone_status status;
	const char *offload;
	char type[32], *text = dm_read_status(uuid, type);
	bool is = text && !strcmp(type, "xcopy") && clone_status_parse(text, &status);

	free(text);
	if (!is)
		return false;
	offload = clone_status_value(&status, "offload", "off");
	is = !strcmp(offload, "on") || !strcmp(offload, "waiting");
	clone_status_free(&status);
	return is;
}

static void turn_on(const char *uuid, int lock)
{
	if (!dm_message(uuid, "enable_offload"))
		warn("cannot turn offload of %s on again; \"dmsetup message\" it enable_offload",
		     uuid);
	runtime_unlock(DRAINED, uuid, lock);
}

void extents_recover(const char *clone_uuid)
{
	int lock = runtime_lock_left(DRAINED, clone_uuid);

	if (lock >= 0)
		turn_on(clone_uuid, lock);
}

/*
 * The lock keeps two of us from turning it on under each other, and its file, when nobody
 * holds it any more, says that whoever turned it off was killed.
 */
static int turn_off(const char *name, const char *uuid)
{
	int lock;

	extents_recover(uuid);
	lock = runtime_lock(DRAINED, uuid, true);
	if (lock < 0)
		return -1;
	if (offloads(uuid)) {
		detail("dmsetup message %s 0 disable_offload", name);
		if (dm_message(uuid, "disable_offload"))
			return lock;
	}
	runtime_unlock(DRAINED, uuid, lock);
	return -1;
}

static void drain(const char *name, const char *uuid, void *data)
{
	struct plan *plan = data;
	int lock;

	if (plan->nr_drained == sizeof(plan->drained) / sizeof(*plan->drained) ||
	    strchr(uuid, '/') || !dm_uses(uuid, plan->lv.major, plan->lv.minor))
		return;
	lock = turn_off(name, uuid);
	if (lock >= 0)
		plan->drained[plan->nr_drained++] = (struct drained){ need_copy(uuid), lock };
}

static void undrain(struct plan *plan)
{
	while (plan->nr_drained) {
		struct drained *drained = &plan->drained[--plan->nr_drained];

		turn_on(drained->uuid, drained->lock);
		free(drained->uuid);
	}
}

static void add_pv(struct plan *plan, int fd)
{
	if (fd >= 0 && plan->nr_pvs < MAX_PVS)
		plan->pvs[plan->nr_pvs++] = fd;
	else if (fd >= 0)
		close(fd);
}

/* The PVs that the LV lies on, each once. */
static void open_own_pvs(struct plan *plan)
{
	struct table live;
	struct dm_state state;
	unsigned int major, minor, last_major = 0, last_minor = 0;

	dm_read_table(plan->lv_uuid, &live, &state);
	for (size_t i = 0; i < live.count; i++) {
		if (sscanf(live.lines[i].params, "%u:%u", &major, &minor) != 2 ||
		    (major == last_major && minor == last_minor))
			continue;
		add_pv(plan, device_open(major, minor, O_RDONLY | O_DIRECT));
		last_major = major;
		last_minor = minor;
	}
	table_free(&live);
}

/* All PVs, of all VGs: for a VG that has metadata areas on other PVs only. */
static void open_all_pvs(struct plan *plan)
{
	struct lvm_report report;

	if (lvm_load(&report))
		return;
	for (size_t i = 0; i < report.nr_pvs; i++)
		if (!report.pvs[i].missing)
			add_pv(plan, open(report.pvs[i].path, O_RDONLY | O_DIRECT | O_CLOEXEC));
	lvm_report_free(&report);
}

static void close_pvs(struct plan *plan)
{
	while (plan->nr_pvs)
		close(plan->pvs[--plan->nr_pvs]);
}

/* What the open PVs say, if those that say something about this VG agree. */
static bool read_vg(const struct plan *plan, struct lvm_text *vg)
{
	struct lvm_text one;
	bool found = false;

	for (size_t i = 0; i < plan->nr_pvs; i++) {
		if (lvm_text_read(plan->pvs[i], plan->lv_uuid, &one) != LVM_TEXT_FOUND)
			continue;
		if (found && (one.seqno != vg->seqno || strcmp(one.vg, vg->vg)))
			return false;
		*vg = one;
		found = true;
	}
	return found;
}

static int make_plan(struct plan *plan, char **why)
{
	open_own_pvs(plan);
	if (!read_vg(plan, &plan->vg)) {
		close_pvs(plan);
		open_all_pvs(plan);
		if (!read_vg(plan, &plan->vg))
			return refuse(why, need_text("the metadata of its volume group cannot be read from the physical volumes, or they do not agree: see vgck"));
	}
	if (plan->vg.shared)
		return refuse(why, need_text("volume group %s is shared (lvmlockd), whose lock other programs cannot take",
					     plan->vg.vg));
	return 0;
}

static bool seqno_unchanged(const struct plan *plan)
{
	struct lvm_text now;

	return read_vg(plan, &now) && now.seqno == plan->vg.seqno &&
	       !strcmp(now.vg, plan->vg.vg);
}

/* Is "MAJOR:MINOR ..." a device-mapper device of LVM's? */
static bool lies_on_lv(const char *params)
{
	char *path = need_text("/sys/dev/block/%.*s/dm/uuid", (int)strcspn(params, " "), params);
	char uuid[5] = "";
	FILE *file = fopen(path, "re");

	free(path);
	if (!file)
		return false;
	if (!fgets(uuid, sizeof(uuid), file))
		uuid[0] = 0;
	fclose(file);
	return !strcmp(uuid, "LVM-");
}

static bool any_lies_on_lv(const struct table *table)
{
	for (size_t i = 0; i < table->count; i++)
		if (lies_on_lv(table->lines[i].params))
			return true;
	return false;
}

static char *on_lv_text(const char *name)
{
	return need_text("%s lies on another logical volume: a pvmove is under way; it has to end first",
			 name);
}

static int check_table(const struct plan *plan, const struct table *live,
		       const struct dm_state *state, struct table *wanted, char **why)
{
	const char *name = state->name;

	if (state->inactive_table || state->suspended)
		return refuse(why, need_text("%s %s: an LVM operation is under way or was interrupted; if none runs, use \"lvchange --refresh\"",
					     name, state->inactive_table ? "has an inactive table" :
					     "is suspended"));
	if (!strcmp(plan->type, EXTENTS_ON) && any_lies_on_lv(live))
		return refuse(why, on_lv_text(name));
	if (!table_translate(live, plan->type, wanted))
		return refuse(why, need_text("the table of %s is not linear", name));
	return 0;
}

/* Nothing of this process may wait for a page of a device that is suspended. */
static int swap_locked_in_memory(const struct plan *plan, const struct dm_state *state,
				 const struct table *wanted, uint32_t *cookie)
{
	sigset_t all, old;
	int code;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		detail("mlockall failed");
	code = dm_swap(state->name, wanted, state->read_only, true, plan->udev, cookie);
	munlockall();
	sigprocmask(SIG_SETMASK, &old, NULL);
	return code;
}

/* The mark says that a table is ours which was loaded and is not in use, should we be killed. */
static int swap_marked(const struct plan *plan, const struct dm_state *state,
		       const struct table *wanted, uint32_t *cookie)
{
	int mark = runtime_lock(SWAPPING, plan->lv_uuid, true), code;

	if (mark < 0)
		return EXIT_FAILED;
	code = swap_locked_in_memory(plan, state, wanted, cookie);
	runtime_unlock(SWAPPING, plan->lv_uuid, mark);
	return code;
}

/*
 * Somebody of us was killed between load and resume, or just behind: LVM, whose lock is held, is
 * not at it, and if the table maps what the live one does, nothing is lost with it.
 */
static void drop_left_table(const struct plan *plan, const struct table *live,
			    struct dm_state *state)
{
	int mark = runtime_lock_left(SWAPPING, plan->lv_uuid);
	struct table left = { 0 };

	if (mark < 0)
		return;
	if (state->inactive_table && dm_read_inactive_table(plan->lv_uuid, &left) &&
	    table_same_mapping(live, &left) && dm_clear(state->name))
		state->inactive_table = false;
	table_free(&left);
	runtime_unlock(SWAPPING, plan->lv_uuid, mark);
}

static int swap_under_lock(const struct plan *plan, uint32_t *cookie, char **why)
{
	struct table live, wanted = { 0 };
	struct dm_state state;
	int code = 0;

	if (!dm_read_table(plan->lv_uuid, &live, &state))
		return 0;
	drop_left_table(plan, &live, &state);
	if (!table_is(&live, plan->type))
		code = check_table(plan, &live, &state, &wanted, why);
	if (!code && wanted.count)
		code = swap_marked(plan, &state, &wanted, cookie);
	table_free(&live);
	table_free(&wanted);
	return code;
}

/* One attempt; *again is set when the VG changed before it was locked. */
static int attempt(struct plan *plan, bool *again, char **why)
{
	const char *directory = lvm_lock_directory();
	struct lvm_lock lock = { -1, NULL };
	uint32_t own = 0;
	int code = make_plan(plan, why);

	if (code)
		return code;
	dm_each_clone(drain, plan);
	code = lvm_lock_take(directory, plan->vg.vg, &lock);
	if (!code) {
		*again = !seqno_unchanged(plan);
		if (!*again)
			code = swap_under_lock(plan, plan->cookie ? plan->cookie : &own, why);
		lvm_lock_release(&lock);
		dm_wait_udev(own);
	}
	undrain(plan);
	return code;
}

static void print_plan(const struct plan *plan, const struct table *live)
{
	struct table wanted;
	char *text;

	if (!table_translate(live, plan->type, &wanted))
		return;
	text = table_text(&wanted);
	say("# under LVM's lock of the volume group, device-mapper reloads %s (%s) with:\n%s",
	    plan->lv.name, plan->lv.read_only ? "read-only" : "writeable", text);
	free(text);
	table_free(&wanted);
}

/* Is there anything to do?  Whatever can be refused without asking LVM is refused here. */
static bool needs_work(struct plan *plan, char **why)
{
	struct table live;
	bool work;

	if (!dm_read_table(plan->lv_uuid, &live, &plan->lv))
		return false;
	/* Without our target there is nothing to put back, whatever else LVM has there now. */
	work = strcmp(plan->type, EXTENTS_OFF) ? live.count && !table_is(&live, plan->type) :
	       table_has(&live, EXTENTS_ON);
	work = work || (plan->lv.inactive_table && runtime_is_left(SWAPPING, plan->lv_uuid));
	if (work && !strcmp(plan->type, EXTENTS_ON) && any_lies_on_lv(&live)) {
		*why = on_lv_text(plan->lv.name);
		work = false;
	}
	if (work && message_dry_run) {
		print_plan(plan, &live);
		work = false;
	}
	table_free(&live);
	return work;
}

int extents_set(const char *lv_uuid, const char *type, enum dm_udev udev, uint32_t *cookie,
		char **why)
{
	struct plan plan = { .lv_uuid = lv_uuid, .type = type, .udev = udev, .cookie = cookie };
	bool again = false;
	int code = 0;

	*why = NULL;
	for (int i = 0; i < ATTEMPTS; i++) {
		if (!needs_work(&plan, why))
			return *why ? EXIT_REFUSED : 0;
		code = attempt(&plan, &again, why);
		close_pvs(&plan);
		if (code || !again)
			return code;
		detail("the volume group changed meanwhile; looking at it again");
		usleep(100000);
	}
	return refuse(why, need_text("its volume group kept changing; try again"));
}

bool extents_missing(const char *lv_uuid)
{
	struct table live;
	struct dm_state state;
	bool missing = dm_read_table(lv_uuid, &live, &state) && live.count &&
		       !table_is(&live, EXTENTS_ON);

	table_free(&live);
	return missing;
}

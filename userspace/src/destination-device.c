// SPDX-License-Identifier: GPL-2.0-only
#include "destination-device.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "content.h"
#include "device-free.h"
#include "device-id.h"
#include "devices.h"
#include "dm.h"
#include "extents.h"
#include "memory.h"
#include "message.h"
#include "runtime.h"
#include "wipe.h"

#define ROLE "destination"

/* How a destination becomes the job's. */
enum taking {
	BRING_BACK,	/* it has been, and holds a copy */
	TAKE_EMPTY,	/* it must hold nothing */
	TAKE_ANY,	/* what it holds may be lost */
};

/* The same lock as a source's: a device may be given as both. */
static int lock_device(const struct job *job)
{
	return runtime_lock("source", strrchr(job->destination_device, '/') + 1, true);
}

static void unlock_device(const struct job *job, int lock)
{
	runtime_unlock("source", strrchr(job->destination_device, '/') + 1, lock);
}

/* Of the device that the clone writes; exit code, as it has to be asked before anything is removed. */
static int look_at_writer(const struct job *job, struct dm_state *writer)
{
	if (dm_look(job->destination_uuid, writer))
		return 0;
	return fail(EXIT_FAILED, "device-mapper does not answer for %s: try again",
		    job->destination_device);
}

/* The device below the writer, whatever its name leads to by now; without a writer that. */
static bool find_number(const struct job *job, dev_t *number)
{
	return dm_first_device(job->destination_uuid, number) || device_number(job->destination_device, number);
}

/* Have udev look again: it does so by itself only where the device was written to by this name. */
static void trigger(dev_t number)
{
	char *path = need_text("/sys/dev/block/%u:%u/uevent", major(number), minor(number));
	FILE *file = fopen(path, "we");

	if (file) {
		fputs("change", file);
		fclose(file);
	}
	free(path);
}

static char *mark_of(dev_t number)
{
	return need_text(RUNTIME_DEVICE "%u:%u", major(number), minor(number));
}

static int hide(dev_t number)
{
	char *mark = mark_of(number);
	int code = runtime_hide(mark);

	free(mark);
	if (!code)
		trigger(number);
	return code;
}

/* By having the kernel read the table again; udev may be looking at one for a moment. */
static bool drop_partitions(int fd)
{
	int r = ioctl(fd, BLKRRPART);

	for (int i = 0; i < 20 && r && errno == EBUSY; i++) {
		usleep(100000);
		r = ioctl(fd, BLKRRPART);
	}
	/* partitions have none themselves, and device-mapper's devices neither */
	return !r || errno != EBUSY;
}

/* Another clone may have taken it. What the kernel knows of its pages and partitions is of before. */
static void show(const char *path, dev_t number)
{
	char *mark;
	int fd;

	if (device_has_writer(number))
		return;
	mark = mark_of(number);
	runtime_show(mark);
	free(mark);
	device_sync(major(number), minor(number), path);
	fd = device_open(major(number), minor(number), O_RDONLY);
	if (fd >= 0) {
		drop_partitions(fd);
		close(fd);
	}
	trigger(number);
}

static bool wipe(uint32_t ma, uint32_t mi, int flags)
{
	return device_wipe(ma, mi, flags, WIPE_ENDS, WIPE_ENDS);
}

static int wipe_with_partitions(const struct job *job, dev_t number, int fd)
{
	if (!drop_partitions(fd))
		return fail(EXIT_REFUSED, "destination %s: somebody has a partition of it open",
			    job->destination_device);
	if (!wipe(major(number), minor(number), O_EXCL))
		return fail(EXIT_FAILED, "cannot write to destination %s: %s",
			    job->destination_device, strerror(errno));
	if (!drop_partitions(fd))
		return fail(EXIT_FAILED, "destination %s: somebody has opened a partition of it",
			    job->destination_device);
	return 0;
}

/*
 * Its partitions, too: first to see that nobody has one open, then for good. Between them they are
 * there anew: udev leaves alone a disk that is locked, and its partitions.
 */
static int wipe_fresh(const struct job *job, dev_t number)
{
	int fd = device_open(major(number), minor(number), O_RDONLY), code;

	if (fd < 0)
		return fail(EXIT_FAILED, "cannot open destination %s: %s",
			    job->destination_device, strerror(errno));
	flock(fd, LOCK_EX | LOCK_NB);
	code = wipe_with_partitions(job, number, fd);
	close(fd);
	return code;
}

static int make_writer(const struct job *job, dev_t number)
{
	char *name = need_text("xcopydest-%s", job->id);
	char *params = need_text("%u:%u 0", major(number), minor(number));
	struct table table = { 0 };
	int code;

	table_add(&table, 0, job->sectors + job->extra_sectors,
		  job->state == JOB_FINISHED || !dm_target_known(EXTENTS_ON) ? EXTENTS_OFF : EXTENTS_ON,
		  params);
	detail("dmsetup create %s --uuid %s --table '0 %llu %s %s'", name, job->destination_uuid,
	       (unsigned long long)(job->sectors + job->extra_sectors), table.lines[0].type, params);
	code = dm_create(name, job->destination_uuid, &table, false, DM_UDEV_HIDDEN, NULL);
	table_free(&table);
	free(params);
	free(name);
	return code;
}

static int check_free(const struct job *job, dev_t number)
{
	int code = device_check_mount(ROLE, job->destination_device, number);

	if (!code)
		code = device_check_claim(ROLE, job->destination_device, number, false);
	return code ? code : device_check_open(ROLE, job->destination_device, number);
}

static int check_id(const struct job *job, dev_t number)
{
	char id[SOURCE_TEXT];

	device_id_place(number, id);
	if (device_id_is_same(id, job->destination_id))
		return 0;
	return fail(EXIT_REFUSED, "destination %s is not the device that it was (it is %s, and was %s): only if it surely is, \"lvchange --deltag " TAG_DESTINATION_ID "%s --addtag " TAG_DESTINATION_ID "%s %s/%s\"",
		    job->destination_device, id, job->destination_id, job->destination_id, id,
		    job->record.vg, job->record.lv);
}

static int fail_missing(const struct job *job)
{
	const char *other = job->state == JOB_FILLING ? "\"xcopysetup cancel\" the clone" :
			    job->state == JOB_FINISHED ? "\"xcopysetup release\" the clone" :
			    "lvremove its record";

	return fail(EXIT_FAILED, "destination %s is missing: when it is there again, \"xcopysetup activate %s\"; if it never will be, %s (%s/%s)",
		    job->destination_device, job->destination_device, other, job->record.vg,
		    job->record.lv);
}

static int empty(const struct job *job, dev_t number, enum taking taking)
{
	int code = destination_device_look_again(job, number, taking == TAKE_ANY);

	return code ? code : wipe_fresh(job, number);
}

static int occupy(const struct job *job, enum taking taking)
{
	dev_t number;
	int code;

	if (!device_number(job->destination_device, &number))
		runtime_await();
	if (!device_number(job->destination_device, &number))
		return fail_missing(job);
	code = check_free(job, number);
	if (!code)
		code = check_id(job, number);
	if (!code)
		code = device_sync(major(number), minor(number), job->destination_device);
	if (!code && taking != BRING_BACK)
		code = empty(job, number, taking);
	if (!code)
		code = hide(number);
	return code ? code : make_writer(job, number);
}

/* It has the number that it had when its writer was made, or the clone writes one that has gone. */
static int check_number(const struct job *job)
{
	dev_t written, named;

	if (!find_number(job, &written))
		return 0;
	if (device_number(job->destination_device, &named) && written == named)
		return hide(named);
	return fail(EXIT_FAILED, "destination %s is another device now, or missing, and the clone still writes %u:%u: end what uses the clone, \"dmsetup remove %s\" and \"dmsetup remove xcopydest-%s\", then \"xcopysetup activate %s\"",
		    job->destination_device, major(written), minor(written), job->clone_name,
		    job->id, job->destination_device);
}

static int swap_writer(const struct dm_state *writer, const struct table *live, const char *type)
{
	struct table table;
	int code = 0;

	if (table_is(live, type) || !table_translate(live, type, &table))
		return 0;
	if (!would("# device-mapper reloads %s with %s", writer->name, type))
		code = dm_swap(writer->name, &table, false, true, DM_UDEV_HIDDEN, NULL);
	table_free(&table);
	return code;
}

/* It was made when the module was not there, and is in nobody's use yet. */
static int complete_writer(const struct job *job, const struct dm_state *writer)
{
	struct dm_state state;
	struct table live;
	int code = 0;

	if (job->state != JOB_FILLING || writer->open_count || !dm_target_known(EXTENTS_ON) ||
	    !dm_read_table(job->destination_uuid, &live, &state))
		return 0;
	code = swap_writer(&state, &live, EXTENTS_ON);
	table_free(&live);
	return code;
}

static int use_writer(const struct job *job, const struct dm_state *writer)
{
	int code = check_number(job);

	return code ? code : complete_writer(job, writer);
}

static int need_writer(const struct job *job, int taking)
{
	struct dm_state writer;
	int code = look_at_writer(job, &writer);

	if (code)
		return code;
	if (writer.exists && writer.live_table)
		return use_writer(job, &writer);
	if (writer.exists)	/* left by a crash between creation and table */
		code = dm_remove(writer.name);
	return code ? code : occupy(job, taking);
}

static int locked(const struct job *job, int (*what)(const struct job *job, int how), int how)
{
	int lock = lock_device(job), code;

	if (lock < 0)
		return EXIT_FAILED;
	code = what(job, how);
	unlock_device(job, lock);
	return code;
}

static int occupy_locked(const struct job *job, enum taking taking)
{
	if (would("# claim %s, as the device xcopydest-%s", job->destination_device, job->id))
		return 0;
	return locked(job, need_writer, taking);
}

int destination_device_take(const struct job *job, bool force)
{
	return occupy_locked(job, force ? TAKE_ANY : TAKE_EMPTY);
}

int destination_device_bring_back(const struct job *job)
{
	return occupy_locked(job, BRING_BACK);
}

int destination_device_settle(const struct job *job)
{
	struct dm_state state;
	struct table live;
	int code;

	if (!dm_read_table(job->destination_uuid, &live, &state))
		return fail(EXIT_FAILED, "the device by which %s is written has vanished: \"xcopysetup activate %s\"",
			    job->destination_device, job->destination_device);
	code = swap_writer(&state, &live, EXTENTS_OFF);
	table_free(&live);
	return code;
}

/* Only what has been claimed all the time is sure to be ours: it may hold something else by now. */
static void say_left(const struct job *job)
{
	struct content content;

	if (!content_look(job->destination_device, &content))
		return;
	if (content.type)
		warn("destination %s is left as it is, with %s on it: if that is half a copy, and not what it held before, \"wipefs --all\" it",
		     job->destination_device, content.type);
	content_free(&content);
}

/* A disk that does not take it any more must not keep the clone from being removed. */
static void wipe_copy(const struct job *job, const struct dm_state *writer)
{
	if (!wipe(writer->major, writer->minor, 0))
		warn("cannot write to destination %s: %s: it may hold half a copy: \"wipefs --all\" it",
		     job->destination_device, strerror(errno));
}

static int remove_writer(const struct job *job, int drop)
{
	struct dm_state writer;
	dev_t number;
	bool known = find_number(job, &number);
	int code = look_at_writer(job, &writer);

	if (code)
		return code;
	if (writer.exists && writer.live_table && drop)
		wipe_copy(job, &writer);
	else if (drop)
		say_left(job);
	if (writer.exists)
		code = dm_remove(writer.name);
	if (!code && known)
		show(job->destination_device, number);
	return code;
}

static int remove_locked(const struct job *job, bool drop)
{
	if (would("dmsetup remove xcopydest-%s", job->id))
		return 0;
	return locked(job, remove_writer, drop);
}

int destination_device_give(const struct job *job)
{
	return remove_locked(job, false);
}

int destination_device_drop(const struct job *job)
{
	return remove_locked(job, true);
}

int destination_device_forget(const char *id)
{
	struct job job = { 0 };
	struct dm_state writer;

	job_set_id(&job, id);
	snprintf(job.destination_uuid, sizeof(job.destination_uuid), DESTINATION_UUID "%s", id);
	runtime_show(job.destination_uuid);
	if (!dm_look(job.destination_uuid, &writer) || !writer.exists)
		return 0;
	return would("dmsetup remove %s", writer.name) ? 0 : remove_writer(&job, false);
}

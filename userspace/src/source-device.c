// SPDX-License-Identifier: GPL-2.0-only
#include "source-device.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "change.h"
#include "device-free.h"
#include "device-id.h"
#include "devices.h"
#include "dm.h"
#include "extents.h"
#include "lvm.h"
#include "memory.h"
#include "message.h"
#include "runtime.h"

#define WRITTEN "written"	/* kind of note: sectors that had been written when it was taken */

/* Several jobs may share one. */
static int lock_device(const struct job *job)
{
	return runtime_lock("source", strrchr(job->source_device, '/') + 1, true);
}

static void unlock_device(const struct job *job, int lock)
{
	runtime_unlock("source", strrchr(job->source_device, '/') + 1, lock);
}

/* The device that the clone reads, whatever its name leads to by now; without a reader that. */
static bool find_number(const struct job *job, dev_t *number)
{
	return dm_first_device(job->source_uuid, number) || device_number(job->source_device, number);
}

static int open_device(const struct job *job)
{
	dev_t number;

	errno = ENOENT;
	return find_number(job, &number) ? device_open(major(number), minor(number), O_RDONLY) : -1;
}

/* As the kernel counts them since the device is there; 0 if it does not. */
static uint64_t sectors_written(const struct job *job)
{
	unsigned long long sectors = 0;
	dev_t number;
	FILE *file;
	char *path;

	if (!find_number(job, &number))
		return 0;
	path = need_text("/sys/dev/block/%u:%u/stat", major(number), minor(number));
	file = fopen(path, "re");
	if (file && fscanf(file, "%*u %*u %*u %*u %*u %*u %llu", &sectors) != 1)
		sectors = 0;
	if (file)
		fclose(file);
	free(path);
	return sectors;
}

static bool is_writeable(const struct job *job)
{
	int fd = open_device(job), read_only = 0;
	bool writeable = fd >= 0 && !ioctl(fd, BLKROGET, &read_only) && !read_only;

	if (fd >= 0)
		close(fd);
	return writeable;
}

/* A device that has gone takes its flag along. */
static int set_read_only(const struct job *job, int read_only)
{
	int fd, code = 0;

	change_point(read_only ? "make a device read-only" : "make a device writeable");
	fd = open_device(job);
	if (fd < 0 && !read_only)
		warn("source %s cannot be opened: %s; it stays as it is", job->source_device,
		     strerror(errno));
	else if (fd < 0 || ioctl(fd, BLKROSET, &read_only))
		code = fail(EXIT_FAILED, "cannot make source %s %s: %s", job->source_device,
			    read_only ? "read-only" : "writeable", strerror(errno));
	if (fd >= 0)
		close(fd);
	return code;
}

static int sync_device(const struct job *job)
{
	dev_t number;

	if (!device_number(job->source_device, &number))
		return fail(EXIT_FAILED, "source %s is missing", job->source_device);
	return device_sync(major(number), minor(number), job->source_device);
}

static int make_reader(const struct job *job)
{
	char *name = need_text("xcopysource-%s", job->id), *params;
	struct table table = { 0 };
	dev_t number;
	int code;

	if (!device_number(job->source_device, &number)) {
		free(name);
		return fail(EXIT_FAILED, "source %s is missing", job->source_device);
	}
	params = need_text("%u:%u 0", major(number), minor(number));
	table_add(&table, 0, job->sectors, EXTENTS_ON, params);
	code = dm_create(name, job->source_uuid, &table, true, DM_UDEV_HIDDEN, NULL);
	table_free(&table);
	free(params);
	free(name);
	return code;
}

/* With a device of ours that a crash has left without a table nothing can be done but remove it. */
static int need_reader(const struct job *job)
{
	struct dm_state state;
	int code = 0;

	if (!dm_look(job->source_uuid, &state))
		return fail(EXIT_FAILED, "device-mapper does not answer for %s: try again",
			    job->source_device);
	if (state.exists && state.live_table)
		return 0;
	if (state.exists)
		code = dm_remove(state.name);
	return code ? code : make_reader(job);
}

static int check_size(const struct job *job)
{
	dev_t number;

	if (!device_number(job->source_device, &number))
		runtime_await();
	if (!device_number(job->source_device, &number))
		return fail(EXIT_FAILED,
			    "source %s of %s is missing: when it is there again, \"xcopysetup activate %s\"",
			    job->source_device, job->destination_text, job->destination_text);
	if (device_sectors(major(number), minor(number)) < job->sectors)
		return fail(EXIT_FAILED, "source %s is smaller than it was: is it another one?",
			    job->source_device);
	return 0;
}

static bool has_reader(const struct job *job)
{
	struct dm_state state;

	return dm_look(job->source_uuid, &state) && state.live_table;
}

/* It has the number that it had when its reader was made, or the clone reads one that has gone. */
static int check_number(const struct job *job)
{
	dev_t read, named;

	if (!find_number(job, &read) || !device_number(job->source_device, &named) || read == named)
		return 0;
	return fail(EXIT_FAILED,
		    "source %s is %u:%u now, and the clone still reads %u:%u: dmsetup remove %s and what reads the source, then \"xcopysetup activate %s\"",
		    job->source_device, major(named), minor(named), major(read), minor(read),
		    job->clone_name, job->destination_text);
}

/* @written: sectors that were written when it was known to be as it is */
static int occupy(const struct job *job, uint64_t written)
{
	bool was_writeable = is_writeable(job);
	uint64_t before;
	int code = was_writeable ? set_read_only(job, 1) : 0;

	/* a note of more than the kernel has counted is of a device that has gone, and come back */
	if (!code && (!runtime_read_note(WRITTEN, job->id, &before) || sectors_written(job) < before))
		code = runtime_note(WRITTEN, job->id, written);
	if (!code)
		code = need_reader(job);
	if (code && was_writeable)
		set_read_only(job, 0);
	return code;
}

static int take(struct job *job)
{
	int code = source_device_check_free(job->source_device);

	if (!code)
		code = sync_device(job);
	if (!code)
		code = occupy(job, sectors_written(job));
	if (!code)
		code = sync_device(job);
	/* the counter may have been read before the last of what was in the cache */
	if (!code)
		code = runtime_note(WRITTEN, job->id, sectors_written(job));
	return code ? code : device_id_content(job->source_device, job->source_id);
}

static int with_lock(struct job *job, int (*what)(struct job *job))
{
	int lock, code;

	if (would("blockdev --setro %s", job->source_device))
		return 0;
	lock = lock_device(job);
	if (lock < 0)
		return EXIT_FAILED;
	code = what(job);
	unlock_device(job, lock);
	return code;
}

int source_device_take(struct job *job)
{
	return with_lock(job, take);
}

static int check_id(const struct job *job)
{
	char id[SOURCE_TEXT];
	int code = device_id_content(job->source_device, id);

	if (code || !strcmp(id, job->source_id))
		return code;
	return fail(EXIT_REFUSED,
		    "source %s is not what it was: another device, or written to at its beginning or end (it is %s, and was %s): cancel the clone; only if it surely did not change, \"lvchange --deltag " TAG_SOURCE_ID "%s --addtag " TAG_SOURCE_ID "%s %s/%s\"",
		    job->source_device, id, job->source_id, job->source_id, id,
		    job->record.vg, job->record.lv);
}

/* With its reader it was made read-only: if it is not, that is for source_device_check() to say. */
static int bring_back(struct job *job)
{
	int code;

	if (has_reader(job))
		return check_number(job);
	code = check_size(job);
	if (!code)
		code = source_device_check_free(job->source_device);
	if (!code)
		code = check_id(job);
	/* nothing is known of what was written since the boot: all of it counts */
	return code ? code : occupy(job, 0);
}

int source_device_bring_back(struct job *job)
{
	return with_lock(job, bring_back);
}

bool source_device_is_writeable(const struct job *job)
{
	return is_writeable(job);
}

bool source_device_was_written(const struct job *job)
{
	uint64_t before;

	return runtime_read_note(WRITTEN, job->id, &before) && sectors_written(job) > before;
}

int source_device_check(const struct job *job)
{
	struct dm_state state;

	if (message_dry_run)
		return 0;
	if (!dm_look(job->source_uuid, &state) || !state.exists)
		return fail(EXIT_FAILED,
			    "the device by which source %s is read has vanished: \"xcopysetup activate %s\"",
			    job->source_device, job->destination_text);
	if (source_device_is_writeable(job))
		return fail(EXIT_FAILED, "source %s is writeable: somebody changed it meanwhile; if it surely was not written to, \"blockdev --setro %s\", else cancel the clone",
			    job->source_device, job->source_device);
	return 0;
}

/* A job that has begun to end needs it no longer than its reader is there. */
static bool needs_device(const struct lvm_lv *lv, const struct job *job)
{
	const char *device = lvm_lv_tag(lv, TAG_SOURCE_DEVICE), *id = lvm_lv_tag(lv, TAG_JOB);
	const char *state = lvm_lv_tag(lv, TAG_STATE);
	char uuid[69];
	struct dm_state reader;

	if (!device || !id || !state || strcmp(device, job->source_device) || !strcmp(id, job->id))
		return false;
	snprintf(uuid, sizeof(uuid), SOURCE_UUID "%.32s", id);
	return !strcmp(state, job_state_word(JOB_FILLING)) || !dm_look(uuid, &reader) || reader.exists;
}

static bool needed_by_others(const struct lvm_report *report, const struct job *job)
{
	for (size_t i = 0; i < report->nr_lvs; i++)
		if (needs_device(&report->lvs[i], job))
			return true;
	return false;
}

static int remove_reader(const struct job *job)
{
	struct dm_state state;

	if (!dm_look(job->source_uuid, &state))
		return fail(EXIT_FAILED, "device-mapper does not answer for %s: try again",
			    job->source_device);
	if (!state.exists || would("dmsetup remove %s", state.name))
		return 0;
	return dm_remove(state.name);
}

static int give_back(const struct job *job)
{
	struct lvm_report report;
	dev_t number;
	int code;

	/* it may be gone for good, or away: its flag is gone with it */
	if (!job->source_was_rw || !device_number(job->source_device, &number))
		return 0;
	code = lvm_load(&report);
	if (code)
		return code;
	if (report.partial)
		code = lvm_missing(&report);
	else if (!needed_by_others(&report, job) && !device_has_reader(number) &&
		 !is_writeable(job) && !would("blockdev --setrw %s", job->source_device))
		code = set_read_only(job, 0);
	lvm_report_free(&report);
	return code;
}

int source_device_release(const struct job *job)
{
	int lock = message_dry_run ? -1 : lock_device(job), code;

	if (lock < 0 && !message_dry_run)
		return EXIT_FAILED;
	code = remove_reader(job);
	if (!code)
		code = give_back(job);
	if (!code && !message_dry_run)
		runtime_forget_note(WRITTEN, job->id);
	unlock_device(job, lock);
	return code;
}

// SPDX-License-Identifier: GPL-2.0-only
#include "dm.h"

#include <errno.h>
#include <fcntl.h>
#include <libdevmapper.h>
#include <linux/dm-ioctl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "change.h"
#include "kernel-log.h"
#include "memory.h"
#include "message.h"
#include "run.h"

static void log_line(int level, const char *file, int line, int code, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* libdevmapper's own messages: the callers say better what went wrong, so only with -v. */
static void log_line(int level, const char *file, int line, int code, const char *format, ...)
{
	va_list args;
	char *text = NULL;

	(void)file;
	(void)line;
	(void)code;
	if ((level & 7) > 4 || message_level < 1)
		return;
	va_start(args, format);
	if (vasprintf(&text, format, args) >= 0)
		detail("libdevmapper: %s", text);
	va_end(args);
	free(text);
}

int dm_start(void)
{
	char version[64];

	dm_log_with_errno_init(log_line);
	dm_set_name_mangling_mode(DM_STRING_MANGLING_NONE);
	if (!dm_driver_version(version, sizeof(version)))
		return fail(EXIT_REFUSED,
			    "device-mapper does not answer: be root, and have the kernel module dm-mod loaded");
	return 0;
}

static struct dm_task *checked_task(struct dm_task *task, int good)
{
	if (task && good)
		return task;
	if (task)
		dm_task_destroy(task);
	return NULL;
}

/* A name may look like the UUID of another device: what is meant is never guessed. */
static struct dm_task *task_for(int type, const char *uuid)
{
	struct dm_task *task = dm_task_create(type);

	return checked_task(task, task && dm_task_set_uuid(task, uuid));
}

static struct dm_task *task_for_name(int type, const char *name)
{
	struct dm_task *task = dm_task_create(type);

	return checked_task(task, task && dm_task_set_name(task, name));
}

static void state_of(struct dm_task *task, struct dm_state *state)
{
	struct dm_info info;
	const char *name = dm_task_get_name(task), *uuid = dm_task_get_uuid(task);

	*state = (struct dm_state){ 0 };
	if (!dm_task_get_info(task, &info) || !info.exists)
		return;
	state->exists = true;
	state->suspended = info.suspended;
	state->live_table = info.live_table;
	state->inactive_table = info.inactive_table;
	state->read_only = info.read_only;
	state->major = info.major;
	state->minor = info.minor;
	state->open_count = info.open_count;
	state->event = info.event_nr;
	snprintf(state->name, sizeof(state->name), "%s", name ? name : "");
	snprintf(state->uuid, sizeof(state->uuid), "%s", uuid ? uuid : "");
}

static bool look(struct dm_task *task, struct dm_state *state)
{
	bool good = task && dm_task_run(task);

	*state = (struct dm_state){ 0 };
	if (good)
		state_of(task, state);
	if (task)
		dm_task_destroy(task);
	return good;
}

bool dm_look(const char *uuid, struct dm_state *state)
{
	return look(task_for(DM_DEVICE_INFO, uuid), state);
}

bool dm_look_name(const char *name, struct dm_state *state)
{
	return look(task_for_name(DM_DEVICE_INFO, name), state);
}

const char *dm_device_text(const struct dm_state *state, char text[32])
{
	snprintf(text, 32, "%u:%u", state->major, state->minor);
	return text;
}

typedef void target_fn(uint64_t start, uint64_t length, const char *type, const char *params,
		       void *data);

static bool each_target(struct dm_task *task, target_fn *fn, void *data, struct dm_state *state)
{
	void *next = NULL;
	uint64_t start, length;
	char *target, *params;

	*state = (struct dm_state){ 0 };
	if (!task)
		return false;
	/* Status must not commit or flush anything of a clone that is being looked at. */
	dm_task_no_flush(task);
	if (!dm_task_run(task)) {
		dm_task_destroy(task);
		return false;
	}
	state_of(task, state);
	do {
		next = dm_get_next_target(task, next, &start, &length, &target, &params);
		if (target)
			fn(start, length, target, params ? params : "", data);
	} while (next);
	dm_task_destroy(task);
	return state->exists;
}

static void add_line(uint64_t start, uint64_t length, const char *type, const char *params,
		     void *data)
{
	table_add(data, start, length, type, params);
}

bool dm_read_table(const char *uuid, struct table *table, struct dm_state *state)
{
	*table = (struct table){ 0 };
	return each_target(task_for(DM_DEVICE_TABLE, uuid), add_line, table, state);
}

bool dm_read_inactive_table(const char *uuid, struct table *table)
{
	struct dm_task *task = task_for(DM_DEVICE_TABLE, uuid);
	struct dm_state state;

	*table = (struct table){ 0 };
	task = checked_task(task, task && dm_task_query_inactive_table(task));
	return each_target(task, add_line, table, &state) && state.inactive_table && table->count;
}

char *dm_read_status(const char *uuid, char type[32])
{
	struct table table = { 0 };
	struct dm_state state;
	char *params = NULL;

	each_target(task_for(DM_DEVICE_STATUS, uuid), add_line, &table, &state);
	if (table.count) {
		snprintf(type, 32, "%s", table.lines[0].type);
		params = need_copy(table.lines[0].params);
	}
	table_free(&table);
	return params;
}

bool dm_target_known(const char *type)
{
	struct dm_task *task = dm_task_create(DM_DEVICE_LIST_VERSIONS);
	struct dm_versions *version, *last;
	bool known = false;

	if (!task || !dm_task_run(task))
		goto out;
	version = dm_task_get_versions(task);
	do {
		last = version;
		known = known || !strcmp(version->name, type);
		version = (void *)((char *)version + version->next);
	} while (last->next);
out:
	if (task)
		dm_task_destroy(task);
	return known;
}

static void load_module(void)
{
	struct arguments arguments = { 0 };
	struct run_result result;

	arguments_add(&arguments, "modprobe");
	arguments_add(&arguments, "dm-xcopy");
	run(&arguments, &result);
	if (result.status)
		detail("modprobe dm-xcopy: %s", result.errors);
	run_result_free(&result);
	arguments_free(&arguments);
}

int dm_need_targets(void)
{
	if (dm_target_known("xcopy") && dm_target_known("xcopy-linear"))
		return 0;
	if (message_dry_run) {
		say("modprobe dm-xcopy");
		return 0;
	}
	load_module();
	if (dm_target_known("xcopy") && dm_target_known("xcopy-linear"))
		return 0;
	return fail(EXIT_REFUSED,
		    "the kernel has no target \"xcopy\", and modprobe dm-xcopy did not load it: install the dm-xcopy module for this kernel (README, \"Use it for real\")");
}

static uint16_t udev_flags(enum dm_udev udev)
{
	switch (udev) {
	case DM_UDEV_COPY:
		return DM_UDEV_LOW_PRIORITY_FLAG;
	case DM_UDEV_HIDDEN:
		return DM_UDEV_DISABLE_DISK_RULES_FLAG | DM_UDEV_DISABLE_OTHER_RULES_FLAG;
	case DM_UDEV_NORMAL:
		break;
	}
	return 0;
}

static bool add_table(struct dm_task *task, const struct table *table)
{
	for (size_t i = 0; i < table->count; i++)
		if (!dm_task_add_target(task, table->lines[i].start, table->lines[i].length,
					table->lines[i].type, table->lines[i].params))
			return false;
	return true;
}

/* The ioctl has only an errno; the kernel's log has the sentence. */
static int table_refused(const char *name, const struct table *table, int error, int log)
{
	char *text = table_text(table), *reason = kernel_log_reason(log);

	if (reason)
		fail(EXIT_FAILED, "the kernel refuses the table of %s: %s", name, reason);
	else
		fail(EXIT_FAILED, "the kernel refuses the table of %s%s%s; \"dmesg | tail\" has its reason",
		     name, error ? ": " : "", error ? strerror(error) : "");
	detail("the table was: %s", text);
	free(reason);
	free(text);
	return EXIT_FAILED;
}

int dm_create(const char *name, const char *uuid, const struct table *table, bool read_only,
	      enum dm_udev udev, uint32_t *cookie)
{
	struct dm_task *task = dm_task_create(DM_DEVICE_CREATE);
	uint32_t own = 0;
	int code = 0, log = kernel_log_open();

	change_point("create a device");
	if (!task || !dm_task_set_name(task, name) || !dm_task_set_uuid(task, uuid) ||
	    (read_only && !dm_task_set_ro(task)) || !add_table(task, table) ||
	    !dm_task_set_cookie(task, cookie ? cookie : &own, udev_flags(udev)))
		code = fail(EXIT_FAILED, "cannot create %s: libdevmapper refuses its name or table",
			    name);
	else if (!dm_task_run(task))
		code = table_refused(name, table, dm_task_get_errno(task), log);
	else
		close(log);
	if (task)
		dm_task_destroy(task);
	if (!cookie)
		dm_udev_wait(own);
	return code;
}

int dm_rename(const char *name, const char *new_name, enum dm_udev udev)
{
	struct dm_task *task = dm_task_create(DM_DEVICE_RENAME);
	uint32_t cookie = 0;
	int code = 0;

	change_point("rename a device");
	if (!task || !dm_task_set_name(task, name) || !dm_task_set_newname(task, new_name) ||
	    !dm_task_set_cookie(task, &cookie, udev_flags(udev)) || !dm_task_run(task))
		code = fail(EXIT_FAILED, "cannot rename /dev/mapper/%s to %s: %s", name, new_name,
			    strerror(task ? dm_task_get_errno(task) : ENOMEM));
	if (task)
		dm_task_destroy(task);
	dm_udev_wait(cookie);
	return code;
}

int dm_remove(const char *name)
{
	struct dm_task *task = dm_task_create(DM_DEVICE_REMOVE);
	uint32_t cookie = 0;
	int code = 0;

	change_point("remove a device");
	if (!task || !dm_task_set_name(task, name) || !dm_task_retry_remove(task) ||
	    !dm_task_set_cookie(task, &cookie, 0) || !dm_task_run(task))
		code = fail(EXIT_FAILED, "cannot remove /dev/mapper/%s: %s; see who uses it with \"lsof\" or \"dmsetup ls --tree\"",
			    name, strerror(task ? dm_task_get_errno(task) : ENOMEM));
	if (task)
		dm_task_destroy(task);
	dm_udev_wait(cookie);
	return code;
}

bool dm_message(const char *uuid, const char *format, ...)
{
	struct dm_task *task = task_for(DM_DEVICE_TARGET_MSG, uuid);
	va_list args;
	char *text = NULL;
	bool good;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		abort();
	va_end(args);
	change_point(text);
	good = task && dm_task_set_sector(task, 0) && dm_task_set_message(task, text) &&
	       dm_task_run(task);
	errno = task && !good ? dm_task_get_errno(task) : 0;
	if (task)
		dm_task_destroy(task);
	free(text);
	return good;
}

static bool simple(int type, const char *name)
{
	struct dm_task *task = task_for_name(type, name);
	bool good = task && dm_task_run(task);

	if (task)
		dm_task_destroy(task);
	return good;
}

bool dm_clear(const char *name)
{
	change_point("drop an inactive table");
	return simple(DM_DEVICE_CLEAR, name);
}

static int load(const char *name, const struct table *table, bool read_only)
{
	struct dm_task *task = task_for_name(DM_DEVICE_RELOAD, name);
	int code = 0, log = kernel_log_open();

	change_point("load a table");
	if (!task || (read_only && !dm_task_set_ro(task)) || !add_table(task, table))
		code = fail(EXIT_FAILED, "cannot load a table into %s: libdevmapper refuses it",
			    name);
	else if (!dm_task_run(task))
		code = table_refused(name, table, dm_task_get_errno(task), log);
	else
		close(log);
	if (task)
		dm_task_destroy(task);
	return code;
}

/* DM_RESUME with an inactive table loaded: the kernel suspends, swaps and resumes. */
static bool resume(const char *name, bool noflush, uint16_t flags, uint32_t *cookie, int *error)
{
	struct dm_task *task = task_for_name(DM_DEVICE_RESUME, name);
	bool good = task && dm_task_set_cookie(task, cookie, flags);

	change_point("put a table into use");
	if (good && noflush)
		good = dm_task_no_flush(task) && dm_task_skip_lockfs(task);
	good = good && dm_task_run(task);
	*error = task ? dm_task_get_errno(task) : ENOMEM;
	if (task)
		dm_task_destroy(task);
	return good;
}

int dm_swap(const char *name, const struct table *table, bool read_only, bool noflush,
	    enum dm_udev udev, uint32_t *cookie)
{
	uint32_t own = 0;
	int error, ignored, code = load(name, table, read_only);

	if (!code && !resume(name, noflush, udev_flags(udev), cookie ? cookie : &own, &error)) {
		uint32_t undo = 0;

		simple(DM_DEVICE_CLEAR, name);
		resume(name, noflush, udev_flags(udev), &undo, &ignored);
		dm_udev_wait(undo);
		code = fail(EXIT_FAILED, "cannot put the new table of %s into use: %s; it goes on with the old one",
			    name, strerror(error));
	}
	if (!cookie)
		dm_udev_wait(own);
	return code;
}

void dm_wait_udev(uint32_t cookie)
{
	dm_udev_wait(cookie);
}

void dm_each_clone(void (*fn)(const char *name, const char *uuid, void *data), void *data)
{
	struct dm_task *task = dm_task_create(DM_DEVICE_LIST);
	struct dm_names *names;
	struct dm_state state;

	if (!task || !dm_task_run(task))
		goto out;
	names = dm_task_get_names(task);
	if (!names || !names->dev)
		goto out;
	for (;;) {
		if (dm_look_name(names->name, &state) && !strncmp(state.uuid, "XCOPY-", 6))
			fn(names->name, state.uuid, data);
		if (!names->next)
			break;
		names = (void *)((char *)names + names->next);
	}
out:
	if (task)
		dm_task_destroy(task);
}

bool dm_first_device(const char *uuid, dev_t *number)
{
	struct dm_state state;
	struct table table;
	unsigned int ma, mi;
	bool found;

	found = dm_read_table(uuid, &table, &state) && table.count &&
		sscanf(table.lines[0].params, "%u:%u", &ma, &mi) == 2;
	if (found)
		*number = makedev(ma, mi);
	table_free(&table);
	return found;
}

bool dm_uses(const char *uuid, uint32_t major, uint32_t minor)
{
	struct dm_task *task = task_for(DM_DEVICE_DEPS, uuid);
	struct dm_deps *deps;
	bool found = false;

	if (task && dm_task_run(task) && (deps = dm_task_get_deps(task)))
		for (uint32_t i = 0; i < deps->count; i++)
			found = found || deps->device[i] == makedev(major, minor);
	if (task)
		dm_task_destroy(task);
	return found;
}

int dm_open_events(void)
{
	return open("/dev/mapper/control", O_RDWR | O_CLOEXEC);
}

bool dm_arm_events(int fd)
{
	struct dm_ioctl request = {
		.version = { 4, 37, 0 },
		.data_size = sizeof(request),
	};

	return fd >= 0 && !ioctl(fd, DM_DEV_ARM_POLL, &request);
}

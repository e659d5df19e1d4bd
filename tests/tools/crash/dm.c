// SPDX-License-Identifier: GPL-2.0-only
/*
 * Device-mapper devices, made and removed many times a minute: in this process, and
 * without udev, which would read each of them.
 */
#include <libdevmapper.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "crash.h"

#define UDEV_FLAGS	(DM_UDEV_DISABLE_DM_RULES_FLAG | DM_UDEV_DISABLE_SUBSYSTEM_RULES_FLAG | \
			 DM_UDEV_DISABLE_DISK_RULES_FLAG | DM_UDEV_DISABLE_OTHER_RULES_FLAG | \
			 DM_UDEV_DISABLE_LIBRARY_FALLBACK)
#define REMOVE_TRIES	200
#define REMOVE_WAIT_US	10000

static char last_error[256];

/* What fails is told by whoever knows whether it may. */
__attribute__((format(printf, 5, 6)))
static void keep_message(int level, const char *file, int line, int dm_errno, const char *format, ...)
{
	va_list arguments;

	(void)file;
	(void)line;
	(void)dm_errno;
	if ((level & 7) > 3)
		return;
	va_start(arguments, format);
	vsnprintf(last_error, sizeof(last_error), format, arguments);
	va_end(arguments);
}

void maps_init(void)
{
	dm_log_with_errno_init(keep_message);
	dm_udev_set_sync_support(0);
}

const char *maps_error(void)
{
	return last_error;
}

static struct dm_task *task(int type, const char *name)
{
	struct dm_task *task = dm_task_create(type);

	if (task && dm_task_set_name(task, name))
		return task;
	if (task)
		dm_task_destroy(task);
	return NULL;
}

/* Creates, resumes and removals make uevents. */
static int run(struct dm_task *task, bool events)
{
	uint32_t cookie = 0;
	int done = task && (!events || dm_task_set_cookie(task, &cookie, UDEV_FLAGS)) &&
		   dm_task_run(task);

	if (task)
		dm_task_destroy(task);
	return done ? 0 : -1;
}

static struct dm_task *table(int type, const struct map *map)
{
	struct dm_task *new = task(type, map->name);

	if (!new || dm_task_add_target(new, 0, map->sectors, map->type, map->parameters))
		return new;
	dm_task_destroy(new);
	return NULL;
}

int map_create(const struct map *map)
{
	return run(table(DM_DEVICE_CREATE, map), true);
}

int map_load(const struct map *map)
{
	return run(table(DM_DEVICE_RELOAD, map), false);
}

int map_suspend(const struct map *map, bool noflush)
{
	struct dm_task *suspend = task(DM_DEVICE_SUSPEND, map->name);

	if (suspend)
		dm_task_skip_lockfs(suspend);
	if (suspend && noflush)
		dm_task_no_flush(suspend);
	return run(suspend, false);
}

int map_resume(const struct map *map)
{
	return run(task(DM_DEVICE_RESUME, map->name), true);
}

int map_message(const char *name, const char *message)
{
	struct dm_task *new = task(DM_DEVICE_TARGET_MSG, name);

	if (new && dm_task_set_sector(new, 0) && dm_task_set_message(new, message))
		return run(new, false);
	return run(NULL, false);
}

int map_remove(const char *name)
{
	int tries;

	for (tries = 0; tries < REMOVE_TRIES; tries++) {
		if (!run(task(DM_DEVICE_REMOVE, name), true))
			return 0;
		usleep(REMOVE_WAIT_US);
	}
	return -1;
}

int map_status(const char *name, char *text, unsigned int size)
{
	struct dm_task *status = task(DM_DEVICE_STATUS, name);
	char *type = NULL, *parameters = NULL;
	uint64_t start, length;
	int found = 0;

	if (status && dm_task_run(status)) {
		dm_get_next_target(status, NULL, &start, &length, &type, &parameters);
		found = parameters != NULL;
		snprintf(text, size, "%s", parameters ? parameters : "");
	}
	if (status)
		dm_task_destroy(status);
	return found ? 0 : -1;
}

int map_path(const char *name, char *path, unsigned int size)
{
	struct dm_task *query = task(DM_DEVICE_INFO, name);
	struct dm_info info = { 0 };

	if (query && dm_task_run(query))
		dm_task_get_info(query, &info);
	if (query)
		dm_task_destroy(query);
	snprintf(path, size, "/dev/dm-%u", info.minor);
	return info.exists ? 0 : -1;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The registry of copiers, see copier.h.
 */
#include <linux/device.h>
#include <linux/kmod.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/workqueue.h>

#include "copier.h"
#include "multipath.h"

/* Protects the list. Outermost but for the callers' own; held for look-ups only. */
static DEFINE_MUTEX(copiers_mutex);
static LIST_HEAD(copiers);

static struct xcopy_copier_type *find_name(const char *name)
{
	struct xcopy_copier_type *type;

	list_for_each_entry(type, &copiers, list)
		if (!strcmp(type->name, name))
			return type;
	return NULL;
}

int xcopy_copier_register(struct xcopy_copier_type *type)
{
	int r = 0;

	mutex_lock(&copiers_mutex);
	if (find_name(type->name))
		r = -EEXIST;
	else
		list_add_tail(&type->list, &copiers);
	mutex_unlock(&copiers_mutex);
	return r;
}
EXPORT_SYMBOL_GPL(xcopy_copier_register);

void xcopy_copier_unregister(struct xcopy_copier_type *type)
{
	mutex_lock(&copiers_mutex);
	list_del(&type->list);
	mutex_unlock(&copiers_mutex);
}
EXPORT_SYMBOL_GPL(xcopy_copier_unregister);

static bool suits(const struct xcopy_copier_type *type, const char *driver,
		  struct gendisk *source, struct gendisk *destination)
{
	if (*driver ? strcmp(type->name, driver) : type->forced_only)
		return false;
	return type->claims(source) && type->claims(destination);
}

struct xcopy_copier_type *xcopy_copier_find(const char *driver, struct gendisk *source,
					    struct gendisk *destination)
{
	struct xcopy_copier_type *type, *found = NULL;

	mutex_lock(&copiers_mutex);
	list_for_each_entry(type, &copiers, list) {
		if (suits(type, driver, source, destination) && try_module_get(type->owner)) {
			found = type;
			break;
		}
	}
	mutex_unlock(&copiers_mutex);
	return found;
}

void xcopy_copier_put(struct xcopy_copier_type *type)
{
	module_put(type->owner);
}

const char *xcopy_copier_kind(struct gendisk *disk)
{
	struct device *parent = disk_to_dev(disk)->parent;

	if (!parent)
		return xcopy_is_multipath(disk) ? "scsi" : NULL;
	/* Single-path NVMe disks are children of the controller, heads of the subsystem. */
	if (parent->class && !strncmp(parent->class->name, "nvme", 4))
		return "nvme";
	if (parent->bus && !strcmp(parent->bus->name, "scsi"))
		return "scsi";
	return NULL;
}

static bool registered(const char *name)
{
	bool found;

	mutex_lock(&copiers_mutex);
	found = find_name(name);
	mutex_unlock(&copiers_mutex);
	return found;
}

int xcopy_copier_load(const char *name)
{
	if (!registered(name))
		request_module("dm-xcopy-%s", name);
	return registered(name) ? 0 : -ENOENT;
}

/* ---- loading from a worker ---- */

struct loader {
	struct work_struct work;
	const char *kind;
};

static void load_work(struct work_struct *work)
{
	xcopy_copier_load(container_of(work, struct loader, work)->kind);
}

static struct loader loaders[] = {
	{ __WORK_INITIALIZER(loaders[0].work, load_work), "nvme" },
	{ __WORK_INITIALIZER(loaders[1].work, load_work), "scsi" },
};

void xcopy_copier_request(const char *kind)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(loaders); i++)
		if (!strcmp(loaders[i].kind, kind))
			queue_work(system_long_wq, &loaders[i].work);
}

void xcopy_copier_exit(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(loaders); i++)
		cancel_work_sync(&loaders[i].work);
}

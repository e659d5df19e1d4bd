/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Device-mapper, by libdevmapper.
 *
 * @id is a device's name, or its UUID when it begins with "LVM-" or "XCOPY-".
 * Functions that return an exit code print a message on failure; the others
 * return a bool and say nothing.
 */
#ifndef XCOPYSETUP_DM_H
#define XCOPYSETUP_DM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "table.h"

struct dm_state {
	bool exists;
	bool suspended;
	bool live_table;
	bool inactive_table;
	bool read_only;
	uint32_t major;
	uint32_t minor;
	uint32_t open_count;
	uint32_t event;
	char name[128];
	char uuid[129];
};

/* What udev may do with a device whose table changed. */
enum dm_udev {
	DM_UDEV_NORMAL,		/* scan it like any other */
	DM_UDEV_COPY,		/* scan it, but let others win in /dev/disk/by-uuid */
	DM_UDEV_HIDDEN,		/* no scan, no links by content, no mount units */
};

/** dm_start() - once: quiet libdevmapper, and see that it can be used; exit code */
int dm_start(void);

/**
 * dm_look() - state of the device with a UUID; false if it could not be asked (not: does not exist)
 *
 * A device that LVM may rename, or that another may take the name of, goes by its UUID.
 */
bool dm_look(const char *uuid, struct dm_state *state);

/** dm_look_name() - the same by name, of which somebody has to say what is meant */
bool dm_look_name(const char *name, struct dm_state *state);

/** dm_device_text() - "MAJOR:MINOR", into 32 bytes */
const char *dm_device_text(const struct dm_state *state, char text[32]);

/** dm_read_table() - live table, and the state seen with it */
bool dm_read_table(const char *uuid, struct table *table, struct dm_state *state);

/** dm_read_inactive_table() - the table that was loaded and is not in use; false if there is none */
bool dm_read_inactive_table(const char *uuid, struct table *table);

/** dm_clear() - drop the inactive table */
bool dm_clear(const char *name);

/** dm_read_status() - the parameters of the first target, to be freed; NULL if there is none */
char *dm_read_status(const char *uuid, char type[32]);

/** dm_target_known() - is a target of this type registered in the kernel? */
bool dm_target_known(const char *type);

/** dm_need_targets() - "xcopy" and "xcopy-linear", loading the module if needed; exit code */
int dm_need_targets(void);

/**
 * dm_create() - a new device with a table, resumed; exit code
 * @cookie: as in dm_swap()
 */
int dm_create(const char *name, const char *uuid, const struct table *table, bool read_only,
	      enum dm_udev udev, uint32_t *cookie);

/** dm_rename() - another name for a device; exit code */
int dm_rename(const char *name, const char *new_name, enum dm_udev udev);

/** dm_remove() - remove a device that nobody has open; exit code */
int dm_remove(const char *name);

/** dm_message() - send a message to sector 0; errno is set when false is returned */
bool dm_message(const char *uuid, const char *format, ...) __attribute__((format(printf, 2, 3)));

/**
 * dm_swap() - put another table into a device
 * @name: its name
 * @table: new table
 * @read_only: mode of the new table
 * @noflush: do not wait for I/O that is queued in the device, do not freeze a file system
 * @udev: what udev may do
 * @cookie: NULL: the function waits for udev; otherwise a pointer at a cookie for
 *	dm_wait_udev(), when the caller must not wait now: 0, or one to be used once more
 *
 * Loads, then suspends, swaps and resumes in one ioctl.  If that fails, the new table is
 * dropped and the old one resumed at once.
 *
 * Return: exit code.
 */
int dm_swap(const char *name, const struct table *table, bool read_only, bool noflush,
	    enum dm_udev udev, uint32_t *cookie);

void dm_wait_udev(uint32_t cookie);

/**
 * dm_each_clone() - call @fn for every device with a UUID that begins with "XCOPY-"
 */
void dm_each_clone(void (*fn)(const char *name, const char *uuid, void *data), void *data);

/** dm_first_device() - what the first line of the device's live table maps; false if there is none */
bool dm_first_device(const char *uuid, dev_t *number);

/** dm_uses() - does the device's live table map @major:@minor? */
bool dm_uses(const char *uuid, uint32_t major, uint32_t minor);

/**
 * dm_open_events() - a descriptor that becomes readable at the next event of any device
 *
 * dm_arm_events() has to be called before each poll(); -1 where the kernel cannot.
 */
int dm_open_events(void);
bool dm_arm_events(int fd);

#endif

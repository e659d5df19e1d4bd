/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the programs that crash clones share: device-mapper devices, the power of the
 * disks of xcopy-cut.ko, random choices.
 */
#ifndef XCOPY_CRASH_H
#define XCOPY_CRASH_H

#include <stdbool.h>
#include <stdint.h>

/* ---- dm.c: device-mapper, without udev ---- */

#define MAP_PARAMETERS	512

struct map {
	const char *name;
	uint64_t sectors;
	const char *type;
	char parameters[MAP_PARAMETERS];
};

void maps_init(void);
/* All of these: 0, or -1; maps_error() then says why. */
int map_create(const struct map *map);
int map_load(const struct map *map);
int map_suspend(const struct map *map, bool noflush);
int map_resume(const struct map *map);
int map_message(const char *name, const char *message);
/* Tries for a while: somebody else may have a look at the device. */
int map_remove(const char *name);
/* The status of the only target. */
int map_status(const char *name, char *text, unsigned int size);
/* /dev/dm-N of @name. */
int map_path(const char *name, char *path, unsigned int size);
const char *maps_error(void);

/* ---- power.c: the disks of xcopy-cut.ko ---- */

struct disk {
	const char *name;
	uint64_t sectors;
	unsigned int block;
	bool cache;
};

/* These end the program when the module does not do what it is told. */
void power_add_disk(const struct disk *disk);
void power_remove_disks(void);
void power_delay(unsigned int us);
void power_tear(const struct disk *disk, unsigned int bytes);
bool power_is_on(void);
void power_on(void);
void power_cut(uint64_t seed);
/* When @count more bios of the kind @what have come: "all" that write, "flush", or a disk's. */
void power_arm(uint64_t seed, unsigned int count, const char *what);
/* One line: what became of the writes in the caches. */
void power_state(char *text, unsigned int size);

/* ---- choice.c: random choices ---- */

struct choices {
	uint64_t state;
};

uint64_t choose_below(struct choices *choices, uint64_t limit);
/* One of @count numbers. */
unsigned int choose_one(struct choices *choices, const unsigned int *numbers, unsigned int count);
bool choose_chance(struct choices *choices, unsigned int percent);

#endif

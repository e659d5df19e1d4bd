/* SPDX-License-Identifier: GPL-2.0-only */
/* Block devices as the kernel shows them in /sys and /proc, and NVMe identify data. */
#ifndef XCOPYSETUP_DEVICES_H
#define XCOPYSETUP_DEVICES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct disk {
	char name[64];			/* as below /sys/block */
	uint32_t major;			/* of the whole disk */
	uint32_t minor;
	uint64_t start;			/* sectors: where the device begins on it */
	uint32_t block_size;		/* logical, bytes */
	bool zoned;
	bool integrity;			/* has a protection or metadata format */
	char parent[256];		/* real path of the device that the disk belongs to */
	char parent_class[32];		/* "nvme", "nvme-subsystem", "scsi", or ""; "multipath" for dm-multipath */
	char uuid[128];			/* of a dm-multipath device: "mpath-" and its WWID */
};

/* What identify commands say about an NVMe namespace. */
struct nvme_copy {
	bool copy;			/* the controller has the Copy command */
	bool format_2;			/* it copies between namespaces */
	uint32_t nsid;
	uint32_t segment_blocks;	/* MSSRL */
	uint32_t command_blocks;	/* MCL */
	uint32_t segments;		/* MSRC + 1 */
};

/** device_disk() - the whole disk of a disk, partition or dm-multipath device; false for anything else */
bool device_disk(uint32_t major, uint32_t minor, struct disk *disk);

/** nvme_identify() - ask the disk; false if it does not answer */
bool nvme_identify(const struct disk *disk, struct nvme_copy *copy);

/** nvme_decode() - from the controller's and the namespace's identify data, 4096 bytes each */
void nvme_decode(const uint8_t *controller, const uint8_t *ns, struct nvme_copy *copy);

/** device_mount_point() - where it is mounted (or "swap"), to be freed; NULL if it is not */
char *device_mount_point(uint32_t major, uint32_t minor);

/** device_sectors() - its size; 0 if unknown */
uint64_t device_sectors(uint32_t major, uint32_t minor);

/** device_number() - of the block device at @path; false if it is none */
bool device_number(const char *path, dev_t *number);

/** device_is_same() - do both paths lead to one block device? */
bool device_is_same(const char *path, const char *other);

/** device_dm_uuid() - UUID of a device-mapper device; "" if it is none */
void device_dm_uuid(uint32_t major, uint32_t minor, char uuid[129]);

/** device_is_writeable() - false too if it cannot be asked */
bool device_is_writeable(const char *path);

/** device_open() - open MAJOR:MINOR by its node below /dev; -1 with errno */
int device_open(uint32_t major, uint32_t minor, int flags);

/** device_sync() - write out and drop its page cache, and flush its write cache; exit code */
int device_sync(uint32_t major, uint32_t minor, const char *name);

#endif

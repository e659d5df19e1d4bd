// SPDX-License-Identifier: GPL-2.0-only
/* What makes a device the same one tomorrow. */
#include <linux/device-mapper.h>
#include <linux/dm-ioctl.h>
#include <linux/string.h>

#include "metadata-id.h"

/* What get_unique_id() may answer, in bytes; shorter ones are padded with zeroes. */
#define UNIQUE_ID_SIZE	16

static void set_id(struct xcopy_device_id *id, enum xcopy_id_kind kind, const void *bytes,
		   unsigned int length)
{
	memset(id, 0, sizeof(*id));
	id->kind = cpu_to_le32(kind);
	id->length = cpu_to_le32(length);
	memcpy(id->id, bytes, length);
}

static void identify_mapped(struct mapped_device *mapped, struct xcopy_device_id *id)
{
	char uuid[DM_UUID_LEN];

	BUILD_BUG_ON(DM_UUID_LEN > XCOPY_ID_SIZE);
	if (!dm_copy_name_and_uuid(mapped, NULL, uuid) && uuid[0])
		set_id(id, XCOPY_ID_DM_UUID, uuid, strlen(uuid));
}

/* SCSI disks may have several; NVMe answers to EUI64 only, with the NGUID if there is one. */
static int unique_id(struct gendisk *disk, u8 *bytes)
{
	static const enum blk_unique_id types[] = { BLK_UID_NAA, BLK_UID_EUI64, BLK_UID_T10 };
	unsigned int i;
	int length;

	if (!disk->fops->get_unique_id)
		return 0;
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		memset(bytes, 0, UNIQUE_ID_SIZE);
		length = disk->fops->get_unique_id(disk, bytes, types[i]);
		if (length > 0 && length <= UNIQUE_ID_SIZE)
			return length;
	}
	return 0;
}

static void identify_disk(struct block_device *bdev, struct xcopy_device_id *id)
{
	u8 bytes[UNIQUE_ID_SIZE + sizeof(__le64)];
	__le64 start = cpu_to_le64(get_start_sect(bdev));

	if (!unique_id(bdev->bd_disk, bytes))
		return;
	memcpy(bytes + UNIQUE_ID_SIZE, &start, sizeof(start));
	set_id(id, XCOPY_ID_DISK, bytes, sizeof(bytes));
}

void xcopy_device_identify(struct block_device *bdev, struct xcopy_device_id *id)
{
	struct mapped_device *mapped = dm_get_md(bdev->bd_dev);

	set_id(id, XCOPY_ID_NONE, "", 0);
	if (!mapped) {
		identify_disk(bdev, id);
		return;
	}
	identify_mapped(mapped, id);
	dm_put(mapped);
}

bool xcopy_device_id_unbound(const struct xcopy_device_id *id)
{
	return id->kind == cpu_to_le32(XCOPY_ID_UNBOUND);
}

bool xcopy_device_id_matches(const struct xcopy_device_id *stored,
			     const struct xcopy_device_id *now)
{
	if (xcopy_device_id_unbound(stored) || stored->kind == cpu_to_le32(XCOPY_ID_NONE))
		return true;
	return !memcmp(stored, now, sizeof(*stored));
}

const char *xcopy_device_id_text(const struct xcopy_device_id *id, char *text)
{
	int length = min_t(u32, le32_to_cpu(id->length), XCOPY_ID_SIZE);

	switch (le32_to_cpu(id->kind)) {
	case XCOPY_ID_DM_UUID:
		snprintf(text, XCOPY_ID_TEXT, "dm UUID %*pE", length, id->id);
		break;
	case XCOPY_ID_DISK:
		snprintf(text, XCOPY_ID_TEXT, "disk %*phN", length, id->id);
		break;
	default:
		snprintf(text, XCOPY_ID_TEXT, "a device without identity");
	}
	return text;
}

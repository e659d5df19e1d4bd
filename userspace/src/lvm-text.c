// SPDX-License-Identifier: GPL-2.0-only
#include "lvm-text.h"

#include <asm/byteorder.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memory.h"

#define SECTOR		512
#define LABEL_SECTORS	4
#define ALIGN		4096
#define TEXT_MAX	(64 << 20)	/* no metadata area is larger in practice */

/* On-disk structures of LVM2's text format, little endian. */
struct label_header {
	__u8 id[8];		/* LABELONE */
	__le64 sector;
	__le32 crc;
	__le32 offset;		/* of the PV header, from the label */
	__u8 type[8];		/* LVM2 001 */
} __attribute__((packed));

struct location {
	__le64 offset;		/* bytes */
	__le64 size;		/* bytes */
} __attribute__((packed));

struct pv_header {
	__u8 uuid[32];
	__le64 device_size;
	struct location areas[];	/* data areas, empty one, metadata areas, empty one */
} __attribute__((packed));

struct text_location {
	__le64 offset;		/* from the area's start */
	__le64 size;
	__le32 crc;
	__le32 flags;
} __attribute__((packed));

#define TEXT_IGNORED	1
#define AREA_MAGIC_SIZE	16

struct area_header {
	__le32 crc;
	__u8 magic[16];
	__le32 version;
	__le64 start;
	__le64 size;
	struct text_location texts[4];	/* 0: committed */
} __attribute__((packed));

static const char area_magic[] = " LVM2 x[5A%r0N*>";

/* Read [offset, offset + size) with alignment that O_DIRECT takes; into @out. */
static bool read_at(int fd, uint64_t offset, size_t size, void *out)
{
	uint64_t first = offset / ALIGN * ALIGN;
	size_t span = (offset + size - first + ALIGN - 1) / ALIGN * ALIGN;
	void *buffer;
	ssize_t got;

	if (posix_memalign(&buffer, ALIGN, span))
		return false;
	got = pread(fd, buffer, span, first);
	if (got >= 0 && (uint64_t)got >= offset - first + size)
		memcpy(out, (char *)buffer + (offset - first), size);
	else
		got = -1;
	free(buffer);
	return got >= 0;
}

/* Is the quoted UUID behind @start that of @dm_uuid's VG, dashes apart? */
static bool same_vg(const char *start, const char *dm_uuid)
{
	const char *wanted = dm_uuid + 4, *end = wanted + 32;

	for (; *start && *start != '"' && wanted < end; start++)
		if (*start != '-' && *start != *wanted++)
			return false;
	return wanted == end && *start == '"';
}

/* Where "key = " of the VG's own section is, behind the equals sign; NULL if it has none. */
static const char *own_key(const char *section, const char *key)
{
	const char *end = strstr(section, "\nphysical_volumes {"), *found;
	char *wanted = need_text("\n%s = ", key);
	size_t length = strlen(wanted);

	found = strstr(section, wanted);
	free(wanted);
	return found && (!end || found < end) ? found + length : NULL;
}

static bool is_shared(const char *section)
{
	const char *type = own_key(section, "lock_type"), *status = own_key(section, "status");
	const char *end = status ? strchr(status, '\n') : NULL;
	const char *clustered = status ? strstr(status, "\"CLUSTERED\"") : NULL;

	return (type && strncmp(type, "\"none\"", 6)) || (clustered && clustered < end);
}

enum lvm_text_result lvm_text_parse(const char *metadata, const char *dm_uuid,
				    struct lvm_text *text)
{
	const char *section = strstr(metadata, " {\n"), *id, *number;
	unsigned long long value;

	if (!section || (size_t)(section - metadata) > LVM_NAME_MAX || strlen(dm_uuid) < 36)
		return LVM_TEXT_BAD;
	id = own_key(section, "id");
	number = own_key(section, "seqno");
	if (!id || *id != '"' || !same_vg(id + 1, dm_uuid) || !number ||
	    sscanf(number, "%llu", &value) != 1)
		return LVM_TEXT_BAD;
	*text = (struct lvm_text){ .seqno = value, .shared = is_shared(section) };
	memcpy(text->vg, metadata, section - metadata);
	return name_is_valid(text->vg) ? LVM_TEXT_FOUND : LVM_TEXT_BAD;
}

/* The area is a ring behind its header sector: a text may go on at the ring's start. */
static bool read_ring(int fd, const struct area_header *area, char *text)
{
	uint64_t start = __le64_to_cpu(area->start), size = __le64_to_cpu(area->size);
	uint64_t offset = __le64_to_cpu(area->texts[0].offset);
	uint64_t length = __le64_to_cpu(area->texts[0].size), before = length;

	if (offset < SECTOR || offset >= size || length > size - SECTOR)
		return false;
	if (before > size - offset)
		before = size - offset;
	return read_at(fd, start + offset, before, text) &&
	       (before == length ||
		read_at(fd, start + SECTOR, length - before, text + before));
}

static enum lvm_text_result read_area(int fd, const struct location *location,
				      const char *dm_uuid, struct lvm_text *text)
{
	enum lvm_text_result result = LVM_TEXT_BAD;
	struct area_header area;
	uint64_t length;
	char *metadata;

	if (!read_at(fd, __le64_to_cpu(location->offset), sizeof(area), &area) ||
	    memcmp(area.magic, area_magic, AREA_MAGIC_SIZE))
		return LVM_TEXT_BAD;
	length = __le64_to_cpu(area.texts[0].size);
	if (!area.texts[0].offset || (__le32_to_cpu(area.texts[0].flags) & TEXT_IGNORED))
		return LVM_TEXT_NONE;
	if (length > TEXT_MAX)
		return LVM_TEXT_BAD;
	metadata = need(length + 1);
	if (read_ring(fd, &area, metadata))
		result = lvm_text_parse(metadata, dm_uuid, text);
	free(metadata);
	return result;
}

/* Offset of the PV header in @head, the first LABEL_SECTORS sectors; 0 if there is no label. */
static size_t find_label(const char *head)
{
	for (size_t sector = 0; sector < LABEL_SECTORS; sector++) {
		const struct label_header *label = (const void *)(head + sector * SECTOR);

		if (!memcmp(label->id, "LABELONE", 8) && !memcmp(label->type, "LVM2 001", 8) &&
		    __le32_to_cpu(label->offset) < SECTOR)
			return sector * SECTOR + __le32_to_cpu(label->offset);
	}
	return 0;
}

enum lvm_text_result lvm_text_read(int fd, const char *dm_uuid, struct lvm_text *text)
{
	char head[LABEL_SECTORS * SECTOR + SECTOR] = { 0 };
	enum lvm_text_result result = LVM_TEXT_NONE;
	const struct location *area, *end;
	size_t header;

	if (!read_at(fd, 0, LABEL_SECTORS * SECTOR, head))
		return LVM_TEXT_BAD;
	header = find_label(head);
	if (!header)
		return LVM_TEXT_BAD;
	area = ((const struct pv_header *)(head + header))->areas;
	end = (const void *)(head + sizeof(head) - sizeof(*area));
	while (area < end && area->offset)
		area++;
	for (area++; area < end && area->offset && result == LVM_TEXT_NONE; area++)
		result = read_area(fd, area, dm_uuid, text);
	return result;
}

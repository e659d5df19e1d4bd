// SPDX-License-Identifier: GPL-2.0-only
/* metadata format, dump, check, rebind. */
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "content.h"
#include "memory.h"
#include "message.h"
#include "metadata-device.h"
#include "sizes.h"

/* Damaged, or of a newer version, it is somebody's all the same. */
static bool is_metadata(const struct metadata_scan *scan)
{
	for (unsigned int copy = 0; copy < XCOPY_SB_COPIES; copy++)
		if (scan->sb_errors[copy] != XCOPY_FORMAT_ZERO &&
		    scan->sb_errors[copy] != XCOPY_FORMAT_MAGIC)
			return true;
	return false;
}

/* Bytes of @path, which may be a file. */
static bool length_of(const char *path, uint64_t *bytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	off_t end = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);

	if (fd >= 0)
		close(fd);
	*bytes = end < 0 ? 0 : end;
	return end > 0;
}

static int take_length(const struct invocation *invocation, uint64_t *bytes)
{
	const char *device = option(invocation, "for");
	int code = option_size(invocation, "size", bytes);

	if (code)
		return code;
	if (!device == !option(invocation, "size"))
		return fail(EXIT_USAGE, "metadata format needs the length of the clone: --size SIZE or --for DEVICE");
	if (device && !length_of(device, bytes))
		return fail(EXIT_REFUSED, "--for %s: cannot tell its size", device);
	if (!*bytes || *bytes % XCOPY_SECTOR_SIZE)
		return fail(EXIT_USAGE, "the length of the clone has to be a multiple of 512 bytes");
	return 0;
}

static int check_content(const struct invocation *invocation, struct metadata_device *device)
{
	char *content = content_find(device->path);
	struct metadata_scan scan;
	int code = 0;

	if (content && !option(invocation, "force"))
		code = fail(EXIT_REFUSED, "%s holds %s: use --force to overwrite it, or \"wipefs -a\" it first",
			    device->path, content);
	free(content);
	if (code || option(invocation, "force"))
		return code;
	code = metadata_scan(device, &scan);
	if (!code && is_metadata(&scan))
		code = fail(EXIT_REFUSED, "%s holds the metadata of a clone, sound or not: with --force what it says is lost for ever",
			    device->path);
	return code;
}

static int format_device(const struct invocation *invocation,
			 const struct xcopy_geometry *geometry)
{
	struct metadata_device device;
	char uuid[33];
	int code = metadata_open(invocation->arguments[0], true, &device);

	if (code)
		return code;
	code = check_content(invocation, &device);
	if (!code)
		code = metadata_format(&device, geometry);
	metadata_close(&device);
	metadata_uuid_text(geometry->uuid, uuid);
	if (!code)
		say("%s: formatted, UUID %s", device.path, uuid);
	return code;
}

int command_metadata_format(const struct invocation *invocation)
{
	struct xcopy_geometry geometry;
	uint64_t bytes = 0, region, needed;
	int code = take_length(invocation, &bytes);

	region = region_default(bytes);
	if (!code)
		code = option_size(invocation, "region-size", &region);
	if (code)
		return code;
	if (region % XCOPY_SECTOR_SIZE || !xcopy_format_region_size_ok(region / XCOPY_SECTOR_SIZE))
		return fail(EXIT_USAGE, "--region-size has to be a power of two, 4K to 1G");
	region /= XCOPY_SECTOR_SIZE;
	bytes /= XCOPY_SECTOR_SIZE;
	needed = xcopy_format_device_sectors(bytes, region) * XCOPY_SECTOR_SIZE;
	say("a clone of %llu sectors with regions of %llu sectors needs %llu bytes of metadata",
	    (unsigned long long)bytes, (unsigned long long)region, (unsigned long long)needed);
	if (message_dry_run)
		return 0;
	if (!metadata_new_geometry(bytes, region, &geometry))
		return fail(EXIT_FAILED, "the kernel gives no random numbers");
	return format_device(invocation, &geometry);
}

static const char *id_kind(const struct xcopy_device_id *id)
{
	switch (le32toh(id->kind)) {
	case XCOPY_ID_UNBOUND:
		return "not bound yet";
	case XCOPY_ID_NONE:
		return "has no identity";
	case XCOPY_ID_DM_UUID:
		return "device-mapper UUID";
	case XCOPY_ID_DISK:
		return "disk";
	}
	return "unknown";
}

static char *id_text(const struct xcopy_device_id *id)
{
	uint32_t length = le32toh(id->length);
	char *text = NULL;

	if (length > XCOPY_ID_SIZE)
		length = XCOPY_ID_SIZE;
	if (le32toh(id->kind) == XCOPY_ID_DM_UUID)
		return need_text("%.*s", (int)length, (const char *)id->id);
	append_text(&text, "%s", "");
	for (uint32_t i = 0; i < length; i++)
		append_text(&text, "%02x", id->id[i]);
	return text;
}

static char *printable_id(const struct xcopy_device_id *id)
{
	char *text = id_text(id), *printable = message_printable(text);

	free(text);
	return printable;
}

static void print_text(const struct metadata_scan *scan)
{
	const struct xcopy_geometry *geometry = &scan->sb[scan->current];
	char uuid[33], *source = printable_id(&geometry->source);
	char *destination = printable_id(&geometry->destination);

	metadata_uuid_text(geometry->uuid, uuid);
	printf("uuid              %s\n", uuid);
	printf("clone             %llu sectors\n", (unsigned long long)geometry->target_sectors);
	printf("region            %u sectors\n", geometry->region_sectors);
	printf("hydrated          %llu of %llu regions\n", (unsigned long long)scan->hydrated,
	       (unsigned long long)scan->regions);
	printf("flags            %s%s%s\n", scan->offload_open ? " offload_open" : "",
	       geometry->flags & XCOPY_SB_COMPLETE ? " complete" : "",
	       scan->offload_open || geometry->flags & XCOPY_SB_COMPLETE ? "" : " none");
	printf("quarantine        %u ms\n", geometry->quarantine_ms);
	printf("sequence          %llu\n", (unsigned long long)geometry->sequence);
	printf("source            %s %s\n", id_kind(&geometry->source), source);
	printf("destination       %s %s\n", id_kind(&geometry->destination), destination);
	for (unsigned int copy = 0; copy < XCOPY_SB_COPIES; copy++)
		printf("superblock %u      %s\n", copy,
		       xcopy_format_error_text(scan->sb_errors[copy]));
	printf("bitmap            %llu blocks, %llu bad slots, %llu blocks lost\n",
	       (unsigned long long)geometry->bitmap_blocks, (unsigned long long)scan->bad_slots,
	       (unsigned long long)scan->lost_blocks);
	free(source);
	free(destination);
}

static void add_number(struct json_object *object, const char *key, uint64_t value)
{
	json_object_object_add(object, key, json_object_new_int64(value));
}

static void add_id(struct json_object *object, const char *key, const struct xcopy_device_id *id)
{
	struct json_object *inner = json_object_new_object();
	char *text = id_text(id);

	json_object_object_add(inner, "kind", json_object_new_string(id_kind(id)));
	json_object_object_add(inner, "id", json_object_new_string(text));
	json_object_object_add(object, key, inner);
	free(text);
}

static void print_json(const struct metadata_scan *scan)
{
	const struct xcopy_geometry *geometry = &scan->sb[scan->current];
	struct json_object *root = json_object_new_object(), *sbs = json_object_new_array();
	char uuid[33];

	metadata_uuid_text(geometry->uuid, uuid);
	add_number(root, "schema", 1);
	json_object_object_add(root, "uuid", json_object_new_string(uuid));
	add_number(root, "target_sectors", geometry->target_sectors);
	add_number(root, "region_sectors", geometry->region_sectors);
	add_number(root, "regions", scan->regions);
	add_number(root, "hydrated_regions", scan->hydrated);
	json_object_object_add(root, "offload_open", json_object_new_boolean(scan->offload_open));
	json_object_object_add(root, "complete",
			       json_object_new_boolean(!!(geometry->flags & XCOPY_SB_COMPLETE)));
	add_number(root, "quarantine_ms", geometry->quarantine_ms);
	add_number(root, "sequence", geometry->sequence);
	add_id(root, "source", &geometry->source);
	add_id(root, "destination", &geometry->destination);
	for (unsigned int copy = 0; copy < XCOPY_SB_COPIES; copy++)
		json_object_array_add(sbs, json_object_new_string(
			xcopy_format_error_text(scan->sb_errors[copy])));
	json_object_object_add(root, "superblocks", sbs);
	add_number(root, "bitmap_blocks", geometry->bitmap_blocks);
	add_number(root, "bad_slots", scan->bad_slots);
	add_number(root, "lost_blocks", scan->lost_blocks);
	printf("%s\n", json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY));
	json_object_put(root);
}

static int scan_path(const char *path, struct metadata_scan *scan)
{
	struct metadata_device device;
	int code = metadata_open(path, false, &device);

	if (code)
		return code;
	code = metadata_scan(&device, scan);
	metadata_close(&device);
	if (!code && scan->current < 0)
		code = fail(EXIT_NEGATIVE, "%s has no valid superblock (copy 0: %s; copy 1: %s): it is no metadata device, or has to be restored",
			    path, xcopy_format_error_text(scan->sb_errors[0]),
			    xcopy_format_error_text(scan->sb_errors[1]));
	return code;
}

int command_metadata_dump(const struct invocation *invocation)
{
	struct metadata_scan scan;
	int code = scan_path(invocation->arguments[0], &scan);

	if (code)
		return code;
	if (option(invocation, "json"))
		print_json(&scan);
	else
		print_text(&scan);
	return 0;
}

static int judge(const char *path, const struct metadata_scan *scan)
{
	int code = 0;

	if (scan->too_small)
		code = fail(EXIT_NEGATIVE, "%s is smaller than its superblock says: was it shrunk?",
			    path);
	for (unsigned int copy = 0; copy < XCOPY_SB_COPIES; copy++)
		if (scan->sb_errors[copy] != XCOPY_FORMAT_OK)
			code = fail(EXIT_NEGATIVE, "%s: superblock copy %u: %s; the next activation repairs it",
				    path, copy, xcopy_format_error_text(scan->sb_errors[copy]));
	if (scan->lost_blocks)
		return fail(EXIT_NEGATIVE, "%s: %llu bitmap blocks have no valid slot, the first one is %llu (from region %llu): the clone cannot be activated; restore the device from a copy",
			    path, (unsigned long long)scan->lost_blocks,
			    (unsigned long long)scan->first_lost,
			    (unsigned long long)scan->first_lost * XCOPY_BITMAP_BITS);
	if (scan->bad_slots)
		code = fail(EXIT_NEGATIVE, "%s: %llu bitmap slots are bad, but nothing is lost; the next activation repairs them",
			    path, (unsigned long long)scan->bad_slots);
	return code;
}

int command_metadata_check(const struct invocation *invocation)
{
	const char *path = invocation->arguments[0];
	struct metadata_scan scan;
	int code = scan_path(path, &scan);

	if (!code)
		code = judge(path, &scan);
	if (!code)
		say("%s: no errors; %llu of %llu regions hydrated", path,
		    (unsigned long long)scan.hydrated, (unsigned long long)scan.regions);
	return code;
}

static int unbind(struct metadata_device *device, const struct metadata_scan *scan)
{
	struct xcopy_geometry geometry = scan->sb[scan->current];
	int code = 0;

	memset(&geometry.source, 0, sizeof(geometry.source));
	memset(&geometry.destination, 0, sizeof(geometry.destination));
	if (scan->offload_open)
		geometry.flags |= XCOPY_SB_OFFLOAD_OPEN;
	geometry.sequence++;
	/* the current copy last: a torn write must leave one that is valid */
	for (unsigned int i = 1; !code && i <= XCOPY_SB_COPIES; i++)
		code = metadata_write_superblock(device, (scan->current + i) % XCOPY_SB_COPIES,
						 &geometry);
	return code;
}

int command_metadata_rebind(const struct invocation *invocation)
{
	const char *path = invocation->arguments[0];
	struct metadata_device device;
	struct metadata_scan scan;
	int code = scan_path(path, &scan);

	if (code || would("# forget source and destination of %s", path))
		return code;
	code = metadata_open(path, true, &device);
	if (code)
		return code;
	code = unbind(&device, &scan);
	metadata_close(&device);
	if (!code)
		say("%s: the next activation binds it to the devices of its table", path);
	return code;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * probe: for each pair of disks below SRC and DST, can the storage copy?
 *
 * The rules are those of the kernel's copier (dm-xcopy/nvme*.c), which decides in the end.
 */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "command.h"
#include "devices.h"
#include "lvm.h"
#include "memory.h"
#include "message.h"
#include "names.h"
#include "probe.h"

struct side {
	const char *typed;
	struct probe_part *parts;
	size_t count;
};

static void add_part(struct side *side, const char *path, uint64_t offset)
{
	struct probe_part part = { .offset = offset };
	struct stat stat_;

	for (size_t i = 0; i < side->count; i++)
		if (!strcmp(side->parts[i].path, path))
			return;
	part.path = need_copy(path);
	part.is_disk = !stat(path, &stat_) && S_ISBLK(stat_.st_mode) &&
		       device_disk(major(stat_.st_rdev), minor(stat_.st_rdev), &part.disk);
	if (part.is_disk && !strncmp(part.disk.parent_class, "nvme", 4))
		part.answers = nvme_identify(&part.disk, &part.nvme);
	side->parts = need_more(side->parts, side->count + 1, sizeof(part));
	side->parts[side->count++] = part;
}

static uint64_t pe_start(const struct lvm_report *report, const char *path)
{
	for (size_t i = 0; i < report->nr_pvs; i++)
		if (!strcmp(report->pvs[i].path, path))
			return report->pvs[i].pe_start / 512;
	return 0;
}

/* "/dev/sda(0),/dev/sdb(10)" */
static void add_devices(struct side *side, const struct lvm_report *report, const char *devices)
{
	char *copy = need_copy(devices), *state, *device;

	for (device = strtok_r(copy, ",", &state); device; device = strtok_r(NULL, ",", &state)) {
		char *bracket = strrchr(device, '(');

		if (bracket)
			*bracket = 0;
		add_part(side, device, pe_start(report, device));
	}
	free(copy);
}

static void add_vg(struct side *side, const struct lvm_report *report, const char *vg)
{
	for (size_t i = 0; i < report->nr_pvs; i++)
		if (!strcmp(report->pvs[i].vg_name, vg))
			add_part(side, report->pvs[i].path, report->pvs[i].pe_start / 512);
}

/*
 * A logical volume's PVs; all PVs of its group when it does not exist yet, or when only the
 * group is named; else a device.
 */
static int find_side(const struct lvm_report *report, const char *typed, bool may_be_new,
		     struct side *side)
{
	struct lv_name name;
	const struct lvm_lv *lv = NULL;
	bool is_name = !name_parse_lv(typed, NULL, &name);
	struct stat stat_;

	side->typed = typed;
	if (is_name)
		lv = lvm_report_lv(report, name.vg, name.lv);
	if (lv)
		for (size_t i = 0; i < lv->nr_segments; i++)
			add_devices(side, report, lv->segments[i].devices);
	else if (is_name && may_be_new && lvm_report_vg(report, name.vg))
		add_vg(side, report, name.vg);
	else if (may_be_new && lvm_report_vg(report, typed))
		add_vg(side, report, typed);
	else if (!stat(typed, &stat_) && S_ISBLK(stat_.st_mode))
		add_part(side, typed, 0);
	if (side->count)
		return 0;
	return fail(EXIT_REFUSED, "%s is neither a logical volume nor a block device", typed);
}

static void print_pair(const struct probe_part *source, const struct probe_part *destination,
		       const struct probe_answer *answer)
{
	printf("%s -> %s: ", source->path, destination->path);
	if (answer->reason) {
		printf("no: %s\n", answer->reason);
		return;
	}
	printf("yes, by %s, %s; NSID %u -> %u; %u ranges of %u blocks, %u blocks in a command, blocks of %u bytes\n",
	       answer->driver, answer->how, source->nvme.nsid, destination->nvme.nsid,
	       destination->nvme.segments, destination->nvme.segment_blocks,
	       destination->nvme.command_blocks, destination->disk.block_size);
}

static void add_text(struct json_object *object, const char *key, const char *value)
{
	json_object_object_add(object, key, value ? json_object_new_string(value) : NULL);
}

static void add_number(struct json_object *object, const char *key, uint64_t value)
{
	json_object_object_add(object, key, json_object_new_int64(value));
}

static struct json_object *pair_object(const struct probe_part *source,
				       const struct probe_part *destination,
				       const struct probe_answer *answer)
{
	struct json_object *object = json_object_new_object();

	add_text(object, "source", source->path);
	add_text(object, "destination", destination->path);
	json_object_object_add(object, "offloadable", json_object_new_boolean(!answer->reason));
	add_text(object, "reason", answer->reason);
	if (answer->reason)
		return object;
	add_text(object, "driver", answer->driver);
	add_text(object, "how", answer->how);
	add_number(object, "source_nsid", source->nvme.nsid);
	add_number(object, "destination_nsid", destination->nvme.nsid);
	add_number(object, "block_bytes", destination->disk.block_size);
	add_number(object, "offload_segment_blocks", destination->nvme.segment_blocks);
	add_number(object, "offload_command_blocks", destination->nvme.command_blocks);
	add_number(object, "offload_segments", destination->nvme.segments);
	return object;
}

static bool probe_all(const struct side *source, const struct side *destination,
		      struct json_object *array)
{
	struct probe_answer answer;
	bool all = true;

	for (size_t i = 0; i < source->count; i++)
		for (size_t j = 0; j < destination->count; j++) {
			probe_pair(&source->parts[i], &destination->parts[j], &answer);
			all = all && !answer.reason;
			if (array)
				json_object_array_add(array, pair_object(&source->parts[i],
								 &destination->parts[j], &answer));
			else
				print_pair(&source->parts[i], &destination->parts[j], &answer);
			free(answer.reason);
		}
	return all;
}

static int probe(const struct side *source, const struct side *destination, bool json)
{
	struct json_object *root = NULL, *array = NULL;
	bool all;

	if (json) {
		root = json_object_new_object();
		array = json_object_new_array();
		add_number(root, "schema", 1);
	}
	all = probe_all(source, destination, array);
	if (json) {
		json_object_object_add(root, "offloadable", json_object_new_boolean(all));
		json_object_object_add(root, "pairs", array);
		printf("%s\n", json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY));
		json_object_put(root);
	}
	return all ? 0 : EXIT_NEGATIVE;
}

static void free_side(struct side *side)
{
	for (size_t i = 0; i < side->count; i++)
		free(side->parts[i].path);
	free(side->parts);
}

int command_probe(const struct invocation *invocation)
{
	struct side source = { 0 }, destination = { 0 };
	struct lvm_report report;
	int code = lvm_load(&report);

	if (code)
		return code;
	code = find_side(&report, invocation->arguments[0], false, &source);
	if (!code)
		code = find_side(&report, invocation->arguments[1], true, &destination);
	if (!code)
		code = probe(&source, &destination, option(invocation, "json") != NULL);
	free_side(&source);
	free_side(&destination);
	lvm_report_free(&report);
	return code;
}

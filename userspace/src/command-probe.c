// SPDX-License-Identifier: GPL-2.0-only
/*
 * probe: for each pair of disks below SRC and DST, can the storage copy?
 *
 * The rules are those of the kernel's copiers (dm-xcopy/nvme*.c, scsi*.c), which decide in the end.
 */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "command.h"
#include "devices.h"
#include "follow.h"
#include "job.h"
#include "lvm.h"
#include "memory.h"
#include "message.h"
#include "names.h"
#include "probe-show.h"

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
	else if (part.is_disk && scsi_is_unit(&part.disk))
		scsi_identify(&part.disk, &part.unit);
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

static bool probe_all(const struct side *source, const struct side *destination,
		      struct json_object *array)
{
	struct probe_answer answer;
	bool all = true;

	for (size_t i = 0; i < source->count; i++)
		for (size_t j = 0; j < destination->count; j++) {
			const struct probe_part *from = &source->parts[i];
			const struct probe_part *to = &destination->parts[j];

			all = probe_pair(from, to, &answer) && all;
			if (array)
				json_object_array_add(array, probe_object(from, to, &answer));
			else
				probe_print(from, to, &answer);
			free(answer.reason);
		}
	return all;
}

static void show_clone(const char *name, const struct clone_status *status,
		       struct json_object *root)
{
	if (root)
		json_object_object_add(root, "clone", probe_clone_object(name, status));
	else
		probe_print_clone(name, status);
}

/* Where @typed is the destination of a clone that fills: what the kernel has found out. */
static void add_clone(const struct lvm_report *report, const char *typed, struct json_object *root)
{
	struct clone_status status;
	struct lv_name name;
	const struct lvm_lv *lv = NULL;
	struct job job;

	if (!name_parse_lv(typed, NULL, &name))
		lv = lvm_report_lv(report, name.vg, name.lv);
	if (!lv || job_from_lv(report, lv, &job) != 1)
		return;
	if (clone_look(&job, &status) == CLONE_FILLING)
		show_clone(job.clone_name, &status, root);
	clone_status_free(&status);
	job_free(&job);
}

static int probe(const struct lvm_report *report, const struct side *source,
		 const struct side *destination, bool json)
{
	struct json_object *root = NULL, *array = NULL;
	bool all;

	if (json) {
		root = json_object_new_object();
		array = json_object_new_array();
		json_object_object_add(root, "schema", json_object_new_int(1));
	}
	all = probe_all(source, destination, array);
	if (json) {
		json_object_object_add(root, "offloadable", json_object_new_boolean(all));
		json_object_object_add(root, "pairs", array);
		json_object_object_add(root, "clone", NULL);
	}
	add_clone(report, destination->typed, root);
	if (json)
		printf("%s\n", json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY));
	json_object_put(root);
	return all ? 0 : EXIT_NEGATIVE;
}

static void free_part(struct probe_part *part)
{
	scsi_unit_free(&part->unit);
	free(part->path);
}

static void free_side(struct side *side)
{
	for (size_t i = 0; i < side->count; i++)
		free_part(&side->parts[i]);
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
		code = probe(&report, &source, &destination, option(invocation, "json") != NULL);
	free_side(&source);
	free_side(&destination);
	lvm_report_free(&report);
	return code;
}

// SPDX-License-Identifier: GPL-2.0-only
#include "lvm-report.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "names.h"
#include "sizes.h"

static const char *text_of(struct json_object *row, const char *column)
{
	struct json_object *value;

	if (!json_object_object_get_ex(row, column, &value) || !value)
		return "";
	return json_object_get_string(value);
}

/* LVM reports numbers as strings, and "" where there is none. */
static uint64_t number_of(struct json_object *row, const char *column)
{
	uint64_t number;

	return number_parse(text_of(row, column), &number) ? number : 0;
}

static void add_vg(struct json_object *row, struct lvm_report *report)
{
	const char *name = text_of(row, "vg_name");

	if (!*name || lvm_report_vg(report, name))
		return;
	report->vgs = need_more(report->vgs, report->nr_vgs + 1, sizeof(*report->vgs));
	report->vgs[report->nr_vgs++] = (struct lvm_vg){
		.name = need_copy(name),
		.uuid = need_copy(text_of(row, "vg_uuid")),
		.lock_type = need_copy(text_of(row, "vg_lock_type")),
		.attr = need_copy(text_of(row, "vg_attr")),
		.seqno = number_of(row, "vg_seqno"),
		.extent = number_of(row, "vg_extent_size"),
		.free = number_of(row, "vg_free"),
	};
}

static void add_pv(struct json_object *row, struct lvm_report *report)
{
	report->pvs = need_more(report->pvs, report->nr_pvs + 1, sizeof(*report->pvs));
	report->pvs[report->nr_pvs++] = (struct lvm_pv){
		.path = need_copy(text_of(row, "pv_name")),
		.uuid = need_copy(text_of(row, "pv_uuid")),
		.vg_name = need_copy(text_of(row, "vg_name")),
		.vg_uuid = need_copy(text_of(row, "vg_uuid")),
		.pe_start = number_of(row, "pe_start"),
		.free = number_of(row, "pv_free"),
		.missing = *text_of(row, "pv_missing") != 0,
		.allocatable = *text_of(row, "pv_allocatable") != 0,
	};
	add_vg(row, report);
}

static void add_free_range(struct json_object *row, struct lvm_report *report)
{
	if (strcmp(text_of(row, "segtype"), "free"))
		return;
	report->free_ranges = need_more(report->free_ranges, report->nr_free_ranges + 1,
					sizeof(*report->free_ranges));
	report->free_ranges[report->nr_free_ranges++] = (struct lvm_free_range){
		.pv_path = need_copy(text_of(row, "pv_name")),
		.start = number_of(row, "pvseg_start"),
		.count = number_of(row, "pvseg_size"),
	};
}

static void add_tags(struct lvm_lv *lv, const char *tags)
{
	char *copy = need_copy(tags), *state, *tag;

	for (tag = strtok_r(copy, ",", &state); tag; tag = strtok_r(NULL, ",", &state)) {
		lv->tags = need_more(lv->tags, lv->nr_tags + 1, sizeof(*lv->tags));
		lv->tags[lv->nr_tags++] = need_copy(tag);
	}
	free(copy);
}

/* Hidden LVs are reported as [name]. */
static char *bare_name(const char *name)
{
	size_t length = strlen(name);

	if (length > 2 && name[0] == '[' && name[length - 1] == ']')
		return need_text("%.*s", (int)length - 2, name + 1);
	return need_copy(name);
}

static struct lvm_lv *find_or_add_lv(struct json_object *row, struct lvm_report *report)
{
	char uuid[69];
	struct lvm_lv *lv;

	name_dm_uuid(text_of(row, "vg_uuid"), text_of(row, "lv_uuid"), uuid);
	for (size_t i = 0; i < report->nr_lvs; i++)
		if (!strcmp(report->lvs[i].dm_uuid, uuid))
			return &report->lvs[i];
	report->lvs = need_more(report->lvs, report->nr_lvs + 1, sizeof(*report->lvs));
	lv = &report->lvs[report->nr_lvs++];
	*lv = (struct lvm_lv){
		.vg_name = need_copy(text_of(row, "vg_name")),
		.name = bare_name(text_of(row, "lv_name")),
		.dm_uuid = need_copy(uuid),
		.attr = need_copy(text_of(row, "lv_attr")),
		.size = number_of(row, "lv_size"),
	};
	add_tags(lv, text_of(row, "lv_tags"));
	return lv;
}

static void add_segment(struct json_object *row, struct lvm_report *report)
{
	struct lvm_lv *lv = find_or_add_lv(row, report);

	lv->segments = need_more(lv->segments, lv->nr_segments + 1, sizeof(*lv->segments));
	lv->segments[lv->nr_segments++] = (struct lvm_segment){
		.type = need_copy(text_of(row, "segtype")),
		.devices = need_copy(text_of(row, "devices")),
		.start = number_of(row, "seg_start"),
		.size = number_of(row, "seg_size"),
	};
}

typedef void row_fn(struct json_object *row, struct lvm_report *report);

static void each_row(struct json_object *rows, row_fn *fn, struct lvm_report *report)
{
	for (size_t i = 0; i < json_object_array_length(rows); i++)
		fn(json_object_array_get_idx(rows, i), report);
}

/* One report: arrays by the names of what their rows are about. */
static void add_arrays(struct json_object *arrays, struct lvm_report *report)
{
	if (!json_object_is_type(arrays, json_type_object))
		return;
	json_object_object_foreach(arrays, name, rows) {
		if (!json_object_is_type(rows, json_type_array))
			continue;
		if (!strcmp(name, "pv"))
			each_row(rows, add_pv, report);
		else if (!strcmp(name, "pvseg"))
			each_row(rows, add_free_range, report);
		else if (!strcmp(name, "seg"))
			each_row(rows, add_segment, report);
	}
}

const char *lvm_report_parse(const char *json, struct lvm_report *report)
{
	struct json_object *root = json_tokener_parse(json), *reports;

	if (!root || !json_object_object_get_ex(root, "report", &reports) ||
	    !json_object_is_type(reports, json_type_array)) {
		json_object_put(root);
		return "has no \"report\" array";
	}
	for (size_t i = 0; i < json_object_array_length(reports); i++)
		add_arrays(json_object_array_get_idx(reports, i), report);
	json_object_put(root);
	return NULL;
}

static void free_lv(struct lvm_lv *lv)
{
	for (size_t i = 0; i < lv->nr_tags; i++)
		free(lv->tags[i]);
	for (size_t i = 0; i < lv->nr_segments; i++) {
		free(lv->segments[i].type);
		free(lv->segments[i].devices);
	}
	free(lv->tags);
	free(lv->segments);
	free(lv->vg_name);
	free(lv->name);
	free(lv->dm_uuid);
	free(lv->attr);
}

void lvm_report_free(struct lvm_report *report)
{
	for (size_t i = 0; i < report->nr_pvs; i++) {
		free(report->pvs[i].path);
		free(report->pvs[i].uuid);
		free(report->pvs[i].vg_name);
		free(report->pvs[i].vg_uuid);
	}
	for (size_t i = 0; i < report->nr_vgs; i++) {
		free(report->vgs[i].name);
		free(report->vgs[i].uuid);
		free(report->vgs[i].lock_type);
		free(report->vgs[i].attr);
	}
	for (size_t i = 0; i < report->nr_lvs; i++)
		free_lv(&report->lvs[i]);
	for (size_t i = 0; i < report->nr_free_ranges; i++)
		free(report->free_ranges[i].pv_path);
	free(report->free_ranges);
	free(report->pvs);
	free(report->vgs);
	free(report->lvs);
	*report = (struct lvm_report){ 0 };
}

const struct lvm_vg *lvm_report_vg(const struct lvm_report *report, const char *name)
{
	for (size_t i = 0; i < report->nr_vgs; i++)
		if (!strcmp(report->vgs[i].name, name))
			return &report->vgs[i];
	return NULL;
}

const struct lvm_lv *lvm_report_lv(const struct lvm_report *report, const char *vg,
				   const char *lv)
{
	for (size_t i = 0; i < report->nr_lvs; i++)
		if (!strcmp(report->lvs[i].vg_name, vg) && !strcmp(report->lvs[i].name, lv))
			return &report->lvs[i];
	return NULL;
}

const struct lvm_lv *lvm_report_uuid(const struct lvm_report *report, const char *dm_uuid)
{
	for (size_t i = 0; i < report->nr_lvs; i++)
		if (!strcmp(report->lvs[i].dm_uuid, dm_uuid))
			return &report->lvs[i];
	return NULL;
}

const char *lvm_lv_tag(const struct lvm_lv *lv, const char *prefix)
{
	size_t length = strlen(prefix);

	for (size_t i = 0; i < lv->nr_tags; i++)
		if (!strncmp(lv->tags[i], prefix, length))
			return lv->tags[i] + length;
	return NULL;
}

/* LVM writes a UUID with dashes, device-mapper's do without. */
static bool same_uuid(const char *dashed, const char *plain)
{
	size_t left = 32;

	for (; *dashed && left; dashed++) {
		if (*dashed == '-')
			continue;
		if (*dashed != *plain++)
			return false;
		left--;
	}
	return !*dashed && !left;
}

bool lvm_report_has_group(const struct lvm_report *report, const char *dm_uuid)
{
	for (size_t i = 0; i < report->nr_vgs; i++)
		if (!strncmp(dm_uuid, "LVM-", 4) && same_uuid(report->vgs[i].uuid, dm_uuid + 4))
			return true;
	return false;
}

bool lvm_lv_is_of(const struct lvm_lv *lv, const char *vg_uuid)
{
	return !strncmp(lv->dm_uuid, "LVM-", 4) && same_uuid(vg_uuid, lv->dm_uuid + 4);
}

void lvm_lv_drop_tags(struct lvm_lv *lv, const char *prefix)
{
	size_t kept = 0;

	for (size_t i = 0; i < lv->nr_tags; i++) {
		if (strncmp(lv->tags[i], prefix, strlen(prefix)))
			lv->tags[kept++] = lv->tags[i];
		else
			free(lv->tags[i]);
	}
	lv->nr_tags = kept;
}

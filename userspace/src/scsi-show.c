// SPDX-License-Identifier: GPL-2.0-only
#include "scsi-show.h"

#include <stdio.h>

/* ---- text ---- */

/* 0 is no limit in one field, and nothing said in another. */
static void print_number(const char *what, uint32_t number)
{
	if (number)
		printf(", %s %u", what, number);
}

static void print_limits(const struct scsi_unit *unit)
{
	const struct xcopy_scsi_limits *limits = &unit->limits;

	if (!unit->limits_from) {
		printf("    tells no limits (%s): they are found while copying\n", unit->no_parameters);
		return;
	}
	printf("    limits, by %s: granularity %u",
	       unit->limits_from == SCSI_LIMITS_PAGE ? "VPD page 8Fh" : "operating parameters",
	       limits->granularity);
	print_number("segments", limits->segments);
	print_number("segment bytes", limits->segment_bytes);
	print_number("descriptor bytes", limits->list_bytes);
	print_number("copies at a time", limits->concurrent);
	printf("\n");
}

static void print_path(const struct scsi_path *path, bool best)
{
	printf("    path %s %s: %s%s%s%s%s\n", path->address, *path->disk ? path->disk : "-",
	       path->state, *path->access ? ", " : "", path->access,
	       *path->preferred == '1' ? ", preferred" : "", best ? ", best" : "");
}

void scsi_print_unit(const char *role, const struct scsi_unit *unit)
{
	char name[SCSI_NAME_SIZE];

	if (!unit->has_identity) {
		printf("  %s without identity\n", role);
		return;
	}
	scsi_name(&unit->identity, name);
	printf("  %s %s: %s %s %s, %s%s\n", role, name, unit->vendor, unit->product,
	       unit->revision, unit->third_party ? "3PC" : "no 3PC",
	       unit->third_party_page ? ", VPD page 8Fh" : "");
	print_limits(unit);
	for (size_t i = 0; i < unit->nr_paths; i++)
		print_path(&unit->paths[i], &unit->paths[i] == scsi_best_path(unit));
}

/* ---- JSON ---- */

static void add_text(struct json_object *object, const char *key, const char *value)
{
	json_object_object_add(object, key, value && *value ? json_object_new_string(value) : NULL);
}

static void add_number(struct json_object *object, const char *key, uint64_t value)
{
	json_object_object_add(object, key, json_object_new_int64(value));
}

static void add_bool(struct json_object *object, const char *key, bool value)
{
	json_object_object_add(object, key, json_object_new_boolean(value));
}

static struct json_object *path_object(const struct scsi_path *path, bool best)
{
	struct json_object *object = json_object_new_object();

	add_text(object, "address", path->address);
	add_text(object, "disk", path->disk);
	add_text(object, "state", path->state);
	add_text(object, "access_state", path->access);
	json_object_object_add(object, "preferred", *path->preferred ?
			       json_object_new_boolean(*path->preferred == '1') : NULL);
	add_bool(object, "best", best);
	return object;
}

static struct json_object *paths_array(const struct scsi_unit *unit)
{
	struct json_object *array = json_object_new_array();
	const struct scsi_path *best = scsi_best_path(unit);

	for (size_t i = 0; i < unit->nr_paths; i++)
		json_object_array_add(array, path_object(&unit->paths[i], &unit->paths[i] == best));
	return array;
}

static struct json_object *limits_object(const struct scsi_unit *unit)
{
	struct json_object *object;

	if (!unit->limits_from)
		return NULL;
	object = json_object_new_object();
	add_text(object, "from", unit->limits_from == SCSI_LIMITS_PAGE ? "third-party-copy-page" :
				 "operating-parameters");
	add_number(object, "segments", unit->limits.segments);
	add_number(object, "segment_bytes", unit->limits.segment_bytes);
	add_number(object, "list_bytes", unit->limits.list_bytes);
	add_number(object, "granularity_bytes", unit->limits.granularity);
	add_number(object, "concurrent", unit->limits.concurrent);
	return object;
}

struct json_object *scsi_unit_object(const struct scsi_unit *unit)
{
	struct json_object *object = json_object_new_object();
	char name[SCSI_NAME_SIZE] = "";

	if (unit->has_identity)
		scsi_name(&unit->identity, name);
	add_text(object, "identity", name);
	add_text(object, "vendor", unit->vendor);
	add_text(object, "product", unit->product);
	add_text(object, "revision", unit->revision);
	add_bool(object, "third_party_copy", unit->third_party);
	add_bool(object, "third_party_copy_page", unit->third_party_page);
	add_text(object, "no_parameters", unit->no_parameters);
	json_object_object_add(object, "limits", limits_object(unit));
	json_object_object_add(object, "paths", paths_array(unit));
	return object;
}

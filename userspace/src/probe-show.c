// SPDX-License-Identifier: GPL-2.0-only
#include "probe-show.h"

#include <stdio.h>
#include <string.h>

#include "scsi-show.h"
#include "words.h"

static void add_text(struct json_object *object, const char *key, const char *value)
{
	json_object_object_add(object, key, value ? json_object_new_string(value) : NULL);
}

static void add_number(struct json_object *object, const char *key, uint64_t value)
{
	json_object_object_add(object, key, json_object_new_int64(value));
}

/* ---- a pair ---- */

static bool are_units(const struct probe_part *source, const struct probe_part *destination)
{
	return source->is_disk && scsi_is_unit(&source->disk) && destination->is_disk &&
	       scsi_is_unit(&destination->disk);
}

static void print_no(const struct probe_answer *answer)
{
	const char *sentence = answer->word ? words_explain(answer->word) : NULL;

	printf("no: %s\n", answer->reason);
	if (sentence)
		printf("  %s: %s\n", answer->word, sentence);
}

static void print_yes(const struct probe_part *source, const struct probe_part *destination,
		      const struct probe_answer *answer)
{
	printf("yes, by %s, %s; ", answer->driver, answer->how);
	if (!are_units(source, destination))
		printf("NSID %u -> %u; %u ranges of %u blocks, %u blocks in a command, ",
		       source->nvme.nsid, destination->nvme.nsid, destination->nvme.segments,
		       destination->nvme.segment_blocks, destination->nvme.command_blocks);
	printf("blocks of %u bytes\n", destination->disk.block_size);
}

void probe_print(const struct probe_part *source, const struct probe_part *destination,
		 const struct probe_answer *answer)
{
	printf("%s -> %s: ", source->path, destination->path);
	if (answer->reason)
		print_no(answer);
	else
		print_yes(source, destination, answer);
	if (!are_units(source, destination))
		return;
	scsi_print_unit("source", &source->unit);
	scsi_print_unit("destination", &destination->unit);
}

static void add_namespaces(struct json_object *object, const struct probe_part *source,
			   const struct probe_part *destination)
{
	add_number(object, "source_nsid", source->nvme.nsid);
	add_number(object, "destination_nsid", destination->nvme.nsid);
	add_number(object, "offload_segment_blocks", destination->nvme.segment_blocks);
	add_number(object, "offload_command_blocks", destination->nvme.command_blocks);
	add_number(object, "offload_segments", destination->nvme.segments);
}

struct json_object *probe_object(const struct probe_part *source,
				 const struct probe_part *destination,
				 const struct probe_answer *answer)
{
	struct json_object *object = json_object_new_object();

	add_text(object, "source", source->path);
	add_text(object, "destination", destination->path);
	json_object_object_add(object, "offloadable", json_object_new_boolean(!answer->reason));
	add_text(object, "reason", answer->reason);
	add_text(object, "reason_word", answer->word);
	add_text(object, "reason_text", answer->word ? words_explain(answer->word) : NULL);
	if (!answer->reason) {
		add_text(object, "driver", answer->driver);
		add_text(object, "how", answer->how);
		add_number(object, "block_bytes", destination->disk.block_size);
	}
	if (are_units(source, destination)) {
		json_object_object_add(object, "source_unit", scsi_unit_object(&source->unit));
		json_object_object_add(object, "destination_unit",
				       scsi_unit_object(&destination->unit));
	} else if (!answer->reason) {
		add_namespaces(object, source, destination);
	}
	return object;
}

/* ---- a clone ---- */

static const char *const clone_words[] = { "copier", "offload", "reason", "last_error", "last_answer" };
static const char *const clone_numbers[] = { "command_kib", "segments", "segment_bytes", "depth" };

void probe_print_clone(const char *name, const struct clone_status *status)
{
	printf("%s: copier %s, offload %s; found so far: commands of %llu KiB, of up to %llu segments of %llu bytes, %llu at a time\n",
	       name, clone_status_value(status, "copier", "-"),
	       clone_status_value(status, "offload", "-"),
	       (unsigned long long)clone_status_number(status, "command_kib"),
	       (unsigned long long)clone_status_number(status, "segments"),
	       (unsigned long long)clone_status_number(status, "segment_bytes"),
	       (unsigned long long)clone_status_number(status, "depth"));
	words_print(status, "reason");
	words_print(status, "last_error");
	words_print_answer(status);
}

struct json_object *probe_clone_object(const char *name, const struct clone_status *status)
{
	struct json_object *object = json_object_new_object();

	add_text(object, "name", name);
	for (size_t i = 0; i < sizeof(clone_words) / sizeof(*clone_words); i++)
		add_text(object, clone_words[i], clone_status_value(status, clone_words[i], NULL));
	for (size_t i = 0; i < sizeof(clone_numbers) / sizeof(*clone_numbers); i++)
		add_number(object, clone_numbers[i], clone_status_number(status, clone_numbers[i]));
	return object;
}

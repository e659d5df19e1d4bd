// SPDX-License-Identifier: GPL-2.0-only
#include "probe.h"

#include <stdarg.h>
#include <string.h>

#include "memory.h"

/* @word: what the kernel would say in a clone's status. Return: false, for callers to pass on. */
static bool no(struct probe_answer *answer, const char *word, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static bool no(struct probe_answer *answer, const char *word, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	answer->reason = need_vtext(format, args);
	va_end(args);
	answer->word = word;
	return false;
}

static bool namespace_fits(const struct probe_part *part, struct probe_answer *answer)
{
	if (strncmp(part->disk.parent_class, "nvme", 4))
		return no(answer, "no-copier", "%s is neither an NVMe namespace nor a SCSI disk",
			  part->path);
	if (!part->answers)
		return no(answer, NULL, "%s does not answer identify commands", part->path);
	return true;
}

static bool unit_fits(const struct probe_part *part, struct probe_answer *answer)
{
	if (!part->unit.has_identity)
		return no(answer, "no-identity", "the unit of %s has no name that a copy command could use",
			  part->path);
	if (!scsi_best_path(&part->unit))
		return no(answer, "no-path", "no path to %s is running and active", part->path);
	return true;
}

static bool part_fits(const struct probe_part *part, struct probe_answer *answer)
{
	if (!part->is_disk)
		return no(answer, "stack", "%s is neither a disk nor a partition (of other device-mapper devices only dm-multipath's are looked through)",
			  part->path);
	if (part->disk.zoned)
		return no(answer, "zoned", "%s is zoned", part->path);
	if (part->disk.integrity)
		return no(answer, "integrity", "%s has a protection or metadata format, which Copy would not carry",
			  part->path);
	return scsi_is_unit(&part->disk) ? unit_fits(part, answer) : namespace_fits(part, answer);
}

static bool misaligned(const struct probe_part *part)
{
	return (part->disk.start + part->offset) * 512 % part->disk.block_size;
}

static bool same_disk(const struct probe_part *source, const struct probe_part *destination)
{
	return source->disk.major == destination->disk.major &&
	       source->disk.minor == destination->disk.minor;
}

static bool other_parent(const struct probe_part *source, const struct probe_part *destination,
			 struct probe_answer *answer)
{
	bool single = !strcmp(source->disk.parent_class, "nvme");

	return no(answer, single ? "other-controller" : "other-subsystem",
		  "they belong to different NVMe %s (%s, %s)", single ? "controllers" : "subsystems",
		  source->disk.parent, destination->disk.parent);
}

static bool namespaces_fit(const struct probe_part *source, const struct probe_part *destination,
			   struct probe_answer *answer)
{
	if (strcmp(source->disk.parent, destination->disk.parent))
		return other_parent(source, destination, answer);
	if (!destination->nvme.copy || !destination->nvme.segment_blocks)
		return no(answer, "refused", "the controller of %s has no Copy command",
			  destination->path);
	if (!same_disk(source, destination) && !destination->nvme.format_2)
		return no(answer, "copy-between-namespaces-refused",
			  "the controller of %s copies within one namespace only (no Copy Format 2h)",
			  destination->path);
	return true;
}

static bool units_fit(const struct probe_part *source, const struct probe_part *destination,
		      struct probe_answer *answer)
{
	const struct scsi_unit *unit = &destination->unit;

	if (!same_disk(source, destination) && scsi_same_unit(&source->unit, unit))
		return no(answer, "one-unit-by-two-names", "%s and %s are two ways to one unit",
			  source->path, destination->path);
	if (unit->refused)
		return no(answer, unit->refused, "the copy manager of %s does not have what is needed",
			  destination->path);
	if (!unit->third_party && !unit->limits_from)
		return no(answer, "refused", "%s has no EXTENDED COPY: INQUIRY says so (3PC), and it tells no limits of it (%s)",
			  destination->path, unit->no_parameters);
	return true;
}

static bool pair_fits(const struct probe_part *source, const struct probe_part *destination,
		      struct probe_answer *answer)
{
	bool units = scsi_is_unit(&destination->disk);

	if (scsi_is_unit(&source->disk) != units)
		return no(answer, "no-copier", "one is a SCSI disk, the other an NVMe namespace");
	if (source->disk.block_size != destination->disk.block_size)
		return no(answer, "block-sizes-differ", "logical blocks of %u and %u bytes differ",
			  source->disk.block_size, destination->disk.block_size);
	if (misaligned(source) || misaligned(destination))
		return no(answer, NULL, "%s does not begin on a block of %u bytes",
			  misaligned(source) ? source->path : destination->path,
			  source->disk.block_size);
	return units ? units_fit(source, destination, answer) :
		       namespaces_fit(source, destination, answer);
}

static const char *how(bool units, bool same)
{
	if (units)
		return same ? "within the unit" : "between units";
	return same ? "within the namespace" : "between namespaces";
}

bool probe_pair(const struct probe_part *source, const struct probe_part *destination,
		struct probe_answer *answer)
{
	bool units = scsi_is_unit(&destination->disk);

	*answer = (struct probe_answer){ .driver = units ? "scsi" : "nvme" };
	answer->how = how(units, same_disk(source, destination));
	return part_fits(source, answer) && part_fits(destination, answer) &&
	       pair_fits(source, destination, answer);
}

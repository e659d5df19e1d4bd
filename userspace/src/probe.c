// SPDX-License-Identifier: GPL-2.0-only
#include "probe.h"

#include <string.h>

#include "memory.h"

static char *one_reason(const struct probe_part *part)
{
	if (!part->is_disk)
		return need_text("%s is neither a disk nor a partition (other device-mapper devices are not looked through)",
				 part->path);
	if (part->disk.zoned)
		return need_text("%s is zoned", part->path);
	if (part->disk.integrity)
		return need_text("%s has a protection or metadata format, which Copy would not carry",
				 part->path);
	if (strncmp(part->disk.parent_class, "nvme", 4))
		return need_text("%s is no NVMe namespace, and only NVMe Copy is known",
				 part->path);
	if (!part->answers)
		return need_text("%s does not answer identify commands", part->path);
	return NULL;
}

static bool misaligned(const struct probe_part *part)
{
	return (part->disk.start + part->offset) * 512 % part->disk.block_size;
}

static char *pair_reason(const struct probe_part *source, const struct probe_part *destination)
{
	bool same = source->disk.major == destination->disk.major &&
		    source->disk.minor == destination->disk.minor;

	if (source->disk.block_size != destination->disk.block_size)
		return need_text("logical blocks of %u and %u bytes differ",
				 source->disk.block_size, destination->disk.block_size);
	if (strcmp(source->disk.parent, destination->disk.parent))
		return need_text("they belong to different NVMe %s (%s, %s)",
				 strcmp(source->disk.parent_class, "nvme") ? "subsystems" :
				 "controllers", source->disk.parent, destination->disk.parent);
	if (misaligned(source) || misaligned(destination))
		return need_text("%s does not begin on a block of %u bytes",
				 misaligned(source) ? source->path : destination->path,
				 source->disk.block_size);
	if (!destination->nvme.copy || !destination->nvme.segment_blocks)
		return need_text("the controller of %s has no Copy command", destination->path);
	if (!same && !destination->nvme.format_2)
		return need_text("the controller of %s copies within one namespace only (no Copy Format 2h)",
				 destination->path);
	return NULL;
}

void probe_pair(const struct probe_part *source, const struct probe_part *destination,
		struct probe_answer *answer)
{
	bool same = source->disk.major == destination->disk.major &&
		    source->disk.minor == destination->disk.minor;

	*answer = (struct probe_answer){ .driver = "nvme" };
	answer->how = same ? "within the namespace" : "between namespaces";
	answer->reason = one_reason(source);
	if (!answer->reason)
		answer->reason = one_reason(destination);
	if (!answer->reason)
		answer->reason = pair_reason(source, destination);
}

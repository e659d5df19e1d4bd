// SPDX-License-Identifier: GPL-2.0-only
#include "content.h"

#include <blkid.h>
#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

static char *value(blkid_probe probe, const char *name)
{
	const char *text;

	return blkid_probe_lookup_value(probe, name, &text, NULL) ? NULL : need_copy(text);
}

static bool has(blkid_probe probe, const char *name)
{
	return !blkid_probe_lookup_value(probe, name, NULL, NULL);
}

/* It comes from the device, and some are copied as they are. */
static char *uuid(blkid_probe probe)
{
	char *text = value(probe, "UUID");

	for (const char *c = text; c && *c; c++)
		if (!isalnum((unsigned char)*c) && *c != '-') {
			free(text);
			return NULL;
		}
	return text;
}

static char *type(blkid_probe probe)
{
	char *found = value(probe, "TYPE");

	if (!found)
		found = value(probe, "PTTYPE");
	return found ? found : need_copy("something");
}

static bool is_file_system(blkid_probe probe)
{
	char *usage = value(probe, "USAGE");
	char *found = type(probe);
	size_t length = strlen(found);
	bool is = usage && !strcmp(usage, "filesystem");

	/* ZFS says that it is one */
	if (length > 7 && !strcmp(found + length - 7, "_member"))
		is = false;
	free(found);
	free(usage);
	return is;
}

static void probed_content(blkid_probe probe, struct content *content)
{
	blkid_probe_enable_superblocks(probe, 1);
	blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_TYPE | BLKID_SUBLKS_UUID |
					  BLKID_SUBLKS_LABEL | BLKID_SUBLKS_USAGE);
	blkid_probe_enable_partitions(probe, 1);
	switch (blkid_do_safeprobe(probe)) {
	case 1:
		break;
	case 0:
		content->type = type(probe);
		content->is_file_system = is_file_system(probe);
		content->has_partitions = has(probe, "PTTYPE");
		content->uuid = uuid(probe);
		content->label = value(probe, "LABEL");
		content->shares_journal = has(probe, "EXT_JOURNAL");
		break;
	case -2:
		content->type = need_copy("signatures of several kinds");
		break;
	default:
		content->type = need_copy("what libblkid cannot read");
	}
}

bool content_look(const char *path, struct content *content)
{
	blkid_probe probe = blkid_new_probe_from_filename(path);

	*content = (struct content){ 0 };
	if (!probe)
		return false;
	probed_content(probe, content);
	blkid_free_probe(probe);
	return true;
}

void content_free(struct content *content)
{
	free(content->type);
	free(content->uuid);
	free(content->label);
	*content = (struct content){ 0 };
}

char *content_find(const char *path)
{
	struct content content;

	if (!content_look(path, &content))
		return need_copy("what libblkid cannot open");
	free(content.uuid);
	free(content.label);
	return content.type;
}

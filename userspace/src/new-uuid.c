// SPDX-License-Identifier: GPL-2.0-only
#include "new-uuid.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "change.h"
#include "memory.h"
#include "message.h"
#include "run.h"

/* The device's name comes behind the words. */
struct program {
	const char *words[4];
	int may_return;		/* besides 0, and still be well */
	const char *must_print[2];	/* or NULL */
};

#define E2FSCK { .words = { "e2fsck", "-f", "-p" }, .may_return = 1 }

/*
 * tune2fs changes only what was checked since it was mounted.  btrfstune -m changes superblocks
 * alone; where a file system has several devices, it would change those that the source has too,
 * and a log that is to be replayed does not fit any more behind it.
 */
static const struct kind {
	const char *type;
	const char *package;
	struct program programs[2];
} kinds[] = {
	{ "ext2", "e2fsprogs", { E2FSCK, { .words = { "tune2fs", "-U", "random" } } } },
	{ "ext3", "e2fsprogs", { E2FSCK, { .words = { "tune2fs", "-U", "random" } } } },
	{ "ext4", "e2fsprogs", { E2FSCK, { .words = { "tune2fs", "-U", "random" } } } },
	{ "xfs", "xfsprogs", { { .words = { "xfs_admin", "-U", "generate" } } } },
	{ "btrfs", "btrfs-progs", { { .words = { "btrfs", "inspect-internal", "dump-super" },
				      .must_print = { "\nnum_devices\t\t1\n", "\nlog_root\t\t0\n" } },
				    { .words = { "btrfstune", "-m" } } } },
	{ "LVM2_member", "lvm2", { { .words = { "lvm", "vgimportclone" } } } },
};

static const struct kind *kind_of(const char *type)
{
	for (size_t i = 0; type && i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strcmp(kinds[i].type, type))
			return &kinds[i];
	return NULL;
}

const char *new_uuid_reason(const char *type)
{
	if (!type)
		return "there is nothing on it that has a UUID";
	return kind_of(type) ? NULL : "this is done for ext2, ext3, ext4, xfs, btrfs and LVM's physical volumes";
}

const char *same_uuid_advice(const char *type)
{
	if (!strcmp(type, "xfs"))
		return "mount it by its device, with -o nouuid while the other is mounted";
	if (!strcmp(type, "btrfs"))
		return "do not mount it while the other is there, which btrfs would take for it";
	if (!strcmp(type, "LVM2_member"))
		return "do not activate its volume group, of which there are two";
	return "mount it by its device, as there are two of that UUID";
}

/* What a program said, in one line: the last of its errors, or of its output. */
static char *last_words(const struct run_result *result)
{
	char *text = need_copy(*result->errors ? result->errors : result->output), *line;

	for (size_t end = strlen(text); end && strchr("\n \t", text[end - 1]); end--)
		text[end - 1] = 0;
	line = strrchr(text, '\n');
	line = need_copy(line ? line + 1 : text);
	free(text);
	return line;
}

static int judge(const struct kind *kind, const struct program *program, const struct run_result *result)
{
	char *words;

	if (result->status == 127)
		return fail(EXIT_FAILED, "--new-uuid: cannot run %s: install %s", program->words[0],
			    kind->package);
	if (program->must_print[0] && !result->status && !strstr(result->output, program->must_print[0]))
		return fail(EXIT_FAILED, "--new-uuid: this is one device of a btrfs of several: the others, which are the source's too, would be changed with it");
	if (program->must_print[1] && !result->status && !strstr(result->output, program->must_print[1]))
		return fail(EXIT_FAILED, "--new-uuid: the btrfs has a log, which btrfstune would spoil: mount the source, and unmount it");
	if (!result->status || result->status == program->may_return)
		return 0;
	words = last_words(result);
	fail(EXIT_FAILED, "--new-uuid: %s: %s", program->words[0], *words ? words : "failed");
	free(words);
	return EXIT_FAILED;
}

static int run_program(const struct kind *kind, const struct program *program, const char *device)
{
	struct arguments arguments = { 0 };
	struct run_result result;
	char *text;
	int code = 0;

	for (size_t i = 0; i < 4 && program->words[i]; i++)
		arguments_add(&arguments, "%s", program->words[i]);
	arguments_add(&arguments, "%s", device);
	text = arguments_text(&arguments);
	if (!would("%s", text)) {
		change_point(text);
		detail("%s", text);
		run(&arguments, &result);
		code = judge(kind, program, &result);
		run_result_free(&result);
	}
	free(text);
	arguments_free(&arguments);
	return code;
}

/* Some of the programs return 0 when they refuse. */
static int check_changed(const char *device, const struct content *source)
{
	struct content now;
	int code = 0;

	content_look(device, &now);
	if (!now.type || strcmp(now.type, source->type))
		code = fail(EXIT_FAILED, "--new-uuid: %s held %s, and holds %s now", device,
			    source->type, now.type ? now.type : "nothing");
	else if (!now.uuid || (source->uuid && !strcmp(now.uuid, source->uuid)))
		code = fail(EXIT_FAILED, "--new-uuid: the %s on %s still has the UUID of its source: was the source's unmounted in a clean way?",
			    source->type, device);
	else
		detail("the UUID of %s is %s now", device, now.uuid);
	content_free(&now);
	return code;
}

int new_uuid(const char *device, const struct content *source)
{
	const struct kind *kind = kind_of(source->type);
	int code = 0;

	for (size_t i = 0; !code && i < 2 && kind->programs[i].words[0]; i++)
		code = run_program(kind, &kind->programs[i], device);
	return code || message_dry_run ? code : check_changed(device, source);
}

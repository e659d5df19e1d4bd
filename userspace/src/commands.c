// SPDX-License-Identifier: GPL-2.0-only
/* The command table, and what is made from it: help and bash completion. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "message.h"

const struct option_spec common_options[] = {
	{ "verbose", 'v', NULL, "say each command that is run", false },
	{ "quiet", 'q', NULL, "say nothing but errors", false },
	{ "dry-run", 'n', NULL, "print every command and table, change nothing", false },
	{ "help", 'h', NULL, "help for this command", false },
	{ "die-at", 0, "CHANGE", "for tests (change.h)", true },
	{ NULL, 0, NULL, NULL, false }
};

static const struct option_spec clone_options[] = {
	{ "pv", 0, "DEVICE", "put the destination on this physical volume; may be repeated", false },
	{ "metadata", 0, "VG[/LV]", "for a destination that is a device: where the metadata go", false },
	{ "size", 0, "SIZE", "size of the destination, if more than the source's", false },
	{ "alloc", 0, "POLICY", "how LVM allocates it: normal, contiguous, cling, anywhere, tail", false },
	{ "name", 0, "NAME", "the clone's device below /dev/mapper (xcopy-VG-DST)", false },
	{ "keep-device", 0, NULL, "keep the device's name after the end, until \"release\"", false },
	{ "region-size", 0, "SIZE", "unit of bookkeeping (64K, more above 1 TiB)", false },
	{ "rate", 0, "SIZE", "at most so many bytes per second (no limit)", false },
	{ "floor", 0, "SIZE", "bytes per second while the clone is in use (16M)", false },
	{ "verify", 0, "first|N|all", "commands of the storage to verify (first)", false },
	{ "driver", 0, "auto|nvme|scsi|host", "who copies (auto)", false },
	{ "id-usage", 0, "WORD", "SCSI: LIST ID USAGE: hold, discard or disable (disable)", false },
	{ "trim", 0, NULL, "have its file system say what is free, which then is not copied", false },
	{ "new-uuid", 0, NULL, "give its file system another UUID than the source's has", false },
	{ "no-hydration", 0, NULL, "do not fill the destination before \"resume\"", false },
	{ "force", 0, NULL, "the source is open, and sure not to be written to; or the device holds something", false },
	{ "keep-on-failure", 0, NULL, "do not undo what was made when something fails", false },
	{ "wait", 0, NULL, "return when the clone is complete", false },
	{ "json", 0, NULL, "print the result as JSON", false },
	{ "fail-before", 0, "STEP", "for tests", true },
	{ NULL, 0, NULL, NULL, false }
};

static const struct option_spec json_options[] = {
	{ "json", 0, NULL, "print JSON", false },
	{ NULL, 0, NULL, NULL, false }
};

static const struct option_spec status_options[] = {
	{ "json", 0, NULL, "print JSON", false },
	{ "watch", 0, NULL, "go on showing those that are being filled", false },
	{ NULL, 0, NULL, NULL, false }
};

static const struct option_spec wait_options[] = {
	{ "timeout", 0, "SECONDS", "give up after so long (0: never)", false },
	{ NULL, 0, NULL, NULL, false }
};

static const struct option_spec finish_options[] = {
	{ "timeout", 0, "SECONDS", "give up after so long (0: never)", false },
	{ "force", 0, NULL, "the source was written to, or made writeable, and that does not matter", false },
	{ NULL, 0, NULL, NULL, false }
};

static const struct option_spec waiter_options[] = {
	{ "daemon", 0, NULL, "go into the background, log to syslog", false },
	{ NULL, 0, NULL, NULL, false }
};

static const struct option_spec activate_options[] = {
	{ "all", 0, NULL, "every job that LVM's tags record", false },
	{ NULL, 0, NULL, NULL, false }
};

static const struct option_spec format_options[] = {
	{ "size", 0, "SIZE", "length of the clone", false },
	{ "for", 0, "DEVICE", "as long as this device", false },
	{ "region-size", 0, "SIZE", "region size of the table line (by size)", false },
	{ "force", 0, NULL, "even if the device holds something", false },
	{ NULL, 0, NULL, NULL, false }
};

#define ROOT COMMAND_ROOT
#define DRY (COMMAND_ROOT | COMMAND_DRY_RUN)

const struct command commands[] = {
	{ "clone", "SRC [VG/]DST|DEVICE", 2, 2, DRY | COMMAND_PROCESSES, clone_options, command_clone,
	  "make a writable clone of a logical volume or a device, usable at once" },
	{ "status", "[CLONE]", 0, 1, ROOT, status_options, command_status,
	  "show all clones, or one in detail" },
	{ "list", "", 0, 0, ROOT, NULL, command_list,
	  "the destinations of all clones, one a line, for scripts" },
	{ "wait", "CLONE", 1, 1, ROOT, wait_options, command_wait,
	  "wait until a clone is complete and has become a linear device" },
	{ "finish", "CLONE", 1, 1, DRY, finish_options, command_finish,
	  "let it fill, then swap to linear and clean up" },
	{ "cancel", "CLONE", 1, 1, DRY, NULL, command_cancel,
	  "remove an unfinished clone and its destination" },
	{ "release", "CLONE", 1, 1, DRY, NULL, command_release,
	  "remove the device of a complete clone; the volume stays" },
	{ "set", "CLONE KEY VALUE", 3, 3, DRY, NULL, command_set,
	  "change a setting, now and for later activations" },
	{ "pause", "CLONE", 1, 1, DRY, NULL, command_pause, "stop filling the destination" },
	{ "resume", "CLONE", 1, 1, DRY, NULL, command_resume, "go on filling it" },
	{ "activate", "[CLONE]", 0, 1, DRY | COMMAND_PROCESSES, activate_options, command_activate,
	  "go on with jobs after a reboot" },
	{ "probe", "SRC DST", 2, 2, ROOT | COMMAND_RAW_IO, json_options, command_probe,
	  "can the storage copy from SRC to DST, and if not, why" },
	{ "metadata format", "DEVICE", 1, 1, COMMAND_DRY_RUN, format_options,
	  command_metadata_format, "prepare a metadata device for a hand-written table" },
	{ "metadata dump", "DEVICE", 1, 1, 0, json_options, command_metadata_dump,
	  "show what a metadata device says" },
	{ "metadata check", "DEVICE", 1, 1, 0, NULL, command_metadata_check,
	  "check every block of a metadata device" },
	{ "metadata rebind", "DEVICE", 1, 1, COMMAND_DRY_RUN, NULL, command_metadata_rebind,
	  "forget which source and destination it belongs to" },
	{ "help", "[COMMAND]", 0, 2, 0, NULL, command_help, "this" },
	{ "waiter", "CLONE", 1, 1, ROOT | COMMAND_HIDDEN, waiter_options, command_waiter,
	  "what the service xcopysetup@.service runs" },
	{ NULL, NULL, 0, 0, 0, NULL, NULL, NULL }
};

static bool is_offered(const struct option_spec *spec, const struct command *command)
{
	return !spec->hidden && (strcmp(spec->name, "dry-run") || !command ||
				 command->flags & COMMAND_DRY_RUN);
}

static void print_options(const struct option_spec *specs, const struct command *command)
{
	char left[64];

	for (; specs && specs->name; specs++) {
		if (!is_offered(specs, command))
			continue;
		snprintf(left, sizeof(left), "%c%c%s--%s%s%s", specs->letter ? '-' : ' ',
			 specs->letter ? specs->letter : ' ', specs->letter ? ", " : "  ",
			 specs->name, specs->value ? " " : "", specs->value ? specs->value : "");
		printf("  %-28s %s\n", left, specs->help);
	}
}

void print_help(const struct command *command)
{
	if (command) {
		printf("xcopysetup %s %s\n    %s\n\n", command->name, command->arguments,
		       command->help);
		print_options(command->options, command);
		print_options(common_options, command);
		return;
	}
	printf("xcopysetup: clones of logical volumes that the storage copies (dm-xcopy)\n\n");
	for (command = commands; command->name; command++) {
		char left[64];

		if (command->flags & COMMAND_HIDDEN)
			continue;
		snprintf(left, sizeof(left), "%s %s", command->name, command->arguments);
		printf("  %-28s %s\n", left, command->help);
	}
	printf("\nOptions of all commands:\n");
	print_options(common_options, NULL);
	printf("\nCLONE is the destination (VG/DST, or a device) or the clone's device. See xcopysetup(8).\n");
}

int command_help(const struct invocation *invocation)
{
	char name[64] = "";

	for (size_t i = 0; i < invocation->nr_arguments; i++)
		snprintf(name + strlen(name), sizeof(name) - strlen(name), "%s%s", i ? " " : "",
			 invocation->arguments[i]);
	if (!*name)
		return print_help(NULL), 0;
	for (const struct command *command = commands; command->name; command++)
		if (!strcmp(command->name, name))
			return print_help(command), 0;
	return fail(EXIT_USAGE, "there is no command \"%s\"; \"xcopysetup help\" lists them", name);
}

static void print_names(const struct option_spec *specs, const struct command *command)
{
	for (; specs && specs->name; specs++)
		if (is_offered(specs, command))
			printf(" --%s", specs->name);
}

/* A bash completion function with everything in it: it runs no program that needs root. */
void print_completion(void)
{
	printf("# bash completion for xcopysetup, printed by \"xcopysetup --completion\"\n"
	       "_xcopysetup()\n{\n"
	       "\tlocal word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} words=\n"
	       "\t[ \"$command\" = metadata ] && [ \"$COMP_CWORD\" -gt 2 ] && command=\"metadata ${COMP_WORDS[2]}\"\n"
	       "\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n\t\twords='");
	for (const struct command *command = commands; command->name; command++)
		if (!(command->flags & COMMAND_HIDDEN) && !strchr(command->name, ' '))
			printf("%s ", command->name);
	printf("metadata'\n\telse\n\t\tcase $command in\n\t\tmetadata) words='");
	for (const struct command *command = commands; command->name; command++)
		if (strchr(command->name, ' '))
			printf("%s ", strchr(command->name, ' ') + 1);
	printf("' ;;\n");
	for (const struct command *command = commands; command->name; command++) {
		if (command->flags & COMMAND_HIDDEN)
			continue;
		printf("\t\t\"%s\") words='", command->name);
		print_names(command->options, command);
		print_names(common_options, command);
		printf("' ;;\n");
	}
	printf("\t\tesac\n\tfi\n"
	       "\t[[ $word == -* || $COMP_CWORD -eq 1 || $command == metadata ]] || { compopt -o default; COMPREPLY=(); return; }\n"
	       "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n}\n"
	       "complete -F _xcopysetup xcopysetup\n");
}

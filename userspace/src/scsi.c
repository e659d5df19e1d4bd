// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's copier decides; this is to show on what it does. What devices answer is
 * decoded by the kernel's own functions (dm-xcopy/scsi-command.c), which trust no length.
 */
#include "scsi.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memory.h"
#include "scsi-ask.h"

#define SCSI_DEVICES	"/sys/class/scsi_device"
#define INQUIRY		0x12
#define PAGE_SIZE	252
/* Of the kernel's copy of the Device Identification page; more has never been seen. */
#define PAGE_83_SIZE	4096

bool scsi_is_unit(const struct disk *disk)
{
	return !strcmp(disk->parent_class, "scsi") || !strcmp(disk->parent_class, "multipath");
}

/* ---- identities ---- */

static const char *prefix_of(const struct xcopy_scsi_identity *identity)
{
	switch (identity->type) {
	case 3:
		return "naa.";
	case 2:
		return "eui.";
	case 8:
		return "name.";
	default:
		return "t10.";
	}
}

static bool is_binary(const struct xcopy_scsi_identity *identity)
{
	return identity->code_set == 1;
}

void scsi_name(const struct xcopy_scsi_identity *identity, char *text)
{
	text += sprintf(text, "%s", prefix_of(identity));
	for (unsigned int i = 0; i < identity->length; i++) {
		uint8_t byte = identity->designator[i];

		if (is_binary(identity))
			text += sprintf(text, "%02x", byte);
		else if (byte)
			*text++ = isgraph(byte) ? byte : '_';
	}
	*text = 0;
}

/* ---- small files of sysfs ---- */

static size_t read_file(const char *directory, const char *name, void *data, size_t size)
{
	char *path = need_text("%s/%s", directory, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = -1;

	free(path);
	if (fd < 0)
		return 0;
	length = read(fd, data, size);
	close(fd);
	return length < 0 ? 0 : length;
}

static void read_word(const char *directory, const char *name, char *text, size_t size)
{
	size_t length = read_file(directory, name, text, size - 1);

	text[length] = 0;
	text[strcspn(text, "\n")] = 0;
}

/* ---- paths ---- */

static void find_disk(const char *directory, struct scsi_path *path)
{
	char *name = need_text("%s/block", directory);
	DIR *block = opendir(name);
	struct dirent *entry;

	free(name);
	while (block && (entry = readdir(block)))
		if (*entry->d_name != '.')
			snprintf(path->disk, sizeof(path->disk), "%.31s", entry->d_name);
	if (block)
		closedir(block);
}

static void add_path(struct scsi_unit *unit, const char *address, const char *directory)
{
	struct scsi_path path = { 0 };

	snprintf(path.address, sizeof(path.address), "%.31s", address);
	read_word(directory, "state", path.state, sizeof(path.state));
	read_word(directory, "access_state", path.access, sizeof(path.access));
	read_word(directory, "preferred_path", path.preferred, sizeof(path.preferred));
	find_disk(directory, &path);
	unit->paths = need_more(unit->paths, unit->nr_paths + 1, sizeof(path));
	unit->paths[unit->nr_paths++] = path;
}

/* The kernel's directory of paths has disks only, too. */
static bool is_direct_access(const char *directory)
{
	char type[8];

	read_word(directory, "type", type, sizeof(type));
	return !strcmp(type, "0");
}

static void look_at(struct scsi_unit *unit, const char *address)
{
	char *directory = need_text(SCSI_DEVICES "/%s/device", address);
	uint8_t page[PAGE_83_SIZE];
	size_t length = read_file(directory, "vpd_pg83", page, sizeof(page));

	if (is_direct_access(directory) && xcopy_scsi_has_identity(page, length, &unit->identity))
		add_path(unit, address, directory);
	free(directory);
}

static int no_dots(const struct dirent *entry)
{
	return *entry->d_name != '.';
}

static void find_paths(struct scsi_unit *unit)
{
	struct dirent **entries;
	int count = scandir(SCSI_DEVICES, &entries, no_dots, versionsort);

	for (int i = 0; i < count; i++) {
		look_at(unit, entries[i]->d_name);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

#define USELESS	100U

static bool is_running(const struct scsi_path *path)
{
	return !strcmp(path->state, "running");
}

/* Less is better, as dm-xcopy/scsi-path.c has it; "" is what nothing knows of. */
static unsigned int rank(const struct scsi_path *path)
{
	static const char *const usable[] = {
		"", "active/optimized", "active/non-optimized", "lba-dependent",
	};

	for (size_t i = 0; i < sizeof(usable) / sizeof(*usable); i++)
		if (is_running(path) && !strcmp(path->access, usable[i]))
			return i;
	return USELESS;
}

const struct scsi_path *scsi_best_path(const struct scsi_unit *unit)
{
	const struct scsi_path *best = NULL;
	unsigned int best_rank = USELESS;

	for (size_t i = 0; i < unit->nr_paths; i++) {
		if (rank(&unit->paths[i]) >= best_rank)
			continue;
		best = &unit->paths[i];
		best_rank = rank(best);
	}
	return best;
}

static bool has_path(const struct scsi_unit *unit, const char *address)
{
	for (size_t i = 0; i < unit->nr_paths; i++)
		if (!strcmp(unit->paths[i].address, address))
			return true;
	return false;
}

bool scsi_same_unit(const struct scsi_unit *a, const struct scsi_unit *b)
{
	for (size_t i = 0; i < a->nr_paths; i++)
		if (has_path(b, a->paths[i].address))
			return true;
	return false;
}

/* ---- what it says ---- */

static void copy_text(char *to, const uint8_t *from, size_t size)
{
	memcpy(to, from, size);
	to[size] = 0;
	for (size_t i = 0; i < size; i++)
		if (!isprint((unsigned char)to[i]))
			to[i] = to[i] ? '?' : ' ';
	while (size && to[size - 1] == ' ')
		to[--size] = 0;
}

void scsi_decode_inquiry(const uint8_t *data, size_t length, struct scsi_unit *unit)
{
	if (length < 36)
		return;
	unit->third_party = data[5] & 0x08;
	copy_text(unit->vendor, data + 8, 8);
	copy_text(unit->product, data + 16, 16);
	copy_text(unit->revision, data + 32, 4);
}

static void inquire(int fd, struct scsi_unit *unit)
{
	uint8_t data[PAGE_SIZE], cdb[6] = { INQUIRY, 0, 0, 0, sizeof(data), 0 };
	const struct scsi_question question = { cdb, sizeof(cdb), data, sizeof(data) };
	size_t length;

	scsi_ask(fd, &question, &length);
	scsi_decode_inquiry(data, length, unit);
}

static void ask_parameters(int fd, struct scsi_unit *unit)
{
	uint8_t data[XCOPY_SCSI_PARAMETERS_SIZE], cdb[XCOPY_SCSI_CDB_SIZE];
	const struct scsi_question question = { cdb, sizeof(cdb), data, sizeof(data) };
	size_t length;

	xcopy_scsi_ask_limits(cdb, sizeof(data));
	unit->no_parameters = scsi_ask(fd, &question, &length);
	if (unit->no_parameters)
		return;
	unit->limits_from = SCSI_LIMITS_PARAMETERS;
	unit->refused = xcopy_scsi_parse_parameters(data, length, &unit->limits);
}

/* What it says counts only where there are no operating parameters: so does the kernel. */
static void ask_page(int fd, struct scsi_unit *unit)
{
	uint8_t data[PAGE_SIZE];
	uint8_t cdb[6] = { INQUIRY, 1, XCOPY_SCSI_VPD_THIRD_PARTY_COPY, 0, sizeof(data), 0 };
	const struct scsi_question question = { cdb, sizeof(cdb), data, sizeof(data) };
	struct xcopy_scsi_limits limits;
	size_t length;

	if (scsi_ask(fd, &question, &length) || length < 4 || data[1] != XCOPY_SCSI_VPD_THIRD_PARTY_COPY)
		return;
	unit->third_party_page = true;
	if (unit->limits_from || !xcopy_scsi_parse_third_party(data, length, &limits))
		return;
	unit->limits_from = SCSI_LIMITS_PAGE;
	unit->limits = limits;
}

/* A path in standby answers some of it, at least. */
static const struct scsi_path *path_to_ask(const struct scsi_unit *unit)
{
	const struct scsi_path *best = scsi_best_path(unit);

	if (!unit->paths || (best && *best->disk))
		return best;
	for (size_t i = 0; i < unit->nr_paths; i++)
		if (is_running(&unit->paths[i]) && *unit->paths[i].disk)
			return &unit->paths[i];
	return NULL;
}

static int open_disk(const char *name)
{
	char *directory = need_text("/sys/class/block/%s", name), text[32];
	unsigned int major, minor;

	read_word(directory, "dev", text, sizeof(text));
	free(directory);
	if (sscanf(text, "%u:%u", &major, &minor) != 2)
		return -1;
	return device_open(major, minor, O_RDONLY | O_NONBLOCK);
}

static void ask_unit(struct scsi_unit *unit)
{
	const struct scsi_path *path = path_to_ask(unit);
	int fd = path ? open_disk(path->disk) : -1;

	unit->no_parameters = "no-answer";
	if (fd < 0)
		return;
	inquire(fd, unit);
	ask_parameters(fd, unit);
	ask_page(fd, unit);
	close(fd);
}

static bool identify(const struct disk *disk, struct xcopy_scsi_identity *identity)
{
	uint8_t page[PAGE_83_SIZE];

	if (!strcmp(disk->parent_class, "multipath"))
		return xcopy_scsi_wwid(disk->uuid, identity);
	return xcopy_scsi_identify(page, read_file(disk->parent, "vpd_pg83", page, sizeof(page)), identity);
}

void scsi_identify(const struct disk *disk, struct scsi_unit *unit)
{
	*unit = (struct scsi_unit){ 0 };
	unit->has_identity = identify(disk, &unit->identity);
	if (!unit->has_identity)
		return;
	find_paths(unit);
	ask_unit(unit);
}

void scsi_unit_free(struct scsi_unit *unit)
{
	free(unit->paths);
	*unit = (struct scsi_unit){ 0 };
}

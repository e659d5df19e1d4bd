// SPDX-License-Identifier: GPL-2.0-only
/*
 * A target without libFuzzer: each file of its corpus, and then RUNS inputs that are like
 * them, the same in each run.  The arguments are directories of files, and files.  A
 * target that finds something ends the program; the input is then in the file that is
 * named before.
 */
#include <dirent.h>
#include <limits.h>

#include "fuzz.h"

#define LONGEST		16384
#define MAX_FILES	1024

#ifndef RUNS
#define RUNS		2000
#endif

struct file {
	uint8_t *data;
	size_t size;
};

static struct file files[MAX_FILES];
static size_t nr_files;
static uint64_t seed = 88172645463325252ULL;

static size_t below(size_t limit)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return limit ? (seed >> 16) % limit : 0;
}

static void add_file(const char *path)
{
	FILE *stream = fopen(path, "rb");
	struct file *file = &files[nr_files++];

	if (!stream || nr_files == MAX_FILES) {
		fprintf(stderr, "cannot read %s\n", path);
		exit(2);
	}
	file->data = malloc(LONGEST);
	must(file->data);
	file->size = fread(file->data, 1, LONGEST, stream);
	fclose(stream);
}

/* In an order that does not depend on the file system. */
static void add_directory(const char *path)
{
	struct dirent **entries;
	char name[PATH_MAX];
	int i, nr = scandir(path, &entries, NULL, alphasort);

	for (i = 0; i < nr; i++) {
		snprintf(name, sizeof(name), "%s/%s", path, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.')
			add_file(name);
		free(entries[i]);
	}
	if (nr < 0)
		add_file(path);
	else
		free(entries);
}

/* From an exact allocation, so that ASan sees what is read behind it. */
static void test(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size);

	must(copy || !size);
	if (size)
		memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static size_t insert(uint8_t *data, size_t size, const uint8_t *what, size_t length)
{
	size_t at = below(size + 1);

	if (length > LONGEST - size)
		return size;
	memmove(data + at + length, data + at, size - at);
	memcpy(data + at, what, length);
	return size + length;
}

static size_t erase(uint8_t *data, size_t size)
{
	size_t at = below(size), length = below(below(2) ? size - at + 1 : 8);

	if (length > size - at)
		length = size - at;
	memmove(data + at, data + at + length, size - at - length);
	return size - length;
}

static size_t mutate(uint8_t *data, size_t size)
{
	static const uint8_t odd[] = { 0, 1, 0x7f, 0x80, 0xff, '-', '/', ' ', '"', '9', '\n' };
	const struct file *other = &files[below(nr_files)];
	size_t from = below(other->size);
	uint8_t byte = below(2) ? odd[below(sizeof(odd))] : below(256);

	if (!size)
		return insert(data, size, &byte, 1);
	switch (below(5)) {
	case 0:
		data[below(size)] ^= 1 << below(8);
		return size;
	case 1:
		data[below(size)] = byte;
		return size;
	case 2:
		return insert(data, size, &byte, 1);
	case 3:
		return insert(data, size, other->data + from, below(other->size - from + 1));
	default:
		return erase(data, size);
	}
}

static void run_mutant(void)
{
	static uint8_t data[LONGEST];
	const struct file *file = &files[below(nr_files)];
	size_t size = file->size, i;

	memcpy(data, file->data, size);
	for (i = 1 + below(4); i; i--)
		size = mutate(data, size);
	test(data, size);
}

int main(int argc, char **argv)
{
	size_t i;
	int arg;

	for (arg = 1; arg < argc; arg++)
		add_directory(argv[arg]);
	if (!nr_files) {
		printf("not ok 1 - %s: no corpus\n", argv[0]);
		return 1;
	}
	for (i = 0; i < nr_files; i++)
		test(files[i].data, files[i].size);
	for (i = 0; i < RUNS; i++)
		run_mutant();
	printf("ok 1 - %zu files, and %d inputs that are like them\n", nr_files, RUNS);
	for (i = 0; i < nr_files; i++)
		free(files[i].data);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/* Self-describing sectors: a header, a body that follows from it, and a sum over both. */
#include <inttypes.h>
#include <string.h>

#include "oracle.h"

#define WORDS	(SECTOR / sizeof(uint64_t))

enum { WORD_TAG, WORD_SEED, WORD_SECTOR, WORD_GENERATION, WORD_BODY };

static const uint64_t magics[] = {
	[TAG_SOURCE] = 0x3143525359504358,	/* "XCPYSRC1" */
	[TAG_DATA]   = 0x3154414459504358,	/* "XCPYDAT1" */
	[TAG_POISON] = 0x31494f5059504358,	/* "XCPYPOI1" */
};

/* The finalizer of splitmix64: every bit of the input changes half of the output. */
uint64_t mix(uint64_t value)
{
	value += 0x9e3779b97f4a7c15;
	value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
	value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
	return value ^ (value >> 31);
}

static void fill_words(uint64_t *words, uint64_t magic, const struct content *content)
{
	uint64_t state = magic ^ mix(content->seed) ^ mix(content->sector + mix(content->generation));
	unsigned int i;

	words[WORD_TAG] = magic;
	words[WORD_SEED] = content->seed;
	words[WORD_SECTOR] = content->sector;
	words[WORD_GENERATION] = content->generation;
	for (i = WORD_BODY; i < WORDS; i++) {
		/* A multiplication a word: emulated guests are slow enough. */
		state = state * 6364136223846793005 + 1442695040888963407;
		words[i] = state;
	}
}

void sector_fill(void *buffer, const struct content *content)
{
	if (content->tag == TAG_ZERO)
		memset(buffer, 0, SECTOR);
	else
		fill_words(buffer, magics[content->tag], content);
}

void sectors_fill(void *buffer, struct content first, uint64_t count)
{
	char *at = buffer;

	for (; count; count--, first.sector++, at += SECTOR)
		sector_fill(at, &first);
}

static bool all_zero(const uint64_t *words)
{
	unsigned int i;

	for (i = 0; i < WORDS; i++)
		if (words[i])
			return false;
	return true;
}

static enum tag tag_of(uint64_t magic)
{
	enum tag tag;

	for (tag = TAG_SOURCE; tag <= TAG_POISON; tag++)
		if (magics[tag] == magic)
			return tag;
	return TAG_FOREIGN;
}

struct content sector_parse(const void *buffer)
{
	const uint64_t *words = buffer;
	struct content content = { .tag = tag_of(words[WORD_TAG]) };
	uint64_t wanted[WORDS];

	if (content.tag == TAG_FOREIGN) {
		content.tag = all_zero(words) ? TAG_ZERO : TAG_FOREIGN;
		return content;
	}
	content.seed = words[WORD_SEED];
	content.sector = words[WORD_SECTOR];
	content.generation = words[WORD_GENERATION];
	fill_words(wanted, words[WORD_TAG], &content);
	if (memcmp(wanted, words, SECTOR))
		content.tag = TAG_DAMAGED;
	return content;
}

static void print_bytes(FILE *out, const unsigned char *bytes)
{
	unsigned int i;

	fprintf(out, "foreign bytes");
	for (i = 0; i < 16; i++)
		fprintf(out, " %02x", bytes[i]);
	fprintf(out, " ...");
}

void content_print(FILE *out, const struct content *content, const void *buffer)
{
	static const char * const names[] = {
		[TAG_SOURCE] = "source", [TAG_DATA] = "data", [TAG_POISON] = "poison",
		[TAG_DAMAGED] = "damaged",
	};

	if (content->tag == TAG_ZERO)
		fprintf(out, "zeroes");
	else if (content->tag == TAG_FOREIGN)
		print_bytes(out, buffer);
	else
		fprintf(out, "%s of sector %" PRIu64 " generation %" PRIu64 " seed %" PRIu64,
			names[content->tag], content->sector, content->generation, content->seed);
}

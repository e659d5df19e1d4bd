/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the targets share.  Each is a function that libFuzzer calls with any bytes at all,
 * or that driver.c calls with the corpus and what is like it.
 */
#ifndef XCOPY_FUZZ_H
#define XCOPY_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What has to hold whatever the input is. */
#define must(condition) do { \
	if (!(condition)) { \
		fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
		abort(); \
	} \
} while (0)

/* What is left of the input. */
struct input {
	const uint8_t *data;
	size_t size;
};

/* @size bytes as a little-endian number; those that the input lacks are 0. */
static inline uint64_t take(struct input *input, unsigned int size)
{
	uint64_t number = 0;
	unsigned int i;

	for (i = 0; i < size && input->size; i++, input->data++, input->size--)
		number |= (uint64_t)*input->data << 8 * i;
	return number;
}

/* All that is left, as text up to its first NUL; to be freed. */
static inline char *take_text(struct input *input)
{
	char *text = malloc(input->size + 1);

	must(text);
	if (input->size)
		memcpy(text, input->data, input->size);
	text[input->size] = 0;
	input->data += input->size;
	input->size = 0;
	return text;
}

#endif /* XCOPY_FUZZ_H */

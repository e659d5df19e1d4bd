// SPDX-License-Identifier: GPL-2.0-only
/* The text of a VG's metadata. */
#include "fuzz.h"
#include "lvm-text.h"

#define UUID "LVM-11111122223333444455556666777777AAAAAA22223333444455556666777777"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	char *metadata = take_text(&input);
	struct lvm_text text;

	if (lvm_text_parse(metadata, UUID, &text) == LVM_TEXT_FOUND) {
		must(name_is_valid(text.vg));
		must(!strncmp(metadata, text.vg, strlen(text.vg)));
	}
	must(lvm_text_parse(metadata, "LVM-", &text) == LVM_TEXT_BAD);
	free(metadata);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/* Names, sizes, and other short texts that xcopysetup takes from users, tags and logs. */
#include "fuzz.h"
#include "kernel-log.h"
#include "names.h"
#include "sizes.h"

static void check_name(const struct lv_name *name)
{
	char dm_name[2 * 2 * LVM_NAME_MAX + 2], short_name[40];
	struct lv_name back;

	must(name_is_valid(name->vg) && name_is_valid(name->lv));
	must(!strpbrk(name->vg, "/ \n\"'$`\\;|&") && !strpbrk(name->lv, "/ \n\"'$`\\;|&"));
	must(name_dm_join(name, dm_name, sizeof(dm_name)));
	must(name_dm_split(dm_name, &back));
	must(!strcmp(back.vg, name->vg) && !strcmp(back.lv, name->lv));
	if (name_dm_join(name, short_name, sizeof(short_name)))
		must(!strcmp(short_name, dm_name));
	if (name_clone(name, short_name, sizeof(short_name)))
		must(!strcmp(short_name + strlen("xcopy-"), dm_name));
}

static void check_parse(const char *text)
{
	struct lv_name name, split;

	if (!name_parse_lv(text, "vg", &name))
		check_name(&name);
	if (!name_parse_lv(text, NULL, &name))
		check_name(&name);
	if (name_dm_split(text, &split))
		must(strlen(split.vg) <= LVM_NAME_MAX && strlen(split.lv) <= LVM_NAME_MAX);
}

static void check_uuid(const char *text)
{
	char uuid[69];

	name_dm_uuid(text, text, uuid);
	must(strlen(uuid) <= 68 && !strncmp(uuid, "LVM-", 4));
	name_dm_uuid("", text, uuid);
	must(strlen(uuid) <= 68);
}

static void check_numbers(const char *text)
{
	uint64_t number, bytes, again;
	char printed[32];

	if (number_parse(text, &number)) {
		must(size_parse(text, &bytes) && bytes == number);
		snprintf(printed, sizeof(printed), "%llu", (unsigned long long)number);
		must(number_parse(printed, &again) && again == number);
	}
	if (size_parse(text, &bytes)) {
		must(region_default(bytes) >= 65536 && region_default(bytes) <= 1 << 30);
		must(strlen(size_text(bytes, printed, sizeof(printed))) < sizeof(printed));
		must(strlen(time_text(bytes, printed, sizeof(printed))) < sizeof(printed));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	char *text = take_text(&input);
	const char *sentence = kernel_log_sentence(text);

	must(!sentence || (sentence >= text && sentence <= text + strlen(text)));
	check_parse(text);
	check_uuid(text);
	check_numbers(text);
	free(text);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
#include "test.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scsi-command.h"
#include "words.h"

static void is_explained(uint8_t status, const struct xcopy_scsi_sense *sense)
{
	const char *word = xcopy_scsi_status_name(xcopy_scsi_status_word(status, sense));

	if (!words_explain(word))
		fail_msg("\"%s\" has no explanation", word);
}

/* Whatever a SCSI device can answer has a word, and that one an explanation. */
static void every_answer(void **state)
{
	struct xcopy_scsi_sense sense = { 0 };

	(void)state;
	for (unsigned int status = 0; status < 256; status++)
		is_explained(status, NULL);
	for (unsigned int key = 0; key < 16; key++)
		for (unsigned int asc = 0; asc < 256; asc++)
			for (unsigned int ascq = 0; ascq < 16; ascq++) {
				sense.key = key;
				sense.asc = asc;
				sense.ascq = ascq;
				is_explained(2, &sense);
			}
	sense.deferred = true;
	is_explained(2, &sense);
}

/* As the kernel's sources write words that go into "reason" and "last_error". */
static const char reason_pattern[] =
	"(XCOPY_[A-Z]+, |reason = |refused = |[?:] |give_up\\(.*, |(set|change)_state\\(.*, |disable_offload\\(.*, |return )\"([a-z0-9-]+)\"";

/* Return: how many words @line has. */
static int check_line(const regex_t *pattern, const char *line)
{
	regmatch_t match[4];
	char word[64];

	if (regexec(pattern, line, 4, match, 0))
		return 0;
	snprintf(word, sizeof(word), "%.*s", (int)(match[3].rm_eo - match[3].rm_so),
		 line + match[3].rm_so);
	if (*word != '-' && strcmp(word, "success") && !words_explain(word))
		fail_msg("\"%s\" has no explanation: %s", word, line);
	return 1;
}

static int check_file(const regex_t *pattern, const char *name)
{
	char path[64], line[512];
	int words = 0;
	FILE *file;

	snprintf(path, sizeof(path), "../dm-xcopy/%s.c", name);
	file = fopen(path, "r");
	if (!file)
		fail_msg("%s: the tests run in userspace/, beside the kernel's sources", path);
	while (fgets(line, sizeof(line), file))
		words += check_line(pattern, line);
	fclose(file);
	return words;
}

/* A reason or an error that a copier may give, now or in times to come, has an explanation. */
static void every_word(void **state)
{
	static const char *const files[] = {
		"clone", "status", "offload", "offload-pair", "offload-route", "nvme", "nvme-command",
		"scsi", "io", "copier-host",
	};
	regex_t pattern;
	int words = 0;

	(void)state;
	assert_int_equal(regcomp(&pattern, reason_pattern, REG_EXTENDED), 0);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		words += check_file(&pattern, files[i]);
	regfree(&pattern);
	assert_in_range(words, 75, 150);
}

/* What makes the copy manager unfit, and what only xcopysetup says. */
static void others(void **state)
{
	static const char *const words[] = {
		"operating-parameters-short", "too-few-targets", "granularity",
		"no-block-to-block-copy", "no-identification-targets",
		"no-answer", "not-permitted", "no-path", "stack", "destination-write", "not-verified",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		assert_non_null(words_explain(words[i]));
	assert_null(words_explain("-"));
	assert_null(words_explain(""));
}

static void decodes_to(const char *answer, const char *wanted)
{
	char text[WORDS_DECODED];

	assert_int_equal(words_decode(answer, text), !!wanted);
	if (wanted)
		assert_string_equal(text, wanted);
}

static void decoded(void **state)
{
	(void)state;
	decodes_to("05/26/08", "ILLEGAL REQUEST, too-many-segment-descriptors");
	decodes_to("05/26/0c", "ILLEGAL REQUEST, invalid-operation-for-copy-source-or-destination");
	decodes_to("0b/29/00", "ABORTED COMMAND, aborted-command");
	decodes_to("deferred-03/0c/02", "MEDIUM ERROR, about an earlier command: deferred-error");
	decodes_to("status-18", "reservation-conflict");
	decodes_to("status-02", "no-sense-data");
	/* NVMe's, and what is none. */
	decodes_to("status-183", NULL);
	decodes_to("-", NULL);
	decodes_to("", NULL);
	decodes_to("05/26", NULL);
	decodes_to("05/26/0", NULL);
	decodes_to("15/26/08", NULL);
	decodes_to("05/26/08 ", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_answer),
		cmocka_unit_test(every_word),
		cmocka_unit_test(others),
		cmocka_unit_test(decoded),
	};

	return cmocka_run_group_tests_name("words", tests, NULL, NULL);
}

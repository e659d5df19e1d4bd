// SPDX-License-Identifier: GPL-2.0-only
#include "clone-status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "sizes.h"

/* The words of a status line, one after another. */
struct words {
	char *rest;
};

static const char *next(struct words *words)
{
	const char *word;

	do {
		word = strsep(&words->rest, " ");
	} while (word && !*word);
	return word ? word : "";
}

static bool next_number(struct words *words, uint64_t *number)
{
	return number_parse(next(words), number);
}

/* "<a>/<b>" */
static bool next_fraction(struct words *words, uint64_t *a, uint64_t *b)
{
	const char *word = next(words), *slash = strchr(word, '/');
	char *first;
	bool good;

	if (!slash)
		return false;
	first = need_text("%.*s", (int)(slash - word), word);
	good = number_parse(first, a) && number_parse(slash + 1, b);
	free(first);
	return good;
}

static bool parse_features(struct words *words, struct clone_status *status)
{
	uint64_t count;

	if (!next_number(words, &count) || count > 64)
		return false;
	for (; count; count--)
		if (!strcmp(next(words), "no_hydration"))
			status->hydration_off = true;
	return true;
}

static bool skip_core_arguments(struct words *words)
{
	uint64_t count;

	if (!next_number(words, &count) || count > 256)
		return false;
	while (count--)
		if (!*next(words))
			return false;
	return true;
}

static bool parse_stats(struct words *words, struct clone_status *status)
{
	uint64_t count;

	if (!next_number(words, &count) || count > 1024 || count % 2)
		return false;
	status->stats = need(count / 2 * sizeof(*status->stats) + 1);
	for (; count; count -= 2) {
		struct clone_stat *stat = &status->stats[status->nr_stats++];

		stat->key = need_copy(next(words));
		stat->value = need_copy(next(words));
		if (!*stat->value)
			return false;
	}
	return true;
}

static bool parse(struct words *words, struct clone_status *status)
{
	if (!next_number(words, &status->metadata_block) ||
	    !next_fraction(words, &status->metadata_used, &status->metadata_total) ||
	    !next_number(words, &status->region) ||
	    !next_fraction(words, &status->hydrated, &status->regions) ||
	    status->hydrated > status->regions ||
	    !next_number(words, &status->hydrating) ||
	    !parse_features(words, status) || !skip_core_arguments(words))
		return false;
	snprintf(status->mode, sizeof(status->mode), "%s", next(words));
	return *status->mode && parse_stats(words, status);
}

/* A target that failed says only "Fail". */
static bool is_failed(const char *text)
{
	return !strncmp(text, "Fail", 4) && (!text[4] || text[4] == ' ');
}

bool clone_status_parse(const char *text, struct clone_status *status)
{
	char *copy = need_copy(text);
	struct words words = { copy };
	bool good;

	*status = (struct clone_status){ 0 };
	if (is_failed(text)) {
		strcpy(status->mode, "Fail");
		free(copy);
		return true;
	}
	good = parse(&words, status);
	free(copy);
	if (!good)
		clone_status_free(status);
	return good;
}

const char *clone_status_value(const struct clone_status *status, const char *key,
			       const char *missing)
{
	for (size_t i = 0; i < status->nr_stats; i++)
		if (!strcmp(status->stats[i].key, key))
			return status->stats[i].value;
	return missing;
}

uint64_t clone_status_number(const struct clone_status *status, const char *key)
{
	uint64_t number;

	return number_parse(clone_status_value(status, key, "0"), &number) ? number : 0;
}

bool clone_status_complete(const struct clone_status *status)
{
	return status->regions && status->hydrated == status->regions &&
	       !strcmp(status->mode, "rw") &&
	       !strcmp(clone_status_value(status, "offload", ""), "done");
}

bool clone_status_stuck(const struct clone_status *status, bool paused)
{
	uint64_t failed = clone_status_number(status, "failed_regions");

	if (!failed || status->hydrating)
		return false;
	return status->hydration_off ? !paused : status->hydrated + failed >= status->regions;
}

bool clone_status_healthy(const struct clone_status *status)
{
	return !strcmp(status->mode, "rw");
}

unsigned int clone_status_permille(const struct clone_status *status)
{
	if (!status->regions)
		return 0;
	return (unsigned __int128)status->hydrated * 1000 / status->regions;
}

void clone_status_free(struct clone_status *status)
{
	for (size_t i = 0; i < status->nr_stats; i++) {
		free(status->stats[i].key);
		free(status->stats[i].value);
	}
	free(status->stats);
	*status = (struct clone_status){ 0 };
}

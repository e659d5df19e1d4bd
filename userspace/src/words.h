/* SPDX-License-Identifier: GPL-2.0-only */
/* What the words "reason" and "last_error" of a clone's status mean. */
#ifndef XCOPYSETUP_WORDS_H
#define XCOPYSETUP_WORDS_H

#include "clone-status.h"

/** words_explain() - a sentence: what it means and what to do; NULL for words that say it all */
const char *words_explain(const char *word);

/* Bytes for what words_decode() says. */
#define WORDS_DECODED	96

/**
 * words_decode() - what SCSI codes mean, as "last_answer" has them: "05/26/08"
 *
 * Return: false if @answer is none; else @text is their sense key's name and the word that
 * goes with them.
 */
bool words_decode(const char *answer, char text[WORDS_DECODED]);

/** words_print_answer() - a line of "last_answer" and its meaning; nothing if it has none */
void words_print_answer(const struct clone_status *status);

/** words_print() - a line "WORD: SENTENCE" for one of them; nothing if there is no sentence */
void words_print(const struct clone_status *status, const char *key);

#endif

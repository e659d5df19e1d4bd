/* SPDX-License-Identifier: GPL-2.0-only */
/* What the words "reason" and "last_error" of a clone's status mean. */
#ifndef XCOPYSETUP_WORDS_H
#define XCOPYSETUP_WORDS_H

#include "clone-status.h"

/** words_explain() - a sentence: what it means and what to do; NULL for words that say it all */
const char *words_explain(const char *word);

/** words_print() - a line "WORD: SENTENCE" for one of them; nothing if there is no sentence */
void words_print(const struct clone_status *status, const char *key);

#endif

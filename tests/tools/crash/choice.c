// SPDX-License-Identifier: GPL-2.0-only
/* Random choices that follow from a seed. */
#include "crash.h"
#include "../oracle/oracle.h"

uint64_t choose_below(struct choices *choices, uint64_t limit)
{
	choices->state = mix(choices->state);
	return choices->state % limit;
}

unsigned int choose_one(struct choices *choices, const unsigned int *numbers, unsigned int count)
{
	return numbers[choose_below(choices, count)];
}

bool choose_chance(struct choices *choices, unsigned int percent)
{
	return choose_below(choices, 100) < percent;
}

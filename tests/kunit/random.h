/* SPDX-License-Identifier: GPL-2.0-only */
/* Random numbers that are the same in each run. */
#ifndef XCOPY_KUNIT_RANDOM_H
#define XCOPY_KUNIT_RANDOM_H

#include <linux/math64.h>
#include <linux/types.h>

/* A number below @below, by xorshift; *@state must not be 0. */
static inline u32 random_below(u64 *state, u32 below)
{
	u32 remainder;

	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	div_u64_rem(*state >> 16, below, &remainder);
	return remainder;
}

#endif /* XCOPY_KUNIT_RANDOM_H */

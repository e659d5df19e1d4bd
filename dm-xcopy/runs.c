// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs in the hydrated bitmap, see runs.h.
 */
#include <linux/bitmap.h>
#include <linux/bitops.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <asm/byteorder.h>

#include "runs.h"

bool xcopy_run_test(const unsigned long *bitmap, u64 region)
{
	if (!test_bit_le(region % BITS_PER_LONG, bitmap + region / BITS_PER_LONG))
		return false;
	/* Pairs with smp_store_release() in set_in_word(). */
	smp_acquire__after_ctrl_dep();
	return true;
}

u64 xcopy_run_end(const unsigned long *bitmap, u64 first, u64 end, bool *set)
{
	u64 stop;

	*set = xcopy_run_test(bitmap, first);
	/* In neither case from first: it may have been set meanwhile. */
	if (*set)
		stop = find_next_zero_bit_le(bitmap, end, first + 1);
	else
		stop = find_next_bit_le(bitmap, end, first + 1);
	/* Pairs with smp_store_release() in set_in_word(), for the whole run. */
	smp_acquire__after_ctrl_dep();
	return min(stop, end);
}

u64 xcopy_run_next_clear(const unsigned long *bitmap, u64 from, u64 end)
{
	return from < end ? find_next_zero_bit_le(bitmap, end, from) : end;
}

/* ---- setting ---- */

/* The bits of regions [first, last] of one word, as they lie in a little endian bitmap. */
static unsigned long word_mask(u64 first, u64 last)
{
	unsigned long mask = GENMASK(last % BITS_PER_LONG, first % BITS_PER_LONG);

#if BITS_PER_LONG == 64
	return (__force unsigned long)cpu_to_le64(mask);
#else
	return (__force unsigned long)cpu_to_le32(mask);
#endif
}

static unsigned int set_in_word(unsigned long *bitmap, u64 first, u64 last)
{
	unsigned long *word = bitmap + first / BITS_PER_LONG;
	unsigned long new = word_mask(first, last) & ~*word;

	if (new)
		/* Pairs with the acquires above: the data is in place before the bit says so. */
		smp_store_release(word, *word | new);
	return hweight_long(new);
}

unsigned int xcopy_run_set(unsigned long *bitmap, u64 first, u64 end)
{
	unsigned int count = 0;
	u64 stop;

	for (; first < end; first = stop) {
		stop = min_t(u64, end, round_down(first, BITS_PER_LONG) + BITS_PER_LONG);
		count += set_in_word(bitmap, first, stop - 1);
	}
	return count;
}

/* ---- regions of sectors ---- */

u64 xcopy_layout_end(const struct xcopy_layout *layout, u64 end)
{
	return min(end << layout->shift, layout->sectors);
}

bool xcopy_layout_whole(const struct xcopy_layout *layout, u64 sector, u64 end, u64 run,
			u64 *until)
{
	u64 first = (sector + (1ULL << layout->shift) - 1) >> layout->shift;
	u64 whole = end >= xcopy_layout_end(layout, run) ? run : run - 1;

	*until = xcopy_layout_end(layout, run);
	if (first >= whole)
		return false;
	if (first << layout->shift > sector) {
		*until = first << layout->shift;
		return false;
	}
	*until = xcopy_layout_end(layout, whole);
	return true;
}

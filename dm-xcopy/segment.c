// SPDX-License-Identifier: GPL-2.0-only
/*
 * Extents and commands as ranges of sectors, see segment.h.
 */
#include <linux/minmax.h>

#include "segment.h"

void xcopy_place_below(struct xcopy_place *place, u64 begin, u64 length, u64 start)
{
	u64 offset = place->sector - begin;

	place->before = min(place->before, offset);
	place->after = min(place->after, length - offset);
	place->sector = start + offset;
}

bool xcopy_segments_overlap(u64 a, u64 b, u64 sectors)
{
	return a < b + sectors && b < a + sectors;
}

u64 xcopy_segment_cut(u64 source, u64 destination, u64 sectors, u64 most, u32 block)
{
	if ((source | destination) & (block - 1))
		return 0;
	return min(sectors, most) & ~(u64)(block - 1);
}

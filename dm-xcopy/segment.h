/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Extents and commands as ranges of sectors: where a place lies below an extent, how far
 * all extents passed through reach, and what one command may hold.  Arithmetic only:
 * compiles in the kernel, under KUnit and in userspace unchanged.
 */
#ifndef XCOPY_SEGMENT_H
#define XCOPY_SEGMENT_H

#include <linux/types.h>

/**
 * struct xcopy_place - a sector in a stack of extents, on the way down
 * @sector: on the device of this level
 * @before: sectors before @sector that all extents passed so far have
 * @after: sectors from @sector on that all extents passed so far have
 *
 * So [@sector - @before, @sector + @after) is the intersection of those extents.
 */
struct xcopy_place {
	u64 sector;
	u64 before;
	u64 after;
};

/** xcopy_place_below() - through the extent [begin, begin + length), which lies at @start below */
void xcopy_place_below(struct xcopy_place *place, u64 begin, u64 length, u64 start);

/** xcopy_segments_overlap() - have two ranges of @sectors sectors of one disk one in common? */
bool xcopy_segments_overlap(u64 a, u64 b, u64 sectors);

/**
 * xcopy_segment_cut() - how much of two ranges one command may copy
 * @source: first sector on the source's disk
 * @destination: first sector on the destination's disk
 * @sectors: length, sectors
 * @most: most that a command may have, sectors
 * @block: sectors of a logical block, a power of two
 *
 * Return: sectors, a multiple of @block; 0 if these ranges cannot be copied in blocks.
 */
u64 xcopy_segment_cut(u64 source, u64 destination, u64 sectors, u64 most, u32 block);

#endif /* XCOPY_SEGMENT_H */

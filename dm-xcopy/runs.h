/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs of equal bits in the hydrated bitmap, and which regions a range of sectors
 * covers.  Arithmetic only: compiles in the kernel, under KUnit and in userspace
 * unchanged.
 *
 * The bitmap is little endian, bit n is region n, made of whole words.  Bits are only
 * ever set.  Setters exclude one another; testers need no lock: a bit is set with
 * release semantics, and tested with acquire semantics.
 */
#ifndef XCOPY_RUNS_H
#define XCOPY_RUNS_H

#include <linux/types.h>

/** xcopy_run_test() - is the bit of @region set? any context; acquire */
bool xcopy_run_test(const unsigned long *bitmap, u64 region);

/**
 * xcopy_run_end() - end of the run of equal bits that begins at @first
 * @bitmap: see above
 * @first: first region
 * @end: do not look at or beyond this region; > @first
 * @set: filled with the state of the run
 *
 * Context: any; acquire, for the whole run.
 * Return: first region after the run, at most @end.
 */
u64 xcopy_run_end(const unsigned long *bitmap, u64 first, u64 end, bool *set);

/** xcopy_run_next_clear() - first region in [from, end) whose bit is not set, or @end */
u64 xcopy_run_next_clear(const unsigned long *bitmap, u64 from, u64 end);

/**
 * xcopy_run_set() - set the bits of [first, end)
 *
 * Context: any, setters excluded by the caller; release.
 * Return: how many were not set before.
 */
unsigned int xcopy_run_set(unsigned long *bitmap, u64 first, u64 end);

/**
 * struct xcopy_layout - the regions of a clone
 * @shift: log2 of the region size in sectors
 * @sectors: length of the clone; the last region may be short
 */
struct xcopy_layout {
	unsigned int shift;
	u64 sectors;
};

/** xcopy_layout_end() - one past the last sector of the regions before @end */
u64 xcopy_layout_end(const struct xcopy_layout *layout, u64 end);

/**
 * xcopy_layout_whole() - the first part of [sector, end) that consists of whole regions, or of none
 * @layout: the regions
 * @sector: first sector
 * @end: one past the last sector
 * @run: look at regions before this one only; beyond that of @sector
 * @until: filled with the end of the part, a sector, > @sector
 *
 * The last region of the clone counts as whole when it is covered to the clone's end.
 *
 * Return: true if [sector, *until) covers all of its regions; false if it is a partial
 * one before those, or holds no whole one at all.
 */
bool xcopy_layout_whole(const struct xcopy_layout *layout, u64 sector, u64 end, u64 run,
			u64 *until);

#endif /* XCOPY_RUNS_H */

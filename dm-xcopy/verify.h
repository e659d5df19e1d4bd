/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Verification of offloaded copies: the destination is poisoned before, and
 * compared with the source after.
 *
 * Both go through the clone's own source and destination devices, by the same
 * maps that user I/O takes: a copy that went to where a map pointed a moment
 * ago is caught as well as one that was never made.
 */
#ifndef XCOPY_VERIFY_H
#define XCOPY_VERIFY_H

#include <linux/types.h>

struct xcopy_clone;
struct xcopy_verifier;

/** xcopy_verifier_create() - buffers for one verification at a time; GFP_KERNEL; NULL: no memory */
struct xcopy_verifier *xcopy_verifier_create(void);

/** xcopy_verifier_destroy() - free them; NULL is fine */
void xcopy_verifier_destroy(struct xcopy_verifier *verifier);

/**
 * xcopy_verify_poison() - make both ends of each segment differ from the source
 * @verifier: buffers; serialised inside
 * @clone: the clone; the caller holds a range lock over the regions, not hydrated
 * @sector: first sector of the clone
 * @sectors: length, sectors
 * @segment_sectors: length of each segment but the last, sectors
 * @block_sectors: logical block, sectors
 *
 * No references on extents may be held: this writes through the destination
 * device, which may be suspended.
 *
 * Context: process, sleeps.
 * Return: 0; -EINPROGRESS: a write has failed, and may be done late all the same; or another
 * negative errno of either device.
 */
int xcopy_verify_poison(struct xcopy_verifier *verifier, struct xcopy_clone *clone,
			sector_t sector, sector_t sectors, sector_t segment_sectors,
			sector_t block_sectors);

/**
 * xcopy_verify_compare_ends() - compare destination and source where they were poisoned
 *
 * For a command of which only its size is new.  Parameters, context and return value as above
 * and below.
 */
int xcopy_verify_compare_ends(struct xcopy_verifier *verifier, struct xcopy_clone *clone,
			      sector_t sector, sector_t sectors, sector_t segment_sectors,
			      sector_t block_sectors);

/**
 * xcopy_verify_compare() - compare destination and source, every byte
 *
 * Parameters and context as above.
 * Return: 0 if equal, -EILSEQ if they differ, or a negative errno of either device.
 */
int xcopy_verify_compare(struct xcopy_verifier *verifier, struct xcopy_clone *clone,
			 sector_t sector, sector_t sectors);

#endif /* XCOPY_VERIFY_H */

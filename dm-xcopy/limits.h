/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How large a copy command may be.  Arithmetic only: compiles in the kernel,
 * under KUnit and in userspace unchanged.
 *
 * Blocks are logical blocks of the device pair.  A segment is one descriptor of
 * a command: an NVMe source range, a SCSI segment descriptor.
 *
 * Locking: the caller's.
 */
#ifndef XCOPY_LIMITS_H
#define XCOPY_LIMITS_H

#include <linux/types.h>

/* Where probing starts when nothing was advertised (QEMU's and many drives' MSSRL). */
#define XCOPY_LIMITS_START_BLOCKS	128U

/* So many commands must succeed before limits grow again after they were forced down. */
#define XCOPY_LIMITS_CAUTION		16U

/**
 * struct xcopy_limits - limits of one device pair, as known so far
 * @segment_blocks: blocks in a segment, in use
 * @segments: segments in a command, in use; more than one only when segments are
 *	as large as they can be
 * @max_segment_blocks: never more; what the standard, a hint or a refusal says
 * @max_segments: never more, as above
 * @max_command_blocks: blocks in all segments of a command together, never more
 * @good_segment_blocks: largest that succeeded; 0: none yet
 * @good_segments: as above
 * @done_segment_blocks: longest segment of a command that succeeded, full or not; 0: none yet
 * @done_segments: most segments of one
 * @done_blocks: most blocks of one
 * @growing: something can still grow
 * @caution: no growth before so many more commands succeed
 */
struct xcopy_limits {
	__u32 segment_blocks;
	__u32 segments;
	__u32 max_segment_blocks;
	__u32 max_segments;
	__u64 max_command_blocks;
	__u32 good_segment_blocks;
	__u32 good_segments;
	__u32 done_segment_blocks;
	__u32 done_segments;
	__u64 done_blocks;
	bool growing;
	__u32 caution;
};

/**
 * xcopy_limits_init() - start with what is known
 * @limits: filled
 * @hard_segment_blocks: what a descriptor's field can say (NVMe 65536, SCSI 65535)
 * @hard_segments: what a command's field can say (NVMe 256)
 * @hint_segment_blocks: advertised (MSSRL); 0: unknown, probed from XCOPY_LIMITS_START_BLOCKS
 * @hint_segments: advertised (MSRC + 1); 0: unknown, probed from 1.  Used at once only
 *	if @hint_segment_blocks is known too
 * @hint_command_blocks: advertised (MCL); 0: unknown, no bound of its own
 *
 * A hint bounds growth; a device may still refuse what it advertises.
 */
void xcopy_limits_init(struct xcopy_limits *limits, __u32 hard_segment_blocks,
		       __u32 hard_segments, __u32 hint_segment_blocks, __u32 hint_segments,
		       __u64 hint_command_blocks);

/** xcopy_limits_blocks() - blocks to put into the next command at the most; >= 1 */
__u64 xcopy_limits_blocks(const struct xcopy_limits *limits);

/**
 * xcopy_limits_too_big() - a command of @blocks in @segments was refused as too big
 * @limits: shrunk
 * @blocks: blocks in the command
 * @segments: segments in it
 *
 * Shrinks and remembers: fewer segments first, then smaller ones; what was
 * refused is never tried again.  A command that was sent before an earlier
 * refusal shrank the limits changes nothing.
 *
 * Return: true if something smaller can be tried; false at one block.
 */
bool xcopy_limits_too_big(struct xcopy_limits *limits, __u64 blocks, __u32 segments);

/**
 * xcopy_limits_done() - a command of @blocks succeeded
 * @limits: may grow
 * @blocks: blocks in the command
 *
 * Grows, when the command was as large as allowed and @caution is used up:
 * segments become larger first, then more.
 */
void xcopy_limits_done(struct xcopy_limits *limits, __u64 blocks);

/**
 * xcopy_limits_note() - a command succeeded, however long it took
 * @limits: remembers its size
 * @blocks: blocks in the command
 * @segment_blocks: blocks in each segment but the last
 * @segments: segments in it
 */
void xcopy_limits_note(struct xcopy_limits *limits, __u64 blocks, __u32 segment_blocks,
		       __u32 segments);

/**
 * xcopy_limits_grown() - is a command larger, in any way, than all that have succeeded?
 * @limits: only read
 * @blocks: blocks in the command
 * @segment_blocks: blocks in each segment but the last
 * @segments: segments in it
 *
 * Such a one may have been refused for its size, whatever the device says.
 *
 * Return: false if none has succeeded yet.
 */
bool xcopy_limits_grown(const struct xcopy_limits *limits, __u64 blocks, __u32 segment_blocks,
			__u32 segments);

/** xcopy_limits_minimum() - after an unknown outcome: back to the start size, with caution */
void xcopy_limits_minimum(struct xcopy_limits *limits);

/**
 * xcopy_limits_slow() - a command of @blocks took longer than the latency target: halve
 * @limits: shrunk for a while
 * @blocks: blocks in the command
 *
 * Unlike xcopy_limits_too_big() this does not lower the ceilings: limits grow
 * again after some caution.  Never goes below XCOPY_LIMITS_START_BLOCKS, and
 * ignores commands that were sent before the last halving.
 */
void xcopy_limits_slow(struct xcopy_limits *limits, __u64 blocks);

#endif /* XCOPY_LIMITS_H */

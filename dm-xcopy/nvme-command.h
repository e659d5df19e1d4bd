/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The NVMe Copy command: its dwords, its source ranges, and what the status of
 * one means.  Compiles in the kernel, under KUnit and in userspace unchanged.
 *
 * Sources: NVM Command Set Specification 1.0 and 1.1, "Copy command"; NVM
 * Express Base Specification 2.0, "Status Field" and "Host Behavior Support".
 */
#ifndef XCOPY_NVME_COMMAND_H
#define XCOPY_NVME_COMMAND_H

#include <linux/types.h>

#include "outcome.h"

#define XCOPY_NVME_COPY			0x19U

/* A source range: bytes, blocks that its 16-bit 0's based field can say, ranges in a command. */
#define XCOPY_NVME_RANGE_SIZE		32U
#define XCOPY_NVME_RANGE_BLOCKS		65536U
#define XCOPY_NVME_RANGES		256U
#define XCOPY_NVME_PAYLOAD_SIZE		(XCOPY_NVME_RANGE_SIZE * XCOPY_NVME_RANGES)

/* Feature Host Behavior Support, which says whether Formats 2h and up are taken. */
#define XCOPY_NVME_HOST_BEHAVIOR	0x16U
#define XCOPY_NVME_HOST_BEHAVIOR_SIZE	512U

/* Status code type and status code, without the retry and "more" bits. */
#define XCOPY_NVME_STATUS_MASK		0x7ffU

/**
 * struct xcopy_nvme_copy - a copy, as the caller thinks of it
 * @source_nsid: namespace to read
 * @destination_nsid: namespace to write; the command goes to it.  Format 2h is
 *	used where it differs from @source_nsid, 0h where not
 * @source_block: first logical block to read
 * @destination_block: first logical block to write
 * @blocks: length, logical blocks
 * @range_blocks: length of each range but the last, which may be shorter
 */
struct xcopy_nvme_copy {
	__u32 source_nsid;
	__u32 destination_nsid;
	__u64 source_block;
	__u64 destination_block;
	__u64 blocks;
	__u32 range_blocks;
};

/**
 * struct xcopy_nvme_dwords - what a Copy command has that is not zero, host endian
 * @opcode: byte 0 of dword 0
 * @nsid: dword 1
 * @cdw10: low half of the first destination block
 * @cdw11: high half
 * @cdw12: ranges - 1, and the format in bits 11:8
 */
struct xcopy_nvme_dwords {
	__u8 opcode;
	__u32 nsid;
	__u32 cdw10;
	__u32 cdw11;
	__u32 cdw12;
};

/** xcopy_nvme_across() - does @copy need Format 2h, and so CDFE? */
bool xcopy_nvme_across(const struct xcopy_nvme_copy *copy);

/**
 * xcopy_nvme_build() - write a Copy command
 * @copy: what to copy
 * @dwords: filled
 * @payload: filled with source ranges; XCOPY_NVME_PAYLOAD_SIZE bytes
 *
 * Return: the length of the ranges in @payload, bytes; 0 if no command can say it.
 */
__u32 xcopy_nvme_build(const struct xcopy_nvme_copy *copy, struct xcopy_nvme_dwords *dwords,
		       __u8 *payload);

/**
 * xcopy_nvme_outcome() - what the status of a Copy command means
 * @status: status field of the completion, shifted down by the phase bit, as
 *	Linux passes it; retry and "more" bits are ignored
 * @across: the command had Format 2h
 *
 * Only for a status that the driver took from a completion or made up itself (0x37x).
 */
enum xcopy_outcome xcopy_nvme_outcome(__u32 status, bool across);

/**
 * xcopy_nvme_went_with_path() - does a status say that the loss of its path, or a reset, has ended
 * a command?
 * @status: as above
 *
 * The driver makes it up, or the controller still says that the queue was deleted.
 */
bool xcopy_nvme_went_with_path(__u32 status);

/** xcopy_nvme_status_name() - a word for a status; "nvme-error" if the table has none */
const char *xcopy_nvme_status_name(__u32 status);

/**
 * xcopy_nvme_arm() - ask for Format 2h in the data of feature Host Behavior Support
 * @data: what Get Features returned, XCOPY_NVME_HOST_BEHAVIOR_SIZE bytes; changed
 *
 * Nothing but CDFE's bit for Format 2h is changed.
 *
 * Return: false if the bit is set already.
 */
bool xcopy_nvme_arm(__u8 *data);

#endif /* XCOPY_NVME_COMMAND_H */

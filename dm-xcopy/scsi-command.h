/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * SCSI EXTENDED COPY(LID1): its CDB and parameter list, who a logical unit is, what a copy
 * manager says of its limits, and what a status with its sense data means.  Compiles in
 * the kernel, under KUnit and in userspace unchanged.
 *
 * Sources: SPC-3 6.3 (EXTENDED COPY, with the parameter list that every copy manager
 * takes), SPC-4 6.17 (RECEIVE COPY OPERATING PARAMETERS), 7.8.6 (Device Identification
 * VPD page), 7.8.17 (Third-party Copy VPD page), SAM-5 5.3 (status codes).
 */
#ifndef XCOPY_SCSI_COMMAND_H
#define XCOPY_SCSI_COMMAND_H

#include <linux/types.h>

#include "outcome.h"

#define XCOPY_SCSI_EXTENDED_COPY	0x83U
#define XCOPY_SCSI_RECEIVE_COPY		0x84U
#define XCOPY_SCSI_CDB_SIZE		16U

/* VPD pages. */
#define XCOPY_SCSI_VPD_IDENTIFICATION	0x83U
#define XCOPY_SCSI_VPD_THIRD_PARTY_COPY	0x8fU

/* Header, and the descriptors that are used: bytes. */
#define XCOPY_SCSI_HEADER_SIZE		16U
#define XCOPY_SCSI_TARGET_SIZE		32U
#define XCOPY_SCSI_SEGMENT_SIZE		28U

/* Blocks that a segment's 16-bit field can say, segments in a command (our own bound). */
#define XCOPY_SCSI_SEGMENT_BLOCKS	65535U
#define XCOPY_SCSI_SEGMENTS		256U
#define XCOPY_SCSI_TARGETS		2U
#define XCOPY_SCSI_PAYLOAD_SIZE	(XCOPY_SCSI_HEADER_SIZE + \
				 XCOPY_SCSI_TARGETS * XCOPY_SCSI_TARGET_SIZE + \
				 XCOPY_SCSI_SEGMENTS * XCOPY_SCSI_SEGMENT_SIZE)

/* How much of the operating parameters is of interest, and is asked for. */
#define XCOPY_SCSI_PARAMETERS_SIZE	512U

/* What an identification target descriptor has room for. */
#define XCOPY_SCSI_DESIGNATOR_SIZE	20U

/* LIST ID USAGE: how long the results of a command are held, and under which identifier. */
#define XCOPY_SCSI_LIST_ID_NONE		3U

/**
 * struct xcopy_scsi_identity - what names a logical unit: a designator with association 0
 * @code_set: 1 binary, 2 ASCII, 3 UTF-8
 * @type: 1 T10 vendor ID, 2 EUI-64, 3 NAA, 8 SCSI name string
 * @length: of @designator, 1 to XCOPY_SCSI_DESIGNATOR_SIZE bytes
 * @designator: the rest is zero
 */
struct xcopy_scsi_identity {
	__u8 code_set;
	__u8 type;
	__u8 length;
	__u8 designator[XCOPY_SCSI_DESIGNATOR_SIZE];
};

/**
 * struct xcopy_scsi_copy - a copy, as the caller thinks of it
 * @source: logical unit to read
 * @destination: logical unit to write; the command goes to it
 * @source_block: first logical block to read
 * @destination_block: first logical block to write
 * @blocks: length, logical blocks
 * @segment_blocks: length of each segment but the last, which may be shorter
 * @block_size: logical block length of both, bytes
 * @list_id_usage: LIST ID USAGE, 0 to 3
 * @list_id: LIST IDENTIFIER; 0 is sent where @list_id_usage is XCOPY_SCSI_LIST_ID_NONE
 */
struct xcopy_scsi_copy {
	const struct xcopy_scsi_identity *source;
	const struct xcopy_scsi_identity *destination;
	__u64 source_block;
	__u64 destination_block;
	__u64 blocks;
	__u32 segment_blocks;
	__u32 block_size;
	__u8 list_id_usage;
	__u8 list_id;
};

/**
 * struct xcopy_scsi_limits - what a copy manager says of itself
 * @segments: segment descriptors in a command; 0: it does not say
 * @list_bytes: descriptors of a command, bytes; 0: it does not say
 * @segment_bytes: bytes that a segment may copy; 0: no limit, or it does not say
 * @granularity: bytes of which a segment must be a multiple; at least 1
 * @concurrent: copies that it runs at a time; 0: it does not say
 */
struct xcopy_scsi_limits {
	__u32 segments;
	__u32 list_bytes;
	__u32 segment_bytes;
	__u32 granularity;
	__u32 concurrent;
};

/**
 * struct xcopy_scsi_sense - sense data, normalized; SPC-4 4.5
 * @deferred: it is about an earlier command
 * @key: SENSE KEY
 * @asc: ADDITIONAL SENSE CODE
 * @ascq: ADDITIONAL SENSE CODE QUALIFIER
 */
struct xcopy_scsi_sense {
	bool deferred;
	__u8 key;
	__u8 asc;
	__u8 ascq;
};

/**
 * xcopy_scsi_identify() - choose what names a logical unit
 * @page: its Device Identification VPD page, header included; not trusted
 * @length: bytes of it
 * @identity: filled
 *
 * NAA first, longest first, then EUI-64, SCSI name string, T10 vendor ID; what does not
 * fit a target descriptor is passed over.
 *
 * Return: false if there is no such designator.
 */
bool xcopy_scsi_identify(const __u8 *page, size_t length, struct xcopy_scsi_identity *identity);

/** xcopy_scsi_has_identity() - is @identity in this Device Identification VPD page, not trusted? */
bool xcopy_scsi_has_identity(const __u8 *page, size_t length,
			     const struct xcopy_scsi_identity *identity);

/** xcopy_scsi_same_identity() - do both name the same logical unit, in the same way? */
bool xcopy_scsi_same_identity(const struct xcopy_scsi_identity *a,
			      const struct xcopy_scsi_identity *b);

/**
 * xcopy_scsi_wwid() - whose identity is in the UUID of a dm-multipath device
 * @uuid: "mpath-" and the WWID as scsi_id prints it: "3" and the NAA designator, or "2"
 *	and the EUI-64 one, in hexadecimal
 * @identity: filled
 *
 * Return: false for every other UUID.
 */
bool xcopy_scsi_wwid(const char *uuid, struct xcopy_scsi_identity *identity);

/**
 * xcopy_scsi_build() - write an EXTENDED COPY(LID1) command
 * @copy: what to copy
 * @cdb: filled, XCOPY_SCSI_CDB_SIZE bytes
 * @payload: filled with the parameter list; XCOPY_SCSI_PAYLOAD_SIZE bytes
 *
 * Return: the length of the parameter list, bytes; 0 if no command can say it.
 */
__u32 xcopy_scsi_build(const struct xcopy_scsi_copy *copy, __u8 *cdb, __u8 *payload);

/** xcopy_scsi_ask_limits() - write the CDB of RECEIVE COPY OPERATING PARAMETERS */
void xcopy_scsi_ask_limits(__u8 *cdb, __u32 length);

/**
 * xcopy_scsi_parse_parameters() - what RECEIVE COPY OPERATING PARAMETERS has answered
 * @data: the answer; not trusted
 * @length: bytes of it
 * @limits: filled
 *
 * Return: NULL, or why these commands will not do (static, a word).
 */
const char *xcopy_scsi_parse_parameters(const __u8 *data, size_t length,
					struct xcopy_scsi_limits *limits);

/**
 * xcopy_scsi_parse_third_party() - what the Third-party Copy VPD page says
 * @page: the page, header included; not trusted
 * @length: bytes of it
 * @limits: filled; unchanged if the page does not say
 *
 * From its Parameter Data and General Copy Operations descriptors.
 *
 * Return: true if it has one of them.
 */
bool xcopy_scsi_parse_third_party(const __u8 *page, size_t length,
				  struct xcopy_scsi_limits *limits);

/**
 * xcopy_scsi_outcome() - what the answer to an EXTENDED COPY command means
 * @status: SAM status code
 * @sense: normalized sense data, or NULL if there is none
 *
 * Only for an answer of the device: with a host byte that is not DID_OK nothing is known.
 */
enum xcopy_outcome xcopy_scsi_outcome(__u8 status, const struct xcopy_scsi_sense *sense);

/**
 * xcopy_scsi_lost_write() - does a unit tell that writes which it had acknowledged are lost?
 * @sense: normalized sense data
 *
 * That is what a deferred error is: SPC-4 4.5.5. It does not say which writes.
 */
bool xcopy_scsi_lost_write(const struct xcopy_scsi_sense *sense);

/**
 * xcopy_scsi_was_reset() - does a unit tell of a reset?
 * @sense: normalized sense data of an EXTENDED COPY command
 *
 * By SAM-5 5.14 a unit attention stands for a command that was not begun, which is its outcome
 * here too. But whoever emulates a controller for a virtual machine may make one of the host's
 * having reset the device under a command that was on its way.
 */
bool xcopy_scsi_was_reset(const struct xcopy_scsi_sense *sense);

/**
 * xcopy_scsi_unreached() - does a copy manager tell that it does not reach the units of a copy?
 * @sense: normalized sense data of an EXTENDED COPY command
 *
 * It is one that has answered: the path to it is a good one, but not for this copy. A copy
 * manager behind another port may reach them. The outcome is XCOPY_PATH.
 */
bool xcopy_scsi_unreached(const struct xcopy_scsi_sense *sense);

/** XCOPY_SCSI_WORD_RESIDUE - status word of GOOD for a parameter list not taken whole */
#define XCOPY_SCSI_WORD_RESIDUE	0x400000U

/** xcopy_scsi_status_word() - both in one number, for the log and status; 0 for GOOD only */
__u32 xcopy_scsi_status_word(__u8 status, const struct xcopy_scsi_sense *sense);

/** xcopy_scsi_status_name() - a word for such a number; "scsi-error" if the tables have none */
const char *xcopy_scsi_status_name(__u32 word);

/** xcopy_scsi_status_sense() - the sense data in such a number; false: it has none */
bool xcopy_scsi_status_sense(__u32 word, struct xcopy_scsi_sense *sense);

/* Bytes for "deferred-03/0c/00" and the like. */
#define XCOPY_SCSI_STATUS_TEXT	24U

/**
 * xcopy_scsi_status_text() - such a number as the device said it
 * @word: from xcopy_scsi_status_word()
 * @text: filled: sense key, additional sense code and its qualifier, "05/26/08", with
 *	"deferred-" before them if they are about an earlier command; "status-18" where
 *	there is no sense data; hexadecimal, XCOPY_SCSI_STATUS_TEXT bytes
 */
void xcopy_scsi_status_text(__u32 word, char *text);

/** xcopy_scsi_parse_status() - the reverse; false for what it does not write */
bool xcopy_scsi_parse_status(const char *text, __u32 *word);

#endif /* XCOPY_SCSI_COMMAND_H */

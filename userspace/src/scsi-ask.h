/* SPDX-License-Identifier: GPL-2.0-only */
/* SCSI commands that only ask something, sent by SG_IO, and what is made of their answers. */
#ifndef XCOPYSETUP_SCSI_ASK_H
#define XCOPYSETUP_SCSI_ASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scsi-command.h"

/* A command, and where its answer goes. */
struct scsi_question {
	uint8_t *cdb;
	unsigned char cdb_length;
	uint8_t *data;
	size_t size;
};

/**
 * scsi_ask() - send a command
 * @length: bytes of data that came; 0 if it failed
 *
 * Asked again where the device had something else to tell first (UNIT ATTENTION), or was busy.
 *
 * Return: NULL, or a word why there is no answer, as in a clone's "last_error".
 */
const char *scsi_ask(int fd, const struct scsi_question *question, size_t *length);

/**
 * scsi_decode_sense() - sense data in fixed or descriptor format
 * @data: not trusted
 * @length: bytes of it; what is behind them counts as zero
 *
 * Return: false if it is in neither.
 */
bool scsi_decode_sense(const uint8_t *data, size_t length, struct xcopy_scsi_sense *sense);

/* Bytes that came, of @size, when the kernel says that @residue did not; it is not trusted. */
size_t scsi_arrived(size_t size, int residue);

#endif

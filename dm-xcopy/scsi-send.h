/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One SCSI command, sent from the kernel, and what came back.
 */
#ifndef XCOPY_SCSI_SEND_H
#define XCOPY_SCSI_SEND_H

#include <scsi/scsi_device.h>

#include "scsi-command.h"

/**
 * struct xcopy_scsi_request - a command to send
 * @sdev: to whom
 * @cdb: XCOPY_SCSI_CDB_SIZE bytes; the operation code tells how many are sent
 * @op: REQ_OP_DRV_OUT or REQ_OP_DRV_IN
 * @data: physically contiguous, or NULL
 * @length: of @data, bytes
 * @timeout: jiffies
 * @once: the first answer counts, whatever it is; else the midlayer may send the command again
 *	after some, such as BUSY
 */
struct xcopy_scsi_request {
	struct scsi_device *sdev;
	const u8 *cdb;
	enum req_op op;
	void *data;
	unsigned int length;
	unsigned int timeout;
	bool once;
};

/**
 * struct xcopy_scsi_answer - what came back
 * @lost: no answer, because the transport went away
 * @answered: the device has answered; else nothing is known, and all below is 0
 * @status: SAM status code
 * @has_sense: @sense is valid
 * @sense: sense data
 * @residue: bytes that were not transferred
 */
struct xcopy_scsi_answer {
	bool lost;
	bool answered;
	u8 status;
	bool has_sense;
	struct xcopy_scsi_sense sense;
	unsigned int residue;
};

/**
 * xcopy_scsi_send() - send a command and wait for it
 * @request: the command
 * @answer: filled
 *
 * A command that times out returns when the device's error handling is through, which may
 * take longer than the timeout. A deferred error in the answer is told to whom it may
 * concern, see scsi-loss.h.
 *
 * Context: process; sleeps. GFP_NOIO; the request itself is not waited for.
 * Return: 0: it was given to the midlayer; -EAGAIN: not sent, no request is free;
 * -ENODEV: not sent, the device is going away.
 */
int xcopy_scsi_send(const struct xcopy_scsi_request *request, struct xcopy_scsi_answer *answer);

/** xcopy_scsi_answer_sense() - the sense data, NULL if there is none */
static inline const struct xcopy_scsi_sense *
xcopy_scsi_answer_sense(const struct xcopy_scsi_answer *answer)
{
	return answer->has_sense ? &answer->sense : NULL;
}

#endif /* XCOPY_SCSI_SEND_H */

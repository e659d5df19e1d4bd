// SPDX-License-Identifier: GPL-2.0-only
/*
 * One SCSI command, see scsi-send.h.
 */
#include <linux/blk-mq.h>
#include <scsi/scsi_cmnd.h>
#include <scsi/scsi_common.h>
#include <scsi/scsi_eh.h>

#include "scsi-loss.h"
#include "scsi-send.h"

/*
 * The midlayer repeats some answers whatever it is allowed (BUSY, DID_REQUEUE, DID_IMM_RETRY, and
 * by its list of devices hardware errors and aborted commands), and tells of the last one alone:
 * a first copy that was given up, and is still under way, would not be known of. It repeats none
 * whose time since allocation is over, nor begins error handling for one that has been answered
 * (scsi_lib.c, scsi_complete()).
 */
static void forbid_repetition(struct scsi_cmnd *scmd, unsigned int timeout)
{
	scmd->jiffies_at_alloc = jiffies - timeout - 1;
}

static struct request *alloc_request(const struct xcopy_scsi_request *request)
{
	struct request *rq;
	struct scsi_cmnd *scmd;

	rq = scsi_alloc_request(request->sdev->request_queue, request->op, BLK_MQ_REQ_NOWAIT);
	if (IS_ERR(rq))
		return PTR_ERR(rq) == -ENODEV ? rq : ERR_PTR(-EAGAIN);
	rq->rq_flags |= RQF_QUIET;
	rq->timeout = request->timeout;
	scmd = blk_mq_rq_to_pdu(rq);
	scmd->allowed = 0;
	if (request->once)
		forbid_repetition(scmd, request->timeout);
	scmd->cmd_len = COMMAND_SIZE(request->cdb[0]);
	memcpy(scmd->cmnd, request->cdb, scmd->cmd_len);
	/* Not every kernel clears what the last command left there. */
	memset(scmd->sense_buffer, 0, SCSI_SENSE_BUFFERSIZE);
	return rq;
}

static void take_sense(const struct scsi_cmnd *scmd, struct xcopy_scsi_answer *answer)
{
	struct scsi_sense_hdr sense;

	answer->has_sense = scsi_normalize_sense(scmd->sense_buffer, SCSI_SENSE_BUFFERSIZE, &sense);
	if (!answer->has_sense)
		return;
	answer->sense.deferred = scsi_sense_is_deferred(&sense);
	answer->sense.key = sense.sense_key;
	answer->sense.asc = sense.asc;
	answer->sense.ascq = sense.ascq;
}

static bool transport_lost(int host_byte)
{
	switch (host_byte) {
	case DID_NO_CONNECT:
	case DID_IMM_RETRY:
	case DID_REQUEUE:
	case DID_TRANSPORT_DISRUPTED:
	case DID_TRANSPORT_FAILFAST:
	case DID_TRANSPORT_MARGINAL:
		return true;
	default:
		return false;
	}
}

/*
 * An error of the block layer with no SCSI status to it, and any host byte but DID_OK,
 * were made up on the way: they do not tell what the device did.
 */
static void take_answer(struct request *rq, blk_status_t error, struct xcopy_scsi_answer *answer)
{
	struct scsi_cmnd *scmd = blk_mq_rq_to_pdu(rq);
	u8 status = scmd->result & 0xff;

	answer->lost = transport_lost(host_byte(scmd->result));
	if (host_byte(scmd->result) != DID_OK || (error && !status))
		return;
	answer->answered = true;
	answer->status = status;
	answer->residue = scmd->resid_len;
	take_sense(scmd, answer);
}

int xcopy_scsi_send(const struct xcopy_scsi_request *request, struct xcopy_scsi_answer *answer)
{
	struct request *rq = alloc_request(request);
	int r = 0;

	*answer = (struct xcopy_scsi_answer){ };
	if (IS_ERR(rq))
		return PTR_ERR(rq);
	if (request->length)
		r = xcopy_rq_map_kern(rq, request->data, request->length, GFP_NOIO);
	if (!r)
		take_answer(rq, blk_execute_rq(rq, true), answer);
	blk_mq_free_request(rq);
	xcopy_scsi_loss_note(request->sdev, xcopy_scsi_answer_sense(answer));
	return r ? -EAGAIN : 0;
}

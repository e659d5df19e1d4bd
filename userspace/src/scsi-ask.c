// SPDX-License-Identifier: GPL-2.0-only
#include "scsi-ask.h"

#include <errno.h>
#include <scsi/sg.h>
#include <string.h>
#include <sys/ioctl.h>

#define TIMEOUT_MS	10000
/* As the kernel's copier: a unit may have more than one unit attention to tell. */
#define TRIES		4
/* In the driver's byte, a bit that only says that there is sense data. */
#define DRIVER_SENSE	0x08
#define SENSE_SIZE	64

static uint8_t byte(const uint8_t *data, size_t length, size_t at)
{
	return at < length ? data[at] : 0;
}

static void decode_fixed(const uint8_t *data, size_t length, struct xcopy_scsi_sense *sense)
{
	/* ADDITIONAL SENSE LENGTH counts from behind itself. */
	size_t valid = length > 7 && data[7] + 8U < length ? data[7] + 8U : length;

	sense->key = byte(data, length, 2) & 0x0f;
	sense->asc = byte(data, valid, 12);
	sense->ascq = byte(data, valid, 13);
}

bool scsi_decode_sense(const uint8_t *data, size_t length, struct xcopy_scsi_sense *sense)
{
	uint8_t code = byte(data, length, 0) & 0x7f;

	*sense = (struct xcopy_scsi_sense){ 0 };
	if (code < 0x70 || code > 0x73)
		return false;
	sense->deferred = code & 1;
	if (code < 0x72) {
		decode_fixed(data, length, sense);
		return true;
	}
	sense->key = byte(data, length, 1) & 0x0f;
	sense->asc = byte(data, length, 2);
	sense->ascq = byte(data, length, 3);
	return true;
}

size_t scsi_arrived(size_t size, int residue)
{
	return residue > 0 && (size_t)residue <= size ? size - residue : size;
}

/* @again: it was not refused for good */
static const char *failure(const struct sg_io_hdr *io, bool *again)
{
	struct xcopy_scsi_sense sense;
	size_t length = io->sb_len_wr < SENSE_SIZE ? io->sb_len_wr : SENSE_SIZE;
	bool has = scsi_decode_sense(io->sbp, length, &sense);

	*again = xcopy_scsi_outcome(io->status, has ? &sense : NULL) == XCOPY_BUSY;
	return xcopy_scsi_status_name(xcopy_scsi_status_word(io->status, has ? &sense : NULL));
}

static const char *ask_once(int fd, const struct scsi_question *question, size_t *length,
			    bool *again)
{
	uint8_t sense[SENSE_SIZE] = { 0 };
	struct sg_io_hdr io = {
		.interface_id = 'S',
		.cmd_len = question->cdb_length,
		.cmdp = question->cdb,
		.dxfer_direction = SG_DXFER_FROM_DEV,
		.dxferp = question->data,
		.dxfer_len = question->size,
		.sbp = sense,
		.mx_sb_len = sizeof(sense),
		.timeout = TIMEOUT_MS,
	};

	memset(question->data, 0, question->size);
	if (ioctl(fd, SG_IO, &io))
		return errno == EPERM || errno == EACCES ? "not-permitted" : "no-answer";
	if (io.host_status || (io.driver_status & ~DRIVER_SENSE))
		return "no-answer";
	if (io.status)
		return failure(&io, again);
	*length = scsi_arrived(question->size, io.resid);
	return NULL;
}

const char *scsi_ask(int fd, const struct scsi_question *question, size_t *length)
{
	const char *failed = NULL;
	bool again = true;

	*length = 0;
	for (int i = 0; i < TRIES && again; i++) {
		again = false;
		failed = ask_once(fd, question, length, &again);
	}
	return failed;
}

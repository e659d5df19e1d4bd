/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What became of a copy command.  Needs no kernel: the status tables of the
 * copiers compile in userspace too.
 */
#ifndef XCOPY_OUTCOME_H
#define XCOPY_OUTCOME_H

/**
 * enum xcopy_outcome - what became of one copy command
 * @XCOPY_DONE: the device said so, for every byte (maybe in its volatile cache)
 * @XCOPY_TOO_BIG: the device wants smaller commands or fewer segments; nothing to
 *	trust was written
 * @XCOPY_BUSY: not sent, or refused for now: again later
 * @XCOPY_PATH: never sent, or refused by the device for this path: another path
 * @XCOPY_UNKNOWN: it may have been sent and may still be running: quarantine
 * @XCOPY_RANGE: this range only (medium error, alignment): host copy
 * @XCOPY_UNARMED: a setting of the device was lost: arm again, retry
 * @XCOPY_REFUSED: refused, and it may be for its size: as XCOPY_TOO_BIG if it was larger than
 *	any that was done; else as XCOPY_UNSUPPORTED
 * @XCOPY_UNSUPPORTED: this pair of devices cannot: no more offload for it
 *
 * Only the device's own status is a result.  Whatever is no answer of the device
 * after submission is XCOPY_UNKNOWN; a status that the copier's table does not
 * know is XCOPY_RANGE.
 */
enum xcopy_outcome {
	XCOPY_DONE,
	XCOPY_TOO_BIG,
	XCOPY_BUSY,
	XCOPY_PATH,
	XCOPY_UNKNOWN,
	XCOPY_RANGE,
	XCOPY_UNARMED,
	XCOPY_REFUSED,
	XCOPY_UNSUPPORTED,
};

#endif /* XCOPY_OUTCOME_H */

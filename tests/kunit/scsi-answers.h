/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What has to follow from each answer to EXTENDED COPY(LID1), written down from the standards, and
 * not from the table in dm-xcopy/scsi-command.c: which is what it is there to check.
 *
 *	STATUS(status, outcome, word)
 *	SENSE(key, asc, ascq, outcome, word)
 *
 * An entry is a line: tests/vm/guest/sense.sh reads it too, and has an array give each answer.
 * MORE() is as SENSE(), for codes that are tried by the unit test only. The words are T10's
 * names (SPC-4 annex F, asc-num.txt), in short; the rules:
 *
 *  - SAM-5 5.3.1: a status ends the command. BUSY and TASK SET FULL: it was not taken. TASK
 *    ABORTED: it was, and somebody ended it, and nobody says where it was then.
 *  - SPC-4 4.5: UNIT ATTENTION and NOT READY are told instead of the command being begun.
 *    ABORTED COMMAND is told after; what the device did then is not known, and so it is not to be
 *    believed but where it is the command's own data that did not arrive.
 *  - Under any key: who says that a unit did not answer him (05h, 08h, 3Eh/02h), or that he failed
 *    inside (44h, 3Eh/01h), does not know what became of the command there.
 *  - SPC-2 7.2.2, 7.2.3 and what became of them in SPC-4: ILLEGAL REQUEST is told before the first
 *    segment, COPY ABORTED after it. Both end the command, partly done or not.
 *  - What no line names concerns its range: the host copies it, and nothing is taken for success.
 */

/* SAM-5 5.3.1 */
STATUS(0x00, DONE, "good")
STATUS(0x04, RANGE, "condition-met")			/* no answer to this command */
STATUS(0x08, BUSY, "busy")
STATUS(0x18, RANGE, "reservation-conflict")		/* the host is told the same */
STATUS(0x28, BUSY, "task-set-full")
STATUS(0x30, BUSY, "aca-active")
STATUS(0x40, UNKNOWN, "task-aborted")

/* NO SENSE, RECOVERED ERROR: CHECK CONDITION all the same, so that it is not GOOD */
SENSE(0x0, 0x00, 0x00, RANGE, "no-sense")
SENSE(0x0, 0x00, 0x16, UNKNOWN, "operation-in-progress")	/* of this command? it may write */
MORE(0x0, 0x00, 0x17, RANGE, "no-sense")
SENSE(0x1, 0x17, 0x01, RANGE, "recovered-error")	/* RECOVERED DATA WITH RETRIES */
MORE(0x1, 0x00, 0x00, RANGE, "recovered-error")

/* NOT READY */
SENSE(0x2, 0x04, 0x01, BUSY, "not-ready")		/* IS IN PROCESS OF BECOMING READY */
MORE(0x2, 0x04, 0x00, BUSY, "not-ready")		/* CAUSE NOT REPORTABLE */
MORE(0x2, 0x04, 0x02, BUSY, "not-ready")		/* INITIALIZING COMMAND REQUIRED */
SENSE(0x2, 0x04, 0x0a, PATH, "asymmetric-access-state-transition")
SENSE(0x2, 0x04, 0x0b, PATH, "target-port-in-standby-state")
SENSE(0x2, 0x04, 0x0c, PATH, "target-port-in-unavailable-state")
SENSE(0x2, 0x05, 0x00, UNKNOWN, "logical-unit-does-not-respond")	/* TO SELECTION */
SENSE(0x2, 0x08, 0x00, UNKNOWN, "logical-unit-communication-failure")
MORE(0x2, 0x08, 0x01, UNKNOWN, "logical-unit-communication-failure")	/* TIME-OUT */
MORE(0x2, 0x3e, 0x01, UNKNOWN, "logical-unit-failure")
MORE(0x2, 0x3e, 0x02, UNKNOWN, "timeout-on-logical-unit")
MORE(0x2, 0x3e, 0x00, BUSY, "not-ready")		/* HAS NOT SELF-CONFIGURED YET */
MORE(0x2, 0x44, 0x00, UNKNOWN, "internal-target-failure")
SENSE(0x2, 0x3a, 0x00, RANGE, "medium-not-present")
MORE(0x2, 0x3a, 0x01, RANGE, "medium-not-present")	/* TRAY CLOSED */

/* MEDIUM ERROR, HARDWARE ERROR */
SENSE(0x3, 0x0c, 0x02, RANGE, "write-error")		/* AUTO REALLOCATION FAILED */
MORE(0x3, 0x0c, 0x00, RANGE, "write-error")
SENSE(0x3, 0x11, 0x00, RANGE, "unrecovered-read-error")
MORE(0x3, 0x11, 0x04, RANGE, "unrecovered-read-error")	/* AUTO REALLOCATE FAILED */
SENSE(0x3, 0x31, 0x00, RANGE, "medium-error")		/* MEDIUM FORMAT CORRUPTED */
SENSE(0x4, 0x08, 0x01, UNKNOWN, "logical-unit-communication-failure")	/* TIME-OUT */
MORE(0x4, 0x05, 0x00, UNKNOWN, "logical-unit-does-not-respond")
SENSE(0x4, 0x3e, 0x00, RANGE, "hardware-error")		/* HAS NOT SELF-CONFIGURED YET: not begun */
SENSE(0x4, 0x3e, 0x01, UNKNOWN, "logical-unit-failure")
SENSE(0x4, 0x3e, 0x02, UNKNOWN, "timeout-on-logical-unit")
SENSE(0x4, 0x44, 0x00, UNKNOWN, "internal-target-failure")
MORE(0x4, 0x44, 0x71, UNKNOWN, "internal-target-failure")	/* ATA DEVICE FAILED SET FEATURES */
MORE(0x4, 0x15, 0x01, RANGE, "hardware-error")		/* MECHANICAL POSITIONING ERROR */

/* ILLEGAL REQUEST: SPC-4 6.4.3 for the lists */
SENSE(0x5, 0x1a, 0x00, TOO_BIG, "parameter-list-length-error")
SENSE(0x5, 0x20, 0x00, UNSUPPORTED, "invalid-command-operation-code")
SENSE(0x5, 0x20, 0x02, UNSUPPORTED, "access-denied")	/* NO ACCESS RIGHTS */
SENSE(0x5, 0x21, 0x00, RANGE, "lba-out-of-range")
SENSE(0x5, 0x24, 0x00, UNSUPPORTED, "invalid-field-in-cdb")
SENSE(0x5, 0x25, 0x00, PATH, "logical-unit-not-supported")
SENSE(0x5, 0x26, 0x00, REFUSED, "invalid-field-in-parameter-list")
SENSE(0x5, 0x26, 0x01, UNSUPPORTED, "invalid-field-in-parameter-list")	/* NOT SUPPORTED */
MORE(0x5, 0x26, 0x02, UNSUPPORTED, "invalid-field-in-parameter-list")	/* VALUE INVALID */
SENSE(0x5, 0x26, 0x06, UNSUPPORTED, "too-many-target-descriptors")
SENSE(0x5, 0x26, 0x07, UNSUPPORTED, "unsupported-target-descriptor-type")
SENSE(0x5, 0x26, 0x08, TOO_BIG, "too-many-segment-descriptors")
SENSE(0x5, 0x26, 0x09, UNSUPPORTED, "unsupported-segment-descriptor-type")
SENSE(0x5, 0x26, 0x0a, RANGE, "unexpected-inexact-segment")
SENSE(0x5, 0x26, 0x0b, UNSUPPORTED, "inline-data-length-exceeded")
SENSE(0x5, 0x26, 0x0c, UNSUPPORTED, "invalid-operation-for-copy-source-or-destination")
SENSE(0x5, 0x26, 0x0d, RANGE, "copy-segment-granularity-violation")
SENSE(0x5, 0x2c, 0x00, RANGE, "command-sequence-error")
SENSE(0x5, 0x55, 0x01, BUSY, "system-buffer-full")
MORE(0x5, 0x55, 0x02, RANGE, "illegal-request")		/* INSUFFICIENT RESERVATION RESOURCES */
SENSE(0x5, 0x55, 0x03, BUSY, "insufficient-resources")
SENSE(0x5, 0x80, 0x00, RANGE, "illegal-request")	/* vendor specific */

/* UNIT ATTENTION */
SENSE(0x6, 0x29, 0x00, BUSY, "unit-attention")		/* POWER ON, RESET, ... OCCURRED */
MORE(0x6, 0x2a, 0x06, BUSY, "unit-attention")		/* ASYMMETRIC ACCESS STATE CHANGED */
MORE(0x6, 0x2a, 0x09, BUSY, "unit-attention")		/* CAPACITY DATA HAS CHANGED */
MORE(0x6, 0x3f, 0x0e, BUSY, "unit-attention")		/* REPORTED LUNS DATA HAS CHANGED */

/* DATA PROTECT: the medium, or, with 07h, SBC-3 4.7.3.6, just this range */
SENSE(0x7, 0x27, 0x00, UNSUPPORTED, "write-protected")
MORE(0x7, 0x27, 0x02, UNSUPPORTED, "write-protected")	/* LOGICAL UNIT SOFTWARE WRITE PROTECTED */
SENSE(0x7, 0x27, 0x07, RANGE, "space-allocation-failed-write-protect")
SENSE(0x7, 0x20, 0x00, RANGE, "data-protect")

SENSE(0x8, 0x00, 0x00, RANGE, "blank-check")
SENSE(0x9, 0x80, 0x00, RANGE, "vendor-specific")

/* COPY ABORTED: units that were not reached, SPC-4 6.4.6, another copy manager may reach */
SENSE(0xa, 0x00, 0x00, RANGE, "copy-aborted")
MORE(0xa, 0x05, 0x00, UNKNOWN, "logical-unit-does-not-respond")
SENSE(0xa, 0x08, 0x00, UNKNOWN, "logical-unit-communication-failure")
MORE(0xa, 0x08, 0x01, UNKNOWN, "logical-unit-communication-failure")	/* TIME-OUT */
SENSE(0xa, 0x08, 0x04, PATH, "unreachable-copy-target")
MORE(0xa, 0x0d, 0x00, RANGE, "copy-aborted")		/* THIRD PARTY TEMPORARY INITIATOR */
SENSE(0xa, 0x0d, 0x01, RANGE, "third-party-device-failure")
SENSE(0xa, 0x0d, 0x02, PATH, "copy-target-device-not-reachable")
SENSE(0xa, 0x0d, 0x03, UNSUPPORTED, "incorrect-copy-target-device-type")
SENSE(0xa, 0x0d, 0x04, RANGE, "copy-target-device-data-underrun")
SENSE(0xa, 0x0d, 0x05, RANGE, "copy-target-device-data-overrun")
MORE(0xa, 0x26, 0x08, RANGE, "copy-aborted")		/* said too late: part of it may be done */
MORE(0xa, 0x29, 0x00, RANGE, "copy-aborted")
MORE(0xa, 0x3e, 0x01, UNKNOWN, "logical-unit-failure")
SENSE(0xa, 0x3e, 0x02, UNKNOWN, "timeout-on-logical-unit")
MORE(0xa, 0x44, 0x00, UNKNOWN, "internal-target-failure")

/*
 * ABORTED COMMAND. That the parameter list arrived garbled says that the command did not begin:
 * parity, CRC and data phase errors. A connection that was lost, or commands that were cleared,
 * do not.
 */
SENSE(0xb, 0x00, 0x00, UNKNOWN, "aborted-command")
MORE(0xb, 0x08, 0x01, UNKNOWN, "aborted-command")	/* LOGICAL UNIT COMMUNICATION TIME-OUT */
MORE(0xb, 0x0d, 0x02, UNKNOWN, "aborted-command")
MORE(0xb, 0x2f, 0x00, UNKNOWN, "aborted-command")	/* COMMANDS CLEARED BY ANOTHER INITIATOR */
MORE(0xb, 0x44, 0x00, UNKNOWN, "aborted-command")	/* INTERNAL TARGET FAILURE */
SENSE(0xb, 0x47, 0x03, BUSY, "scsi-parity-error")	/* INFORMATION UNIT iuCRC ERROR DETECTED */
MORE(0xb, 0x47, 0x05, BUSY, "scsi-parity-error")	/* PROTOCOL SERVICE CRC ERROR */
SENSE(0xb, 0x47, 0x7f, UNKNOWN, "commands-cleared-by-iscsi-event")
SENSE(0xb, 0x4b, 0x00, BUSY, "data-phase-error")
MORE(0xb, 0x4b, 0x03, BUSY, "data-phase-error")		/* ACK/NAK TIMEOUT */
SENSE(0xb, 0x4b, 0x07, UNKNOWN, "connection-lost")
MORE(0xb, 0x4e, 0x00, UNKNOWN, "aborted-command")	/* OVERLAPPED COMMANDS ATTEMPTED */

/* SPC-4 4.5: 0Ch is reserved, 0Fh is COMPLETED, which goes with GOOD */
MORE(0xc, 0x00, 0x00, RANGE, "scsi-error")
SENSE(0xd, 0x00, 0x00, RANGE, "volume-overflow")
SENSE(0xe, 0x1d, 0x00, RANGE, "miscompare")		/* MISCOMPARE DURING VERIFY OPERATION */
MORE(0xf, 0x00, 0x00, RANGE, "scsi-error")

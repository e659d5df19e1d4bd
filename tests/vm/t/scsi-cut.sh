#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: the power of a SCSI array with a volatile cache is cut while it copies: what was flushed is there, the rest is old or new
# console: (I/O error|sd [0-9:]+|critical|The storage does not copy)
# timeout: 300
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/scsi-cut.sh"

scsi_cut_start
scsi_cuts 7 1

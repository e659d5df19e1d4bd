#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: each status and each row of the sense table: retried, shrunk, left to the host or quarantined, as it says
# timeout: 3600
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/sense.sh"

try_senses

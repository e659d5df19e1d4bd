#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: a clone that is removed and activated again (no_format) goes on where it was
# timeout: 300
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/loads.sh"

meta=$(slice meta "$(disk s0)" 0 16384)

clone offloaded "$(disk a1)" "$(disk a2)" "$meta" 98307 128
load_removed nvme "" 6 hydration_rate 512 hydration_floor 512 quarantine_ms 1000

plain_disks plain 65543 65536
clone plain "$PLAIN_SOURCE" "$PLAIN_DESTINATION" "$PLAIN_METADATA" 65543 8
load_removed host no_offload 4 hydration_rate 256 hydration_floor 256

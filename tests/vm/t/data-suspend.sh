#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: suspend, resume and reload in the middle, under load, lose and mix up nothing
# core: bookworm sid
# timeout: 400
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/loads.sh"

meta=$(slice meta "$(disk s0)" 0 16384)

clone offloaded "$(disk a1)" "$(disk a2)" "$meta" 98307 128
load_suspended nvme 0 6 hydration_rate $((256 / XCOPY_SLOW)) hydration_floor $((256 / XCOPY_SLOW)) quarantine_ms 1000

plain_disks plain 65543 65536
clone plain "$PLAIN_SOURCE" "$PLAIN_DESTINATION" "$PLAIN_METADATA" 65543 8
load_suspended host 1 no_offload 4 hydration_rate $((256 / XCOPY_SLOW)) hydration_floor $((256 / XCOPY_SLOW))

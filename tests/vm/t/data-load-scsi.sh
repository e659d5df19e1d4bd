#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: random I/O races hydration by EXTENDED COPY: every byte is one that was written, or the source's
# needs: append=no_debug_objects
# core: bookworm
# timeout: 500
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/tools/clone-lib.sh"
. "$XCOPY_SRC/tests/vm/guest/lio.sh"

meta=$(slice meta "$(disk s0)" 0 16384)
lio_start
for unit in a1 a2 a3 a4; do
	lio_unit $unit "$(disk $unit)"
done
lio_target t a1 a2 a3 a4

race() { # NAME SOURCE-LUN DESTINATION-LUN SECTORS REGION RATE LOAD-OPTION...
	local name=$1 rate=$6
	clone "$name" "$(lio_disk t "$2")" "$(lio_disk t "$3")" "$meta" "$4" "$5"
	shift 6
	clone_prepare
	clone_up 0 4 hydration_rate "$rate" hydration_floor 1024
	ok "$name: I/O during hydration" clone_io --seconds 4 "$@"
	diag "$(dmsetup status "$name")"
	at_least "$name: hydration went on meanwhile" "$(clone_hydrated)" 1
	run dmsetup message "$name" 0 set hydration_rate 0
	ok "$name: I/O while it is fast" clone_io --seconds 1 "$@"
	diag "$(dmsetup status "$name")"
	at_least "$name: the storage has copied" "$(status_field "$name" offloaded)" 1024
	clone_finish 60 "$name"
}

race region-64k 0 1 65543 128 4096
race region-4k 0 1 65543 8 4096 --max-kib 64
race lba4096 2 3 65544 128 4096
race overlapping 0 1 65536 128 4096 --overlap --threads 8

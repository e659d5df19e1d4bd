#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: random I/O races hydration by NVMe Copy: every byte is one that was written, or the source's
# core: bookworm sid
# timeout: 500
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/tools/clone-lib.sh"

meta=$(slice meta "$(disk s0)" 0 16384)

race() { # NAME SOURCE DESTINATION SECTORS REGION RATE LOAD-OPTION...
	local name=$1 rate=$6
	clone "$name" "$(disk "$2")" "$(disk "$3")" "$meta" "$4" "$5"
	shift 6
	clone_prepare
	clone_up 0 4 hydration_rate "$rate" hydration_floor 1024
	ok "$name: I/O during hydration" clone_io --seconds 4 "$@"
	diag "$(dmsetup status "$name")"
	at_least "$name: hydration went on meanwhile" "$(clone_hydrated)" 1
	run dmsetup message "$name" 0 set hydration_rate 0
	ok "$name: I/O while it is fast" clone_io --seconds 1 "$@"
	clone_finish 60 "$name"
}

race region-64k a1 a2 65543 128 4096
race region-4k a1 a2 65543 8 4096 --max-kib 64
race region-1m a1 a2 98307 2048 8192 --max-kib 1024
race lba4096 a3 a4 65544 128 4096
race small-limits a5 a6 65543 128 4096
race overlapping a1 a2 65536 128 4096 --overlap --threads 8

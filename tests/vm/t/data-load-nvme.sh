#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: random I/O races hydration by NVMe Copy: every byte is one that was written, or the source's
# core: bookworm sid
# timeout: 500
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/loads.sh"

meta=$(slice meta "$(disk s0)" 0 16384)

race() { # NAME SOURCE DESTINATION SECTORS REGION RATE LOAD-OPTION...
	clone "$1" "$(disk "$2")" "$(disk "$3")" "$meta" "$4" "$5"
	load_race "$1" "${@:6}"
	clone_finish 60 "$1"
}

race region-64k a1 a2 65543 128 4096
race region-4k a1 a2 65543 8 4096 --max-kib 64
race region-1m a1 a2 98307 2048 8192 --max-kib 1024
race lba4096 a3 a4 65544 128 4096
race small-limits a5 a6 65543 128 4096
race overlapping a1 a2 65536 128 4096 --overlap --threads 8

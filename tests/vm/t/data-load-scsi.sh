#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: random I/O races hydration by EXTENDED COPY: every byte is one that was written, or the source's
# needs: append=no_debug_objects
# core: bookworm
# timeout: 500
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/loads.sh"
. "$XCOPY_SRC/tests/vm/guest/lio.sh"

meta=$(slice meta "$(disk s0)" 0 16384)
lio_start
for unit in a1 a2 a3 a4; do
	lio_unit $unit "$(disk $unit)"
done
lio_target t a1 a2 a3 a4

race() { # NAME SOURCE-LUN DESTINATION-LUN SECTORS REGION RATE LOAD-OPTION...
	clone "$1" "$(lio_disk t "$2")" "$(lio_disk t "$3")" "$meta" "$4" "$5"
	load_race "$1" "${@:6}"
	at_least "$1: the storage has copied" "$(status_field "$1" offloaded)" 1024
	clone_finish 60 "$1"
}

race region-64k 0 1 65543 128 4096
race region-4k 0 1 65543 8 4096 --max-kib 64
race lba4096 2 3 65544 128 4096
race overlapping 0 1 65536 128 4096 --overlap --threads 8

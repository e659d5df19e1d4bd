#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: constant user I/O does not starve hydration, and hydration does not starve user I/O
# timeout: 300
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/tools/clone-lib.sh"

meta=$(slice meta "$(disk s0)" 0 16384)

value() { # KEY FILE
	awk -v key="$1" '{ for (i = 1; i < NF; i++) if ($i == key) { print $(i + 1); exit } }' "$2"
}

measure() { # TEXT ARGUMENTS
	local text=$1
	shift
	clone_prepare
	clone_up "$@"
	ok "$text: I/O with nothing else" clone_io --seconds 3 --threads 8 --mix write=60,read=40 --max-kib 64
	cp "$LIB_OUTPUT" "$STATE/idle"
	clone_io_start "$STATE/busy" --seconds 60 --threads 8 --mix write=60,read=40 --max-kib 64
	sleep 2
	run dmsetup message "$NAME" 0 enable_hydration
	# 128 MiB in a minute is a fraction of the floor of 16 MiB/s.
	ok "$text: hydration ends under constant I/O" wait_for 55 hydrated "$NAME"
	ok "$text: the I/O was right" clone_io_stop
	diag "alone: $(cat "$STATE/idle")"
	diag "with hydration: $(cat "$STATE/busy")"
	at_least "$text: the I/O went on meanwhile" "$(value operations "$STATE/busy")" 100
	clone_finish 1 "$text"
}

clone offloaded "$(disk a1)" "$(disk a2)" "$meta" 262144 128
measure nvme 1 no_hydration

plain_disks plain 131072 65536
clone plain "$PLAIN_SOURCE" "$PLAIN_DESTINATION" "$PLAIN_METADATA" 131072 128
measure host 2 no_offload no_hydration

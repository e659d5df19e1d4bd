#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: random I/O races hydration by the host: every byte is one that was written, or the source's
# core: bookworm sid
# timeout: 400
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/tools/clone-lib.sh"

# The destination's writes take 20 ms, the source's reads 5: bios meet copies in flight all the time.
slow_down() { # NAME SECTORS
	run modprobe dm-delay
	run dmsetup load "$1-dst" --table "0 $2 delay $(disk s1) 81920 0 $(disk s1) 81920 20"
	run dmsetup resume "$1-dst"
	run dmsetup load "$1-src" --table "0 $2 delay $(disk s0) 81920 5"
	run dmsetup resume "$1-src"
}

race() { # NAME SECTORS REGION FEATURES LOAD-OPTION...
	local name=$1 features=$4
	plain_disks "$1" "$2" 65536
	case $name in slow-*) slow_down "$1" "$2" ;; esac
	clone "$1" "$PLAIN_SOURCE" "$PLAIN_DESTINATION" "$PLAIN_METADATA" "$2" "$3"
	shift 4
	clone_prepare
	# shellcheck disable=SC2086 # several words
	clone_up $features 4 hydration_rate 4096 hydration_floor 1024
	ok "$name: I/O during hydration" clone_io --seconds 4 "$@"
	diag "$(dmsetup status "$name")"
	is "$name: nothing was offloaded" "$(status_field "$name" offloaded)" 0
	run dmsetup message "$name" 0 set hydration_rate 0
	run dmsetup message "$name" 0 enable_hydration
	ok "$name: I/O while it is fast" clone_io --seconds 1 "$@"
	clone_finish 60 "$name"
	run dmsetup remove "$name-src"
	run dmsetup remove "$name-dst"
	run dmsetup remove "$name-meta"
}

race region-64k 65543 128 "1 no_offload"
race region-4k 32775 8 "1 no_offload" --max-kib 64
race region-1m 98307 2048 "1 no_offload" --max-kib 1024
race no-passdown 65536 128 "2 no_offload no_discard_passdown" --mix write=20,discard=40,read=30,flush=2
race only-writes 32768 128 "2 no_offload no_hydration" --mix write=30,zero=20,discard=20,read=30 --overlap
race slow-64k 32775 128 "1 no_offload" --threads 8
race slow-4k 8195 8 "1 no_offload" --threads 8 --max-kib 16

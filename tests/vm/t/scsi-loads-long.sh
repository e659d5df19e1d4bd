#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: arrays of each kind under load, suspended, removed and activated again: every byte is one that was written, or the source's
# timeout: 1500
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/loads.sh"
. "$XCOPY_SRC/tests/vm/guest/array.sh"

meta=$(slice meta "$(disk s0)" 0 16384)
array_start
for unit in one two; do
	array_unit $unit 64
done
for unit in three four; do
	array_unit $unit 64 4096
done
array_target a one two three four
small=("$(lio_disk a 0)" "$(lio_disk a 1)")
large=("$(lio_disk a 2)" "$(lio_disk a 3)")

# By whom it was copied is the caller's to ask.
race() { # TEXT PROFILE [LOAD-OPTION]...
	clone race "${small[@]}" "$meta" 65543 128
	array_set profile "$2"
	load_race "$1" 4096 "${@:3}"
}

offloaded() {
	at_least "$1: the storage has copied" "$(status_field "$NAME" offloaded)" 1024
	is "$1: it copied right" "$(status_field "$NAME" verify_failures)" 0
	clone_finish 60 "$1"
}

for profile in instant strict-2seg lio-like spc4 no-rcr slow; do
	race $profile $profile
	offloaded $profile
done

for profile in liar-nothing liar-elsewhere; do
	# Where the first lie goes nothing is written before it was caught.
	log_mark
	race $profile $profile --window 32768:32768
	ok "$profile: it was caught" log_has 'The storage does not copy .*\(verify-failed\); the host copies instead'
	is "$profile: by the first verification" "$(status_field race verify_failures)" 1
	is "$profile: and copied nothing since" "$(status_field race offloaded)" 0
	clone_finish 60 $profile
done

# Commands are refused, fail, or fail after they were done: for their size, their range, now, or nobody knows why.
flaky() {
	local end=$((SECONDS + 3))
	local answers=("2 5 0x26 8" "2 3 0x11 0" "2 6 0x2a 6" "8 0 0 0" "2 2 4 1" "2 0xa 0x0d 1" "2 0xb 0x4b 0")
	RANDOM=7
	# Once: a second time would end offload.
	array_fail 1 2 4 0x44 0 after
	wait_for 2 log_has 'has no known outcome'
	while [ $SECONDS -lt $end ]; do
		# shellcheck disable=SC2046,SC2086 # words
		array_fail 1 ${answers[RANDOM % ${#answers[@]}]} $([ $((RANDOM % 2)) = 0 ] || echo after)
		sleep 0.2
	done
}

LOAD_BESIDE=flaky
log_mark
race flaky instant
ok "flaky: an outcome was unknown" log_has 'has no known outcome'
array_set profile instant
clone_finish 60 flaky
LOAD_BESIDE=

clone lba4096 "${large[@]}" "$meta" 65544 128
load_race "blocks of 4096" 4096
offloaded "blocks of 4096"
clone region-4k "${small[@]}" "$meta" 65543 8
load_race "regions of 4 KiB" 4096 --max-kib 64
offloaded "regions of 4 KiB"
clone overlapping "${small[@]}" "$meta" 65536 128
load_race overlapping 4096 --overlap --threads 8
offloaded overlapping

clone suspended "${small[@]}" "$meta" 98307 128
load_suspended suspended 0 6 hydration_rate $((256 / XCOPY_SLOW)) hydration_floor $((256 / XCOPY_SLOW)) quarantine_ms 1000
clone removed "${small[@]}" "$meta" 98307 128
load_removed removed "" 6 hydration_rate 512 hydration_floor 512 quarantine_ms 1000

# Nothing is written: all by the storage, in lengths that are no multiple of anything but the block.
idle() { # TEXT SECTORS REGION DISK...
	clone idle "$4" "$5" "$meta" "$2" "$3"
	clone_prepare
	clone_up 0
	ok "$1: the clone is right at once" clone_verify
	ok "$1: hydration ends" wait_for 60 hydrated idle
	is "$1: the storage copied everything" "$(status_field idle offloaded)" "$2"
	clone_finish 1 "$1"
}

idle "idle, 64 KiB" 65536 128 "${small[@]}"
idle "idle, 4 KiB, odd" 65543 8 "${small[@]}"
idle "idle, 1 MiB, odd" 65537 2048 "${small[@]}"
idle "idle, blocks of 4096" 65544 128 "${large[@]}"

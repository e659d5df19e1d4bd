#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: a clone that is removed and activated again (no_format) goes on where it was
# timeout: 300
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/tools/clone-lib.sh"

meta=$(slice meta "$(disk s0)" 0 16384)

again() { # TEXT FEATURES CORE-ARGUMENTS: FEATURES without their count
	local text=$1 features=$2 round count
	shift 2
	clone_prepare
	# shellcheck disable=SC2086 # words
	clone_up "$(wc -w <<<"$features")" $features "$@"
	for round in 1 2 3; do
		ok "$text: load, round $round" clone_io --seconds 2 --window "$(clone_half)"
		count=$(clone_hydrated)
		ok "$text: in the middle" clone_in_the_middle
		# Not a crash: everything acknowledged has to be there, flushed or not.
		run dmsetup remove --retry "$NAME"
		# shellcheck disable=SC2086 # words
		clone_up "$(wc -w <<<"$features no_format")" $features no_format "$@"
		at_least "$text: what was hydrated is" "$(clone_hydrated)" "$count"
		ok "$text: the clone is right" clone_verify
	done
	run dmsetup message "$NAME" 0 set hydration_rate 0
	clone_finish 60 "$text"
	# Complete, and activated once more: nothing is left to do.
	# shellcheck disable=SC2086 # words
	clone_up "$(wc -w <<<"$features no_format")" $features no_format "$@"
	ok "$text: complete when activated again" hydrated "$NAME"
	ok "$text: and right" clone_verify
	run dmsetup remove --retry "$NAME"
}

clone offloaded "$(disk a1)" "$(disk a2)" "$meta" 98307 128
again nvme "" 6 hydration_rate 512 hydration_floor 512 quarantine_ms 1000

plain_disks plain 65543 65536
clone plain "$PLAIN_SOURCE" "$PLAIN_DESTINATION" "$PLAIN_METADATA" 65543 8
again host no_offload 4 hydration_rate 256 hydration_floor 256

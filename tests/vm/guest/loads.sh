# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What is done to a clone while it fills, for tests of data, sourced after "$XCOPY_LIB". Each begins with the clone that
# was set last (clone, in tests/tools/clone-lib.sh). The last two end with it whole, judged, and removed.
#
#   load_race TEXT RATE LOAD-OPTION...   I/O while hydration goes on, slow at first
#   load_suspended TEXT ARGUMENTS                    I/O through suspends, resumes and reloads
#   load_removed TEXT FEATURES CORE-ARGUMENTS        I/O, removed in the middle and activated again (FEATURES without their count)

# shellcheck source=tests/tools/clone-lib.sh
. "$XCOPY_SRC/tests/tools/clone-lib.sh"

# LOAD_BESIDE, if set, is called while the load runs.
load_race() {
	local text=$1 rate=$2
	shift 2
	clone_prepare
	clone_up 0 6 hydration_rate "$rate" hydration_floor 1024 quarantine_ms 1000
	"${LOAD_BESIDE:-:}" &
	ok "$text: I/O during hydration" clone_io --seconds 4 "$@"
	wait $!
	diag "$(dmsetup status "$NAME")"
	at_least "$text: hydration went on meanwhile" "$(clone_hydrated)" 1
	run dmsetup message "$NAME" 0 set hydration_rate 0
	ok "$text: I/O while it is fast" clone_io --seconds 1 "$@"
	diag "$(dmsetup status "$NAME")"
}

load_cycle() { # ARGUMENTS: one of each, with the load running
	dmsetup suspend "$NAME" && dmsetup resume "$NAME" &&
		dmsetup suspend --noflush --nolockfs "$NAME" && dmsetup resume "$NAME" &&
		clone_reload "$@" &&
		dmsetup load "$NAME" --table "$(clone_table "$@")" &&
		dmsetup suspend --noflush --nolockfs "$NAME" && dmsetup resume "$NAME"
}

load_suspended() {
	local text=$1 i
	shift
	clone_prepare
	clone_up "$@"
	clone_io_start "$STATE/load" --seconds 120 --threads 8 --window "$(clone_half)"
	for i in 1 2 3 4; do
		ok "$text: suspend, resume, reload, round $i" load_cycle "$@"
		sleep 0.5
	done
	ok "$text: the load saw nothing wrong" clone_io_stop
	diag "$(cat "$STATE/load")"
	diag "$(dmsetup status "$NAME")"
	ok "$text: and was at work" grep -q 'operations [1-9]' "$STATE/load"
	ok "$text: hydration was still under way" clone_in_the_middle
	run dmsetup message "$NAME" 0 set hydration_rate 0
	clone_finish 60 "$text"
}

load_removed() {
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

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: suspend, resume and reload in the middle, under load, lose and mix up nothing
# core: bookworm sid
# timeout: 400
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/tools/clone-lib.sh"

meta=$(slice meta "$(disk s0)" 0 16384)

cycle() { # ARGUMENTS: one of each, with the load running
	dmsetup suspend "$NAME" && dmsetup resume "$NAME" &&
		dmsetup suspend --noflush --nolockfs "$NAME" && dmsetup resume "$NAME" &&
		clone_reload "$@" &&
		dmsetup load "$NAME" --table "$(clone_table "$@")" &&
		dmsetup suspend --noflush --nolockfs "$NAME" && dmsetup resume "$NAME"
}

under_load() { # TEXT ARGUMENTS
	local text=$1 i
	shift
	clone_prepare
	clone_up "$@"
	clone_io_start "$STATE/load" --seconds 120 --threads 8 --window "$(clone_half)"
	for i in 1 2 3 4; do
		ok "$text: suspend, resume, reload, round $i" cycle "$@"
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

clone offloaded "$(disk a1)" "$(disk a2)" "$meta" 98307 128
under_load nvme 0 6 hydration_rate $((256 / XCOPY_SLOW)) hydration_floor $((256 / XCOPY_SLOW)) quarantine_ms 1000

plain_disks plain 65543 65536
clone plain "$PLAIN_SOURCE" "$PLAIN_DESTINATION" "$PLAIN_METADATA" 65543 8
under_load host 1 no_offload 4 hydration_rate $((256 / XCOPY_SLOW)) hydration_floor $((256 / XCOPY_SLOW))

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: a guest killed in the middle of load and hydration by EXTENDED COPY, twice: nothing flushed is lost
# needs: append=no_debug_objects
# phases: 3
# timeout: 300
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/tools/clone-lib.sh"
. "$XCOPY_SRC/tests/vm/guest/lio.sh"

meta=$(slice meta "$(disk s0)" 0 16384)
lio_start
lio_unit one "$(disk a1)"
lio_unit two "$(disk a2)"
lio_target t one two
clone killed "$(lio_disk t 0)" "$(lio_disk t 1)" "$meta" 98307 128
arguments=(hydration_rate 128 hydration_floor 128 quarantine_ms 2000)

under_load() { # SECONDS
	clone_io_start /dev/null --seconds 60 --random "$PHASE" --window "$(clone_half)"
	sleep "$1"
}

activate() {
	clone_up 1 no_format ${#arguments[@]} "${arguments[@]}"
	ok "nothing flushed is lost, phase $PHASE" clone_verify_crash
	diag "$(dmsetup status "$NAME")"
}

case $PHASE in
1)
	clone_prepare
	clone_up 0 ${#arguments[@]} "${arguments[@]}"
	under_load 5
	at_least "the storage copies" "$(status_field killed offloaded)" 1
	vm_kill
	;;
2)
	activate
	under_load 4
	vm_crash
	;;
3)
	activate
	ok "in the middle" clone_in_the_middle
	ok "I/O afterwards" clone_io --seconds 1
	run dmsetup message killed 0 set hydration_rate 0
	clone_finish 60 killed
	;;
esac

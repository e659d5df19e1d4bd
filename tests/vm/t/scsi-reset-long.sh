#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: another initiator resets the unit with copies in flight, more than once: their ranges are in quarantine, offload goes on
# timeout: 300
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/tools/clone-lib.sh"
. "$XCOPY_SRC/tests/vm/guest/array.sh"

# By the array's word only: under a real LUN RESET LIO's own copy manager takes the kernel down (it drains commands that
# live on the stacks of others), and the test array is another device behind each target.
meta=$(slice meta "$(disk s0)" 0 16384)
array_start
array_unit one 64
array_unit two 64
array_target a one two
clone reset "$(lio_disk a 0)" "$(lio_disk a 1)" "$meta" 131072 128

unknown() { log_has 'has no known outcome'; }
more() { [ "$(status_field reset offloaded)" -gt $((at + 2048)) ]; }

clone_prepare
array_set bandwidth $((1 << 20))
clone_up 0 4 quarantine_ms 2000 offload_max_kib 1024
clone_io_start "$STATE/load" --seconds 300 --window "$(clone_half)"
at=0
# A unit attention comes at once; one that comes late is not excused.
ok "the storage copies" wait_for 60 more
while read -r round answer; do
	log_mark
	# shellcheck disable=SC2086 # words
	array_fail 1 $answer
	ok "$round: nobody knows what became of it" wait_for 60 unknown
	at=$(status_field reset offloaded)
	ok "$round: offload goes on" wait_for 60 more
	diag "$(dmsetup status reset)"
done <<'END'
aborted 0x40 0 0 0 after
told-of 2 6 0x29 3
aborted-again 0x40 0 0 0 after
END
is "it is not given up" "$(status_field reset offload)" on
array_set bandwidth 0
ok "the load saw nothing wrong" clone_io_stop
diag "$(cat "$STATE/load")"
clone_finish 120 "reset"

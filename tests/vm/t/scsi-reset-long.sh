#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: another initiator resets the unit with copies in flight, more than once: their ranges are in quarantine, offload goes on
# timeout: 300
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/tools/clone-lib.sh"
. "$XCOPY_SRC/tests/vm/guest/array.sh"

# LIO's own copy manager does not survive a LUN RESET (it drains commands that live on the stacks of others).
meta=$(slice meta "$(disk s0)" 0 16384)
array_start
array_unit one 64
array_unit two 64
array_target a one two
array_target b one two
clone reset "$(lio_disk a 0)" "$(lio_disk a 1)" "$meta" 131072 128

# Copies in flight are aborted (TASK ABORTED), and the next command meets a unit attention.
resets() {
	for _ in 1 2 3 4 5; do
		run sg_reset --device --no-escalate "$(lio_disk b 1)"
		! wait_for 1 log_has 'has no known outcome' || return 0
	done
	return 1
}

more() { [ "$(status_field reset offloaded)" -gt $((at + 2048)) ]; }

clone_prepare
array_set bandwidth $((1 << 20))
clone_up 0 4 quarantine_ms 2000 offload_max_kib 1024
clone_io_start "$STATE/load" --seconds 300 --window "$(clone_half)"
at=0
ok "the storage copies" wait_for 60 more
for round in 1 2 3; do
	log_mark
	ok "copies are aborted, round $round" resets
	at=$(status_field reset offloaded)
	ok "offload goes on, round $round" wait_for 60 more
	diag "$(dmsetup status reset)"
done
is "it is not given up" "$(status_field reset offload)" on
array_set bandwidth 0
ok "the load saw nothing wrong" clone_io_stop
diag "$(cat "$STATE/load")"
clone_finish 120 "reset"

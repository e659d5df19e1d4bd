#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: copies that hang until the host has given them up, and then still write: never over anything newer
# console: (sd [0-9:]+|ABORT_TASK|TARGET_CORE|I/O error|tcm_loop|tcmu)
# timeout: 600
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/hang.sh"

# The load writes, zeroes and discards all over the clone, in the range of the copy as well.
hang "under load" true

reload() {
	clone_reload 0 8 hydration_rate 2048 hydration_floor 2048 offload_max_kib 1024 quarantine_ms 25000
}
hang "and reloaded" reload

# Who removes the clone waits for the copy as well: the destination is somebody else's then.
desc="and removed"
array_release
run array stats reset
clone_prepare
clone_up 0 8 hydration_rate 2048 hydration_floor 2048 offload_max_kib 1024 quarantine_ms 25000
ok "$desc: the storage copies" wait_for 30 offloads
ok "$desc: writes and a flush" clone_do write:40000:300 zero:50000:128 flush
log_mark
array_set abort_ms 15000
array_hold
ok "$desc: a copy hangs" wait_for 30 array_counts held 1
# While the array thinks about it, nobody knows what became of the copy, and nothing is said of it.
ok "$desc: the host wants it back" wait_for 150 array_counts aborted 1
at=$SECONDS
not_ok "$desc: it has not been given up yet" given_up
ok "$desc: the host gives it up" wait_for 150 given_up
at_least "$desc: not before the array has answered" $((SECONDS - at)) 10
dmsetup remove --retry late &
removal=$!
sleep 5
ok "$desc: that waits" kill -0 $removal
array_release
sleep 1
at_least "$desc: the copy wrote all the same" "$(array_stat late)" 1
ok "$desc: it ends" wait $removal
ok "$desc: the clone is gone" test ! -e /dev/mapper/late
clone_up 1 no_format
ok "$desc: activated again, every byte is right" clone_verify
clone_finish 120 "$desc"

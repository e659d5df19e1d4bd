#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: a target that answers for a backend which did not, in time, and goes on copying: the late copy hits nothing newer
# console: (sd [0-9:]+|TARGET_CORE|I/O error|tcm_loop|tcmu)
# timeout: 400
# The target core says NOT READY, LOGICAL UNIT COMMUNICATION FAILURE then.
# Below the 60 s of a copy on any kernel.
ARRAY_EXPIRE_S=$((${XCOPY_SLOW:-1} > 1 ? 45 : 30))
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/hang.sh"

array_release
clone_prepare
clone_up 0 8 hydration_rate 512 hydration_floor 512 offload_max_kib 1024 quarantine_ms 25000
ok "the storage copies" wait_for 30 offloads
log_mark
array_hold
ok "a copy hangs" wait_for 30 array_counts held 1
clone_io_start "$STATE/load" --seconds 600 --threads 4
ok "its range is put in quarantine" wait_for 60 given_up
is "and that is why" "$(status_field late last_error)" logical-unit-communication-failure
is "the array was not told" "$(array_stat aborted)" 0
sleep 5
array_release
sleep 1
ok "no I/O has failed" clone_io_stop
diag "$(<"$STATE/load")"
is "nothing was found wrong" "$(status_field late verify_failures)" 0
run dmsetup message late 0 set hydration_rate 0
clone_finish 120 "in the end"

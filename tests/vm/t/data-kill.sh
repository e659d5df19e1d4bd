#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: a guest killed in the middle of load and hydration, three times: nothing flushed is lost
# phases: 4
# timeout: 240
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/tools/clone-lib.sh"

# Two at a time: one copied by the storage, one by the host.
nvme_args=(6 hydration_rate 512 hydration_floor 512 quarantine_ms 2000)
host_args=(6 hydration_rate 128 hydration_floor 128 commit_ms 200)

meta=$(slice meta "$(disk s0)" 0 16384)
plain_disks plain 65543 65536
offloaded() { clone offloaded "$(disk a1)" "$(disk a2)" "$meta" 131075 128; }
plain() { clone plain "$PLAIN_SOURCE" "$PLAIN_DESTINATION" "$PLAIN_METADATA" 65543 8; }

load_both() { # SECONDS
	offloaded
	clone_io_start /dev/null --seconds 60 --random "$PHASE"
	plain
	clone_io_start /dev/null --seconds 60 --random "$PHASE"
	sleep "$1"
}

activate_both() {
	offloaded
	clone_up 1 no_format "${nvme_args[@]}"
	ok "offloaded: nothing flushed is lost, phase $PHASE" clone_verify_crash
	diag "$(dmsetup status "$NAME")"
	plain
	clone_up 2 no_offload no_format "${host_args[@]}"
	ok "by host: nothing flushed is lost, phase $PHASE" clone_verify_crash
	diag "$(dmsetup status "$NAME")"
}

case $PHASE in
1)
	offloaded
	clone_prepare
	clone_up 0 "${nvme_args[@]}"
	plain
	clone_prepare
	clone_up 1 no_offload "${host_args[@]}"
	load_both 5
	vm_kill
	;;
2)
	activate_both
	load_both 4
	vm_crash
	;;
3)
	activate_both
	load_both 3
	vm_kill
	;;
4)
	activate_both
	ok "by host: in the middle" clone_in_the_middle
	ok "by host: I/O afterwards" clone_io --seconds 2
	run dmsetup message "$NAME" 0 set hydration_rate 0
	clone_finish 60 "by host"
	offloaded
	ok "offloaded: in the middle" clone_in_the_middle
	ok "offloaded: I/O afterwards" clone_io --seconds 2
	run dmsetup message "$NAME" 0 set hydration_rate 0
	clone_finish 60 offloaded
	;;
esac

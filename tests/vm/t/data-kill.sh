#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: a guest killed in the middle of load and hydration, twice: nothing flushed is lost
# core: bookworm sid
# phases: 3
# timeout: 240
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/tools/clone-lib.sh"

# Two under load, one copied by the storage, one by the host. And one that is quiet: no hydration and a
# commit a minute, so that nothing but a flush or a FUA write can have made anything durable.
nvme_args=(6 hydration_rate 128 hydration_floor 128 quarantine_ms 2000)
host_args=(6 hydration_rate 128 hydration_floor 128 commit_ms 200)
quiet_args=(2 commit_ms 60000)

meta=$(slice meta "$(disk s0)" 0 16384)
plain_disks plain 65543 65536
plain_disks quiet 32775 262144
offloaded() { clone offloaded "$(disk a1)" "$(disk a2)" "$meta" 98307 128; }
plain() { clone plain /dev/mapper/plain-src /dev/mapper/plain-dst /dev/mapper/plain-meta 65543 8; }
quiet() { clone quiet /dev/mapper/quiet-src /dev/mapper/quiet-dst /dev/mapper/quiet-meta 32775 128; }

load_both() { # SECONDS
	offloaded
	clone_io_start /dev/null --seconds 60 --random "$PHASE" --window "$(clone_half)"
	plain
	clone_io_start /dev/null --seconds 60 --random "$PHASE" --window "$(clone_half)"
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

finish() { # TEXT
	ok "$1: in the middle" clone_in_the_middle
	ok "$1: I/O afterwards" clone_io --seconds 1
	run dmsetup message "$NAME" 0 set hydration_rate 0
	clone_finish 60 "$1"
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

	quiet
	clone_prepare
	clone_up 2 no_hydration no_offload "${quiet_args[@]}"
	sleep 1
	# Whole regions, parts of regions, the last region, over several; then a flush.
	ok "quiet: writes and a flush" clone_do write:0:128 write:300:8 write:32770:5 write:1000:300 \
		zero:2048:128 zero:2200:8 flush
	# On regions that were not touched before, on one that was, and on one written without flush.
	ok "quiet: FUA writes" clone_do fua:4096:128 fua:4300:8 fua:304:8 write:5120:128 fua:5130:8
	ok "quiet: a write that nobody flushed" clone_do write:8192:128 write:8400:8 write:0:8
	vm_kill
	;;
2)
	quiet
	clone_up 3 no_hydration no_offload no_format "${quiet_args[@]}"
	ok "quiet: nothing that was flushed is lost" clone_verify_crash
	# 0, 2, 7-10, 16, 17, 32, 33, 40, 256: hydrated by a commit.
	at_least "quiet: the bits of these regions were committed" "$(clone_hydrated)" 11
	run dmsetup message quiet 0 enable_hydration
	clone_finish 60 quiet
	activate_both
	load_both 4
	vm_crash
	;;
3)
	activate_both
	finish "by host"
	offloaded
	finish offloaded
	;;
esac

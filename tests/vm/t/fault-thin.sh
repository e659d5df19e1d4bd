#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: a thin pool below the destination runs out of space: nothing acknowledged is lost, and the clone completes when there is room
# timeout: 240
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/tools/clone-lib.sh"

length=131072
run modprobe dm-thin-pool
plain_disks thin $length 65536
pool_meta=$(slice pool-meta "$(disk s1)" 262144 8192)
pool_data=$(slice pool-data "$(disk s1)" 278528 32768)
run dd if=/dev/zero of="$pool_meta" bs=4k count=1 oflag=direct status=none

# 16 MiB of data for a clone of 64 MiB; out of space is an error at once, not a wait.
run dmsetup create pool --table "0 32768 thin-pool $pool_meta $pool_data 128 0 1 error_if_no_space"
run dmsetup message /dev/mapper/pool 0 "create_thin 0"
run dmsetup create volume --table "0 $length thin /dev/mapper/pool 0"

clone thin "$PLAIN_SOURCE" /dev/mapper/volume "$PLAIN_METADATA" $length 128
# Not clone_prepare: poison would need the space. A thin volume reads as zeroes, which is poison enough.
run "$ORACLE" prepare --dev "$SOURCE" --sectors $length --seed "$SEED"
run dd if=/dev/zero of="$METADATA" bs=64k count=1 oflag=direct status=none
run "$ORACLE" init --log "$LOG" --sectors $length --seed "$SEED"

clone_up 2 no_offload no_hydration 2 hydration_rate 4096
ok "there is room: I/O" clone_do write:0:256 write:100000:8 flush
run dmsetup message thin 0 enable_hydration
run dmsetup message thin 0 set hydration_rate 0
stopped() { dmsetup status thin | grep -q ' no_hydration '; }
ok "hydration meets the end of the pool, and stops" wait_for 60 stopped
is "status says why" "$(status_field thin last_error)" destination-write
ok "the log says it" log_has 'Too many regions cannot be copied .destination-write.; hydration stops'
clone_do write:70000:64 write:90000:512 fua:110000:8 >/dev/null 2>&1 || diag "writes that need space fail, as they should"
ok "what was written can be read" clone_verify
like "the clone is still writable, or says that it is not" "$(dmsetup status thin)" ' (rw|ro) '
mode=$(dmsetup status thin | grep -oE ' (rw|ro|Fail) [0-9]+ copier ' | awk '{ print $1 }')
diag "mode $mode"

# Room for all of it.
run dmsetup load pool-data --table "0 163840 linear $(disk s1) 278528"
run dmsetup suspend --noflush --nolockfs pool-data
run dmsetup resume pool-data
run dmsetup load pool --table "0 163840 thin-pool $pool_meta $pool_data 128 0 1 error_if_no_space"
run dmsetup suspend --noflush --nolockfs pool
run dmsetup resume pool
if [ "$mode" = ro ]; then
	run dmsetup remove --retry thin
	clone_up 2 no_offload no_format
	ok "activated again, nothing flushed is lost" clone_verify_crash
else
	run dmsetup message thin 0 enable_hydration
	ok "writes go on" clone_do write:70000:64 write:90000:512 fua:110000:8 flush
fi
ok "I/O while it fills" clone_io --seconds 2
clone_finish 60 "with room"
run dmsetup remove --retry volume
run dmsetup remove --retry pool

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: a copy of unknown outcome that lands late, within the quarantine, hits nothing newer
# core: sid
# timeout: 500
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/copier.sh"

copier_load
mib=16
log=/run/oracle.log
clone=/dev/mapper/clone

oracle() {
	xcopy-oracle 'do' --dev $clone --log $log "$@"
}

# Reads, checked to be the source's. Not by dd: its lseek() waits for the lock that a discard holds on the block device.
reads_source() {
	timeout $((20 * XCOPY_SLOW)) xcopy-oracle 'do' --dev $clone --log $log.reads "$@"
}

# late QUARANTINE-MS [OUTCOME]: on a kernel as fast as Debian's; a copy of the first 1 MiB that is in quarantine, and will land
# when told to. With OUTCOME "done" it was the first for its extents, which is verified, and found not to be done.
late() {
	copier reset 1
	fresh_metadata
	run xcopy-oracle prepare --dev "$SRC" --sectors $((mib << 11))
	run xcopy-oracle poison --dev "$DST" --sectors $((mib << 11))
	rm -f $log $log.reads
	run xcopy-oracle init --log $log --sectors $((mib << 11))
	run xcopy-oracle init --log $log.reads --sectors $((mib << 11))
	rule "from=$([ "${2:-}" = "done" ] && echo 1 || echo 2)" late_ms=600000 "outcome=${2:-unknown}"
	clone_create clone $mib no_hydration offload_depth 1 offload_max_kib 1024 offload_segment_blocks 2048 quarantine_ms $(($1 * XCOPY_SLOW))
	if [ "${2:-}" != "done" ]; then
		run dmsetup message clone 0 hydrate 200 1
		run wait_for 30 copier_is commands 1
	fi
	BEGAN=$SECONDS
	run dmsetup message clone 0 hydrate 0 16
	run wait_for 30 copier_is late_pending 1
	run wait_for 10 status_is quarantined 1
}

finish() {
	run dmsetup message clone 0 enable_hydration
	ok "$1: it completes" wait_for 60 hydrated clone
	ok "$1: every byte is right" xcopy-oracle verify --dev $clone --log $log
	run dmsetup remove --retry clone
	ok "$1: on the destination too" xcopy-oracle verify --dev "$DST" --log $log
	copier_settled "$1"
}

# over DESC OPERATION...: operations in the quarantine, which an administrator ends, so that it cannot be over too early
over() {
	local desc=$1
	shift
	late 600000
	in_background operations oracle "$@"
	ok "$desc: they wait for the end of the quarantine" still_blocked operations
	ok "$desc: reads go on" reads_source read:0:1024 read:500:9
	copier late_now 1
	ok "$desc: the late copy lands" wait_for 30 copier_is late_pending 0
	ok "$desc: and they still wait" still_blocked operations
	run dmsetup message clone 0 release_quarantine
	ok "$desc: they end with the quarantine" went_well operations
	is "$desc: which is over" "$(status_field clone quarantined)" 0
	finish "$desc"
}

# It said that it was done.
late 600000 'done'
is "a lie: it was found out" "$(status_field clone verify_failures) $(status_field clone reason)" "1 verify-failed"
in_background operations oracle write:100:300
ok "a lie: writes wait for the end of the quarantine" still_blocked operations
copier late_now 1
ok "a lie: it comes true" wait_for 30 copier_is late_pending 0
run dmsetup message clone 0 release_quarantine
ok "a lie: writes end with the quarantine" went_well operations
finish "a lie"

over "a write" write:100:300
over "whole regions" write:128:1024
over "discard, then write" discard:0:1024 write:200:100
over "write-zeroes" zero:128:256

# A reload waits for it, and the write that waits is given back: for all that the kernel knows, what is resumed
# in the end may be a table of another target.
late 20000
in_background operations oracle write:100:300
ok "reloaded: the write waits" still_blocked operations
run dmsetup load clone --table "$(clone_table $((mib << 11)) no_hydration hydration_rate 100000)"
in_background suspend dmsetup suspend --noflush --nolockfs clone
ok "reloaded: the suspend waits" still_blocked suspend
in_background replace dmsetup load clone --table "0 $((mib << 11)) linear $DST 0"
copier late_now 1
ok "reloaded: the late copy lands" wait_for 30 copier_is late_pending 0
ok "reloaded: the suspend still waits" still_blocked suspend
ok "reloaded: it ends with the quarantine" went_well suspend
ok "reloaded: the table can be replaced" went_well replace
run dmsetup load clone --table "$(clone_table $((mib << 11)) no_hydration hydration_rate 100000)"
run dmsetup resume clone
is "reloaded: the quarantine is over" "$(status_field clone quarantined)" 0
ok "reloaded: the write goes on" went_well operations
finish "reloaded"

# A quarantine outlives the table, and the clone.
late 20000
in_background remove dmsetup remove clone
ok "removed: that waits" still_blocked remove
copier late_now 1
ok "removed: the late copy lands" wait_for 30 copier_is late_pending 0
ok "removed: it ends with the quarantine" went_well remove
at_least "removed: not earlier" $((SECONDS - BEGAN)) $((19 * XCOPY_SLOW))
clone_create clone $mib "no_hydration no_format"
finish "removed and activated again"

# Extents cannot be suspended, and so not be moved, in a quarantine.
a1=$SRC a2=$DST
run dmsetup create src --table "0 32768 xcopy-linear $a1 0"
run dmsetup create dst --table "0 32768 xcopy-linear $a2 0"
SRC=/dev/mapper/src DST=/dev/mapper/dst
late 20000
in_background suspend dmsetup suspend --noflush --nolockfs dst
in_background suspend2 dmsetup suspend --noflush --nolockfs src
ok "suspended: the destination's extent waits" still_blocked suspend
ok "suspended: the source's too" still_blocked suspend2
ok "suspended: until the quarantine ends" went_well suspend
ok "suspended: both" went_well suspend2
run dmsetup resume dst
run dmsetup resume src
copier late_now 1
run wait_for 30 copier_is late_pending 0
finish "suspended"

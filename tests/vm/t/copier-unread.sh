#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: a copy that the storage reports as done, and that cannot be compared: quarantined once; a second one ends offload; the clone is right in the end
# suites: trixie bookworm sid
# timeout: 300
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/copier.sh"

copier_load
mib=16
run modprobe null_blk nr_devices=0
disk=/sys/kernel/config/nullb/unread
run mkdir "$disk"
echo $mib >"$disk"/size
echo 1 >"$disk"/memory_backed
echo 1 >"$disk"/power
udevadm settle
# newer kernels call it as its directory is called
DST=/dev/unread
[ -b $DST ] || DST=/dev/nullb$(cat "$disk"/index)
# within the second of four descriptors of the first command
bad=700

# unread CORE-ARG...: the first command copies its first descriptor only
unread() {
	copier reset 1
	fresh_devices $mib
	rule from=1 count=1 partial=1
	echo "+$bad-$bad" >"$disk"/badblocks
	clone_create clone $mib no_hydration offload_depth 1 offload_max_kib 1024 offload_segments 4 offload_segment_blocks 512 quarantine_ms 15000 "$@"
	# in this order: who has read where does not count
	run dmsetup message clone 0 hydrate 0 $((2048 / REGION))
}

unread
ok "once: the range is in quarantine" wait_for 30 status_is quarantined 1
is "once: the storage is not said to lie" "$(status_field clone verify_failures) $(status_field clone last_error)" "0 not-verified"
echo "-$bad-$bad" >"$disk"/badblocks
run dmsetup message clone 0 enable_hydration
ok "once: it completes" wait_for 60 hydrated clone
is "once: by the storage" "$(status_field clone offloaded)" $((mib << 11))
ends_right "once" clone $mib

# Commands are small now: the seventh has the sector that cannot be read.
unread verify 1
rule from=7 count=1 lie
ok "twice: the range is in quarantine" wait_for 30 status_is quarantined 1
ok "twice: and then not any more" wait_for 30 status_is quarantined 0
run dmsetup message clone 0 hydrate 0 $((2048 / REGION))
ok "twice: offload ends" wait_for 60 status_is offload failed
is "twice: and why" "$(status_field clone reason)" unknown-outcomes
is "twice: after the second" "$(copier commands)" 7
echo "-$bad-$bad" >"$disk"/badblocks
run dmsetup message clone 0 enable_hydration
ok "twice: it completes" wait_for 60 hydrated clone
is "twice: the rest by the host" "$(status_field clone offloaded) $(status_field clone host_copied)" "640 $(((mib << 11) - 640))"
is "twice: the storage is not said to lie" "$(status_field clone verify_failures)" 0
ends_right "twice" clone $mib

# Poison that could not be written may be written late.
copier reset 1
fresh_devices $mib
echo "+0-0" >"$disk"/badblocks
clone_create clone $mib no_hydration offload_depth 1 offload_max_kib 1024 quarantine_ms 15000
run dmsetup message clone 0 hydrate 0 $((2048 / REGION))
ok "poison: the range is in quarantine" wait_for 30 status_is quarantined 1
is "poison: nothing was sent" "$(copier commands)" 0
is "poison: status says why" "$(status_field clone last_error)" not-verified
in_background write dd if=/dev/zero of=/dev/mapper/clone bs=64K count=1 seek=1 oflag=direct conv=notrunc
ok "poison: a write waits for its end" still_blocked write
echo "-0-0" >"$disk"/badblocks
ok "poison: and ends with it" went_well write
run dmsetup message clone 0 enable_hydration
ok "poison: it completes" wait_for 60 hydrated clone
run dd if="$SRC" of=/dev/mapper/clone bs=64K count=1 seek=1 skip=1 iflag=direct oflag=direct conv=notrunc status=none
ends_right "poison" clone $mib

echo 0 >"$disk"/power
run rmdir "$disk"

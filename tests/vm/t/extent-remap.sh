#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: extents that move on the disks while a clone hydrates through them, as pvmove does it
# core: bookworm sid
# timeout: 500
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/copier.sh"

copier_load
a1=$(disk a1) a2=$(disk a2)
mib=32
sectors=$((mib << 11))

# put NAME TYPE DISK SECTOR: load the table into NAME, which is suspended
put() {
	run dmsetup load "$1" --table "0 $sectors $2 $3 $4"
}

# move NAME TYPE DISK FROM TO: under suspension copy the bytes and point the table to them, then spoil the old place
move() {
	run dmsetup suspend --nolockfs "$1"
	run dd if="$3" of="$3" bs=512k skip="$4" seek="$5" count=$((mib * 2)) iflag=direct oflag=direct conv=notrunc status=none
	put "$1" "$2" "$3" $(($5 * 1024))
	run dmsetup resume "$1"
	run dd if=/dev/zero of="$3" bs=512k seek="$4" count=$((mib * 2)) oflag=direct conv=notrunc status=none
}

# start KIB-PER-SECOND: extents at the beginning, and hydration slow enough to meet the moves
start() {
	copier reset 1
	run dmsetup create src --table "0 $sectors xcopy-linear $a1 0"
	run dmsetup create dst --table "0 $sectors xcopy-linear $a2 0"
	SRC=/dev/mapper/src DST=/dev/mapper/dst
	fresh_devices $mib
	source_sum=$(checksum $SRC $mib)
	rule from=1 count=0 delay_ms=50
	clone_create clone $mib "" offload_depth 4 offload_max_kib 1024 offload_segment_blocks 2048 \
		hydration_rate "$1"
}

# places FIELD: at how many places commands found the extent; FIELD of the log is the sector
places() {
	awk -v field="$1" '{ print int($field / 204800) }' $COPIER/log | sort -u | wc -l
}

finish() {
	run dmsetup message clone 0 set hydration_rate 0
	ends_right "$1" clone $mib
	is "$1: the source still has its bytes" "$(checksum $SRC $mib)" "$source_sum"
	run dmsetup remove src
	run dmsetup remove dst
}

# goes_on: one more command, where the extent is now
goes_on() {
	wait_for 30 copier_exceeds commands "$(copier commands)"
}

start 512
ok "the destination moves: commands were sent before" wait_for 30 copier_exceeds commands 3
for place in 200 400 600 800; do
	move dst xcopy-linear "$a2" $((place - 200)) $place
	goes_on || break
done
at_least "the destination moves: commands went to several places" "$(places 5)" 3
finish "the destination moves"

start 512
for place in 200 400 600; do
	goes_on || break
	move src xcopy-linear "$a1" $((place - 200)) $place
done
at_least "the source moves: commands came from several places" "$(places 3)" 3
finish "the source moves"

# LVM's own reload puts linear back: the host copies until somebody puts the extent back.
start 1024
move dst linear "$a2" 0 200
ok "linear is back: status says that extents are missing" wait_for 30 status_is reason no-extents
is "linear is back: offload waits" "$(status_field clone offload)" waiting
ok "linear is back: the host copies" wait_for 30 status_exceeds host_copied 0
commands=$(copier commands)
move dst xcopy-linear "$a2" 200 400
ok "the extent is back: offload goes on" wait_for 30 copier_exceeds commands "$commands"
finish "linear for a while"

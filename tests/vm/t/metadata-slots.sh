#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: each slot and superblock copy, broken alone, is reported, costs nothing, and is repaired on the device
# core: bookworm
# timeout: 240
. "$XCOPY_LIB"

# 65537 regions of 4 KiB: three bitmap blocks, the last one with 513 regions.
length=524289
regions=65537
run dmsetup create meta --table "0 1024 linear $(disk s0) 0"
meta=/dev/mapper/meta
src=$(disk s1)
run dmsetup create dst --table "0 $length linear $(disk s0) 65536"
dst=/dev/mapper/dst
copy=$STATE/metadata

up() {
	dmsetup create clone --table "0 $length xcopy $meta $dst $src 8 2 no_hydration no_format"
}

down() {
	run dmsetup remove --retry clone
}

hydrated_now() {
	dmsetup status clone | awk '{ split($7, count, "/"); print count[1] }'
}

flush() {
	run dd if=/dev/zero of=/dev/mapper/clone bs=4k count=1 oflag=direct conv=fsync status=none
}

block() { # NUMBER
	dd if="$meta" bs=4k skip="$1" count=1 iflag=direct status=none | cksum
}

break_block() { # NUMBER zero|noise
	local from=/dev/zero
	[ "$2" = zero ] || from=/dev/urandom
	run dd if=$from of="$meta" bs=4k seek="$1" count=1 oflag=direct status=none
}

restore() {
	run dd if="$copy" of="$meta" bs=4k oflag=direct status=none
}

# A clone at rest, with some regions of each block hydrated.
run dd if=/dev/zero of="$meta" bs=4k count=22 oflag=direct status=none
run dmsetup create clone --table "0 $length xcopy $meta $dst $src 8 1 no_hydration"
for at in 0 40000 65529; do
	run dd if=/dev/urandom of=/dev/mapper/clone bs=4k seek=$at count=7 oflag=direct conv=notrunc status=none
done
flush
sleep 3
down
for index in 0 1 2; do
	is "block $index: both slots are level at rest" "$(block $((16 + 2 * index)))" "$(block $((17 + 2 * index)))"
done
ok "xcopysetup finds nothing to say" xcopysetup metadata check "$meta"
run dd if="$meta" of="$copy" bs=4k count=22 iflag=direct status=none

for number in 16 17 18 19 20 21; do
	index=$(((number - 16) / 2)) slot=$((number % 2))
	for how in zero noise; do
		restore
		break_block $number $how
		log_mark
		ok "slot $slot of block $index, $how: activates" up
		ok "... and is reported" log_has "bitmap block $index, regions $((index * 32512)) to .*slot $slot: [^v]"
		is "... nothing is lost" "$(hydrated_now)" 21
		flush
		down
		is "... it is repaired" "$(block $((16 + 2 * index)))" "$(block $((17 + 2 * index)))"
		ok "... and valid" xcopysetup metadata check "$meta"
	done
done

for number in 0 8; do
	restore
	break_block $number noise
	log_mark
	ok "superblock in block $number: activates" up
	ok "... and is reported" log_has "superblock copy $((number / 8)) is bad"
	down
	is "... it is repaired" "$(block 0)" "$(block 8)"
	ok "... and valid" xcopysetup metadata check "$meta"
done

# Both slots of the last block.
restore
break_block 20 noise
break_block 21 zero
before=$(checksum "$meta")
log_mark
not_ok "both slots of a block broken: refused" up
ok "... the regions are named" log_has "bitmap block 2, regions 65024 to $((regions - 1))"
ok "... and the way out" log_has 'metadata dev: both slots of a bitmap block are bad'
is "... nothing is written" "$(checksum "$meta")" "$before"

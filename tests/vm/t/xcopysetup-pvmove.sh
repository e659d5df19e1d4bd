#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: pvmove of source, of destination and of both, aborted, repeated, and killed, while the clone fills and is written: every byte is right
# needs: topology=default
# timeout: 900
. "$XCOPY_LIB"

a1=$(disk a1)
a2=$(disk a2)
a5=$(disk a5)
a6=$(disk a6)
run make_vg vg "$a1" "$a2" "$a5" "$a6"
src=$(make_lv vg src 96M "$a1")
run random_fill "$src"
dd if="$src" of=/tmp/source bs=1M iflag=direct status=none
cp /tmp/source /tmp/want
clone=/dev/mapper/xcopy-vg-dst
run modprobe dm-mirror
throttle=/sys/module/dm_mirror/parameters/raid1_resync_throttle

written=0
write_some() {
	local at=$(((written * 37) % 1536))
	written=$((written + 1))
	head -c 64K /dev/urandom >/tmp/block
	dd if=/tmp/block of=/tmp/want bs=64K seek=$at conv=notrunc status=none
	dd if=/tmp/block of=$clone bs=64K seek=$at oflag=direct conv=notrunc status=none
}
on() { lvs --noheadings -o devices "vg/$1" | sed 's/(.*//' | sort -u | xargs; }
moving() { lvs -a --noheadings -o lv_name vg | grep -q pvmove; }
not_moving() { ! moving; }
extents_in() { dmsetup table "$1" | awk '$3 != "xcopy-linear" { bad = 1 } END { exit bad }'; }
both_in() { extents_in vg-src && extents_in vg-dst; }
holds() { cmp "$2" <(dd if="$1" bs=1M iflag=direct status=none); }

# begin NAME FROM TO: a pvmove that takes its time
begin() {
	echo 1 >$throttle
	run pvmove -b -i 1 -n "$@"
	ok "pvmove of $1 is under way" wait_for 30 moving
	run write_some
}

end() {
	echo 100 >$throttle
	ok "$1: nothing is moved any more" wait_for 120 not_moving
	run write_some
	ok "$1: the extents come back" wait_for 60 both_in
	ok "$1: the clone is right" holds $clone /tmp/want
}

run xcopysetup clone -q --keep-device --rate 96K --pv "$a2" vg/src dst
ok "extents are there" both_in

begin src "$a1" "$a5"
ok "pvmove --abort" pvmove --abort "$a1"
end "the source, aborted"
is "it is where it was" "$(on src)" "$a1"
begin src "$a1" "$a5"
end "the source, repeated"
is "it has moved" "$(on src)" "$a5"

begin dst "$a2" "$a6"
ok "pvmove --abort" pvmove --abort "$a2"
end "the destination, aborted"
is "it is where it was" "$(on dst)" "$a2"
begin dst "$a2" "$a6"
end "the destination, repeated"
is "it has moved" "$(on dst)" "$a6"

begin src "$a5" "$a1"
begin dst "$a6" "$a2"
end "both at once"
is "both have moved" "$(on src) $(on dst)" "$a1 $a2"

# Whoever polls is killed: LVM goes on with it when it is asked to.
begin dst "$a2" "$a5"
pkill -9 pvmove || pkill -9 lvmpolld || :
run write_some
echo 100 >$throttle
ok "pvmove goes on" pvmove -i 1
end "the destination, killed and gone on with"
is "it has moved" "$(on dst)" "$a5"

not_ok "all of that while it was being filled" hydrated xcopy-vg-dst
run xcopysetup set vg/dst hydration_rate 0
ok "it ends" xcopysetup wait --timeout $((120 * XCOPY_SLOW)) vg/dst
ok "the clone is right" holds $clone /tmp/want
ok "release" xcopysetup release vg/dst
ok "the volume is right" holds /dev/vg/dst /tmp/want
ok "the source is as it was" holds "$src" /tmp/source

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: a destination that is larger than its source is all there at once, is written at its end while it fills, and holds both
# needs: topology=default
# timeout: 400
. "$XCOPY_LIB"

run make_vg vg "$(disk a1)"
src=$(make_lv vg src 32M)
run random_fill "$src"
checksum "$src" >/tmp/sum
clone=/dev/mapper/xcopy-vg-dst
refused() { # DESC REGEXP COMMAND...
	local desc=$1 regexp=$2 rc=0
	shift 2
	"$@" >/tmp/out 2>&1 || rc=$?
	is "$desc: refused" $rc 2
	like "$desc: says why" "$(cat /tmp/out)" "$regexp"
}
refused "a smaller destination" '--size 31M is less than the source has \(32(.0)? MiB\)' xcopysetup clone --size 31M vg/src dst
refused "no size" '--size large is no size' xcopysetup clone --size large vg/src dst
refused "one beyond all devices" 'is more than any device has' xcopysetup clone --size $(((1 << 63) - 1)) vg/src dst
refused "no policy" '--alloc best: there are normal' xcopysetup clone --alloc best vg/src dst
is "nothing was made" "$(lvs --noheadings -o lv_name vg | xargs)" src

like "--dry-run shows both lines" "$(xcopysetup clone -n --size 47M vg/src dst)" '65536 32768 linear /dev/vg/dst 65536'
run xcopysetup clone -q --no-hydration --keep-device --size 47M vg/src dst
is "rounded up to whole extents" "$(blockdev --getsize64 $clone) $(blockdev --getsize64 /dev/vg/dst)" "$((48 << 20)) $((48 << 20))"
is "the status says so" "$(xcopysetup status --json | jq '.clones[0].size_bytes')" $((48 << 20))
head -c 2M /dev/urandom >/tmp/new
# Over the border of both targets, and to the very end.
run dd if=/tmp/new of=$clone bs=1M seek=31 oflag=direct conv=notrunc,fsync status=none
run dd if=/tmp/new of=$clone bs=1M seek=46 oflag=direct conv=notrunc,fsync status=none
head -c 64M /dev/zero >/tmp/want
dd if="$src" of=/tmp/want bs=1M iflag=direct conv=notrunc status=none
dd if=/tmp/new of=/tmp/want bs=1M seek=31 conv=notrunc status=none
dd if=/tmp/new of=/tmp/want bs=1M seek=46 conv=notrunc status=none
right() {
	cmp -n $((33 << 20)) /tmp/want <(dd if="$1" bs=1M iflag=direct status=none) &&
		cmp -n $((2 << 20)) /tmp/new <(dd if="$1" bs=1M skip=46 iflag=direct status=none)
}
ok "it is right while it fills" right $clone
run systemctl stop 'xcopysetup@*'
run dmsetup remove --retry xcopy-vg-dst
ok "activate" xcopysetup activate --all
is "it has both parts again" "$(dmsetup table xcopy-vg-dst | awk '{ print $1, $2, $3 }' | xargs)" "0 65536 xcopy 65536 32768 linear"
ok "it is right" right $clone
ok "finish" xcopysetup finish --timeout $((60 * XCOPY_SLOW)) vg/dst
like "it is one linear device" "$(dmsetup table xcopy-vg-dst)" '^0 98304 linear [0-9:]+ 0$'
ok "release" xcopysetup release vg/dst
ok "the volume is right" right /dev/vg/dst
is "the source is as it was" "$(checksum "$src")" "$(cat /tmp/sum)"
run lvremove -qq -y vg/dst

run xcopysetup clone -q --no-hydration --alloc contiguous vg/src dst
is "--alloc reaches LVM" "$(lvs --noheadings -o lv_allocation_policy vg/dst | xargs)" contiguous
ok "cancel" xcopysetup cancel vg/dst

free=$(pvs --noheadings --segments -o pvseg_start,pvseg_size,segtype "$(disk a1)" | awk '$3 == "free" { end = $1 + $2 } END { print end }')
run xcopysetup clone -q --no-hydration --alloc tail vg/src dst
is "--alloc tail: the last extents" "$(lvs --noheadings --units b --nosuffix -o seg_pe_ranges vg/dst | xargs)" \
	"$(disk a1):$((free - 8))-$((free - 1))"
ok "cancel" xcopysetup cancel vg/dst

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: a clone killed in the middle goes on at boot by its unit, keeps what was written, and ends by itself
# needs: topology=default
# phases: 3
# timeout: 300
. "$XCOPY_LIB"

case $PHASE in
1)
	run make_vg vg "$(disk a1)" "$(disk a2)"
	src=$(make_lv vg src 128M)
	run random_fill "$src"
	checksum "$src" >"$STATE/sum"
	run systemctl enable xcopysetup-activate.service
	device=$(xcopysetup clone -q --keep-device --rate 64K vg/src dst)
	head -c 1M /dev/urandom >"$STATE/new"
	run dd if="$STATE/new" of="$device" bs=1M seek=99 oflag=direct conv=notrunc,fsync status=none
	sync
	vm_kill
	;;
2)
	ok "the unit brought the clone back" wait_for 60 test -b /dev/mapper/xcopy-vg-dst
	like "it was the unit" "$(systemctl is-active xcopysetup-activate.service)" '^active'
	like "with no_format" "$(dmsetup table xcopy-vg-dst)" 'no_format'
	like "the rate is the same" "$(dmsetup table xcopy-vg-dst)" 'hydration_rate 64( |$)'
	like "the destination has extents" "$(dmsetup table vg-dst)" 'xcopy-linear'
	is "the source is read-only" "$(blockdev --getro /dev/vg/src)" 1
	not_ok "it is not complete" hydrated xcopy-vg-dst
	ok "what was written is there" cmp "$STATE/new" <(dd if=/dev/mapper/xcopy-vg-dst bs=1M skip=99 count=1 iflag=direct status=none)
	ok "a waiter runs" wait_for 30 pgrep -f 'xcopysetup waiter'
	vm_reboot
	;;
3)
	ok "it is back after a clean reboot" wait_for 60 test -b /dev/mapper/xcopy-vg-dst
	ok "free the rate" xcopysetup set vg/dst hydration_rate 0
	ok "it ends" xcopysetup wait --timeout $((120 * XCOPY_SLOW)) vg/dst
	ok "release" xcopysetup release vg/dst
	is "no tags are left" "$(lvs --noheadings -o lv_tags vg | xargs)" ""
	is "the source is as it was" "$(checksum /dev/vg/src)" "$(cat "$STATE/sum")"
	ok "the new bytes" cmp "$STATE/new" <(dd if=/dev/vg/dst bs=1M skip=99 count=1 iflag=direct status=none)
	ok "all before them" cmp -n $((99 << 20)) /dev/vg/src /dev/vg/dst
	ok "all behind them" cmp -i $((100 << 20)) /dev/vg/src /dev/vg/dst
	;;
esac

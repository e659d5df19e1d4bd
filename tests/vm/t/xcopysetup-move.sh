#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: pvmove of the source and lvextend of the destination in the middle of an offloaded hydration
# needs: topology=default
# timeout: 900
. "$XCOPY_LIB"

a1=$(disk a1)
a2=$(disk a2)
a5=$(disk a5)
run make_vg vg "$a1" "$a2" "$a5"
src=$(make_lv vg src 192M "$a1")
run random_fill "$src"
sum=$(checksum "$src")

name=xcopy-vg-dst
device=$(xcopysetup clone -q --rate $((512 / XCOPY_SLOW))K --region-size 64K --pv "$a2" vg/src dst)
offloaded() { status_field $name offloaded; }
offloads() { [ "$(offloaded)" -gt "${1:-0}" ]; }
extents_in() { dmsetup table "$1" | awk '$3 != "xcopy-linear" { bad = 1 } END { exit bad }'; }
ok "the storage copies" wait_for 60 offloads

ok "pvmove of the source" pvmove -i 1 -n src "$a1" "$a5"
is "it moved" "$(lvs --noheadings -o devices vg/src | sed 's/(.*//' | sort -u | xargs)" "$a5"
ok "the source's extents come back" wait_for 60 extents_in vg-src
count=$(offloaded)
ok "the storage goes on copying" wait_for 60 offloads "$count"
not_ok "it is not complete yet" hydrated $name

ok "lvextend of the destination" lvextend -L +32M vg/dst "$a2"
ok "the destination's extents come back" wait_for 60 extents_in vg-dst
count=$(offloaded)
ok "the storage goes on" wait_for 60 offloads "$count"
ok "lvchange --refresh of both" lvchange --refresh vg/src vg/dst
ok "extents come back again" wait_for 60 extents_in vg-src

head -c 1M /dev/urandom >/tmp/new
run dd if=/tmp/new of="$device" bs=1M seek=100 oflag=direct conv=notrunc status=none
ok "set the rate free" xcopysetup set vg/dst hydration_rate 0
ok "it ends" xcopysetup wait --timeout $((120 * XCOPY_SLOW)) vg/dst
run dd if=/tmp/new of="$src" bs=1M seek=100 oflag=direct conv=notrunc status=none
is "every byte is right" "$(checksum /dev/vg/dst 192)" "$(checksum "$src")"
is "the destination kept its new size" "$(blockdev --getsize64 /dev/vg/dst)" $((224 << 20))
is "the destination is linear" "$(dmsetup table vg-dst | awk '{ print $3 }' | sort -u)" linear
isnt "the source was changed by this test only at the end" "$(checksum "$src")" "$sum"

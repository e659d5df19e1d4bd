#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: a volume group inside a clone, as a virtual machine has it, is not activated by the host
# needs: topology=default
# timeout: 300
. "$XCOPY_LIB"

run make_vg vg "$(disk a1)" "$(disk a2)"
src=$(make_lv vg src 64M)
inside=(--config 'devices/scan_lvs=1')
run pvcreate "${inside[@]}" -q "$src"
run vgcreate "${inside[@]}" -q guest "$src"
run lvcreate "${inside[@]}" -q -y -L 8M -n root guest
run vgchange "${inside[@]}" -q -an guest

# What udev makes of a device like any other, so that the test is known to see it.
run dmsetup create other --table "0 131072 linear $src 0"
ok "of another device it is activated" wait_for 30 test -b /dev/guest/root
run vgchange -q -an guest
run dmsetup remove --retry other
rm -rf /run/lvm/pvs_online /run/lvm/vgs_online /run/lvm/pvs_lookup

run xcopysetup clone -q --keep-device vg/src dst
udevadm settle
like "udev knows what is in the clone" "$(udevadm info -q property -n /dev/mapper/xcopy-vg-dst)" 'ID_FS_TYPE=LVM2_member'
sleep 3
not_ok "of a clone it is not" test -b /dev/guest/root
ended() { lvs --noheadings -o lv_tags vg | grep -q xcopy:state=finished; }
ok "nothing of it stands in the way of the end" wait_for 60 ended
udevadm settle
sleep 3
not_ok "nor is it at the end" test -b /dev/guest/root
ok "release" xcopysetup release vg/dst
ok "the volume is right" same "$src" /dev/vg/dst

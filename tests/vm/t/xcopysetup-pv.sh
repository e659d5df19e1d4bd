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

run xcopysetup clone -q --keep-device --no-hydration vg/src dst
udevadm settle
like "udev knows what is in the clone" "$(udevadm info -q property -n /dev/mapper/xcopy-vg-dst)" 'ID_FS_TYPE=LVM2_member'
sleep 3
not_ok "of a clone it is not" test -b /dev/guest/root

# Tags in there are those of the machine whose it is, or of whoever wants to look like it.
run lvchange -qq --addtag xcopy:metadata-of=0123456789abcdef0123456789abcdef guest/root
xcopysetup activate --all >/tmp/out 2>&1 || true
ok "tags of ours in there are nobody's here" lvs guest/root
unlike "... nor does anything speak of them" "$(cat /tmp/out)" guest
run lvchange -qq --deltag xcopy:metadata-of=0123456789abcdef0123456789abcdef --addtag xcopy:state=cancelling \
	--addtag xcopy:job=0123456789abcdef0123456789abcdef guest/root
is "a job in there is not this host's" "$(xcopysetup list)" vg/dst
run dmsetup create second --table "0 65536 linear $(disk a5) 65536"
run vgextend -qq guest /dev/mapper/second
run dmsetup remove --retry second
like "of the group a disk is missing" "$(vgs --noheadings -o vg_attr guest 2>/dev/null)" '^ *...p'
is "nor is one of which not all disks are here" "$(xcopysetup list 2>/dev/null)" vg/dst
run dmsetup create second --table "0 65536 linear $(disk a5) 65536"
run vgreduce -qq guest /dev/mapper/second
run dmsetup remove --retry second
fails_with "a clone from in there" 'guest lies inside a clone' xcopysetup clone guest/root vg/other
run lvchange -qq --deltag xcopy:state=cancelling --deltag xcopy:job=0123456789abcdef0123456789abcdef guest/root
run xcopysetup resume vg/dst
ended() { lvs --noheadings -o lv_tags vg | grep -q xcopy:state=finished; }
ok "nothing of it stands in the way of the end" wait_for 60 ended
udevadm settle
sleep 3
not_ok "nor is it at the end" test -b /dev/guest/root
ok "release" xcopysetup release vg/dst

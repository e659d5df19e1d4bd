#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: a clone killed in the middle goes on at boot by its unit, before fstab mounts it, keeps its name and what was written, and ends by itself
# needs: topology=default
# phases: 4
# timeout: 400
. "$XCOPY_LIB"

case $PHASE in
1)
	run make_vg vg "$(disk a1)" "$(disk a2)"
	src=$(make_lv vg src 128M)
	run random_fill "$src"
	checksum "$src" >"$STATE/sum"
	device=$(xcopysetup clone -q --keep-device --rate 256K vg/src dst)
	head -c 1M /dev/urandom >"$STATE/new"
	run dd if="$STATE/new" of="$device" bs=1M seek=99 oflag=direct conv=notrunc,fsync status=none
	fs=$(make_lv vg fs 64M)
	run mkfs.ext4 -q "$fs"
	mkdir -p /mnt/fs
	run mount "$fs" /mnt/fs
	run cp "$STATE/new" /mnt/fs/old
	run umount /mnt/fs
	run xcopysetup clone -q --rate 64K --keep-device --name fs.clone vg/fs fsclone
	echo '/dev/mapper/fs.clone /mnt/fs ext4 defaults 0 2' >>/etc/fstab
	run mount /mnt/fs
	run cp "$STATE/new" /mnt/fs/new
	run umount /mnt/fs
	sync
	vm_kill
	;;
2)
	ok "the unit brought the clone back" test -b /dev/mapper/xcopy-vg-dst
	like "it was the unit" "$(systemctl is-active xcopysetup-activate.service)" '^active'
	like "with no_format" "$(dmsetup table xcopy-vg-dst)" 'no_format'
	like "the rate is the same" "$(dmsetup table xcopy-vg-dst)" 'hydration_rate 256( |$)'
	like "the destination has extents" "$(dmsetup table vg-dst)" 'xcopy-linear'
	is "the source is read-only" "$(blockdev --getro /dev/vg/src)" 1
	not_ok "it is not complete" hydrated xcopy-vg-dst
	ok "what was written is there" cmp "$STATE/new" <(dd if=/dev/mapper/xcopy-vg-dst bs=1M skip=99 count=1 iflag=direct status=none)
	ok "a waiter runs" wait_for 30 pgrep -f 'xcopysetup waiter'
	is "fstab has mounted the other" "$(findmnt -n -o SOURCE /mnt/fs)" /dev/mapper/fs.clone
	not_ok "which is not complete either" hydrated fs.clone
	ok "with what was there" cmp "$STATE/new" /mnt/fs/old
	ok "and with what was written" cmp "$STATE/new" /mnt/fs/new
	run lvrename vg dst renamed
	run vgrename vg group
	vm_reboot
	;;
3)
	ok "it is back after a clean reboot" test -b /dev/mapper/xcopy-vg-dst
	ok "the other is mounted" mountpoint /mnt/fs
	is "status has the new names" "$(xcopysetup status --json /dev/mapper/xcopy-vg-dst | jq -r '.clones[0].destination')" group/renamed
	ok "free the rate" xcopysetup set group/renamed hydration_rate 0
	ok "and that of the other" xcopysetup set fs.clone hydration_rate 0
	ok "it ends" xcopysetup wait --timeout $((120 * XCOPY_SLOW)) group/renamed
	ended() { lvs --noheadings -o lv_tags group/fsclone | grep -q xcopy:state=finished; }
	ok "and so does the other" wait_for 120 ended
	vm_reboot
	;;
4)
	ok "complete and in use, the clone is mounted after a boot" mountpoint /mnt/fs
	like "on a linear device of the same name" "$(findmnt -n -o SOURCE /mnt/fs) $(dmsetup table fs.clone)" '^/dev/mapper/fs.clone 0 131072 linear'
	ok "with what was there" cmp "$STATE/new" /mnt/fs/old
	ok "and with what was written" cmp "$STATE/new" /mnt/fs/new
	fails_with "it cannot be released" 'in use' xcopysetup release fs.clone
	is "the source is as it was" "$(checksum /dev/group/src)" "$(cat "$STATE/sum")"
	ok "the new bytes" cmp "$STATE/new" <(dd if=/dev/group/renamed bs=1M skip=99 count=1 iflag=direct status=none)
	ok "all before them" cmp -n $((99 << 20)) /dev/group/src /dev/group/renamed
	ok "all behind them" cmp -i $((100 << 20)) /dev/group/src /dev/group/renamed
	ok "release by the volume that it lies on" xcopysetup release group/renamed
	not_ok "the device is gone" test -e /dev/mapper/xcopy-vg-dst
	unlike "and so is the record" "$(lvs --noheadings -o lv_tags group/renamed)" xcopy:
	run umount /mnt/fs
	ok "release by the device's name" xcopysetup release fs.clone
	ok "the file system is whole" e2fsck -fn /dev/group/fsclone
	run mount /dev/group/fsclone /mnt/fs
	ok "with what was there" cmp "$STATE/new" /mnt/fs/old
	ok "and with what was written" cmp "$STATE/new" /mnt/fs/new
	run umount /mnt/fs

	# a volume group that comes when the boot has long looked
	run make_vg late "$(disk b1)"
	late=$(make_lv late src 8M)
	run random_fill "$late"
	late_sum=$(checksum "$late")
	run xcopysetup clone -q --no-hydration late/src dst
	controller=$(basename "$(readlink "/sys/class/block/$(basename "$(disk b1)")/device")")
	run systemctl stop 'xcopysetup@*'
	run dmsetup remove --retry xcopy-late-dst
	run vgchange -an late
	echo 1 >"/sys/class/nvme/$controller/device/remove"
	rm -rf /run/lvm/pvs_online /run/lvm/vgs_online /run/lvm/pvs_lookup
	echo 1 >/sys/bus/pci/rescan
	ok "the clone of a late volume group comes with it" wait_for 60 test -b /dev/mapper/xcopy-late-dst
	ok "its waiter runs" wait_for 30 pgrep -f 'xcopysetup waiter'
	is "it is right" "$(checksum /dev/mapper/xcopy-late-dst)" "$late_sum"
	;;
esac

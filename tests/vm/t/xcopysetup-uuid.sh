#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: clone says that its file system has the source's UUID, and with --new-uuid gives it another; failed or killed there, nothing is left
# needs: topology=default
# timeout: 500
. "$XCOPY_LIB"

run make_vg vg "$(disk a1)" "$(disk a2)"
clone=/dev/mapper/xcopy-vg-dst
uuid() { blkid -p -o value -s UUID "$1" || diag "blkid $1: $? $(LIBBLKID_DEBUG=all blkid -p "$1" 2>&1 | tail -n 30)" >&2; }
ended() { lvs --noheadings -o lv_tags vg/dst | grep -q xcopy:state=finished; }
state() { udevadm settle; lvs -a --noheadings -o lv_name,lv_attr,lv_tags vg; dmsetup table | sort; }
# make_fs NAME SIZE MKFS...: on vg/NAME, with a file, unmounted
make_fs() {
	local lv
	lv=$(make_lv vg "$1" "$2")
	run "${@:3}" "$lv"
	run udevadm settle	# who mounts it meanwhile may find it open
	mkdir -p /mnt/fs
	run mount "$lv" /mnt/fs
	run dd if=/dev/urandom of=/mnt/fs/file bs=1M count=8 status=none
	cp /mnt/fs/file "/tmp/$1"
	run umount /mnt/fs
	checksum "$lv" >"/tmp/$1.sum"
}
unchanged() { is "$1: the source is as it was" "$(checksum "/dev/vg/$1")" "$(cat "/tmp/$1.sum")"; }

make_fs ext4 64M mkfs.ext4 -q -L mine
make_fs xfs 304M mkfs.xfs -q
make_fs btrfs 128M mkfs.btrfs -q

run xcopysetup clone --no-hydration vg/ext4 dst
like "it says what they share" "$(cat "$LIB_OUTPUT")" "$clone has the UUID and the label of its source's ext4: mount it by its device.*clone --new-uuid gives"
run xcopysetup cancel vg/dst
run xcopysetup clone -q --no-hydration vg/xfs dst
is "not with -q" "$(cat "$LIB_OUTPUT")" $clone
run xcopysetup cancel vg/dst
run xcopysetup clone --no-hydration vg/xfs dst
like "XFS needs an option" "$(cat "$LIB_OUTPUT")" "the UUID of its source's xfs: .*-o nouuid"
run xcopysetup cancel vg/dst

declare -A check=([ext4]="e2fsck -fn" [xfs]="xfs_repair -n" [btrfs]="btrfs check --readonly")
for type in ext4 xfs btrfs; do
	before=$(uuid /dev/vg/$type)
	described "$type: the object" clone xcopysetup clone --json --keep-device --new-uuid vg/$type dst
	is "$type: it says so" "$(jq -r '.content | .type, .uuid, .new_uuid' /tmp/described | xargs)" "$type $before true"
	is "$type: the source has its UUID" "$(uuid /dev/vg/$type)" "$before"
	isnt "$type: the clone has another" "$(uuid $clone)" "$before"
	is "$type: udev leads there by it" "$(udevadm settle; readlink -f "/dev/disk/by-uuid/$(uuid $clone)")" "$(readlink -f $clone)"
	# XFS writes as soon as it is allowed to.
	run mount "/dev/vg/$type" /mnt/fs -o "ro$([ $type != xfs ] || echo ,norecovery)"
	mkdir -p /mnt/clone
	ok "$type: both can be mounted" mount UUID="$(uuid $clone)" /mnt/clone
	ok "$type: the file is right" cmp /tmp/$type /mnt/clone/file
	run umount /mnt/clone
	run umount /mnt/fs
	ok "$type: it ends" wait_for 120 ended
	run xcopysetup release vg/dst
	# shellcheck disable=SC2086 # words
	ok "$type: the file system is whole" ${check[$type]} /dev/vg/dst
	unchanged $type
	run lvremove -qq -y vg/dst
done

# A physical volume, of which the host sees only the one in the clone.
src=$(make_lv vg pv 32M)
inside=(--config 'devices/scan_lvs=1')
run pvcreate "${inside[@]}" -q "$src"
run vgcreate "${inside[@]}" -q guest "$src"
before=$(uuid "$src")
run xcopysetup clone -q --keep-device --new-uuid vg/pv dst
isnt "LVM: the physical volume has another UUID" "$(uuid $clone)" "$before"
like "LVM: and the volume group another name" "$(vgs --noheadings -o vg_name | xargs)" 'guest1'
ok "LVM: it ends" wait_for 60 ended
run xcopysetup release vg/dst
run lvremove -qq -y vg/dst
run lvremove -qq -y vg/pv

# Refused at once.
raw=$(make_lv vg raw 8M)
run random_fill "$raw"
refused 3 "nothing known" '--new-uuid: vg/raw: .*nothing on it that has a UUID' xcopysetup clone --new-uuid vg/raw dst
run lvchange -an vg/xfs
refused 3 "an inactive source" 'vg/xfs is not active.*lvchange --activate y' xcopysetup clone --new-uuid vg/xfs dst
run lvchange -ay vg/xfs

# What the programs refuse: nothing is left of the clone, and nothing else was changed.
run mount /dev/vg/btrfs /mnt/fs
refused 3 "a mounted btrfs" 'is mounted on /mnt/fs' xcopysetup clone --force vg/btrfs dst
run umount /mnt/fs
run lvremove -qq -y vg/btrfs
for lv in one two; do make_lv vg $lv 128M >/dev/null; done
run mkfs.btrfs -q -f -d raid1 -m raid1 /dev/vg/one /dev/vg/two
for lv in one two; do checksum /dev/vg/$lv >/tmp/$lv.sum; done
before=$(state)
refused 1 "btrfs of two devices" 'one device of a btrfs of several' xcopysetup clone --new-uuid vg/one dst
is "btrfs of two devices: nothing is left" "$(state)" "$before"
unchanged one
unchanged two

run mount /dev/vg/xfs /mnt/fs
run dd if=/dev/urandom of=/mnt/fs/more bs=64K count=1 status=none
run xfs_io -x -c 'shutdown -f' /mnt/fs
run umount /mnt/fs
checksum /dev/vg/xfs >/tmp/xfs.sum
before=$(state)
refused 1 "an XFS that has a log to replay" 'xfs_admin: |still has the UUID' xcopysetup clone --new-uuid vg/xfs dst
is "an XFS that has a log to replay: nothing is left" "$(state)" "$before"
unchanged xfs

# An ext4 whose journal is on another device, which is the source's.
run make_lv vg journal 16M
run mke2fs -q -O journal_dev -b 1024 /dev/vg/journal
run make_lv vg outside 32M
run mkfs.ext4 -q -b 1024 -J device=/dev/vg/journal /dev/vg/outside
before=$(state)
refused 3 "a journal elsewhere" 'its journal is on another device' xcopysetup clone --new-uuid vg/outside dst
refused 3 "a journal elsewhere, --trim" 'its journal is on another device' xcopysetup clone --trim vg/outside dst
is "a journal elsewhere: nothing was changed" "$(state)" "$before"
run xcopysetup clone --no-hydration vg/outside dst
like "a journal elsewhere: it is said" "$(cat "$LIB_OUTPUT")" 'have one journal'
run xcopysetup cancel vg/dst

# Killed: nobody was given the device, and what is on it may be between two UUIDs.
for change in 'e2fsck' 'tune2fs' 'lvm lvchange --deltag xcopy:state=creating'; do
	rc=0
	xcopysetup clone --new-uuid --die-at "$change" vg/ext4 dst >/tmp/out 2>&1 || rc=$?
	is "$change: it was killed" $rc 137
	not_ok "$change: its device is not there" test -e $clone
	is "$change: udev does not look at it" "$(udevadm settle; udevadm info -q property "/dev/mapper/$(dmsetup ls | awk '/^xcopynew-/ { print $1 }')" | grep -c '^ID_FS_' || :)" 0
	like "$change: status says it" "$(xcopysetup status)" 'vg/dst .* creating '
	refused 3 "$change: wait" 'is being made, or whoever did it was killed' xcopysetup wait vg/dst
	refused 3 "$change: set" 'is being made, or whoever did it was killed' xcopysetup set vg/dst hydration_rate 0
	ok "$change: activate" xcopysetup activate --all
	is "$change: nothing is left" "$(state)" "$before"
	unchanged ext4
done

# From the record on it is somebody's.
rc=0
xcopysetup clone --new-uuid --die-at 'rename a device' vg/ext4 dst >/tmp/out 2>&1 || rc=$?
is "recorded: it was killed" $rc 137
ok "recorded: activate" xcopysetup activate --all
ok "recorded: its device is there" test -b $clone
ok "recorded: it ends" wait_for 60 ended
run mount $clone /mnt/fs
ok "recorded: the file is right" cmp /tmp/ext4 /mnt/fs/file
run umount /mnt/fs

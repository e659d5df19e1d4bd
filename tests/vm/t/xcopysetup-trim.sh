#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: clone --trim copies what the file system uses, and every file is right; killed in the middle, activate trims
# needs: topology=default
# timeout: 500
. "$XCOPY_LIB"

run make_vg vg "$(disk a1)" "$(disk a2)"
refused() { # DESC REGEXP COMMAND...
	local desc=$1 regexp=$2 rc=0
	shift 2
	"$@" >/tmp/out 2>&1 || rc=$?
	is "$desc: refused" $rc 3
	like "$desc: says why" "$(cat /tmp/out)" "$regexp"
}

# fill_fs NAME SIZE MKFS...: what is free was written before, and would be copied
fill_fs() {
	local lv
	lv=$(make_lv vg "$1" "$2")
	run "${@:3}" "$lv"
	mkdir -p /mnt/fs
	run mount "$lv" /mnt/fs
	mkdir /mnt/fs/dir
	run dd if=/dev/urandom of=/mnt/fs/dir/file bs=1M count=12 status=none
	run dd if=/dev/urandom of=/mnt/fs/removed bs=1M count=48 status=none
	run sync -f /mnt/fs
	run rm /mnt/fs/removed
	cp /mnt/fs/dir/file "/tmp/$1"
	run umount /mnt/fs
	checksum "$lv" >"/tmp/$1.sum"
}
copied() { echo $(($(status_field xcopy-vg-dst offloaded) + $(status_field xcopy-vg-dst host_copied))); }
finished() { lvs --noheadings -o lv_tags vg/dst | grep -q xcopy:state=finished; }
full() { hydrated xcopy-vg-dst; }

raw=$(make_lv vg raw 8M)
run random_fill "$raw"
refused "without a file system" 'there is no file system on it' xcopysetup clone --trim vg/raw dst
# XFS is not made smaller.
fill_fs ext4 96M mkfs.ext4 -q
fill_fs xfs 304M mkfs.xfs -q

for type in ext4 xfs; do
	# Another clone of it is mounted: the file system's UUID is there twice.
	run xcopysetup clone -q --no-hydration vg/$type other
	mkdir -p /mnt/other
	run mount -t $type "$([ $type = xfs ] && echo -onouuid || echo -onoatime)" /dev/mapper/xcopy-vg-other /mnt/other
	run xcopysetup clone -q --keep-device --trim vg/$type dst
	is "$type: it is not left mounted" "$(dmsetup info -c --noheadings -o open xcopy-vg-dst)" 0
	run umount /mnt/other
	run xcopysetup cancel vg/other
	ok "$type: it fills" wait_for 120 finished
	run mount /dev/mapper/xcopy-vg-dst /mnt/fs
	ok "$type: the file is right" cmp /tmp/$type /mnt/fs/dir/file
	run umount /mnt/fs
	run xcopysetup release vg/dst
	is "$type: the source is as it was" "$(checksum /dev/vg/$type)" "$(cat /tmp/$type.sum)"
	run lvremove -qq -y vg/dst
done

# Killed before it was trimmed.
rc=0
xcopysetup clone --rate 256K --trim --die-at trim vg/ext4 dst >/tmp/out 2>&1 || rc=$?
is "it was killed" $rc 137
is "it does not fill" "$(copied)" 0
ok "activate" xcopysetup activate --all
unlike "it was trimmed" "$(lvs --noheadings -o lv_tags vg/dst)" xcopy:trim
# or the waiter would swap it before its figures are read
run systemctl stop 'xcopysetup@*'
run xcopysetup set vg/dst hydration_rate 0
ok "it fills" wait_for 120 full
at_most "with less than a third of the sectors copied" "$(copied)" $((96 * 2048 / 3))
ok "it is finished" xcopysetup finish vg/dst
run xcopysetup release vg/dst
run mount /dev/vg/dst /mnt/fs
ok "the file is right" cmp /tmp/ext4 /mnt/fs/dir/file
run umount /mnt/fs
ok "the file system is whole" e2fsck -fn /dev/vg/dst

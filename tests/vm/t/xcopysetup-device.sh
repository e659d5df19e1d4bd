#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: sources that are no LVs, a disk and a partition: claimed, read-only and offloaded while they are cloned, given back after; refused, killed, forgotten, written to
# needs: topology=default
# needs: size.a5=40M
# timeout: 500
. "$XCOPY_LIB"
# for partition()
. "$XCOPY_SRC/tests/vm/guest/copier.sh"

run make_vg vg "$(disk a1)" "$(disk a2)"
whole=$(disk a5)
part=$(partition "$(disk a6)" 2048 65536)
no_partition() {
	dd if=/dev/zero of="$(disk a6)" bs=512 count=1 oflag=direct status=none
	blockdev --rereadpt "$(disk a6)"
	udevadm settle
}
run random_fill "$whole"
run random_fill "$part"
for name in whole part; do dd if="${!name}" of=/tmp/$name bs=1M iflag=direct status=none; done
cp /tmp/whole /tmp/clone
head -c 64K /dev/urandom >/tmp/new
dd if=/tmp/new of=/tmp/clone bs=64K seek=77 conv=notrunc status=none
clone=/dev/mapper/xcopy-vg-dst

holds() { cmp "$2" <(dd if="$1" bs=1M iflag=direct status=none); }
state() {
	udevadm settle
	lvs -a --noheadings -o lv_name,lv_attr,lv_tags vg
	dmsetup table | sort
	blockdev --getro "$whole" "$part" | xargs
	find /run/xcopysetup -type f -name 'written-*' 2>/dev/null || :
}
ended() { lvs --noheadings -o lv_tags vg/dst | grep -q xcopy:state=finished; }
no_waiter() { systemctl stop 'xcopysetup@*'; }
suspect() { xcopysetup status --json vg/dst | jq -r '.clones[0].suspect'; }
before=$(state)

# Refused.
refused 2 "no volume group" 'destination dst names no volume group' xcopysetup clone "$whole" dst
truncate -s 8M /tmp/nameless
nameless=$(losetup -f --show /tmp/nameless)
udevadm settle
refused 3 "no name that lasts" "source $nameless has no name below" xcopysetup clone "$nameless" vg/dst
run losetup -d "$nameless"
refused 3 "a disk of LVM's" 'is a physical volume' xcopysetup clone "$(disk a1)" vg/dst
run make_lv vg plain 8M "$(disk a1)"
refused 3 "a disk that is in use" 'has claimed it' xcopysetup clone "$(disk a1)" vg/dst
run lvremove -qq -y vg/plain
refused 2 "no such device" 'source /dev/nix' xcopysetup clone /dev/nix vg/dst
run mkfs.ext4 -q "$(disk b1)"
mkdir -p /mnt/b
run mount "$(disk b1)" /mnt/b
refused 3 "mounted" 'is mounted on /mnt/b' xcopysetup clone "$(disk b1)" vg/dst
run umount /mnt/b
run wipefs -qa "$(disk b1)"
run pvcreate -q "$(disk b1)"
refused 3 "a physical volume" 'is a physical volume' xcopysetup clone "$(disk b1)" vg/dst
run pvremove -q "$(disk b1)"
is "nothing was changed" "$(state)" "$before"
like "dry run says what it would do" "$(xcopysetup clone -n "$whole" vg/dst)" 'blockdev --setro /dev/disk/by-id/.*--table .* /dev/disk/by-id/'
is "and does nothing" "$(state)" "$before"

# The whole disk.
is "the device" "$(xcopysetup clone -q --no-hydration --keep-device "$whole" vg/dst)" $clone
is "the disk is read-only" "$(blockdev --getro "$whole")" 1
not_ok "it cannot be claimed" python3 -c 'import os, sys; os.open(sys.argv[1], os.O_RDONLY | os.O_EXCL)' "$whole"
is "what reads it is hidden" "$(udevadm settle; for d in /dev/dm-*; do udevadm info -q property "$d"; done | grep -A20 'DM_NAME=xcopysource' | grep -c ID_FS || :)" 0
described "status --json" status xcopysetup status --json
like "status names it" "$(xcopysetup status vg/dst)" 'source +/dev/disk/by-id/'
refused 3 "a clone of the clone" "source $clone is a clone's" xcopysetup clone $clone vg/other
run dd if=/tmp/new of=$clone bs=64K seek=77 oflag=direct conv=notrunc,fsync status=none
ok "it is right while it fills" holds $clone /tmp/clone
run no_waiter
run xcopysetup set vg/dst hydration_rate 0
run dmsetup message xcopy-vg-dst 0 enable_hydration
ok "it fills" wait_for 120 hydrated xcopy-vg-dst
is "by the storage alone" "$(xcopysetup status --json vg/dst | jq '.clones[0].offloaded_percent')" 100
ok "finish" xcopysetup finish vg/dst
ok "the clone is right" holds $clone /tmp/clone
ok "the disk is as it was" holds "$whole" /tmp/whole
run xcopysetup release vg/dst
ok "the volume is right" cmp -n $((40 << 20)) /tmp/clone <(dd if=/dev/vg/dst bs=1M iflag=direct status=none)
run lvremove -qq -y vg/dst
is "nothing is left, and the disk is writeable" "$(state)" "$before"

# Two of one partition.
run xcopysetup clone -q --no-hydration "$part" vg/one
run xcopysetup clone -q --keep-device "$part" vg/dst
run xcopysetup cancel vg/one
ok "it ends" wait_for 120 ended
ok "the clone is right" holds $clone /tmp/part
is "the last gives the partition back" "$(blockdev --getro "$part")" 0
run xcopysetup release vg/dst
run lvremove -qq -y vg/dst
run xcopysetup clone -q --no-hydration "$part" vg/one
run xcopysetup clone -q --no-hydration "$part" vg/dst
run xcopysetup cancel vg/dst
is "one of two is left: it stays read-only" "$(blockdev --getro "$part")" 1
run xcopysetup cancel vg/one
is "nothing is left, and the partition is writeable" "$(state)" "$before"

# One that was read-only before.
run blockdev --setro "$part"
run xcopysetup clone -q --no-hydration "$part" vg/dst
run xcopysetup cancel vg/dst
is "what was read-only stays so" "$(blockdev --getro "$part")" 1
run blockdev --setrw "$part"

# Written to by somebody who had it open before: the kernel does not stop all of them.
exec 5<>"$part"
run xcopysetup clone -q --no-hydration "$part" vg/dst
is "nothing is suspected" "$(suspect)" null
if dd if=/tmp/new bs=64K conv=fsync >&5 2>/dev/null; then
	is "a write is noticed" "$(suspect)" source-written
	run xcopysetup resume vg/dst
	sleep 2
	refused 3 "finish" 'was written to while vg/dst was filled' xcopysetup finish vg/dst
else
	pass "writes are refused"
fi
exec 5>&-
run xcopysetup cancel vg/dst
run dd if=/tmp/part of="$part" bs=1M oflag=direct status=none
run xcopysetup clone -q --no-hydration "$part" vg/dst
run blockdev --setrw "$part"
is "writeable again: it is suspect" "$(suspect)" source-writeable
run blockdev --setro "$part"
run xcopysetup cancel vg/dst

# As after a boot that has activated nothing yet.
run xcopysetup clone -q --no-hydration "$part" vg/dst
run dd if=/tmp/new of=$clone bs=64K seek=77 oflag=direct conv=notrunc,fsync status=none
dd if=/tmp/new of=/tmp/part.new bs=64K seek=77 conv=notrunc status=none
cp /tmp/part /tmp/part.clone
dd if=/tmp/new of=/tmp/part.clone bs=64K seek=77 conv=notrunc status=none
forget_all() {
	no_waiter
	dmsetup remove --retry xcopy-vg-dst
	dmsetup remove --retry "$(dmsetup ls | awk '/^xcopysource-/ { print $1 }')"
	vgchange -q -an vg
	# what the kernel has counted begins at 0 after a boot
	find /run/xcopysetup -type f ! -name 'written-*' -delete
	blockdev --setrw "$part"
}
run forget_all

# Nothing is done with it where it is not free, or not what it was.
run dmsetup create other --table "0 65536 linear $part 0"
refused 3 "somebody else's" 'has claimed it' xcopysetup activate --all
is "it is left writeable" "$(blockdev --getro "$part")" 0
run dmsetup remove --retry other
run dd if=/tmp/new of="$part" bs=64K oflag=direct conv=notrunc status=none
refused 3 "written to meanwhile" 'is not what it was' xcopysetup activate --all
is "it is left writeable" "$(blockdev --getro "$part")" 0
run dd if=/tmp/part of="$part" bs=1M oflag=direct status=none
for note in /run/xcopysetup/written-*; do read -r _ _ _ _ _ _ written _ <"/sys/class/block/${part##*/}/stat" && echo "$written" >"$note"; done
ok "activate" xcopysetup activate --all
is "nothing is suspected" "$(suspect)" null
is "the partition is read-only again" "$(blockdev --getro "$part")" 1
ok "the clone is as it was" holds $clone /tmp/part.clone
run forget_all
run no_partition
refused 1 "without the partition" 'source /dev/disk/by-id/.* of vg/dst is missing' xcopysetup activate --all
rm /run/xcopysetup/awaited
run partition "$(disk a6)" 2048 32768
refused 1 "a smaller one" 'is smaller than it was' xcopysetup activate --all
run no_partition
refused 1 "without it once more" 'is missing' xcopysetup activate --all
run partition "$(disk a6)" 2048 65536
ok "with it, it goes on by itself" wait_for 60 test -e $clone
ok "the clone is as it was" holds $clone /tmp/part.clone
run forget_all
rm -f /run/xcopysetup/written-*
run dd if=/tmp/part of="$part" bs=1M oflag=direct status=none
ok "activate" xcopysetup activate --all
is "what was written since the boot counts" "$(suspect)" source-written
ok "cancel" xcopysetup cancel vg/dst
is "nothing is left" "$(state)" "$before"

# Killed at what is done for a device alone.
for change in 'make a device read-only' 'make a note' 'create a device'; do
	rc=0
	xcopysetup clone --no-hydration --die-at "$change" "$part" vg/dst >/tmp/out 2>&1 || rc=$?
	is "clone, at '$change': it was killed" $rc 137
	ok "... activate" xcopysetup activate --all
	[ ! -e $clone ] || ok "... cancel" xcopysetup cancel vg/dst
	is "... nothing is left" "$(state)" "$before"
done
for change in 'remove a device' 'make a device writeable'; do
	run xcopysetup clone -q --no-hydration "$part" vg/dst
	run no_waiter
	run dmsetup message xcopy-vg-dst 0 enable_hydration
	ok "it fills" wait_for 120 hydrated xcopy-vg-dst
	rc=0
	xcopysetup finish --die-at "$change" vg/dst >/tmp/out 2>&1 || rc=$?
	is "finish, at '$change': it was killed" $rc 137
	ok "... activate" xcopysetup activate --all
	ok "... it ends" wait_for 60 ended
	run no_waiter
	ok "... the clone is right" holds $clone /tmp/part
	run xcopysetup release vg/dst
	run lvremove -qq -y vg/dst
	is "... nothing is left" "$(state)" "$before"
done
ok "the partition is as it was" holds "$part" /tmp/part

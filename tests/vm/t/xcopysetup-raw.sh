#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: destinations that are no LVs, a disk and a partition: claimed and hidden while they are filled, whole after; refused, killed, forgotten, given up
# needs: topology=default
# needs: size.a5=40M
# timeout: 700
. "$XCOPY_LIB"
# for partition()
. "$XCOPY_SRC/tests/vm/guest/copier.sh"

run make_vg vg "$(disk a1)" "$(disk a2)"
src=$(make_lv vg src 24M)
run random_fill "$src"
run mkfs.ext4 -qF -b 4096 "$src" 6M
uuid=$(blkid -p -o value -s UUID "$src")
dd if="$src" of=/tmp/source bs=1M iflag=direct status=none
head -c 64K /dev/urandom >/tmp/new
whole=$(disk a5)
run random_fill "$whole"
dd if="$whole" of=/tmp/tail bs=1M skip=24 iflag=direct status=none
cat /tmp/source /tmp/tail >/tmp/clone
for seek in 77 500; do dd if=/tmp/new of=/tmp/clone bs=64K seek=$seek conv=notrunc status=none; done
clone=/dev/mapper/xcopy-${whole##*/}

# mbr DISK START SECTORS [START SECTORS]...: a table of partitions
mbr() {
	local disk=$1 at=446
	shift
	dd if=/dev/zero of="$disk" bs=512 count=1 oflag=direct status=none
	for (( ; $# > 1; at += 16)); do
		printf '%b' '\0\0\0\0\x83\0\0\0' "$(le32 "$1")" "$(le32 "$2")" | dd of="$disk" bs=1 seek=$at conv=notrunc status=none
		shift 2
	done
	printf '\x55\xaa' | dd of="$disk" bs=1 seek=510 conv=notrunc,fsync status=none
}
holds() { cmp "$2" <(dd if="$1" bs=1M iflag=direct status=none); }
write_new() { for seek in 77 500; do dd if=/tmp/new of="${1:-$clone}" bs=64K seek=$seek oflag=direct conv=notrunc,fsync status=none || return; done; }
state() {
	udevadm settle
	lvs -a --noheadings -o lv_name,lv_attr,lv_tags vg
	dmsetup table | sort
	# those of device-mapper's devices that are gone hide nobody
	find /run/xcopysetup/hide -type f ! -name "XCOPYDST-*" 2>/dev/null || :
	# what can be recognised on it
	blkid -p -o value -s TYPE "$whole" || :
	udevadm settle
	udevadm info -q symlink "$whole" | xargs -n 1 | sort
}
ended() { lvs --noheadings -o lv_tags vg | grep -q xcopy:state=finished; }
no_waiter() { systemctl stop 'xcopysetup@*'; }
by_uuid() {
	udevadm trigger -c change --settle "$1"
	udevadm info -q symlink "$1" | grep -c by-uuid/"$uuid" || :
}
run udevadm settle
before=$(state)

# Refused.
refused 2 "no metadata" "destination $whole is a device, on which there is no room for metadata: give --metadata VG" xcopysetup clone vg/src "$whole"
refused 3 "no such group" 'there is no volume group nix' xcopysetup clone --metadata nix vg/src "$whole"
refused 2 "a device for the metadata" "--metadata $(disk a6) .*give a volume group" xcopysetup clone --metadata "$(disk a6)" vg/src "$whole"
refused 3 "metadata that exist" 'vg/src exists: give another name' xcopysetup clone --metadata vg/src vg/src "$whole"
refused 2 "another size" '--size is for a logical volume' xcopysetup clone --metadata vg --size 64M vg/src "$whole"
refused 2 "metadata for a volume" '--metadata is for a destination that is a device' xcopysetup clone --metadata vg vg/src vg/dst
refused 3 "LVM's disk" "is LVM's, or overlaps with its physical volume" xcopysetup clone --metadata vg --force vg/src "$(disk a2)"
part=$(partition "$(disk a6)" 2048 8192)
refused 3 "too small" 'has 4.0 MiB, and the source 24.0 MiB' xcopysetup clone --metadata vg vg/src "$part"
refused 3 "overlapping" 'overlaps with the source' xcopysetup clone --metadata vg --force "$part" "$(disk a6)"
run dmsetup create other --table "0 2048 linear $part 0"
refused 3 "a partition is in use" 'has claimed it, or a partition of it' xcopysetup clone --metadata vg --force vg/src "$(disk a6)"
run dmsetup remove --retry other
truncate -s 32M /tmp/nameless
nameless=$(losetup -f --show /tmp/nameless)
udevadm settle
refused 3 "no name that lasts" "destination $nameless has no name below" xcopysetup clone --metadata vg vg/src "$nameless"
run losetup -d "$nameless"
run mkfs.ext2 -qF "$whole"
refused 3 "holds something" "destination $whole holds ext2: wipe it .* --force" xcopysetup clone --metadata vg vg/src "$whole"
exec 5<"$src"
refused 3 "--force for two things" "source vg/src is open, and destination $whole holds ext2" xcopysetup clone --metadata vg --force vg/src "$whole"
exec 5<&-
run mkdir -p /mnt/a
run mount "$whole" /mnt/a
refused 3 "mounted" 'is mounted on /mnt/a' xcopysetup clone --metadata vg --force vg/src "$whole"
run umount /mnt/a
run wipefs -qa "$whole"
run blockdev --setro "$whole"
refused 3 "read-only" 'is read-only' xcopysetup clone --metadata vg vg/src "$whole"
run blockdev --setrw "$whole"
# Of a process that is not among those that have begun xcopysetup
sleep 1000 <>"$whole" &
opener=$!
refused 3 "open in a process" "is open in process $opener" xcopysetup clone --metadata vg vg/src "$whole"
kill $opener
wait $opener || true
part=$(partition "$(disk a6)" 2048 65536)
setpriv --reuid 65534 --clear-groups sleep 1000 <"$part" &
opener=$!
refused 3 "a partition is open" "is the same unit as $part, or a part of it" xcopysetup clone --metadata vg --force vg/src "$(disk a6)"
kill $opener
wait $opener || true
run make_lv vg other 8M
run mbr /dev/vg/other 2048 8192
refused 3 "a source that a boot would find partitions on" 'the source holds dos' xcopysetup clone --metadata vg vg/other "$whole"
run mkfs.ext2 -qF /dev/vg/other
run mbr /dev/vg/other 2048 8192
refused 3 "a file system beside a table of partitions" 'the source holds ext2 and a table of partitions' xcopysetup clone --metadata vg vg/other "$whole"
run wipefs -qa /dev/vg/other
run lvchange -q -an vg/other
refused 3 "a source that cannot be looked at" 'the source cannot be looked at' xcopysetup clone --metadata vg vg/other "$whole"
run lvremove -qq -y vg/other
is "nothing was changed" "$(state)" "$before"
like "dry run says what it would do" "$(xcopysetup clone -n --metadata vg vg/src "$whole")" 'lvcreate .*_xcopymeta.*claim /dev/disk/by-id/.*--table .*/dev/disk/by-id/'
is "and does nothing" "$(state)" "$before"

# The whole disk, which is larger than the source; it had something on it, and partitions.
run mkfs.ext2 -qF "$whole"
run mbr "$whole" 2048 16384
run wait_for 10 blockdev --rereadpt "$whole"
udevadm settle
is "the device" "$(xcopysetup clone -q --no-hydration --keep-device --force --metadata vg vg/src "$whole")" "$clone"
is "it is as large as the disk" "$(blockdev --getsize64 "$clone")" $((40 << 20))
not_ok "its partitions are gone" test -e "${whole}p1"
is "what was on the disk is gone" "$(dd if="$whole" bs=64K count=1 iflag=direct status=none | tr -d '\0' | wc -c)" 0
not_ok "the disk cannot be claimed" python3 -c 'import os, sys; os.open(sys.argv[1], os.O_RDONLY | os.O_EXCL)' "$whole"
is "what writes it is hidden" "$(udevadm settle; for d in /dev/dm-*; do udevadm info -q property "$d"; done | grep -A20 'DM_NAME=xcopydest' | grep -c ID_FS || :)" 0
described "status --json" status xcopysetup status --json
like "status names it" "$(xcopysetup status "$whole")" 'destination +/dev/disk/by-id/'
is "list as well" "$(xcopysetup list)" "$(xcopysetup status --json | jq -r '.clones[0].destination')"
refused 3 "another clone to it" 'is that of another clone' xcopysetup clone --metadata vg --force vg/src "$whole"
refused 3 "a clone of it" 'is the destination of a clone' xcopysetup clone "$whole" vg/dst
run write_new
dd if=/tmp/tail of="$clone" bs=64K seek=$((24 * 16)) oflag=direct conv=notrunc status=none
run write_new
ok "it is right while it fills" holds "$clone" /tmp/clone
run no_waiter
run xcopysetup set "$whole" hydration_rate 0
run dmsetup message "${clone##*/}" 0 enable_hydration
ok "it fills" wait_for 120 hydrated "${clone##*/}"
is "by the storage alone" "$(xcopysetup status --json | jq '.clones[0].offloaded_percent')" 100
run blockdev --flushbufs "$whole"	# udev may have looked before: copies go below the page cache
is "the disk holds the source's UUID" "$(blkid -p -o value -s UUID "$whole")" "$uuid"
is "but no link leads to it by that" "$(by_uuid "$whole")" 0
run mkdir -p /mnt/a
not_ok "nor can it be mounted" mount -o ro "$whole" /mnt/a
ok "finish" xcopysetup finish "$whole"
ok "the clone is right" holds "$clone" /tmp/clone
ok "a mount" mount "$clone" /mnt/a
run umount /mnt/a
dd if="$clone" of=/tmp/clone bs=1M iflag=direct status=none

# Complete, and in use over a boot.
forget_all() {
	no_waiter
	[ ! -e "$clone" ] || dmsetup remove --retry "${clone##*/}"
	local device
	device=$(dmsetup ls | awk '/^xcopydest-/ { print $1 }')
	[ -z "$device" ] || dmsetup remove --retry "$device"
	vgchange -q -an vg
	# what the kernel has counted begins at 0 after a boot
	find /run/xcopysetup -type f ! -name "written-*" -delete
	lvchange -q -ay vg/src
}
run forget_all
ok "activate" xcopysetup activate --all
ok "the clone is there again" holds "$clone" /tmp/clone
is "plain linear" "$(dmsetup table | awk '/xcopy-linear|xcopy 2/' | wc -l)" 0
not_ok "the disk cannot be claimed" python3 -c 'import os, sys; os.open(sys.argv[1], os.O_RDONLY | os.O_EXCL)' "$whole"
refused 3 "cancel" 'is complete: "xcopysetup release" its device, and wipefs' xcopysetup cancel "$whole"
ok "release" xcopysetup release "$whole"
ok "the disk is right" holds "$whole" /tmp/clone
ok "through the page cache, too" cmp "$whole" /tmp/clone
is "and can be found by its content" "$(by_uuid "$whole")" 1
run wipefs -qa "$whole"
run udevadm trigger -c change --settle "$whole"
is "nothing is left" "$(state)" "$before"
ok "the source is as it was" holds "$src" /tmp/source

# Given up.
make_clone() { xcopysetup clone -q --no-hydration --keep-device --metadata vg vg/src "$whole" >/dev/null; }
run make_clone
run write_new
dmsetup message "${clone##*/}" 0 hydrate 0 32
# the storage's writes do not go by the page cache, which blkid reads
wait_for 60 sh -c "blockdev --flushbufs $whole; [ \"\$(blkid -p -o value -s UUID $whole)\" = $uuid ]"
ok "cancel" xcopysetup cancel "$clone"
is "nothing is left, nor to be recognised" "$(state)" "$before"

# As after a boot that has activated nothing yet.
{ cat /tmp/source && dd if="$whole" bs=1M skip=24 iflag=direct status=none; } >/tmp/clone
run make_clone
run write_new
for seek in 77 500; do dd if=/tmp/new of=/tmp/clone bs=64K seek=$seek conv=notrunc status=none; done
# the last MiB was made unrecognisable
dd if=/dev/zero of=/tmp/clone bs=1M seek=39 count=1 conv=notrunc status=none
ok "the clone is as it should be" holds "$clone" /tmp/clone
run forget_all
run dmsetup create other --table "0 65536 linear $whole 0"
refused 3 "somebody else's" 'has claimed it' xcopysetup activate --all
run dmsetup remove --retry other
# Whatever else is missing, nobody is to take half a copy for a file system.
claimed() { not_ok "$1: the disk cannot be claimed" python3 -c 'import os, sys; os.open(sys.argv[1], os.O_RDONLY | os.O_EXCL)' "$whole"; }
run lvchange -q --permission rw vg/src
refused 1 "the source is writeable" 'vg/src is still writeable' xcopysetup activate --all
claimed "the source is writeable"
not_ok "the source is writeable: there is no clone" test -e "$clone"
run lvchange -q --permission r vg/src
run forget_all
run modprobe -r dm-xcopy-nvme dm-xcopy-scsi dm-xcopy
echo 'install dm-xcopy /bin/false' >/etc/modprobe.d/test.conf
refused 3 "no module" 'the kernel has no target "xcopy"' xcopysetup activate --all
claimed "no module"
rm /etc/modprobe.d/test.conf
run modprobe -a dm-xcopy dm-xcopy-nvme
ok "activate" xcopysetup activate --all
ok "the clone is as it was" holds "$clone" /tmp/clone
is "and offloaded" "$(dmsetup table | grep '^xcopydest' | awk '{ print $4 }')" xcopy-linear
run forget_all
lv=$(lvs --noheadings -o lv_name vg | grep -o '[^ ]*_xcopymeta')
id=$(lvs --noheadings -o lv_tags vg/"$lv" | grep -o 'xcopy:destination-id=[^,]*')
run lvchange -q --deltag "$id" --addtag "${id/+0+/+8+}" vg/"$lv"
refused 3 "another device" 'is not the device that it was' xcopysetup activate --all
run lvchange -q --addtag "$id" --deltag "${id/+0+/+8+}" vg/"$lv"
# nobody has claimed it since: it may hold something else by now
ok "cancel, not activated" xcopysetup cancel "$whole"
run wipefs -qa "$whole"
run udevadm trigger -c change --settle "$whole"
is "nothing is left" "$(state)" "$before"

# From a device to a device, which goes away meanwhile.
part=$(partition "$(disk a6)" 2048 65536)
run random_fill "$part"
dd if="$part" of=/tmp/part bs=1M iflag=direct status=none
run wipefs -qa "$(disk b1)"
to=$(partition "$(disk b1)" 2048 65536)
udevadm settle
is "the device" "$(xcopysetup clone -q --no-hydration --name both --metadata vg/record "$part" "$to")" /dev/mapper/both
clone=/dev/mapper/both
ok "it is right" holds $clone /tmp/part
run forget_all
dmsetup remove --retry "$(dmsetup ls | awk '/^xcopysource-/ { print $1 }')"
dd if=/dev/zero of="$(disk b1)" bs=512 count=1 oflag=direct status=none
run wait_for 10 blockdev --rereadpt "$(disk b1)"
udevadm settle
refused 1 "without the partition" 'destination /dev/disk/by-id/.* is missing' xcopysetup activate --all
to=$(partition "$(disk b1)" 2048 65536)
ok "with it, it goes on by itself" wait_for 60 test -e $clone
ok "it is right" holds $clone /tmp/part
ok "finish" xcopysetup finish "$to"
ok "it is right" holds $clone /tmp/part
ok "release" xcopysetup release "$to"
ok "the partition is right" holds "$to" /tmp/part
is "nothing is left" "$(lvs --noheadings -o lv_name vg | xargs) $(dmsetup ls | awk '/xcopy/' | wc -l)" "src 0"
is "and the source is writeable again" "$(blockdev --getro "$part")" 0

# Two partitions of a disk, whose third one is in use.
run mbr "$(disk b1)" 2048 24576 26624 24576 51200 8192
run wait_for 10 blockdev --rereadpt "$(disk b1)"
udevadm settle
run mkfs.ext2 -q "$(disk b1)p3"
run mount "$(disk b1)p3" /mnt/a
run make_lv vg small 8M
for number in 1 2; do run xcopysetup clone -q --no-hydration --metadata vg vg/small "$(disk b1)p$number"; done
is "two clones to partitions of one disk" "$(xcopysetup list | wc -l)" 2
# the record of one is removed by hand, when it is complete
run xcopysetup cancel "$(disk b1)p1"
ok "finish" xcopysetup finish "$(disk b1)p2"
systemctl stop 'xcopysetup@*'
run lvremove -qq -y "vg/$(basename "$(disk b1)")p2_xcopymeta"
ok "release, without a record" xcopysetup release "/dev/mapper/xcopy-$(basename "$(disk b1)")p2"
is "nothing of it is left" "$(dmsetup ls | grep -c xcopy || :) $(find /run/xcopysetup/hide -type f | wc -l)" "0 0"
run umount /mnt/a
run lvremove -qq -y vg/small

# Killed: before every third change that it makes, beginning with one of the first three.
first=$((${SEED:-$RANDOM} % 3 + 1))
diag "beginning with change $first"
clone=/dev/mapper/xcopy-${whole##*/}
run wipefs -qa "$(disk a6)" "$(disk b1)"
udevadm settle
before=$(state)
{ cat /tmp/source && head -c $((15 << 20)) /dev/zero && dd if=/dev/zero bs=1M count=1 status=none; } >/tmp/clone
what=""	# die_at says
has_job() { lvs --noheadings -o lv_tags vg | grep -qE "xcopy:state=(cre|fill|finishing|canc)"; }
same_source() { cmp -n $((24 << 20)) /tmp/source <(dd if="$clone" bs=1M iflag=direct status=none); }
n=$first
while die_at $n xcopysetup clone --no-hydration --keep-device --metadata vg vg/src "$whole"; do
	[ $((n % 2)) != 0 ] || run forget_all
	ok "$what: activate" xcopysetup activate --all
	! has_job || ok "$what: it goes on" same_source
	! has_job || ok "$what: then cancel" xcopysetup cancel "$whole"
	is "$what: nothing is left" "$(state)" "$before"
	n=$((n + 3))
done
at_least "clone was killed so often" $n 9
n=$first
while die_at $n xcopysetup cancel "$whole"; do
	ok "$what: activate" xcopysetup activate --all
	if has_job; then
		ok "$what: it goes on" same_source
		ok "$what: then cancel" xcopysetup cancel "$whole"
	fi
	is "$what: nothing is left" "$(state)" "$before"
	n=$((n + 3))
	run make_clone
done
is "cancel has worked at last" "$(state)" "$before"
n=$first
run make_clone
run no_waiter
run dmsetup message "${clone##*/}" 0 enable_hydration
ok "it fills" wait_for 120 hydrated "${clone##*/}"
while die_at $n xcopysetup finish "$whole"; do
	[ $((n % 2)) != 0 ] || run forget_all
	ok "$what: activate" xcopysetup activate --all
	ok "$what: it ends" wait_for 60 ended
	run no_waiter
	ok "$what: it is right" same_source
	ok "$what: release" xcopysetup release "$whole"
	ok "$what: the disk is right" cmp -n $((24 << 20)) "$whole" /tmp/source
	run wipefs -qa "$whole"
	run udevadm trigger -c change --settle "$whole"
	is "$what: nothing is left" "$(state)" "$before"
	n=$((n + 3))
	run make_clone
	run no_waiter
	run dmsetup message "${clone##*/}" 0 enable_hydration
	ok "it fills" wait_for 120 hydrated "${clone##*/}"
done
at_least "finish was killed so often" $n 5
n=$first
while die_at $n xcopysetup release "$whole"; do
	ok "$what: activate" xcopysetup activate --all
	! ended || ok "$what: it is right" same_source
	n=$((n + 3))
done
ok "after all that the disk is right" cmp -n $((24 << 20)) "$whole" /tmp/source
run wipefs -qa "$whole"
run udevadm trigger -c change --settle "$whole"
is "and nothing is left" "$(state)" "$before"

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: a dm-multipath device is cloned to another: by EXTENDED COPY, through either path, hidden while it fills, whole after
# needs: append=no_debug_objects
# needs: size.a1=48M
# needs: size.a2=64M
# console: (device-mapper: multipath|I/O error|sd [0-9:]+)
# timeout: 500
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/scsi.sh"

lio_start
run modprobe scsi_dh_alua
lio_unit one "$(disk a1)"
lio_unit two "$(disk a2)"
lio_unit record "$(disk a3)"
lio_target a one two record
lio_target b one two
a_one=$(lio_disk a 0) a_two=$(lio_disk a 1) b_one=$(lio_disk b 0) b_two=$(lio_disk b 1)
one=$(multipath one one "$a_one" "$b_one")
two=$(multipath two two "$a_two" "$b_two")
run make_vg vg "$(lio_disk a 2)"
run random_fill "$one" 48
run random_fill "$two" 64
run mkfs.ext4 -qF "$one" 16M
uuid=$(blkid -p -o value -s UUID "$one")
dd if="$one" of=/tmp/source bs=1M iflag=direct status=none
dd if="$two" of=/tmp/tail bs=1M skip=48 iflag=direct status=none
head -c 64K /dev/urandom >/tmp/new
# What the clone is to hold: the source, behind it what the larger unit had, and the new bytes in both.
cat /tmp/source /tmp/tail >/tmp/clone
places="77 700 800"
for seek in $places; do dd if=/tmp/new of=/tmp/clone bs=64K seek="$seek" conv=notrunc status=none; done
clone=/dev/mapper/xcopy-two

holds() { cmp "$2" <(dd if="$1" bs=1M iflag=direct status=none); }
write_new() {
	dd if=/tmp/tail of=$clone bs=1M seek=48 oflag=direct status=none || return
	for seek in $places; do dd if=/tmp/new of=$clone bs=64K seek="$seek" oflag=direct status=none || return; done
}
# The links that lead to it by what is said of it. links_to DEVICE REGEXP
links_to() {
	udevadm trigger -c change --settle "$1"
	udevadm info -q symlink "$1" | grep -cE "$2" || :
}
state() {
	udevadm settle
	lvs -a --noheadings -o lv_name,lv_attr,lv_tags vg
	dmsetup ls | sort
	find /run/xcopysetup/hide -type f ! -name "XCOPYDST-*" 2>/dev/null || :
}
lasting=$(links_to "$two" "disk/by-id/dm-uuid-mpath-")
is "it has a name that lasts" "$lasting" 1
before=$(state)

for path in "$a_two" "$b_two"; do
	refused 3 "a path of it" 'has claimed it' xcopysetup clone --metadata vg "$one" "$path"
done
refused 3 "a path of it as the source" 'has no name below /dev/disk/by-id|has claimed it' xcopysetup clone --metadata vg "$a_one" "$two"
is "nothing was changed" "$(state)" "$before"

is "the device" "$(xcopysetup clone -q --no-hydration --keep-device --metadata vg "$one" "$two")" $clone
run write_new
ok "it is right before anything was copied" holds $clone /tmp/clone
# Every command of the source goes by one path, of the destination by the other.
run dmsetup message one 0 fail_path "$(cat "/sys/class/block/${b_one##*/}/dev")"
run dmsetup message two 0 fail_path "$(cat "/sys/class/block/${a_two##*/}/dev")"
run dmsetup message "${clone##*/}" 0 hydrate 0 64
# the storage's writes do not go by the page cache, which blkid reads
ok "its beginning is copied" wait_for 60 sh -c "blockdev --flushbufs $two; [ \"\$(blkid -p -o value -s UUID $two)\" = $uuid ]"
is "its content is no name of it" "$(links_to "$two" "by-uuid/$uuid")" 0
# As when a boot has looked at it before xcopysetup came: udev's database knows, and keeps it where nothing is looked at.
mark=/run/xcopysetup/hide/device-$(lsblk -dno MAJ:MIN "$two" | tr -d ' ')
run mv "$mark" /tmp/mark
is "without its mark it would be found" "$(links_to "$two" "by-uuid/$uuid")" 1
run mv /tmp/mark "$mark"
is "the mark takes a link away" "$(links_to "$two" "by-uuid/$uuid")" 0
is "and it stays away" "$(links_to "$two" "by-uuid/$uuid")" 0
is "its identity is" "$(links_to "$two" "disk/by-id/dm-uuid-mpath-")" 1
ok "it is right in between" holds $clone /tmp/clone
run systemctl stop 'xcopysetup@*'
run dmsetup message "${clone##*/}" 0 enable_hydration
ok "it fills" wait_for 120 hydrated "${clone##*/}"
is "by the storage alone" "$(xcopysetup status --json | jq '.clones[0].offloaded_percent')" 100
ok "finish" xcopysetup finish "$two"
ok "it is right" holds $clone /tmp/clone
ok "release" xcopysetup release "$two"
ok "the unit is right" holds "$two" /tmp/clone
ok "the source is as it was" holds "$one" /tmp/source
is "and it is found by its content" "$(links_to "$two" "by-uuid/$uuid")" 1
is "nothing is left" "$(state)" "$before"

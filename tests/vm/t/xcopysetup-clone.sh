#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: xcopysetup clone: mounted while it fills, offloaded, ends as a linear device with every byte right
# core: bookworm sid
# needs: topology=default
# timeout: 300
. "$XCOPY_LIB"

src_disk=$(disk a1)
dst_disk=$(disk a2)
run make_vg vg-x "$src_disk" "$dst_disk"
src=$(make_lv vg-x src 256M "$src_disk")
run mkfs.ext4 -q "$src"
mkdir -p /mnt/a
run mount "$src" /mnt/a
dd if=/dev/urandom of=/mnt/a/file bs=1M count=100 status=none
sum=$(sha256sum </mnt/a/file)
run umount /mnt/a
before=$(checksum "$src")

ok "probe says yes" xcopysetup probe vg-x/src vg-x/dst
ok "probe --json says so too" jq -e '.offloadable and .pairs[0].driver == "nvme"' <(xcopysetup probe --json vg-x/src "$dst_disk")

described "probe --json" probe xcopysetup probe --json vg-x/src "$dst_disk"

log_mark
start=$EPOCHREALTIME
device=$(xcopysetup clone --pv "$dst_disk" --no-hydration --keep-device vg-x/src dst 2>/tmp/clone.err)
end=$EPOCHREALTIME
diag "$(cat /tmp/clone.err)"
diag "clone returned after $(awk "BEGIN { print $end - $start }") s; a plain lvcreate takes:"
start=$EPOCHREALTIME
make_lv vg-x plain 256M "$src_disk" >/dev/null
diag "$(awk "BEGIN { print $EPOCHREALTIME - $start }") s"

job=$(dmsetup info -c --noheadings -o uuid "${device##*/}" | cut -c 7-)
uuid=$(dmsetup info -c --noheadings -o uuid vg--x-dst)
is "the device is printed" "$device" /dev/mapper/xcopy-vg--x-dst
ok "it exists" test -b "$device"
is "the clone's UUID has the prefix" "$(dmsetup info -c --noheadings -o uuid xcopy-vg--x-dst | cut -c 1-6)" XCOPY-
like "the source has xcopy-linear" "$(dmsetup table vg--x-src)" 'xcopy-linear'
like "the destination has xcopy-linear" "$(dmsetup table vg--x-dst)" 'xcopy-linear'
is "the source is read-only" "$(blockdev --getro "$src")" 1
like "the destination skips activation" "$(lvs --noheadings -o lv_attr vg-x/dst)" 'k *$'
like "the job is recorded" "$(lvs --noheadings -o lv_tags vg-x/dst)" 'xcopy:state=filling'
like "the limits were passed" "$(dmsetup table xcopy-vg--x-dst)" 'offload_segment_blocks 65535'
is "udev does not scan the destination" "$(udevadm info -q property /dev/vg-x/dst | grep -c '^ID_FS_')" 0

# What udev knows of a device, and whether anything but LVM's link leads to it by its content.
udev_says() { udevadm settle; udevadm info -q property "$1" | sed -n "s/^$2=//p"; }
links_of() { udevadm info -q symlink "$1" | tr ' ' '\n' | grep -c '^disk/by-uuid/'; }

run mount "$device" /mnt/a
is "the file is there at once" "$(sha256sum </mnt/a/file)" "$sum"
dd if=/dev/urandom of=/mnt/a/new bs=1M count=20 status=none conv=fsync
new=$(sha256sum </mnt/a/new)
is "the destination holds a file system by now" "$(blkid -p -o value -s TYPE /dev/vg-x/dst)" ext4
run lvchange --refresh vg-x/dst
is "udev does not scan it after a reload of LVM's either" \
	"$(udev_says /dev/vg-x/dst ID_FS_TYPE) $(udev_says /dev/vg-x/dst DM_XCOPY_HIDDEN) $(links_of /dev/vg-x/dst)" " 1 0"
ok "the waiter puts its extents back" wait_for 30 sh -c 'dmsetup table vg--x-dst | grep -q xcopy-linear'
ok "status in a table" xcopysetup status
ok "status --json is JSON and says paused" jq -e '.schema == 1 and .clones[0].state == "paused" and .clones[0].percent < 100' <(xcopysetup status --json)
described "status --json" status xcopysetup status --json
ok "detail names the waiter" grep -q 'waiter *running' <(xcopysetup status vg-x/dst)
ok "resume" xcopysetup resume vg-x/dst
ok "wait" xcopysetup wait vg-x/dst --timeout $((120 * XCOPY_SLOW))
like "the clone is linear now" "$(dmsetup table xcopy-vg--x-dst)" '^0 524288 linear'
is "the new file is right" "$(sha256sum </mnt/a/new)" "$new"
run umount /mnt/a
described "status --json, when it is linear" status xcopysetup status --json
is "nothing but the LVs is left" "$(lvs --noheadings -o lv_name --sort lv_name vg-x | xargs)" "dst plain src"
unlike "of the tags only the record of the device is left" "$(lvs --noheadings -o lv_tags vg-x | xargs)" "xcopy:(source|region|was|metadata)"
is "the source is linear again" "$(dmsetup table vg--x-src | awk '{ print $3 }' | sort -u)" linear
is "the destination is linear again" "$(dmsetup table vg--x-dst | awk '{ print $3 }' | sort -u)" linear
is "the source is writeable again" "$(blockdev --getro "$src")" 0
is "the source has not changed" "$(checksum "$src")" "$before"
like "its device being there, the volume itself is still hidden" "$(lvs --noheadings -o lv_attr vg-x/dst) $(udev_says /dev/vg-x/dst ID_FS_TYPE) $(udev_says /dev/vg-x/dst DM_XCOPY_HIDDEN)" "k +1\$"
ok "release" xcopysetup release vg-x/dst
not_ok "the device is gone" test -e "$device"
unlike "the destination is activated by a boot" "$(lvs --noheadings -o lv_attr vg-x/dst)" 'k *$'
udevadm settle
is "udev scans it now" "$(udev_says /dev/vg-x/dst ID_FS_TYPE) $(udev_says /dev/vg-x/dst DM_XCOPY_HIDDEN)" "ext4 "
is "no tags are left" "$(lvs --noheadings -o lv_tags vg-x | xargs)" ""
is "no lock or mark is left" "$(find /run/xcopysetup -type f | grep -e "$job" -e "$uuid")" ""
run mount /dev/vg-x/dst /mnt/a
is "file 1, on the destination" "$(sha256sum </mnt/a/file)" "$sum"
is "file 2, on the destination" "$(sha256sum </mnt/a/new)" "$new"
run umount /mnt/a
ok "the file system is clean" e2fsck -fn /dev/vg-x/dst

# Without extents no reload of ours tells udev that the destination is whole.
ok "a clone by the host" xcopysetup clone -q --wait --driver host vg-x/src host
ok "it is released" xcopysetup release vg-x/host
udevadm settle
isnt "udev may use it in the end" "$(udev_says /dev/vg-x/host SYSTEMD_READY)" 0
is "and has scanned it" "$(udev_says /dev/vg-x/host ID_FS_TYPE) $(udev_says /dev/vg-x/host DM_XCOPY_HIDDEN)" "ext4 "

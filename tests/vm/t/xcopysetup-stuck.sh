#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: a source that cannot be read in one place: the rest is cloned, wait ends and says why, status and the log too; mended, it completes
# timeout: 300
. "$XCOPY_LIB"

# sick [FIRST COUNT]: a linear device over a disk, of which these sectors fail. It begins behind the disk's beginning, or LVM
# would see one physical volume twice.
sick() {
	local size end=$((${1:-0} + ${2:-0}))
	size=$(($(blockdev --getsz "$(disk s0)") - 2048))
	{
		[ $# = 0 ] || printf '0 %s linear %s 2048\n%s %s error\n' "$1" "$(disk s0)" "$1" "$2"
		echo "$end $((size - end)) linear $(disk s0) $((2048 + end))"
	} >/tmp/table
	if dmsetup info sick >/dev/null 2>&1; then
		dmsetup load sick /tmp/table && dmsetup suspend --noflush --nolockfs sick && dmsetup resume sick
	else
		dmsetup create sick /tmp/table
	fi
}
state() { xcopysetup status --json | jq -r '.clones[0].state'; }
holds() { cmp "$2" <(dd if="$1" bs=1M iflag=direct status=none); }

run sick
run make_vg vg /dev/mapper/sick "$(disk s1)"
run lvcreate -qq -y -Zn -n src -L 24M vg /dev/mapper/sick
udevadm settle
run random_fill /dev/vg/src 24
dd if=/dev/vg/src of=/tmp/source bs=1M iflag=direct status=none
start=$(dmsetup table vg-src | awk '{ print $5 }')
clone=$(xcopysetup clone -q --no-hydration --pv "$(disk s1)" vg/src vg/dst)

# Two regions of 64 KiB, the second one in part.
run sick $((start + 16384)) 136
is "it is paused" "$(state)" paused
ok "resume" xcopysetup resume vg/dst
refused 5 "wait" '2 regions of xcopy-vg-dst cannot be copied \(source-read\), and are not tried again: .*xcopysetup resume vg/dst' \
	xcopysetup wait --timeout 250 vg/dst
is "its state" "$(state)" stuck
refused 5 "status" 'stuck +2 regions of xcopy-vg-dst cannot be copied .*source-read: the host could not read' xcopysetup status vg/dst
described "status --json" status xcopysetup status --json
is "all the rest is there" "$(xcopysetup status --json | jq '.clones[0] | .regions - .hydrated_regions, .statistics.failed_regions' | xargs)" "2 2"
ok "the waiter has said so" wait_for 10 sh -c 'journalctl -u "xcopysetup@*" -b | grep "2 regions of xcopy-vg-dst cannot be copied"'
is "once" "$(journalctl -u 'xcopysetup@*' -b | grep -c 'cannot be copied')" 1
not_ok "what cannot be read is not read" dd if="$clone" of=/dev/null bs=64K skip=128 count=1 iflag=direct status=none
ok "pause" xcopysetup pause vg/dst
is "paused, it is not stuck" "$(state)" paused

run sick
ok "what can be read again is read" holds "$clone" /tmp/source
ok "resume" xcopysetup resume vg/dst
ok "it completes" xcopysetup wait --timeout 60 vg/dst
ok "release" xcopysetup release vg/dst
ok "the destination is right" holds /dev/vg/dst /tmp/source
ok "the source is as it was" holds /dev/vg/src /tmp/source

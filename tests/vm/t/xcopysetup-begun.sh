#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: xcopysetup: a clone whose destination is not made yet is known by its metadata volume; one that was made holds nothing of before
# needs: topology=default
# timeout: 400
. "$XCOPY_LIB"

run make_vg vg "$(disk a1)" "$(disk a2)"
src=$(make_lv vg src 32M)
run random_fill "$src"
dd if="$src" of=/tmp/source bs=1M iflag=direct status=none
clone=/dev/mapper/xcopy-vg-dst

state() {
	udevadm settle
	lvs -a --noheadings -o lv_name,lv_attr,lv_tags,lv_size vg
	dmsetup table | sort
	find /run/xcopysetup/hide -type f ! -name "LVM-*" 2>/dev/null || :
}
holds() { cmp "$2" <(dd if="$1" bs=1M iflag=direct status=none); }
killed() { # CHANGE [OPTION...]: a clone is
	local change=$1 rc=0
	shift
	xcopysetup clone -q --no-hydration --die-at "$change" "$@" vg/src dst >/tmp/out 2>&1 || rc=$?
	is "killed before \"$change\"" $rc 137
	udevadm settle
}
no_volume_active() { # as after a boot; the machine knows nothing of what was done before
	vgchange -qq -an vg
	rm -rf /run/xcopysetup
	lvchange -qq -ay vg/src
}
before=$(state)

# It can be seen, and is undone, whoever asks: the source has its tag, and the destination does not exist.

for command in "cancel vg/dst" "cancel dst" "activate --all" "activate vg/dst" "cancel /dev/mapper/xcopy-vg-dst"; do
	killed "lvm lvcreate --yes --type linear --name dst --size"
	not_ok "$command: the destination is not there" lvs vg/dst
	like "$command: the source is taken" "$(lvs --noheadings -o lv_attr,lv_tags vg/src)" ' -r.*xcopy:source-for='
	like "$command: status shows it" "$(xcopysetup status)" 'vg/dst +vg/src .*creating '
	is "$command: list too" "$(xcopysetup list)" vg/dst
	refused 3 "$command: another clone of that name" 'is that of a clone that is being made' xcopysetup clone vg/src dst
	refused 3 "$command: finish" 'was being made' xcopysetup finish --timeout 5 vg/dst
	[ "${command#activate}" = "$command" ] || no_volume_active
	# shellcheck disable=SC2086 # words
	ok "$command" xcopysetup $command
	is "$command: nothing is left" "$(state)" "$before"
done

# What the metadata volume held before it is formatted is nobody's: not by what udev sees of it either.

run lvcreate -qq -y -n old -L 4M vg "$(disk a1)"
run udevadm settle	# while it looks it does not see what is written
run mkswap -U 11111111-2222-3333-4444-555555555555 /dev/vg/old
run udevadm settle
ok "there is a signature" wait_for 20 test -e /dev/disk/by-uuid/11111111-2222-3333-4444-555555555555
run lvremove -qq -y vg/old
killed "wipe a device" --alloc normal
run udevadm settle
like "it is on the new volume" "$(wipefs -n -p /dev/vg/dst_xcopymeta)" ,swap
not_ok "udev does not see it" test -e /dev/disk/by-uuid/11111111-2222-3333-4444-555555555555
no_volume_active
ok "undone as after a boot" xcopysetup activate --all
is "nothing is left of that" "$(state)" "$before"

# Nor does the destination hold what was there.

old() { # a file system's signature where the destination will be, and one in the middle
	run lvcreate -qq -y -n old -L 32M vg "$(disk a2)"
	run mkfs.ext4 -q -F /dev/vg/old
	# the second header of LUKS2, which is looked for here
	printf 'SKUL\272\276\0\002' | dd of=/dev/vg/old bs=1 seek=$((4 << 20)) conv=notrunc status=none
	printf '\0\0\0\0\0\100\0\0' | dd of=/dev/vg/old bs=1 seek=$(((4 << 20) + 256)) conv=notrunc,fsync status=none
	like "both are seen" "$(wipefs -n -p /dev/vg/old)" 'ext4.*crypto_LUKS|crypto_LUKS.*ext4'
	run lvremove -qq -y vg/old
}
old
killed "wipe the destination" --pv "$(disk a2)"
like "what was there is there" "$(wipefs -n -p /dev/vg/dst)" ,ext4
no_volume_active
run xcopysetup activate --all
ok "it goes on, and is right" holds $clone /tmp/source
run udevadm settle
run test -b /dev/vg/dst
is "nothing of what was there is" "$(wipefs -n -p /dev/vg/dst)$(dd if=/dev/vg/dst bs=4K count=1 iflag=direct status=none | tr -d '\0')" ""
head -c 1M /dev/urandom >/tmp/new
run dd if=/tmp/new of=$clone bs=1M seek=3 oflag=direct conv=notrunc status=none
run dd if=/tmp/new of=$clone bs=1M oflag=direct conv=notrunc,fsync status=none
cp /tmp/source /tmp/clone
for at in 0 3; do dd if=/tmp/new of=/tmp/clone bs=1M seek=$at conv=notrunc status=none; done
run systemctl stop 'xcopysetup@*'
run dmsetup remove --retry xcopy-vg-dst
no_volume_active
run xcopysetup activate --all
ok "once it was used nothing is wiped" holds $clone /tmp/clone
run xcopysetup cancel vg/dst
old
run xcopysetup clone -q --no-hydration --pv "$(disk a2)" vg/src dst
run udevadm settle
run test -b /dev/vg/dst
is "nor without a crash" "$(wipefs -n -p /dev/vg/dst)" ""
run xcopysetup cancel vg/dst

# A record that cannot be read may be that of any job, but what was just made is undone.

run lvcreate -qq -y -n odd -L 4M --addtag xcopy:state=filling vg
odd=$(state)
refused 1 "failing beside a damaged record" 'everything that had been made was removed' \
	xcopysetup clone --fail-before destination vg/src dst
is "nothing is left of it" "$(state)" "$odd"
run lvremove -qq -y vg/odd

# The metadata volume, which is made first, is not in the way of a destination that just fits.

extents() { pvs --noheadings -o "$2" "$(disk "$1")" | xargs; }
run lvcreate -qq -y -W n -n rest -l $(($(extents a2 pv_pe_count) - 8)) vg "$(disk a2)"
is "as many extents are free as it needs" "$(($(extents a2 pv_pe_count) - $(extents a2 pv_pe_alloc_count)))" 8
for option in "--pv $(disk a2)" "--pv $(disk a2) --alloc contiguous" "--pv $(disk a2) --alloc tail"; do
	# shellcheck disable=SC2086 # words
	ok "$option" xcopysetup clone -q --no-hydration $option vg/src dst
	is "$option: it is there" "$(lvs --noheadings -o devices vg/dst | sed 's/(.*//' | xargs)" "$(disk a2)"
	is "$option: and the metadata is not" "$(lvs --noheadings -o devices vg/dst_xcopymeta | sed 's/(.*//' | xargs)" "$(disk a1)"
	run xcopysetup cancel vg/dst
done
ok "the source is as it was" holds "$src" /tmp/source

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: twenty clones of ten sources, made at once, written to while they fill: each ends by itself, and every byte is right
# needs: topology=default
# timeout: 1500
. "$XCOPY_LIB"

run make_vg vg "$(disk a1)" "$(disk a2)"
before=$(lvs -a --noheadings -o lv_name vg)
for n in {0..9}; do
	run random_fill "$(make_lv vg "s$n" 8M)"
	dd if="/dev/vg/s$n" of="/tmp/s$n" bs=1M iflag=direct status=none
done
sources=$(lvs -a --noheadings -o lv_name,lv_attr,lv_tags vg)

# make_and_write N M: the clone of sN, with a block of its own
make_and_write() {
	local name=d$1-$2 device
	cp "/tmp/s$1" "/tmp/$name"
	device=$(xcopysetup clone -q --keep-device --rate 1M "vg/s$1" "$name" 2>"/tmp/$name.err") || return
	head -c 64K /dev/urandom | tee "/tmp/$name.new" | dd of="/tmp/$name" bs=64K seek=$((7 * $1 + $2)) conv=notrunc status=none
	dd if="/tmp/$name.new" of="$device" bs=64K seek=$((7 * $1 + $2)) oflag=direct conv=notrunc,fsync status=none
}
holds() { cmp "$2" <(dd if="$1" bs=1M iflag=direct status=none); }
all_finished() { [ "$(lvs --noheadings -o lv_tags vg | grep -c xcopy:state=finished)" = 20 ]; }

declare -A started=()
for n in {0..9}; do
	for m in 1 2; do
		make_and_write "$n" "$m" &
		started[d$n-$m]=$!
	done
done
for name in $(printf '%s\n' "${!started[@]}" | sort); do
	ok "$name was made" wait "${started[$name]}"
	[ ! -s "/tmp/$name.err" ] || diag "$(cat "/tmp/$name.err")"
done
for name in "${!started[@]}"; do
	ok "$name is right while it fills" holds "/dev/mapper/xcopy-vg-${name/-/--}" "/tmp/$name"
done
ok "all end by themselves" wait_for 400 all_finished
is "status has them all" "$(xcopysetup status --json | jq '[.clones[] | select(.state == "linear")] | length')" 20
for name in "${!started[@]}"; do
	ok "$name is right in the end" holds "/dev/mapper/xcopy-vg-${name/-/--}" "/tmp/$name"
	ok "$name: release" xcopysetup release "vg/$name"
	ok "$name: the volume is right" holds "/dev/vg/$name" "/tmp/$name"
	run lvremove -qq -y "vg/$name"
done
is "the sources are as they were" "$(lvs -a --noheadings -o lv_name,lv_attr,lv_tags vg)" "$sources"
for n in {0..9}; do
	ok "s$n is as it was" holds "/dev/vg/s$n" "/tmp/s$n"
	run lvremove -qq -y "vg/s$n"
done
is "nothing else is left" "$(lvs -a --noheadings -o lv_name vg)" "$before"

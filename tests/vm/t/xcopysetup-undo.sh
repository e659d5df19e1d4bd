#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: xcopysetup clone undoes everything when a step fails
# needs: topology=default
# timeout: 900
. "$XCOPY_LIB"

run make_vg vg "$(disk a1)" "$(disk a2)"
src=$(make_lv vg src 32M)
run random_fill "$src"
sum=$(checksum "$src")

state() {
	udevadm settle
	lvs -a --noheadings -o lv_name,lv_attr,lv_tags,lv_size vg
	dmsetup table | sort
	find /run/xcopysetup/hide -type f ! -name "LVM-*" 2>/dev/null || :
}
before=$(state)

steps=(metadata format source destination record extents table trim waiter)
for step in "${steps[@]}"; do
	rc=0
	xcopysetup clone --fail-before "$step" vg/src dst >/tmp/out 2>&1 || rc=$?
	is "failing before $step: exit status" $rc 1
	is "failing before $step: nothing is left" "$(state)" "$before"
done

# failures that nobody injected: the source held open, and held by another clone as its destination
run dmsetup create blocker --table "0 8 linear $src 0"
fails_with "an open source" "is open" xcopysetup clone vg/src dst
run dmsetup remove blocker
run dmsetup create blocker --table "0 65536 xcopy $(disk s0) $src $(disk s1) 128 2 no_hydration no_offload"
blocked=$(state)
rc=0
xcopysetup clone --force vg/src dst >/tmp/out 2>&1 || rc=$?
is "the kernel refuses: exit status" $rc 1
like "with its own sentence" "$(cat /tmp/out)" 'the kernel refuses the table of xcopy-vg-dst: xcopy: '
is "nothing is left of that" "$(state)" "$blocked"
run dmsetup remove blocker
is "nothing is left of all" "$(state)" "$before"

rc=0
xcopysetup clone --keep-on-failure --fail-before table vg/src dst >/tmp/out 2>&1 || rc=$?
is "keep-on-failure: exit status" $rc 4
like "keep-on-failure says what to do" "$(cat /tmp/out)" 'xcopysetup cancel vg/dst'
ok "the destination is kept" lvs vg/dst
ok "and cancel removes it" xcopysetup cancel vg/dst
is "nothing is left after cancel" "$(state)" "$before"

is "the source has not changed" "$(checksum "$src")" "$sum"

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: when xcopysetup is killed while LVM works for it, its locks are held until LVM has ended
# needs: topology=default
# timeout: 200
. "$XCOPY_LIB"

run make_vg vg "$(disk a1)" "$(disk a2)"
src=$(make_lv vg src 8M)
run random_fill "$src"
sum=$(checksum "$src")
before=$(lvs -a --noheadings -o lv_name,lv_attr,lv_tags vg)

# Killed while LVM works for it, which goes on: until that has ended nobody else gets the job.
run xcopysetup clone -q --no-hydration vg/src dst
run systemctl stop 'xcopysetup@*'
lock=/run/xcopysetup/lock-$(xcopysetup status --json | jq -r '.clones[0].uuid | sub("XCOPY-"; "")')
mkdir -p /run/lock/lvm
exec {group}>>/run/lock/lvm/V_vg
flock -s $group
xcopysetup cancel vg/dst {group}>&- &
pid=$!
ok "LVM waits for its lock" wait_for 30 pgrep -f 'lvm lvchange.*cancelling'
{ kill -9 $pid && wait $pid; } 2>/dev/null || :
ok "it goes on when xcopysetup was killed" pgrep -f 'lvm lvchange.*cancelling'
not_ok "the job's lock is held for it" flock -n "$lock" true
exec {group}>&-
ok "until it has ended" wait_for 30 flock -n "$lock" true
not_ok "it has ended" pgrep -f 'lvm lvchange.*cancelling'
like "and has done its work" "$(lvs --noheadings -o lv_tags vg/dst)" 'xcopy:state=cancelling'
ok "cancel goes on" xcopysetup cancel vg/dst
is "nothing is left of it" "$(lvs -a --noheadings -o lv_name,lv_attr,lv_tags vg)" "$before"
is "the source is as it was" "$(checksum "$src")" "$sum"

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: xcopysetup cancel, finish, pause, set, two clones of one source, another volume group, no systemd
# needs: topology=default
# timeout: 900
. "$XCOPY_LIB"

run make_vg vg "$(disk a1)" "$(disk a2)"
run make_vg other "$(disk a5)"
src=$(make_lv vg src 48M)
run random_fill "$src"
sum=$(checksum "$src")

tags() {
	lvs --noheadings -o lv_tags "$1" | xargs
}

# cancel
device=$(xcopysetup clone -q --no-hydration vg/src dst)
exec {held}<"$device"
fails_with "cancel of a clone in use" 'in use: unmount' xcopysetup cancel vg/dst
exec {held}<&-
ok "the job is still there" grep -q xcopy:state=filling <(tags vg/dst)
fails_with "lvremove of the destination" 'in use|used' lvremove -y vg/dst
fails_with "a second job of that name" 'is that of another clone' xcopysetup clone vg/src dst
fails_with "a clone of a half-filled clone" 'not finished' xcopysetup clone vg/dst dst2
ok "cancel by the device's name" xcopysetup cancel "$device"
not_ok "the destination is gone" lvs vg/dst
not_ok "the metadata volume is gone" lvs vg/dst_xcopymeta
is "the source's tags are gone" "$(tags vg/src)" ""
is "the source is writeable" "$(blockdev --getro "$src")" 0
is "the source is linear" "$(dmsetup table vg-src | awk '{ print $3 }')" linear

# two clones of one source, the second one in another group
one=$(xcopysetup clone -q --no-hydration --keep-device --rate 8M vg/src one)
two=$(xcopysetup clone -q --no-hydration vg/src other/two)
is "the second device" "$two" /dev/mapper/xcopy-other-two
is "two jobs" "$(xcopysetup status --json | jq '.clones | length')" 2
is "list" "$(xcopysetup list | sort | xargs)" "other/two vg/one"
like "the rate is in the table" "$(dmsetup table "${one##*/}")" 'hydration_rate 8192'
ok "set" xcopysetup set vg/one hydration_rate 0
like "the rate has changed" "$(dmsetup table "${one##*/}")" 'hydration_rate 0'
like "and is recorded" "$(tags vg/one)" 'xcopy:arg=hydration_rate=0'
fails_with "set of nonsense" 'does not take' xcopysetup set vg/one no_such_key 1
fails_with "set of more nonsense" 'is no setting' xcopysetup set vg/one 'a b' 1
fails_with "wait with a timeout" 'not complete after 1 s' xcopysetup wait --timeout 1 vg/one
xcopysetup status --json --watch vg/one >/tmp/watch &
watcher=$!
xcopysetup status --watch >/tmp/watch.text 2>&1 &
# Nothing is filled before both have seen it.
ok "one watches" wait_for 30 test -s /tmp/watch
ok "another does" wait_for 30 grep -q xcopy-vg-one: /tmp/watch.text
ok "finish of the first" xcopysetup finish --timeout $((120 * XCOPY_SLOW)) vg/one
is "the source is still read-only" "$(blockdev --getro "$src")" 1
like "and still has its extents" "$(dmsetup table vg-src)" xcopy-linear
wait $watcher || fail "watch ended with $?"
is "watch has seen it, in lines of JSON, and nothing else" "$(jq -r '.clones[].destination' /tmp/watch | sort -u)" vg/one
ok "resume and pause and resume" xcopysetup resume other/two
ok "wait for the second" xcopysetup wait --timeout $((120 * XCOPY_SLOW)) other/two
is "the source is writeable now" "$(blockdev --getro "$src")" 0
wait
like "watch has shown the first" "$(cat /tmp/watch.text)" 'xcopy-vg-one: .*%'
like "and the second, and ended" "$(cat /tmp/watch.text)" 'xcopy-other-two: .*no clone is being filled'
is "the source is linear now" "$(dmsetup table vg-src | awk '{ print $3 }')" linear
is "the source has no tags" "$(tags vg/src)" ""
like "the clone that may be in use has a record" "$(tags vg/one)" "xcopy:state=finished"
is "first clone" "$(checksum /dev/vg/one)" "$sum"
is "second clone" "$(checksum /dev/other/two)" "$sum"
is "the source" "$(checksum "$src")" "$sum"
fails_with "release needs a clone" 'is no clone' xcopysetup release vg/src
ok "release" xcopysetup release vg/one
not_ok "the device is gone" test -e "$one"
is "and so is the record" "$(tags vg/one)" ""

# a read-only source stays read-only; an inactive one stays inactive
run lvchange -pr vg/src
run lvchange -an vg/src
ok "clone of an inactive, read-only source" xcopysetup clone -q --wait --keep-device vg/src third
is "it is right" "$(checksum /dev/vg/third)" "$sum"
like "the source is read-only and inactive" "$(lvs --noheadings -o lv_attr vg/src | xargs)" '^-ri-----'

# without the unit the waiter is a daemon
run ln -s /dev/null /run/systemd/system/xcopysetup@.service
run systemctl daemon-reload
ok "clone without the unit" xcopysetup clone -q --no-hydration vg/src fourth
ok "the daemon runs" wait_for 20 pgrep -f 'xcopysetup waiter|exe waiter'
ok "resume" xcopysetup resume vg/fourth
finished() { lvs --noheadings -o lv_tags vg/fourth | grep -q xcopy:state=finished; }
ok "the daemon ends the job" wait_for 60 finished
# The third is kept.
fails_with "what is complete cannot be cancelled" 'is complete' xcopysetup cancel vg/third
fails_with "nor paused" 'is complete' xcopysetup pause vg/third
is "status knows it" "$(xcopysetup status --json vg/third | jq -r '.clones[0].job_state, .clones[0].state' | xargs)" "finished linear"
ok "nobody uses it: the daemon removes the device, and ends itself" wait_for 90 bash -c '! pgrep -f "[w]aiter --daemon"'
not_ok "the device is gone" test -e /dev/mapper/xcopy-vg-fourth
is "no tags" "$(tags vg/fourth)" ""
ok "one that was to be kept is kept" test -b /dev/mapper/xcopy-vg-third
run dmsetup remove --retry xcopy-vg-third
ok "activate brings it back" xcopysetup activate --all
like "it is linear" "$(dmsetup table xcopy-vg-third)" '^0 98304 linear'
is "and right" "$(checksum /dev/mapper/xcopy-vg-third)" "$sum"
exec {held}</dev/mapper/xcopy-vg-third
fails_with "release of a device in use" 'in use' xcopysetup release vg/third
exec {held}<&-
run dmsetup remove --retry xcopy-vg-third
ok "release without the device" xcopysetup release vg/third
is "no tags" "$(tags vg/third)" ""
is "it is right" "$(checksum /dev/vg/fourth)" "$sum"
run rm /run/systemd/system/xcopysetup@.service
run systemctl daemon-reload

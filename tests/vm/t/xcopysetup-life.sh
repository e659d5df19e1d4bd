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
fails_with "a second job of that name" 'destination dst exists' xcopysetup clone vg/src dst
fails_with "a clone of a half-filled clone" 'not finished' xcopysetup clone vg/dst dst2
ok "cancel by the device's name" xcopysetup cancel "$device"
not_ok "the destination is gone" lvs vg/dst
not_ok "the metadata volume is gone" lvs vg/dst_xcopymeta
is "the source's tags are gone" "$(tags vg/src)" ""
is "the source is writeable" "$(blockdev --getro "$src")" 0
is "the source is linear" "$(dmsetup table vg-src | awk '{ print $3 }')" linear

# two clones of one source, the second one in another group
one=$(xcopysetup clone -q --no-hydration --rate 8M vg/src one)
two=$(xcopysetup clone -q --no-hydration vg/src other/two)
is "the second device" "$two" /dev/mapper/xcopy-other-two
is "two jobs" "$(xcopysetup status --json | jq '.clones | length')" 2
like "the rate is in the table" "$(dmsetup table "${one##*/}")" 'hydration_rate 8192'
ok "set" xcopysetup set vg/one hydration_rate 0
like "the rate has changed" "$(dmsetup table "${one##*/}")" 'hydration_rate 0'
like "and is recorded" "$(tags vg/one)" 'xcopy:arg=hydration_rate=0'
fails_with "set of nonsense" 'does not take' xcopysetup set vg/one no_such_key 1
fails_with "set of more nonsense" 'is no setting' xcopysetup set vg/one 'a b' 1
fails_with "wait with a timeout" 'not complete after 1 s' xcopysetup wait --timeout 1 vg/one
ok "finish of the first" xcopysetup finish --timeout $((120 * XCOPY_SLOW)) vg/one
is "the source is still read-only" "$(blockdev --getro "$src")" 1
like "and still has its extents" "$(dmsetup table vg-src)" xcopy-linear
ok "resume and pause and resume" xcopysetup resume other/two
ok "wait for the second" xcopysetup wait --timeout $((120 * XCOPY_SLOW)) other/two
is "the source is writeable now" "$(blockdev --getro "$src")" 0
is "the source is linear now" "$(dmsetup table vg-src | awk '{ print $3 }')" linear
is "no tags" "$(tags vg/src)$(tags vg/one)$(tags other/two)" ""
is "first clone" "$(checksum /dev/vg/one)" "$sum"
is "second clone" "$(checksum /dev/other/two)" "$sum"
is "the source" "$(checksum "$src")" "$sum"
fails_with "release needs a clone" 'there is no clone' xcopysetup release vg/src
ok "release" xcopysetup release vg/one
not_ok "the device is gone" test -e "$one"

# a read-only source stays read-only; an inactive one stays inactive
run lvchange -pr vg/src
run lvchange -an vg/src
ok "clone of an inactive, read-only source" xcopysetup clone -q --wait vg/src third
is "it is right" "$(checksum /dev/vg/third)" "$sum"
like "the source is read-only and inactive" "$(lvs --noheadings -o lv_attr vg/src | xargs)" '^-ri-----'

# without the unit the waiter is a daemon
run ln -s /dev/null /run/systemd/system/xcopysetup@.service
run systemctl daemon-reload
ok "clone without the unit" xcopysetup clone -q --no-hydration vg/src fourth
ok "the daemon runs" wait_for 20 pgrep -f 'xcopysetup waiter|exe waiter'
ok "resume" xcopysetup resume vg/fourth
done_() { [ "$(lvs --noheadings -o lv_tags vg/fourth | xargs)" = "" ]; }
ok "the daemon ends the job" wait_for 60 done_
ok "and itself" wait_for 20 bash -c '! pgrep -f "[w]aiter --daemon"'
is "it is right" "$(checksum /dev/vg/fourth)" "$sum"
run rm /run/systemd/system/xcopysetup@.service
run systemctl daemon-reload

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: devices can be unplugged, controllers reset, disks slowed down
# alone: it unplugs devices
# timeout: 120
# modules: none
. "$XCOPY_LIB"

gone() {
	[ ! -e "$1" ]
}

copy_seconds() {
	local start=$EPOCHREALTIME
	nvme copy "$1" --sdlba=16384 --slbs=0 --blocks=8191 >/dev/null
	awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%d\n", (b - a) * 10 }'
}

a1=$(disk a1) b1=$(disk b1) s1=$(disk s1)
nvme_reset XCOPY-A
ok "the controller was reset" log_has 'resetting controller|8/0/0 default|queues'
ok "the disk works after a reset" random_fill "$a1" 4

at_most "a copy of 4 MiB is quick (tenths of a second)" "$(copy_seconds "$a1")" 9
throttle a1 2000000
at_least "and slow when its disk is throttled" "$(copy_seconds "$a1")" 10
throttle a1 0

ok "controller cb can be unplugged" vm_hotremove cb
ok "its disk is gone" wait_for 20 gone "$b1"
ok "the others are there" disk a1
ok "virtio disk s1 can be unplugged" vm_hotremove s1-dev
ok "it is gone" wait_for 20 gone "$s1"
fails_with "a device that there is not" 'not found' vm_hotremove nonsense
like "QMP answers" "$(vm_qmp '{"execute":"query-status"}')" '"running"'
fails_with "QMP errors are errors" 'has not been found' vm_qmp '{"execute":"no-such-thing"}'

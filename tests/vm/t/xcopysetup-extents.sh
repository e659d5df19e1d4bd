#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: the waiter reloads a volume only under LVM's own lock, only without an inactive table, and the kernel copies meanwhile by host
# needs: topology=default
# timeout: 400
. "$XCOPY_LIB"

run make_vg vg "$(disk a1)" "$(disk a2)"
src=$(make_lv vg src 128M)
run random_fill "$src"
device=$(xcopysetup clone -q --rate $((256 / XCOPY_SLOW))K vg/src dst)
test -b "$device"

extents_in() { dmsetup table "$1" | awk '$3 != "xcopy-linear" { bad = 1 } END { exit bad }'; }
offload_is() { [ "$(status_field xcopy-vg-dst offload)" = "$1" ]; }
# As LVM would do it, under its lock.
linear_again() {
	dmsetup table vg-dst | sed 's/xcopy-linear/linear/' | dmsetup load vg-dst
	dmsetup resume vg-dst
}
take_lock() {
	local file=/run/lock/lvm/V_vg
	mkdir -p /run/lock/lvm
	while :; do
		exec {lock}>$file
		flock -x "$lock"
		# LVM removes the file when it gives the lock back: what was waited for is then nobody's lock.
		[ "$(stat -L -c %i "/proc/self/fd/$lock")" != "$(stat -c %i $file 2>/dev/null)" ] || return 0
		exec {lock}>&-
	done
}

ok "the extents are there" extents_in vg-dst
ok "a waiter runs" wait_for 30 pgrep -f 'xcopysetup waiter'
take_lock
before=$(status_field xcopy-vg-dst host_copied)
host_copies() { [ "$(status_field xcopy-vg-dst host_copied)" -gt "$before" ]; }
run linear_again
ok "the host copies without extents" wait_for 60 host_copies
sleep 8
not_ok "the waiter waits for LVM's lock" extents_in vg-dst
exec {lock}>&-
ok "then puts the extents back" wait_for 30 extents_in vg-dst
ok "and the storage copies again" wait_for 30 offload_is on

take_lock
run linear_again
run bash -c "dmsetup table vg-dst | dmsetup load vg-dst"
exec {lock}>&-
reported() { journalctl -q --no-pager -u 'xcopysetup@*' | grep -q 'inactive table'; }
ok "an inactive table is reported" wait_for 30 reported
not_ok "and left alone" extents_in vg-dst
run dmsetup clear vg-dst
ok "without it the extents come back" wait_for 30 extents_in vg-dst
unlike "nothing is left of the lock" "$(ls /run/lock/lvm)" 'aux'
ok "cancel" xcopysetup cancel vg/dst

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: a guest that is killed, reset or rebooted comes back with its disks
# phases: 4
# timeout: 60
# modules: none
. "$XCOPY_LIB"

boot_id=$(cat /proc/sys/kernel/random/boot_id)

case $PHASE in
1)
	random_fill "$(disk a1)" 4
	checksum "$(disk a1)" 4 >"$STATE/sum"
	echo "$boot_id" >"$STATE/boot"
	vm_kill
	;;
2)
	isnt "after vm_kill it is another boot" "$boot_id" "$(cat "$STATE/boot")"
	is "what was written is there" "$(checksum "$(disk a1)" 4)" "$(cat "$STATE/sum")"
	echo "$boot_id" >"$STATE/boot"
	vm_crash
	;;
3)
	isnt "after vm_crash it is another boot" "$boot_id" "$(cat "$STATE/boot")"
	is "what was written is still there" "$(checksum "$(disk a1)" 4)" "$(cat "$STATE/sum")"
	echo "$boot_id" >"$STATE/boot"
	echo "left on the root file system" >/root/note
	vm_reboot
	;;
4)
	isnt "after vm_reboot it is another boot" "$boot_id" "$(cat "$STATE/boot")"
	is "the root file system is the same" "$(cat /root/note)" "left on the root file system"
	fails_with "no phase follows the last" 'no phase follows' vm_kill
	;;
esac

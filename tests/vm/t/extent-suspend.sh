#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: suspending an extent waits for the copies that go through it, and refuses new ones
# core: bookworm sid debug
# timeout: 240
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/copier.sh"

copier_load
a1=$(disk a1) a2=$(disk a2)
run dmsetup create src --table "0 32768 xcopy-linear $a1 2048"
run dmsetup create low --table "0 65536 xcopy-linear $a2 1024"
run dmsetup create dst --table "0 32768 xcopy-linear /dev/mapper/low 512"
SRC=/dev/mapper/src DST=/dev/mapper/dst

more_copied() { [ "$(commands_with ' done copied$')" -gt "$1" ]; }

# suspend_waits NAME: with a command held by the copier, suspending NAME blocks until it is over
suspend_waits() {
	copier reset 1
	rule from=3 count=1 wait
	fresh_devices 16
	clone_create clone 16 "" offload_depth 1 offload_max_kib 1024
	ok "$1: a command is in flight" copier_waits
	in_background suspend dmsetup suspend --noflush --nolockfs "$1"
	# A kernel that is slow may stay suspended until the host copies: that must not be all before offload goes on.
	run dmsetup message clone 0 set hydration_rate 1024
	ok "$1: its suspend waits for it" still_blocked suspend

	copier go all
	ok "$1: and ends with it" went_well suspend
	commands=$(copier commands)
	sleep 1
	is "$1: no command is sent while it is suspended" "$(copier commands)" "$commands"
	run dmsetup resume "$1"
	ok "$1: offload goes on after it" wait_for 30 more_copied "$commands"
	run dmsetup message clone 0 set hydration_rate 0
	ends_right "$1" clone 16
}

suspend_waits src
suspend_waits dst
suspend_waits low

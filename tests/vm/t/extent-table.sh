#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: xcopy-linear says what is wrong with a table, and leaves nothing behind
. "$XCOPY_LIB"

a1=$(disk a1)

# wrong DESC REGEXP ARGUMENT...
wrong() {
	local desc=$1 regexp=$2
	shift 2
	log_mark
	not_ok "$desc is refused" dmsetup create wrong --table "0 2048 xcopy-linear $*"
	ok "$desc: the kernel names the argument" log_has "$regexp"
	not_ok "$desc: no device is left" dmsetup info wrong
}

wrong "no argument" 'Wrong number of arguments: give <device> <sector>'
wrong "one argument" 'Wrong number of arguments' "$a1"
wrong "three arguments" 'Wrong number of arguments' "$a1" 0 0
wrong "a sector that is a word" 'Invalid <sector>' "$a1" here
wrong "a sector with a unit" 'Invalid <sector>' "$a1" 8k
wrong "a device that is not there" 'Cannot open <device>' /dev/nowhere 0
wrong "a range beyond the device" 'too small for target' "$a1" "$(sectors "$a1")"
ok "the disk is free" dmsetup create fine --table "0 2048 xcopy-linear $a1 0"

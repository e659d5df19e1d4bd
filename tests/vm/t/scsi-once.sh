#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: the first answer to a copy command counts, also for devices to which the midlayer would send it again
# core: bookworm sid
# alone: it changes the kernel's list of devices
# timeout: 300
. "$XCOPY_LIB"

# BLIST_RETRY_HWERROR and BLIST_RETRY_ITF: looked at when a device is found, of those that the kernel has no entry for.
run modprobe scsi_mod
echo 0x100400000 >/sys/module/scsi_mod/parameters/default_dev_flags
. "$XCOPY_SRC/tests/vm/guest/sense.sh"

like "the midlayer would repeat for this device" "$(cat "/sys/block/${DST##*/}/device/blacklist")" 'RETRY_HWERROR.*RETRY_ITF'
# CHECK CONDITION with HARDWARE ERROR, INTERNAL TARGET FAILURE, and ABORTED COMMAND with the same.
for key in 0x4 0xb; do
	answered "$key/44/00" 2 $key 0x44 0
	leads "$key/44/00" UNKNOWN
	is "$key/44/00: status has the codes" "$(field last_answer)" "0${key#0x}/44/00"
done
# BUSY and TASK SET FULL: sent again, but by the copier.
for status in 0x08 0x28; do
	answered "status $status" $status 0 0 0
	leads "status $status" BUSY
done

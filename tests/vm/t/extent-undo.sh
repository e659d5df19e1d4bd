#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: a suspend that is interrupted gives the extent back
# timeout: 180
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/copier.sh"

copier_load
a1=$(disk a1) a2=$(disk a2)
# Reads and writes that were sent and have not ended, of a mapped device
hangs() {
	local inflight
	read -r _ inflight <"/sys/block/$(basename "$(readlink -f "/dev/mapper/$1")")/inflight"
	[ "$inflight" -gt 0 ]
}

run dmsetup create low --table "0 65536 xcopy-linear $a2 1024"
run dmsetup create dst --table "0 40960 xcopy-linear /dev/mapper/low 512"
SRC=$a1 DST=/dev/mapper/dst
fresh_devices 16
clone_create clone 16 no_hydration

# A write that hangs below keeps dst from becoming quiet, so that its suspend can be interrupted.
run dmsetup suspend --nolockfs low
dd if=/dev/zero of=/dev/mapper/dst bs=4k count=1 seek=4100 oflag=direct status=none &
writer=$!
ok "the write hangs" wait_for 10 hangs dst
in_background suspend timeout --preserve-status -s INT 2 dmsetup suspend --noflush --nolockfs dst
ok "the suspend is interrupted" wait_for 30 ended suspend
isnt "it failed" "$(cat /run/suspend)" 0
is "the device is live" "$(dmsetup info -c --noheadings -o suspended dst)" Active
run dmsetup resume low
wait "$writer" || true

run dmsetup message clone 0 enable_hydration
ends_right "afterwards" clone 16
is "the storage copied everything" "$(awk '{ n += $6 } END { print n + 0 }' $COPIER/log)" 32768

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: a write to the source's extent is counted, a read or flush is not
# timeout: 120
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/copier.sh"

copier_load
a1=$(disk a1) a2=$(disk a2)
run dmsetup create src --table "0 32768 xcopy-linear $a1 2048"
SRC=/dev/mapper/src DST=$a2

modified() {
	[ "$(status_field clone source_modified)" = 1 ]
}

# modifies DESC CMD...
modifies() {
	local desc=$1
	shift
	fresh_devices 16
	clone_create clone 16 no_hydration
	run dd if=$SRC of=/dev/null bs=1M count=16 iflag=direct status=none
	run blockdev --flushbufs $SRC
	sync $SRC
	sleep 1.5
	not_ok "$desc: not by reads and flushes" modified
	run "$@"
	ok "$desc: seen" wait_for 10 modified
	run dmsetup remove clone
}

modifies "a write" dd if=/dev/zero of=$SRC bs=4k count=1 oflag=direct status=none
modifies "a discard" blkdiscard -f -o 65536 -l 65536 $SRC
modifies "write-zeroes" blkdiscard -f -z -o 65536 -l 65536 $SRC

# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For tests of offload by SCSI EXTENDED COPY, sourced after "$XCOPY_LIB". What is said about clones in nvme.sh holds here.

# shellcheck source=tests/vm/guest/nvme.sh
. "$XCOPY_SRC/tests/vm/guest/nvme.sh"
# shellcheck source=tests/vm/guest/array.sh
. "$XCOPY_SRC/tests/vm/guest/array.sh"

# multipath NAME UNIT DISK...: a dm-multipath device over these paths, as multipathd makes it
multipath() {
	local name=$1 unit=$2
	shift 2
	dmsetup create "$name" --uuid "mpath-36001405$(lio_serial "$unit")" --table "$(multipath_table "$@")" >/dev/null
	udevadm settle
	echo "/dev/mapper/$name"
}

multipath_table() {
	local disk paths=''
	for disk in "$@"; do
		paths+=" $disk 1"
	done
	echo "0 $(blockdev --getsz "$1") multipath 1 queue_if_no_path 0 1 1 round-robin 0 $# 1$paths"
}

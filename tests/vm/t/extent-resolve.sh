#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: copies go to the sectors of the disk, through segments, partitions and several levels
# timeout: 240
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/copier.sh"

copier_load
a1=$(disk a1) a2=$(disk a2)
part=$(partition "$a2" 2048 1048576)

# Source: two segments, the second one before the first on the disk. Destination: two levels over a partition.
run dmsetup create src --table "0 20480 xcopy-linear $a1 81920
20480 12288 xcopy-linear $a1 8192"
run dmsetup create low --table "0 65536 xcopy-linear $part 1024"
run dmsetup create dst --table "0 32768 xcopy-linear /dev/mapper/low 512"
SRC=/dev/mapper/src DST=/dev/mapper/dst

# Is every command where its source sector says? Source s of the disk is sector s - 81920 or s - 8192 + 20480 of the
# clone, and that is sector + 512 + 1024 + 2048 of the destination disk.
commands_right() {
	awk -v source="$(basename "$a1")" -v destination="$(basename "$a2")" '
		$2 != source || $4 != destination { bad = 1 }
		{ clone = $3 >= 81920 ? $3 - 81920 : $3 - 8192 + 20480; count += $6 }
		clone + 3584 != $5 { bad = 1 }
		clone < 20480 && clone + $6 > 20480 { bad = 1 }
		END { exit bad || count < 32768 }' "$COPIER/log"
}

fresh_devices 16
clone_create clone 16 ""
ok "it completes" wait_for 60 hydrated clone
ok "all commands went to the right sectors of the disks" commands_right
is "the storage copied everything" "$(status_field clone offloaded)" 32768
at_least "each pair of extents was verified" "$(status_field clone verified)" 2
ends_right "segments and levels" clone 16
run dmsetup remove dst
run dmsetup remove low
run dmsetup remove src

# Deeper than what is followed: four levels are, five are not.
deep() {
	local name below=$a2
	for name in d1 d2 d3 d4 d5; do
		run dmsetup create $name --table "0 32768 xcopy-linear $below 0"
		below=/dev/mapper/$name
	done
}
deep
copier reset 1
SRC=$a1 DST=/dev/mapper/d4
fresh_devices 16
clone_create clone 16 ""
ok "four levels: it completes" wait_for 60 hydrated clone
is "four levels: the storage copied everything" "$(status_field clone offloaded)" 32768
ends_right "four levels" clone 16
copier reset 1
DST=/dev/mapper/d5
fresh_devices 16
clone_create clone 16 ""
ok "five levels: it completes" wait_for 60 hydrated clone
is "five levels: the host copied everything" "$(status_field clone host_copied) $(copier commands)" "32768 0"
ends_right "five levels" clone 16
for name in d5 d4 d3 d2 d1; do run dmsetup remove $name; done

# A device that is ours in one half and plain linear in the other.
copier reset 1
run dmsetup create half --table "0 16384 xcopy-linear $a2 0
16384 16384 linear $a2 16384"
DST=/dev/mapper/half
fresh_devices 16
clone_create clone 16 ""
ok "half linear: it completes" wait_for 60 hydrated clone
is "half linear: each copies its half" "$(status_field clone offloaded) $(status_field clone host_copied)" "16384 16384"
ends_right "half linear" clone 16
run dmsetup remove half

# A partition is made shorter below a volume: what is behind its end is another's.
copier reset 1
part=$(partition "$a2" 2048 65536)
run dmsetup create dst --table "0 32768 xcopy-linear $part 0"
DST=/dev/mapper/dst
fresh_devices 16
# As resizepart(8), which not every system has. resize DISK NUMBER START SECTORS
resize() {
	python3 - "$@" <<-'END'
		import ctypes, fcntl, os, struct, sys
		disk, (number, start, length) = sys.argv[1], map(int, sys.argv[2:])
		part = ctypes.create_string_buffer(struct.pack("qqi64s64s4x", start << 9, length << 9, number, b"", b""), 152)
		BLKPG, BLKPG_RESIZE_PARTITION = 0x1269, 3
		fd = os.open(disk, os.O_RDONLY)
		fcntl.ioctl(fd, BLKPG, struct.pack("iiiP", BLKPG_RESIZE_PARTITION, 0, 152, ctypes.addressof(part)))
	END
}
behind() { dd if="$a2" bs=512 skip=$((2048 + 16384)) count=16384 iflag=direct status=none; }
clone_create clone 16 no_hydration
run resize "$a2" 1 2048 16384
behind >/tmp/behind
run dmsetup message clone 0 enable_hydration
stopped() { dmsetup status clone | grep -q ' no_hydration '; }
ok "a shorter partition: hydration stops at its end" wait_for 60 stopped
# but for the copy that its end is within
at_least "a shorter partition: what is before it was copied by the storage" "$(status_field clone offloaded)" 8192
is "a shorter partition: no command goes behind it" "$(awk '$5 + $6 > 2048 + 16384' "$COPIER/log")" ""
ok "a shorter partition: what is behind it is as it was" cmp /tmp/behind <(behind)
run dmsetup remove --retry clone

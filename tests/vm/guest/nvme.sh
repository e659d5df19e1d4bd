# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For tests of offload by NVMe Copy, sourced after "$XCOPY_LIB":
#
#   . "$XCOPY_SRC/tests/vm/guest/nvme.sh"
#
# The clone is always called "clone". clone_of SOURCE DESTINATION MIB says what it is about.

META=$(disk s0)
REGION=128

# A random source, a blank destination, no metadata.
clone_of() {
	SRC=$1 DST=$2 MIB=$3
	run dd if=/dev/zero of="$META" bs=1M count=8 oflag=direct status=none
	run blkdiscard -f "$DST" >/dev/null
	random_fill "$SRC" "$MIB"
}

# clone_with FEATURES [KEY VALUE]...: FEATURES with their number before them
clone_with() {
	local features=$1
	shift
	STATS=$(io_sectors "$SRC" read)
	run dmsetup create clone --table "0 $((MIB << 11)) xcopy $META $DST $SRC $REGION $features $# $*"
}

# clone_up [KEY VALUE]...
clone_up() {
	clone_with 0 "$@"
}

set_clone() {
	run dmsetup message clone 0 set "$@"
}

# What MSSRL, MSRC and MCL say, as core arguments. hints DISK
hints() {
	nvme id-ns "$1" -o json | jq -r '"offload_segment_blocks \(.mssrl) offload_segments \(.msrc + 1) " +
		"offload_command_blocks \(.mcl)"'
}

# status_is KEY VALUE and status_exceeds KEY NUMBER, for wait_for
status_is() {
	[ "$(status_field clone "$1")" = "$2" ]
}

status_exceeds() {
	[ "$(status_field clone "$1")" -gt "$2" ]
}

# It completes, and the bytes are right: through the clone and without it. ends_right DESC [SECONDS]
ends_right() {
	ok "$1: it completes" wait_for "${2:-90}" hydrated clone
	diag "$(dmsetup status clone)"
	# The sectors that hydration read from the source by the host, before the test itself reads it.
	HOST_READ=$(($(io_sectors "$SRC" read) - STATS))
	OFFLOADED=$(status_field clone offloaded)
	HOST_COPIED=$(status_field clone host_copied)
	ok "$1: the clone has the source's bytes" same /dev/mapper/clone "$SRC" "$MIB"
	run dmsetup remove --retry clone
	ok "$1: the destination has the source's bytes" same "$DST" "$SRC" "$MIB"
}

# All of it by the storage, but for what had to be read to verify; the kernel's statistics say so too.
# all_offloaded DESC [SECONDS]
all_offloaded() {
	ends_right "$@"
	is "$1: the storage copied everything" "$OFFLOADED $HOST_COPIED" "$((MIB << 11)) 0"
	at_most "$1: few bytes crossed the host" "$HOST_READ" $((MIB << 11 >> 3))
}

# all_by_host DESC REASON: to be called for a clone that is slow enough to be watched
all_by_host() {
	ok "$1: offload has failed" wait_for 30 status_is offload failed
	is "$1: and why" "$(status_field clone reason)" "$2"
	ok "$1: the log says it" log_has "The storage does not copy .*\\($2\\); the host copies instead"
	set_clone hydration_rate 0
	ends_right "$1"
	is "$1: the host copied everything" "$OFFLOADED $HOST_COPIED" "0 $((MIB << 11))"
}

# le32 NUMBER: its bytes, as printf wants them
le32() {
	printf '\\x%02x' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24 & 255))
}

# partition DEV [START COUNT]...: give it these partitions, in logical blocks, or none
partition() {
	local dev=$1 table=''
	shift
	while [ $# -gt 0 ]; do
		table+="\0\0\0\0\x83\0\0\0$(le32 "$1")$(le32 "$2")"
		shift 2
	done
	dd if=/dev/zero of="$dev" bs=4k count=1 oflag=direct status=none
	[ -z "$table" ] || {
		printf '%b' "$table" | dd of="$dev" bs=1 seek=446 conv=notrunc status=none
		printf '\x55\xaa' | dd of="$dev" bs=1 seek=510 conv=notrunc,fsync status=none
	}
	udevadm settle
	wait_for 10 blockdev --rereadpt "$dev"
	udevadm settle
}

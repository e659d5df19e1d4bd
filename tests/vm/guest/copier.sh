# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For tests that use the test copier (tests/modules/README), sourced after "$XCOPY_LIB":
#
#   . "$XCOPY_SRC/tests/vm/guest/copier.sh"
#
# META, SRC and DST are the clone's devices, REGION its region size in sectors; a test may set them anew.

COPIER=/sys/kernel/debug/dm-xcopy-test
META=$(disk s0)
SRC=$(disk a1)
DST=$(disk a2)
REGION=128

copier_load() {
	run modprobe dm-xcopy-test
	copier reset 1
}

# copier FILE [VALUE]: read or write one of its files
copier() {
	if [ $# -gt 1 ]; then echo "$2" >"$COPIER/$1"; else cat "$COPIER/$1"; fi
}

# rule WORD...
rule() {
	echo "$*" >"$COPIER/rules"
}

# copier_is FILE VALUE: for wait_for
copier_is() {
	[ "$(cat "$COPIER/$1")" = "$2" ]
}

# copier_exceeds FILE NUMBER: for wait_for
copier_exceeds() {
	[ "$(cat "$COPIER/$1")" -gt "$2" ]
}

# status_is KEY VALUE and status_exceeds KEY NUMBER: of the device "clone", for wait_for
status_is() {
	[ "$(status_field clone "$1")" = "$2" ]
}

status_exceeds() {
	[ "$(status_field clone "$1")" -gt "$2" ]
}

copier_waits() {
	wait_for 30 copier_is waiting "${1:-1}"
}

# The sectors of command NUMBER: its disk, sector, and so on are the fields of the log.
command_field() {
	awk -v number="$1" -v field="$2" '$1 == number && $9 != "landed" { print $field; exit }' "$COPIER/log"
}

# commands_with REGEXP: how many lines of the log match
commands_with() {
	grep -cE -- "$1" "$COPIER/log" || true
}

# le32 NUMBER: its bytes, as printf wants them
le32() {
	printf '\\x%02x' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24 & 255))
}

# partition DEV START SECTORS: give it one partition, by an MBR; prints the partition's device
partition() {
	local fd
	# udev does not read a locked disk, and keeps none of its partitions open.
	exec {fd}<"$1"
	flock "$fd"
	dd if=/dev/zero of="$1" bs=512 count=1 oflag=direct status=none
	printf '%b' '\0\0\0\0\x83\0\0\0' "$(le32 "$2")" "$(le32 "$3")" | dd of="$1" bs=1 seek=446 conv=notrunc status=none
	printf '\x55\xaa' | dd of="$1" bs=1 seek=510 conv=notrunc,fsync status=none
	wait_for 10 blockdev --rereadpt "$1" || return 1
	exec {fd}<&-
	udevadm settle
	echo "$1p1"
}

fresh_metadata() {
	run dd if=/dev/zero of="$META" bs=1M count=8 oflag=direct status=none
}

# fresh_devices MIB: a source that is random, a destination with other random bytes, no metadata
fresh_devices() {
	fresh_metadata
	random_fill "$SRC" "$1"
	random_fill "$DST" "$1"
}

# clone_table SECTORS "FEATURES" KEY VALUE...
clone_table() {
	local sectors=$1 features=$2
	shift 2
	echo "0 $sectors xcopy $META $DST $SRC $REGION $(wc -w <<<"$features") $features" \
		"$(($# + 4)) offload_driver test copy_latency_ms 20000 $*"
}

# clone_create NAME MIB "FEATURES" KEY VALUE...
clone_create() {
	local name=$1 mib=$2
	shift 2
	run dmsetup create "$name" --table "$(clone_table $((mib << 11)) "$@")"
}

# What has to be true of every clone in the end; it is removed. ends_right DESC NAME MIB [SECONDS]
ends_right() {
	ok "$1: it completes" wait_for "${4:-60}" hydrated "$2"
	ok "$1: the clone has the source's bytes" same "/dev/mapper/$2" "$SRC" "$3"
	ok "$1: it can be removed" dmsetup remove --retry "$2"
	ok "$1: the destination has the source's bytes" same "$DST" "$SRC" "$3"
	copier_settled "$1"
}

# The core gave back what it took, and never sent what a copier must not be given.
copier_settled() {
	is "$1: pairs, paths and violations left" \
		"$(copier open_pairs) $(copier paths_held) $(copier violations)" "0 0 0"
}

# in_background NAME CMD...: its exit status is in /run/NAME when it ended
in_background() {
	local name=$1
	shift
	rm -f "/run/$name"
	{
		rc=0
		"$@" >"/run/$name.log" 2>&1 || rc=$?
		echo "$rc" >"/run/$name.tmp"
		mv "/run/$name.tmp" "/run/$name"
	} &
}

ended() {
	[ -e "/run/$1" ]
}

# still_blocked NAME: a second later it has not ended
still_blocked() {
	sleep 1
	! ended "$1"
}

# went_well NAME [SECONDS]
went_well() {
	wait_for "${2:-30}" ended "$1" && [ "$(cat "/run/$1")" = 0 ]
}

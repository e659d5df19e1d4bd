# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# A clone under the eyes of xcopy-oracle, for VM tests: sourced after "$XCOPY_LIB".
#
# clone NAME SOURCE DESTINATION METADATA SECTORS REGION sets what the other calls are about;
# calling it again changes to another clone, and in the next phase it finds the same log.

ORACLE=xcopy-oracle

clone() {
	NAME=$1 SOURCE=$2 DESTINATION=$3 METADATA=$4 LENGTH=$5 REGION=$6
	CLONE=/dev/mapper/$NAME
	LOG=$STATE/$NAME.log
	SEED=$(cksum <<<"$NAME" | cut -d ' ' -f 1)
}

# Known content, poison, an empty metadata device, a new log.
clone_prepare() {
	run "$ORACLE" prepare --dev "$SOURCE" --sectors "$LENGTH" --seed "$SEED"
	run "$ORACLE" poison --dev "$DESTINATION" --sectors "$LENGTH" --seed "$SEED"
	run dd if=/dev/zero of="$METADATA" bs=64k count=1 oflag=direct status=none
	run "$ORACLE" init --log "$LOG" --sectors "$LENGTH" --seed "$SEED"
}

# clone_table [ARGUMENTS]: the table line, with what follows the region size.
clone_table() {
	echo "0 $LENGTH xcopy $METADATA $DESTINATION $SOURCE $REGION $*"
}

clone_up() {
	run dmsetup create "$NAME" --table "$(clone_table "$@")"
}

# A reload: load, then one resume that suspends, swaps and resumes.
clone_reload() {
	dmsetup load "$NAME" --table "$(clone_table "$@")" && dmsetup resume "$NAME"
}

clone_io() {
	"$ORACLE" load --dev "$CLONE" --log "$LOG" --region "$REGION" "$@"
}

# In the background, until clone_io_stop; not by way of clone_io: the signal has to reach the tool itself.
clone_io_start() { # OUTPUT [OPTION]...
	local output=$1
	shift
	"$ORACLE" load --dev "$CLONE" --log "$LOG" --region "$REGION" "$@" >"$output" 2>&1 &
	CLONE_LOAD=$!
}

# Its exit status is that of the load.
clone_io_stop() {
	kill -TERM "$CLONE_LOAD" || true
	wait "$CLONE_LOAD"
}

# It may have met errors, but nothing wrong.
clone_io_right() {
	local rc=0
	clone_io_stop || rc=$?
	[ $rc != 1 ] || return 1
	[ $rc = 0 ] || diag "the load has met errors"
}

# The first half, as --window wants it: a load there leaves something to hydrate.
clone_half() {
	echo "0:$((LENGTH >> 4 << 3))"
}

clone_do() {
	"$ORACLE" "do" --dev "$CLONE" --log "$LOG" "$@"
}

clone_verify() { # [DEVICE]
	"$ORACLE" verify --dev "${1:-$CLONE}" --log "$LOG"
}

# After the guest was killed: what was not flushed may be lost, the rest may not.
clone_verify_crash() {
	"$ORACLE" crash --log "$LOG" && "$ORACLE" verify --dev "$CLONE" --log "$LOG" --record
}

clone_source_untouched() {
	rm -f "$STATE/$NAME.source.log"
	"$ORACLE" init --log "$STATE/$NAME.source.log" --sectors "$LENGTH" --seed "$SEED" &&
		"$ORACLE" verify --dev "$SOURCE" --log "$STATE/$NAME.source.log"
}

# Regions that are hydrated.
clone_hydrated() {
	dmsetup status "$NAME" | awk '{ split($7, count, "/"); print count[1] }'
}

clone_in_the_middle() {
	local count
	count=$(clone_hydrated)
	[ "$count" -gt 0 ] && ! hydrated "$NAME"
}

clone_swap() {
	dmsetup load "$NAME" --table "0 $LENGTH linear $DESTINATION 0" && dmsetup resume "$NAME"
}

# Wait until it is full, and judge: the clone, the destination, both after the swap.
clone_finish() { # SECONDS TEXT
	ok "$2: hydration ends" wait_for "$1" hydrated "$NAME"
	ok "$2: the clone is right" clone_verify
	ok "$2: the destination is right" clone_verify "$DESTINATION"
	ok "$2: the table is swapped to linear" clone_swap
	ok "$2: I/O goes on after the swap" clone_io --ops 50 --threads 2
	ok "$2: the swapped device is right" clone_verify
	ok "$2: the source was not touched" clone_source_untouched
	run dmsetup remove --retry "$NAME"
	ok "$2: the destination alone is right" clone_verify "$DESTINATION"
}

# slice NAME DISK START COUNT: a plain disk of any length, in sectors, with an identity.
slice() {
	run dmsetup create "$1" --uuid "TEST-$1" --table "0 $4 linear $2 $3" >/dev/null
	echo "/dev/mapper/$1"
}

# Three plain disks that nobody can offload: sets PLAIN_SOURCE, PLAIN_DESTINATION, PLAIN_METADATA.
# shellcheck disable=SC2034 # for the caller
plain_disks() { # PREFIX SECTORS [START]
	local start=${3:-0}
	PLAIN_SOURCE=$(slice "$1-src" "$(disk s0)" $((start + 16384)) "$2")
	PLAIN_DESTINATION=$(slice "$1-dst" "$(disk s1)" $((start + 16384)) "$2")
	PLAIN_METADATA=$(slice "$1-meta" "$(disk s0)" "$start" 16384)
}

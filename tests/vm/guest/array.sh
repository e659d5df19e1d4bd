# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The test array (tests/array): SCSI disks whose array does as it is told. Sourced by tests after "$XCOPY_LIB", and by
# the agent, which removes what a test has left.
#
#   array_start                       the array, with no unit yet
#   array_unit NAME MIB [BLOCK-SIZE]  a logical unit, blank
#   array_names UNIT NAME...          what names it, before the target: naa (if not told otherwise), eui, name, t10
#   array_target NAME UNIT...         a tcm_loop target with these units as LUN 0, 1, ...; each target is another path
#   lio_disk NAME LUN                 its disk, once it is there
#
#   array_set KEY VALUE               "profile" and "space", and the knobs; tests/array/README.md lists them
#   array_fail COUNT STATUS KEY ASC ASCQ [after] [deferred] [query] [from N]
#                                     the answer to COUNT copy commands, beginning with the Nth from now on; with query
#                                     to RECEIVE COPY OPERATING PARAMETERS instead
#   array_state UNIT STATE            online, protected (from writes), mute (TEST UNIT READY), gone (mapped to no host),
#                                     reserved, exclusive (for another host: by RESERVE(6), by a persistent reservation)
#   array_size UNIT MIB               smaller than it was made, or as large again
#   array_cut SEED                    the power fails: all units gone, and part of what was written and not flushed
#   array_hold, array_release         copy commands wait until they are released
#   array_stat KEY                    prints a number that the array has counted; array_stats prints all of them
#
# A test ends with the array as it likes: the agent releases what is held.

# shellcheck source=tests/vm/guest/lio.sh
. "${BASH_SOURCE[0]%/*}/lio.sh"

ARRAY_SOCKET=/run/test-array
# Not among the processes of the test, which are killed before what needs the array is removed.
ARRAY_CGROUP=/sys/fs/cgroup/test-array

declare -A ARRAY_UNITS

array() {
	timeout 30 xcopy-array "$ARRAY_SOCKET" "$@"
}

array_start() {
	lio_start
	run modprobe target_core_user
	mkdir -p "$ARRAY_CGROUP"
	# Of a shell that ends, so that nobody's "wait" waits for it.
	(array_serve >/run/test-array.log 2>&1 </dev/null &)
	wait_for 10 array stats
}

array_serve() {
	echo "$BASHPID" >"$ARRAY_CGROUP/cgroup.procs"
	exec xcopy-array "$ARRAY_SOCKET" serve
}

array_unit() {
	ARRAY_UNITS[$1]="$(($2 << 20)) ${3:-512}"
	run array unit "$1" "6001405$(lio_serial "$1")" "$(($2 << 20))" "${3:-512}"
}

array_names() {
	run array names "$@"
}

array_target() {
	local target=$1 unit
	shift
	for unit in "$@"; do
		array_path "$target" "$unit"
	done
	lio_target_of "$target" "${@/#/$LIO/core/user_0/$target-}"
}

# The array serves it before it becomes a LUN: who looks at that waits for answers.
array_path() { # TARGET UNIT
	local dir=$LIO/core/user_0/$1-$2 size block
	read -r size block <<<"${ARRAY_UNITS[$2]}"
	run mkdir -p "$dir"
	echo "dev_config=$2,dev_size=$size,hw_block_size=$block,max_data_area_mb=64,nl_reply_supported=-1" >"$dir/control"
	echo "${ARRAY_EXPIRE_S:-0}" >"$dir/attrib/cmd_time_out"
	echo 1 >"$dir/attrib/tmr_notification"
	echo 1 >"$dir/enable"
	wait_for 10 array_uio "$1-$2"
	run array path "$(array_uio "$1-$2")" "$2"
}

array_uio() { # BACKEND
	local dir
	for dir in /sys/class/uio/uio*; do
		if [[ $(cat "$dir/name") == tcm-user/*/$1/* ]] && [ -e "/dev/${dir##*/}" ]; then
			echo "/dev/${dir##*/}"
			return
		fi
	done
	return 1
}

array_set() {
	run array set "$@"
}

array_fail() {
	run array fail "$@"
}

array_state() {
	run array state "$@"
}

array_size() {
	run array size "$1" $(($2 << 20))
}

array_cut() {
	run array cut "$1"
}

array_hold() {
	run array hold
}

array_release() {
	run array release
}

array_stats() {
	array stats
}

array_stat() {
	array stats | awk -v key="$1" '$1 == key { print $2 }'
}

# array_counts KEY NUMBER, for wait_for
array_counts() {
	[ "$(array_stat "$1")" -ge "$2" ]
}

# ---- the end: for the agent ----

# Whatever it was told, it serves all commands from now on; if it does not, nobody waits for it.
array_calm() {
	[ -d "$ARRAY_CGROUP" ] || return 0
	array set profile instant || array_abandon
}

# Without an array: commands end with an error, those that have no answer as well.
array_abandon() {
	local file
	echo 1 >"$ARRAY_CGROUP/cgroup.kill"
	for file in "$LIO"/loopback/naa.*/tpgt_*/address; do
		array_offline "$(cat "$file")"
	done
	for file in "$LIO"/core/user_*/*/action; do
		echo 1 >"$file/block_dev"
		echo 1 >"$file/reset_ring"
	done
}

array_offline() { # ADDRESS
	local file
	for file in "/sys/class/scsi_device/$1":*/device/state; do
		echo offline >"$file"
	done
}

# Targets first, and the array last: removing a LUN waits for its commands.
array_stop() {
	lio_stop
	[ -d "$ARRAY_CGROUP" ] || return 0
	echo 1 >"$ARRAY_CGROUP/cgroup.kill"
	rm -f "$ARRAY_SOCKET"
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		rmdir "$ARRAY_CGROUP" 2>/dev/null && return
		sleep 0.5
	done
	return 1
}

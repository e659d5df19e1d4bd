# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For tests of copies that hang, sourced after "$XCOPY_LIB".

# shellcheck source=tests/tools/clone-lib.sh
. "$XCOPY_SRC/tests/tools/clone-lib.sh"
# shellcheck source=tests/vm/guest/array.sh
. "$XCOPY_SRC/tests/vm/guest/array.sh"

array_start
array_unit one 64
array_unit two 64
array_target a one two
meta=$(slice meta "$(disk s0)" 0 16384)
clone late "$(lio_disk a 0)" "$(lio_disk a 1)" "$meta" 65536 128

given_up() {
	log_has 'xcopy: .*A copy of .* has no known outcome'
}

offloads() {
	[ "$(status_field late offloaded)" -gt "${1:-0}" ]
}

# hang DESC COMMAND...: what is done while the copy may still write
hang() {
	local desc=$1
	shift
	array_release
	run array stats reset
	clone_prepare
	clone_up 0 8 hydration_rate 512 hydration_floor 512 offload_max_kib 1024 quarantine_ms 25000
	ok "$desc: the storage copies" wait_for 30 offloads
	log_mark
	array_hold
	ok "$desc: a copy hangs" wait_for 30 array_counts held 1
	clone_io_start "$STATE/load" --seconds 600 --threads 4
	ok "$desc: the host gives it up" wait_for 150 given_up
	at_least "$desc: the array was told" "$(array_stat aborted)" 1
	# In the middle of the quarantine: what lands after it cannot be defended against.
	"$@" &
	done=$!
	sleep 5
	array_release
	ok "$desc: the copy wrote all the same" wait_for 5 array_counts late 1
	ok "$desc: $*" wait $done
	ok "$desc: no I/O has failed" clone_io_stop
	diag "$(<"$STATE/load")"
	diag "$(dmsetup status late)"
	is "$desc: nothing was found wrong" "$(status_field late verify_failures)" 0
	run dmsetup message late 0 set hydration_rate 0
	clone_finish 120 "$desc"
}

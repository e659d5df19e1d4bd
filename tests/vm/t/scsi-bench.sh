#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: the rate of hydration by EXTENDED COPY beside that of bare commands, on LIO and on an array that copies at once (a measurement, not a test)
# needs: append=no_debug_objects
# timeout: 1500
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/scsi.sh"

# Hundredths of seconds in which the processors were not idle.
busy_ticks() {
	awk '/^cpu / { print $2 + $3 + $4 + $7 + $8 }' /proc/stat
}

# measure COMMAND...: TOOK in microseconds, CPU in percent of one processor
measure() {
	local start=${EPOCHREALTIME/[^0-9]/} ticks
	ticks=$(busy_ticks)
	run "$@"
	TOOK=$((${EPOCHREALTIME/[^0-9]/} - start))
	CPU=$((($(busy_ticks) - ticks) * 1000000 / TOOK))
}

hydrate() {
	clone_up "$@"
	wait_for 600 hydrated clone
}

# bench NAME SOURCE DESTINATION MIB BLOCKS: commands of one segment of so many blocks
bench() {
	local name=$1 blocks=$5 depth rate commands best=0 hydration
	clone_of "$2" "$3" "$4"
	measure hydrate offload_max_kib $((blocks / 2)) offload_segments 1
	hydration=$((MIB * 1000000 / TOOK))
	commands=$(status_field clone commands)
	diag "$name: hydration: $hydration MiB/s, $((commands * 1000000 / TOOK)) commands/s, processors $CPU %"
	ends_right "$name" 300
	for depth in 1 2 4 8; do
		blkdiscard -f "$DST" >/dev/null
		read -r rate commands < <(scsi-raw-copy "$SRC" "$DST" "$MIB" $depth "$blocks")
		diag "$name: bare commands, $depth at a time: $rate MiB/s, $commands commands/s"
		[ "$rate" -le "$best" ] || best=$rate
	done
	ok "$name: bare commands copy, too" same "$SRC" "$DST" "$MIB"
	diag "$name: hydration has $((hydration * 100 / best)) % of the best of these"
}

lio_start
lio_unit one "$(disk a1)"
lio_unit two "$(disk a2)"
lio_target a one two
bench "LIO, 32 MiB" "$(lio_disk a 0)" "$(lio_disk a 1)" 512 65535

array_start
array_unit three 512
array_unit four 512
array_target b three four
bench "array, 32 MiB" "$(lio_disk b 0)" "$(lio_disk b 1)" 512 65535
bench "array, 256 KiB" "$(lio_disk b 0)" "$(lio_disk b 1)" 512 512

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: the rate of hydration by EXTENDED COPY beside that of bare commands, on LIO and on an array that copies at once (a measurement, not a test)
# needs: append=no_debug_objects
# needs: size.a1=8G
# needs: size.a2=8G
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

# To look at it all the time would cost more than the hydration does.
until_hydrated() {
	local events
	while events=$(dmsetup info -c --noheadings -o events clone) && ! hydrated clone; do
		dmsetup wait clone "$events" >/dev/null
	done
}

hydrate() {
	run dmsetup message clone 0 enable_hydration
	until_hydrated
}

# bare MIB DEPTH BLOCKS: bare commands do the same; how fast is in the file BARE
bare() {
	scsi-raw-copy "$SRC" "$DST" "$@" >"$BARE"
}

# bench NAME SOURCE DESTINATION MIB BLOCKS: commands of one segment of so many blocks, of units whose first 512 MiB are
# all that is written and compared
bench() {
	local name=$1 mib=$4 blocks=$5 depth rate commands best=0 hydration
	clone_of "$2" "$3" 512
	MIB=$mib
	measure clone_with "1 no_hydration" offload_max_kib $((blocks / 2)) offload_segments 1
	diag "$name: the clone is there after $((TOOK / 1000)) ms"
	measure hydrate
	hydration=$((MIB * 1000000 / TOOK))
	commands=$(status_field clone commands)
	diag "$name: hydration of $MIB MiB: $hydration MiB/s, $((commands * 1000000 / TOOK)) commands/s, processors $CPU %"
	MIB=512
	ends_right "$name" 300
	for depth in 1 2 4 8 16; do
		run blkdiscard -f "$DST"
		measure bare "$mib" $depth "$blocks"
		read -r rate commands <"$BARE"
		diag "$name: bare commands, $depth at a time: $rate MiB/s, $commands commands/s, processors $CPU %"
		[ "$rate" -le "$best" ] || best=$rate
	done
	ok "$name: bare commands copy, too" same "$SRC" "$DST" "$MIB"
	diag "$name: hydration has $((hydration * 100 / best)) % of the best of these"
}

BARE=$(mktemp /tmp/bare.XXXXXX)
lio_start
lio_unit one "$(disk a1)"
lio_unit two "$(disk a2)"
lio_target a one two
bench "LIO, 32 MiB" "$(lio_disk a 0)" "$(lio_disk a 1)" 8192 65535

array_start
array_unit three 16384
array_unit four 16384
array_target b three four
bench "array, 32 MiB" "$(lio_disk b 0)" "$(lio_disk b 1)" 16384 65535
bench "array, 256 KiB" "$(lio_disk b 0)" "$(lio_disk b 1)" 2048 512

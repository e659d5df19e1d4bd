# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Power cuts of a SCSI array with a volatile cache, sourced after "$XCOPY_LIB": source, destination and metadata are its
# units, and the storage copies.

# shellcheck source=tests/tools/clone-lib.sh
. "$XCOPY_SRC/tests/tools/clone-lib.sh"
# shellcheck source=tests/vm/guest/array.sh
. "$XCOPY_SRC/tests/vm/guest/array.sh"

scsi_cut_start() {
	array_start
	array_set write_cache 1
	array_unit one 64
	array_unit two 64
	array_unit meta 16
	array_target a one two meta
	clone unit "$(lio_disk a 0)" "$(lio_disk a 1)" "$(lio_disk a 2)" 131072 128
	is "the units have a volatile cache" \
		"$(cat "/sys/block/${DESTINATION##*/}/queue/write_cache" "/sys/block/${METADATA##*/}/queue/write_cache" | xargs)" \
		"write back write back"
}

scsi_cut_new() {
	clone_prepare
	run sync "$SOURCE" "$DESTINATION" "$METADATA"
	clone_up 0 4 hydration_rate 8192 quarantine_ms 500
}

scsi_cut_judge() { # NUMBER
	clone_up 1 no_format 4 hydration_rate 8192 quarantine_ms 500
	ok "cut $1: nothing that was flushed is lost" clone_verify_crash
	diag "$(dmsetup status unit)"
}

# Under a load of writes, zeroes, discards, FUA writes and flushes, with copies under way.
scsi_cut() { # NUMBER
	clone_io_start /run/load.log --seconds 60 --random "$1" --window "$(clone_half)"
	sleep "$((RANDOM % 3)).$((RANDOM % 10))"
	array_cut "$RANDOM"
	ok "cut $1: the load read nothing wrong" clone_io_right
	run timeout 60 dmsetup remove --retry unit
	array_set profile instant
}

# scsi_cuts COUNT SEED: each fourth is a new clone; SEED and CUTS of the environment count more.
scsi_cuts() {
	local count=${CUTS:-$1} seed=${SEED:-$2} number
	RANDOM=$seed
	diag "$count cuts, seed $seed"
	for ((number = 0; number < count; number++)); do
		if [ $((number % 4)) = 0 ]; then
			[ ! -e /dev/mapper/unit ] || run dmsetup remove --retry unit
			scsi_cut_new
		fi
		scsi_cut "$number"
		scsi_cut_judge "$number"
	done
	at_least "the storage has copied" "$(array_stat copies_good)" "$count"
	run dmsetup message unit 0 set hydration_rate 0
	clone_finish 90 "in the end"
}

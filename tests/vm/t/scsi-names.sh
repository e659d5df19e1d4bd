#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: EXTENDED COPY between units by each kind of name that they may have, the best of several: all by the array, byte by byte
# core: bookworm sid debug
# timeout: 120
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/scsi.sh"

array_start
array_unit one 32
array_unit two 32
array_unit three 32
array_unit four 32
array_names one name
array_names two t10
array_names three t10 name eui
array_names four naa t10
array_target a one two three four

# copy DESC LUN LUN KIND KIND: from the first to the second, which are named so
copy() {
	local kind
	clone_of "$(lio_disk a "$2")" "$(lio_disk a "$3")" 32
	run array stats reset
	clone_up offload_max_kib 256
	all_offloaded "$1"
	for kind in naa eui name t10; do
		case $kind in
		"$4" | "$5") at_least "$1: named by $kind" "$(array_stat by_$kind)" 1 ;;
		*) is "$1: not named by $kind" "$(array_stat by_$kind)" 0 ;;
		esac
	done
}
copy "SCSI name to T10" 0 1 name t10
copy "the best of several, EUI-64 to NAA" 2 3 eui naa

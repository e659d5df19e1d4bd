#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: a copy manager that does not reach the source: another path is tried first, then the host copies
# timeout: 300
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/scsi.sh"

array_start
array_unit one 16
array_unit two 16
array_target a one two
array_target b one two
src=$(multipath src one "$(lio_disk a 0)" "$(lio_disk b 0)")
dst=$(multipath dst two "$(lio_disk a 1)" "$(lio_disk b 1)")
all=$((16 << 11))

# unreached COUNT ASC ASCQ: COUNT commands from the second on, the first that is not verified
unreached() {
	clone_of "$src" "$dst" 16
	array_set profile instant
	run array stats reset
	array_fail "$1" 2 0xa "$2" "$3" from 2
	log_mark
	clone_up offload_depth 1 offload_max_kib 512
	ok "it completes" wait_for 60 hydrated clone
	REFUSED=$(($(array_stat copies) - $(array_stat copies_good)))
	COPIES=$(array_stat copies) FALLBACKS=$(status_field clone fallbacks) VERIFIED=$(status_field clone verified)
	ERROR=$(status_field clone last_error)
	ends_right "unreached"
}

for code in "0x0d 2 copy-target-device-not-reachable" "0x08 4 unreachable-copy-target"; do
	read -r asc ascq name <<<"$code"
	unreached 1 "$asc" "$ascq"
	is "$name by one path: all by the storage" "$OFFLOADED $HOST_COPIED $FALLBACKS" "$all 0 0"
	is "$name by one path: it was sent twice" "$REFUSED" 1
	at_least "$name by one path: the other is verified" "$VERIFIED" 2
	is "$name by one path: status names it" "$ERROR" "$name"

	unreached 2 "$asc" "$ascq"
	is "$name by both: the host copies that range, once both were tried" "$OFFLOADED $HOST_COPIED $FALLBACKS $REFUSED" \
		"$((all - 1024)) 1024 1 2"
	is "$name by both: status names it" "$ERROR" "$name"
done

# One command for the first, the path that was refused and the one that was not, and then one a range.
unreached 100 0x0d 2
is "always: sixteen ranges end it" "$OFFLOADED $HOST_COPIED" "1024 $((all - 1024))"
is "always: both paths are tried, once" "$COPIES" 18
ok "always: the log says it" log_has 'The storage does not copy .*\(ranges-refused\); the host copies instead'

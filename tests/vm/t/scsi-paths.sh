#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: a copy manager that does not reach the source: another path is tried first, then the host copies; a reserved unit has its word
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
	ERROR=$(status_field clone last_error) ANSWER=$(status_field clone last_answer)
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

is "always: status has the codes" "$ANSWER" 0a/0d/02

# Another host has the destination: that is no matter of paths, and its word is what TEST UNIT READY was told.
clone_of "$src" "$dst" 16
array_set profile instant
clone_up hydration_rate $((512 / XCOPY_SLOW)) quarantine_ms 1000
ok "reserved: the storage copies" wait_for 60 status_exceeds offloaded 2048
run dmsetup message clone 0 disable_hydration
# A path is asked again a second after it has answered.
sleep 3
is "reserved: no error yet" "$(status_field clone last_error)" -
array_state two reserved
run dmsetup message clone 0 enable_hydration
# After twelve attempts, which take three seconds and a half at least, the host tries it, which is counted first, and has
# another word for it.
errors() {
	local end=$((SECONDS + 60)) at status error
	at=$(status_field clone fallbacks)
	WORDS=
	while status=$(dmsetup status clone) && [[ " $status " == *" fallbacks $at "* ]] && [ $SECONDS -lt $end ]; do
		error=${status##* last_error }
		error=${error%% *}
		[[ " $WORDS " == *" $error "* ]] || WORDS+="${WORDS:+ }$error"
	done
}
errors
is "reserved: status says so, and nothing else" "${WORDS#- }" reservation-conflict
array_state two online
# The host may have failed so often that hydration has stopped.
run dmsetup message clone 0 enable_hydration
before=$(status_field clone offloaded)
ok "released: offload goes on" wait_for 60 status_exceeds offloaded $((before + 2048))
set_clone hydration_rate 0
ends_right "released"

# It is so from the start, and what the array takes cannot be asked: nothing is sent before it can.
clone_of "$src" "$dst" 16
run array stats reset
array_set granularity 17
array_state two exclusive
clone_up hydration_rate $((1024 / XCOPY_SLOW))
ok "reserved from the start: offload waits" wait_for 30 status_is offload waiting
is "reserved from the start: and why" "$(status_field clone reason)" reservation-conflict
array_state two online
run dmsetup message clone 0 enable_hydration
ok "released: the storage copies" wait_for 60 status_exceeds offloaded 2048
set_clone hydration_rate 0
ends_right "released from the start"
is "released from the start: the granularity was asked for" "$(array_stat copies)" "$(array_stat copies_good)"

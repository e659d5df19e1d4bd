#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: arrays that answer GOOD and copy nothing, or elsewhere: the first verification tells, and the clone is right
# timeout: 600
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/scsi.sh"

array_start
array_unit one 128
array_unit two 128
array_target a one two
one=$(lio_disk a 0) two=$(lio_disk a 1)

# The first command is one that lies.
for profile in liar-nothing liar-elsewhere; do
	clone_of "$one" "$two" 32
	array_set profile $profile
	run array stats reset
	log_mark
	clone_up offload_depth 1 hydration_rate 512 quarantine_ms 1000
	all_by_host "$profile" verify-failed
	is "$profile: one command was sent" "$(array_stat copies)" 1
	is "$profile: and answered with GOOD" "$(array_stat copies_good)" 1
done

# One that was trusted.
for lie in 1 2; do
	clone_of "$one" "$two" 32
	array_set profile instant
	log_mark
	clone_up offload_depth 1 offload_max_kib 1024 hydration_rate 512 verify 1 quarantine_ms 1000
	ok "begins to lie $lie: some was copied" wait_for 30 status_exceeds offloaded 0
	array_set lie $lie
	ok "begins to lie $lie: offload has failed" wait_for 30 status_is offload failed
	is "begins to lie $lie: and why" "$(status_field clone reason)" verify-failed
	is "begins to lie $lie: one verification failed" "$(status_field clone verify_failures)" 1
	set_clone hydration_rate 0
	ends_right "begins to lie $lie"
	at_least "begins to lie $lie: what was copied right stays" "$OFFLOADED" 1
done

# The control: what is not verified is believed, so the points above prove the verification.
clone_of "$one" "$two" 32
array_set profile instant
# so small that the rate makes none smaller
clone_up offload_depth 1 offload_max_kib 256 hydration_rate 2048
ok "control: some was copied" wait_for 30 status_exceeds offloaded 2048
array_set lie 1
set_clone hydration_rate 0
ok "control: it completes" wait_for 60 hydrated clone
is "control: and is not noticed" "$(status_field clone verify_failures)" 0
not_ok "control: an unverified lie is seen in the clone's bytes" same /dev/mapper/clone "$one" 32
run dmsetup remove clone

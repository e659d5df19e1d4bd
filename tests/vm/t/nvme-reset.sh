#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: a controller reset loses the setting that Format 2h needs: it is armed again, and offload goes on
# alone: it changes the speed of a disk
# console: nvme nvme[0-9]+: (resetting controller|.*I/O.*timeout)
# timeout: 400
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/nvme.sh"

a1=$(disk a1) a2=$(disk a2)

# The eighth word of status is how many regions are being hydrated.
idle() {
	[ "$(dmsetup status clone | awk '{ print $8 }')" = 0 ]
}

armed() {
	kernel_log | grep -c 'copies between namespaces enabled'
}

# Resets the controller with a copy in flight. One that comes while the engine poisons or compares loses none: again.
lost_in_flight() {
	for _ in 1 2 3 4 5; do
		nvme_reset XCOPY-A
		! wait_for 1 log_has 'has no known outcome' || return 0
	done
	return 1
}

# Between commands: nothing is in flight while the controller is reset.
clone_of "$a1" "$a2" 128
log_mark
clone_up hydration_rate 16384
ok "at rest: some is copied" wait_for 60 status_exceeds offloaded 8192
run dmsetup message clone 0 disable_hydration
run wait_for 60 idle
nvme_reset XCOPY-A
run dmsetup message clone 0 enable_hydration
set_clone hydration_rate 0
ok "at rest: it completes" wait_for 60 hydrated clone
is "at rest: nobody gave up" "$(status_field clone quarantined) $(status_field clone verify_failures)" "0 0"
is "at rest: armed twice" "$(armed)" 2
all_offloaded "at rest"

# The same with copies in flight: their outcome is unknown, the host copies those ranges, the storage the others.
clone_of "$a1" "$a2" 128
# Slow enough that it is not over before a busy machine has come as far as the reset.
throttle a2 2000000
clone_up quarantine_ms 3000 offload_depth 4
ok "in flight: some is copied" wait_for 60 status_exceeds offloaded 0
ok "in flight: an outcome is unknown" lost_in_flight
before=$(status_field clone offloaded)
ok "in flight: offload goes on" wait_for 60 status_exceeds offloaded $((before + 8192))

# Losing the path once more is no fault of the copies: those in between were done.
log_mark
ok "in flight: a second outcome is unknown" lost_in_flight
throttle a2 0
before=$(status_field clone offloaded)
goes_on() { status_exceeds offloaded $((before + 8192)) || hydrated clone; }
ok "in flight: offload goes on after that" wait_for 60 goes_on
# It may be complete by now, on a machine that is slow to look.
like "in flight: it is not given up" "$(status_field clone offload)" '^(on|done)$'
ok "in flight: the quarantine ends" wait_for 60 status_is quarantined 0
ends_right "in flight"
at_least "in flight: the storage copied most" "$OFFLOADED" 131072

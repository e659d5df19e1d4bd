#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: iSCSI, two portals, multipathd: sessions are lost with copies in flight while users write
# needs: append=no_debug_objects
# alone: iSCSI sessions outlive their daemon
# needs: memory=3072
# console: (device-mapper: multipath|I/O error|sd [0-9:]+|critical|connection[0-9]+:|session[0-9]+:|iSCSI|ABORT_TASK|TARGET_CORE|Unable to)
# timeout: 900
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/tools/clone-lib.sh"
. "$XCOPY_SRC/tests/vm/guest/lio.sh"
. "$XCOPY_SRC/tests/vm/guest/iscsi.sh"

iscsi_start
lio_unit one "$(disk a1)"
lio_unit two "$(disk a2)"
iscsi_portal 1 one two
iscsi_portal 2 one two
multipathd_start
iscsi_login 1
iscsi_login 2
src=$(multipathd_disk one) dst=$(multipathd_disk two)
ok "multipathd has two paths to each unit" wait_for 30 multipathd_has two 2

meta=$(slice meta "$(disk s0)" 0 16384)

# What is sent lasts long enough to be lost.
throttle a2 25000000
clone race "$src" "$dst" "$meta" 262144 128
clone_prepare
clone_up 0 8 hydration_rate 8192 hydration_floor 2048 quarantine_ms 1000 offload_max_kib 8192
clone_io_start "$STATE/load" --seconds 600 --threads 4 --window "$(clone_half)"

offloaded_more() { # SECTORS
	[ "$(status_field race offloaded)" -gt "$1" ]
}

# On a slow machine there may be less left.
offloaded_more_or_all() { # SECTORS
	offloaded_more "$1" || hydrated race
}

goes_on() { # DESC
	ok "$1: offload goes on" wait_for 90 offloaded_more_or_all $(($(status_field race offloaded) + 2048))
}

ok "it is copied under load" wait_for 60 offloaded_more 4096
for tag in 1 2 1; do
	iscsi_cut $tag
	goes_on "session $tag is lost"
	iscsi_mend $tag
	ok "session $tag is back" wait_for 90 iscsi_running $tag
	ok "multipathd has its paths again" wait_for 60 multipathd_has two 2
done
iscsi_cut 1
iscsi_cut 2
sleep 5
iscsi_mend 2
ok "all sessions were lost, one is back" wait_for 90 iscsi_running 2
goes_on "all sessions were lost, one is back"
diag "$(dmsetup status race)"
ok "no write has failed" clone_io_stop
diag "$(<"$STATE/load")"
ok "copies were lost with their session" log_has "xcopy: .* has no known outcome"
isnt "offload is not given up" "$(status_field race offload)" failed
is "nothing was found wrong" "$(status_field race verify_failures)" 0
iscsi_mend 1
throttle a2 0
run dmsetup message race 0 set hydration_rate 0
clone_finish 180 race
iscsi_logout 1
iscsi_logout 2

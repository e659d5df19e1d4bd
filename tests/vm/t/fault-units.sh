#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: a SCSI unit is unmapped, write protected, or shrinks, while it is copied and written to: nothing flushed is lost, and the clone goes on
# console: (I/O error|sd [0-9:]+|critical|Write Protect|detected capacity change|The storage does not copy)
# timeout: 600
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/tools/clone-lib.sh"
. "$XCOPY_SRC/tests/vm/guest/array.sh"

meta=$(slice meta "$(disk s0)" 0 16384)
array_start
array_set write_cache 1
array_unit one 128
array_unit two 128
array_target a one two
clone unit "$(lio_disk a 0)" "$(lio_disk a 1)" "$meta" 262144 128
copies() { [ "$(status_field unit offloaded)" -gt "${1:-4096}" ]; }
status_is() { [ "$(status_field unit "$1")" = "$2" ]; }
mode() { dmsetup status unit | grep -oE ' (rw|ro|Fail) [0-9]+ copier ' | awk '{ print $1 }'; }

start() { # DESC
	array_set profile instant
	clone_prepare
	clone_up 0 4 hydration_rate $((1024 / XCOPY_SLOW)) quarantine_ms 2000
	ok "$1: writes and a flush" clone_do write:0:512 write:100000:300 zero:4096:128 flush
	clone_io_start /run/load.log --seconds 300 --window "$(clone_half)"
	ok "$1: the storage copies" wait_for 60 copies
}

# What the clone's bytes are now, of what was not flushed, is what it has been said to be from here on.
activated_again() { # DESC
	run timeout 60 dmsetup remove --retry unit
	clone_up 1 no_format 2 quarantine_ms 2000
	ok "$1: activated again, nothing flushed is lost" clone_verify_crash
	ok "$1: it can be written" clone_do write:50000:100 flush
	clone_finish 120 "$1"
}

# The destination cannot be written for a while.
lost_destination() { # DESC MODE
	sleep 3
	ok "$1: the load read nothing wrong" clone_io_right
	diag "$(dmsetup status unit)"
	# The load is over: its log is nobody's, so that what fails is the clone's doing.
	not_ok "$1: a write fails" clone_do write:50000:100
	[ "$2" = rw ] || not_ok "$1: a flush fails" sync "$CLONE"
	is "$1: the clone is $2" "$(mode)" "$2"
	[ "$2" = ro ] || like "$1: status says that something failed" "$(status_field unit last_error)" '^[a-z-]{2,}$'
	array_set profile instant
	activated_again "$1"
}

start "the destination is unmapped"
array_state two gone
lost_destination "the destination is unmapped" ro

start "the destination is write protected"
array_state two protected
lost_destination "the destination is write protected" rw

goes_on() { # DESC
	local at
	array_set profile instant
	at=$(status_field unit offloaded)
	run dmsetup message unit 0 enable_offload
	run dmsetup message unit 0 enable_hydration
	run dmsetup message unit 0 set hydration_rate 0
	ok "$1: the storage copies again" wait_for 60 copies "$at"
	clone_finish 120 "$1"
}
stopped() { dmsetup status unit | grep -q ' no_hydration '; }

# Writes go on in the half that is left.
start "the destination shrinks"
array_size two 64
run dmsetup message unit 0 set hydration_rate 0
ok "the destination shrinks: what cannot be copied stops hydration" wait_for 90 stopped
is "the destination shrinks: status says that it was not copied" "$(status_field unit last_error)" destination-write
ok "the destination shrinks: the load saw nothing wrong" clone_io_stop
is "the destination shrinks: the clone can be written" "$(mode)" rw
goes_on "the destination shrinks"

# What was copied, and what is written whole, needs no source.
start "the source is unmapped"
array_state one gone
sleep 3
ok "the source is unmapped: the load read nothing wrong" clone_io_right
ok "the source is unmapped: what was copied can be read and written" clone_do read:0:512 write:0:512 flush
not_ok "the source is unmapped: what was not copied cannot be read" dd if=/dev/mapper/unit of=/dev/null bs=1M skip=127 count=1 iflag=direct
is "the source is unmapped: the clone can be written" "$(mode)" rw
goes_on "the source is unmapped"

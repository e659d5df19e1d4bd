#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: a SCSI device is removed with copies in flight and comes back; a unit is reserved by another, and grows
# needs: append=no_debug_objects
# console: (I/O error|sd [0-9:]+|critical|reservation conflict)
# timeout: 600
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/tools/clone-lib.sh"
. "$XCOPY_SRC/tests/vm/guest/lio.sh"

meta=$(slice meta "$(disk s0)" 0 16384)
grown=$(slice grown "$(disk a2)" 0 $((1 << 20)))
lio_start
lio_unit one "$(disk a1)"
lio_unit two "$grown"
lio_target t one two
lio_target other one two
opened() { clone unit "$(lio_disk t 0)" "$(lio_disk t 1)" "$meta" 262144 128; }
copies() { [ "$(status_field unit offloaded)" -gt 4096 ]; }

start() { # DESC KEY VALUE...
	local desc=$1
	shift
	opened
	clone_prepare
	clone_up 0 $# "$@"
	ok "$desc: writes and a flush" clone_do write:0:512 write:100000:300 zero:4096:128 flush
	clone_io_start /run/load.log --seconds 120 --window "$(clone_half)"
	ok "$desc: the storage copies" wait_for 60 copies
}

removed() { # DESC LUN UNIT
	local desc=$1 device lun
	start "$desc" hydration_rate 8192 quarantine_ms 2000
	device=$(readlink -f "$(lio_device t "$2")")
	echo 1 >"$device/delete"
	sleep 1
	ok "$desc: the load read nothing wrong" clone_io_right
	like "$desc: status answers" "$(dmsetup status unit)" ' xcopy '
	ok "$desc: the clone can be removed" timeout 60 dmsetup remove --retry unit
	# tcm_loop's hosts cannot be scanned.
	lun=$LIO/loopback/$(lio_wwn t)/tpgt_1/lun/lun_$2
	run rm "$lun/unit"
	run ln -s "$LIO/core/iblock_0/$3" "$lun/unit"
	run lio_disk t "$2"
	opened
	clone_up 1 no_format 2 quarantine_ms 2000
	ok "$desc: activated again, nothing flushed is lost" clone_verify_crash
	ok "$desc: it can be written" clone_do write:50000:100 flush
	clone_finish 120 "$desc"
}

removed "the destination is removed" 1 two
removed "the source is removed" 0 one

# RESERVE(6) and RELEASE(6), by an initiator that is another to LIO.
reserve() { sg_raw "$(lio_disk other 1)" 16 00 00 00 00 00; }
release() { sg_raw "$(lio_disk other 1)" 17 00 00 00 00 00; }

start "a reservation" hydration_rate 2048
run dmsetup message unit 0 disable_hydration
# So that the path is asked first: a copy that is refused is the host's, which has another word.
sleep 3
ok "a reservation: another has it" reserve
ok "a reservation: the load read nothing wrong" clone_io_right
run dmsetup message unit 0 enable_hydration
# A write of the load's may be the first to meet it, which makes the clone read-only: then nothing is copied any more.
tells() { [ "$(status_field unit last_error)" = reservation-conflict ] || dmsetup status unit | grep -qE ' ro [0-9]+ copier '; }
ok "a reservation: status tells it" wait_for 60 tells
diag "$(dmsetup status unit)"
ok "a reservation: it is released" release
run dmsetup remove --retry unit
opened
clone_up 1 no_format
ok "a reservation: activated again, nothing flushed is lost" clone_verify_crash
clone_finish 120 "a reservation"

grow() {
	dmsetup load grown --table "0 $((1 << 21)) linear $(disk a2) 0" && dmsetup resume grown &&
		echo 1 >"$(lio_device t 1)/rescan"
}
start "the unit grows" hydration_rate 8192
ok "the unit grows: it does" grow
at=$(status_field unit offloaded)
more() { [ "$(status_field unit offloaded)" -gt $((at + 8192)) ]; }
ok "the unit grows: offload goes on" wait_for 60 more
ok "the unit grows: the load saw nothing wrong" clone_io_stop
diag "$(dmsetup status unit)"
is "the unit grows: the storage was not in the way of anything" "$(status_field unit fallbacks)" 0
run dmsetup message unit 0 set hydration_rate 0
clone_finish 120 "the unit grows"
is "the unit has grown" "$(sectors "$(lio_disk t 1)")" $((1 << 21))

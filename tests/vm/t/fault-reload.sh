#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: a reload that fails, at load or at resume, a table dropped, modules that are in use: the clone goes on, nothing is lost
# timeout: 240
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/tools/clone-lib.sh"

length=65536
plain_disks plain $length 65536
slice extra "$(disk s1)" 262144 32768 >/dev/null
clone plain "$PLAIN_SOURCE" "$PLAIN_DESTINATION" "$PLAIN_METADATA" $length 128
clone_prepare
clone_up 1 no_offload 4 hydration_rate 2048 commit_ms 200

# The constructor of the second target fails when that of xcopy has already joined the clone.
clone_io_start /run/load.log --seconds 60
for round in 1 2 3; do
	not_ok "load $round: a table whose second line is wrong is refused" dmsetup load plain --table "$(clone_table 1 no_offload)
$length 128 linear /dev/mapper/nobody 0"
done
not_ok "no inactive table is left" grep -q 'Tables present:.*INACTIVE' <(dmsetup info plain)
ok "the load goes on" clone_io_stop
ok "the clone is right" clone_verify

# A table that is loaded, and dropped again: by hand, and by the removal of the device.
for round in 1 2 3; do
	run dmsetup load plain --table "$(clone_table 1 no_offload 2 hydration_rate 4096)"
	ok "drop $round: the clone can be written" clone_do write:$((round * 1000)):100 flush
	run dmsetup clear plain
done
run dmsetup load plain --table "$(clone_table 1 no_offload)"
run dmsetup remove --retry plain
clone_up 2 no_offload no_format 2 hydration_rate 2048
ok "activated again, all is there" clone_verify

# A later target fails its preresume, when the table was already swapped: a snapshot may not take over
# the exceptions of one that is in use. The device stays suspended, without a resume of the clone.
run modprobe dm-snapshot
cow=$(slice cow "$(disk s1)" 327680 8192)
run dd if=/dev/zero of="$cow" bs=64k count=1 oflag=direct status=none
run dmsetup create taken --table "0 32768 snapshot /dev/mapper/extra $cow P 8"
# No discards: the table with the snapshot does not have any.
clone_io_start /run/load.log --seconds 60 --mix write=40,fua=10,zero=20,read=25,flush=5
run dmsetup load plain --table "$(clone_table 1 no_offload)
$length 32768 snapshot /dev/mapper/extra $cow P 8"
not_ok "resume: a later target refuses" timeout 60 dmsetup resume plain
like "resume: the device is suspended" "$(dmsetup info plain)" 'SUSPENDED'
run dmsetup load plain --table "$(clone_table 1 no_offload 2 hydration_rate 2048)"
ok "resume: with a table of its own it goes on" timeout 60 dmsetup resume plain
sleep 1
ok "resume: the load never noticed" clone_io_stop
diag "$(cat /run/load.log)"
ok "resume: the clone is right" clone_verify
run dmsetup remove --retry taken

# Modules in use stay.
not_ok "dm-xcopy cannot be unloaded" rmmod dm_xcopy
clone_finish 60 "in the end"
ok "without clones it can" modprobe -r dm-xcopy-nvme dm-xcopy
run modprobe dm-xcopy

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: storage that says it copied, and did not, or elsewhere, or in part: caught, offload ends, the clone is right
# timeout: 500
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/copier.sh"

copier_load
mib=16

# caught DESC RULE CORE-ARG...
caught() {
	local desc=$1 rule=$2
	shift 2
	# shellcheck disable=SC2086 # words
	rule $rule
	clone_create clone $mib "" offload_depth 1 offload_max_kib 1024 offload_segments 4 offload_segment_blocks 512 quarantine_ms 500 "$@"
	ok "$desc: it completes" wait_for 60 hydrated clone
	is "$desc: one verification failed" "$(status_field clone verify_failures)" 1
	ok "$desc: the log says so" log_has 'verify-failed'
	is "$desc: no command was sent after it" "$(copier commands)" "$(awk '$9 != "copied" { n = $1 } END { print n }' $COPIER/log)"
	at_least "$desc: the host copied the rest" "$(status_field clone host_copied)" 1
	ends_right "$desc" clone $mib
}

begin() {
	copier reset 1
	log_mark
	fresh_devices $mib
}

# A command has four descriptors.
for how in lie partial partial=3 elsewhere elsewhere=8; do
	begin
	caught "the first command, $how" "from=1 $how"
	begin
	caught "a later one, every second verified, $how" "from=4 $how" verify 2
done

begin
rule from=3 wait
rule from=4 lie
clone_create clone $mib "" offload_depth 1 offload_max_kib 1024 quarantine_ms 500
ok "a new path: a command is in flight" copier_waits
copier path_key 2
copier go all
ok "a new path: it completes" wait_for 60 hydrated clone
is "a new path: its first command was verified" "$(status_field clone verify_failures)" 1
ends_right "a new path" clone $mib

begin
rule from=3 outcome=unknown
caught "after an unknown outcome" "from=4 lie"

# The extents are trusted one by one.
begin
run dmsetup create dst --table "0 16384 xcopy-linear $DST 0
16384 16384 xcopy-linear $DST 32768"
disk=$DST
DST=/dev/mapper/dst
fresh_devices $mib
clone_create clone $mib no_hydration offload_depth 1 offload_max_kib 1024
run dmsetup message clone 0 hydrate 0 $((8192 / REGION))
run dmsetup message clone 0 enable_hydration
ok "a second extent: it completes" wait_for 60 hydrated clone
at_least "a second extent: verified as well" "$(status_field clone verified)" 2
ends_right "a second extent" clone $mib
run dmsetup remove dst
DST=$disk

# A device that takes more descriptors than it copies. The first command has two, the second one more.
begin
rule from=2 count=1 partial=3
clone_create clone $mib no_hydration offload_depth 1 offload_max_kib 4096 offload_segments 16 offload_segment_blocks 512 quarantine_ms 500
run dmsetup message clone 0 hydrate 0 $((1024 / REGION))
ok "more descriptors than before: the first command" wait_for 30 status_is offloaded 1024
run dmsetup message clone 0 enable_hydration
ok "more descriptors than before: it completes" wait_for 60 hydrated clone
at_least "more descriptors than before: the second command has more than are copied" "$(command_field 2 7)" 4
is "more descriptors than before: noticed at the first" "$(status_field clone verify_failures)" 1
is "more descriptors than before: status says so" "$(status_field clone last_error)" verify-failed
ends_right "more descriptors than before" clone $mib

begin
rule from=3 lie
clone_create clone $mib "" offload_depth 1 offload_max_kib 4096 quarantine_ms 500
ok "longer than before: it completes" wait_for 60 hydrated clone
at_least "longer than before: the third command was" "$(command_field 3 6)" $(($(command_field 2 6) + 1))
is "longer than before: noticed at the first" "$(status_field clone verify_failures)" 1
ends_right "longer than before" clone $mib

begin
clone_create clone $mib "" offload_depth 1 offload_max_kib 1024
ok "as large as before: it completes" wait_for 60 hydrated clone
sizes=$(awk '$6 > max { max = $6; n++ } END { print n }' $COPIER/log)
is "as large as before: not verified again" "$(status_field clone verified)" "$sizes"
ends_right "as large as before" clone $mib

# What was on its way when another command was seen to be a lie is not believed either.
begin
rule from=2 count=1 wait lie
rule from=3 count=1 delay_ms=15000
rule from=4 count=1 lie
clone_create clone $mib no_hydration offload_depth 2 offload_max_kib 1024 offload_segment_blocks 2048 quarantine_ms 500
run dmsetup message clone 0 hydrate 0 $((2048 / REGION))
ok "another's lie: the first command" wait_for 30 status_is offloaded 2048
run dmsetup message clone 0 enable_hydration
ok "another's lie: two are under way" wait_for 30 copier_is commands 3
copier path_key 2
ok "another's lie: the fourth is caught" wait_for 60 status_is offload failed
is "another's lie: by one verification" "$(status_field clone verify_failures)" 1
copier go all
ends_right "another's lie" clone $mib

# The control: what is not verified is believed, so the points above prove the verification.
begin
rule from=8 lie
clone_create clone $mib "" offload_depth 1 offload_max_kib 1024
ok "control: it completes" wait_for 60 hydrated clone
not_ok "control: an unverified lie is seen in the clone's bytes" same /dev/mapper/clone "$SRC" $mib
run dmsetup remove clone

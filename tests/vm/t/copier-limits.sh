#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: limits that the storage does not advertise, settings that it loses, and a pair that it refuses
# timeout: 400
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/copier.sh"

copier_load
mib=32

begin() {
	copier reset 1
	fresh_devices $mib
}

# all_offloaded DESC
all_offloaded() {
	ok "$1: it completes" wait_for 60 hydrated clone
	is "$1: the storage copied everything" "$(status_field clone offloaded)" $((mib << 11))
	ends_right "$1" clone $mib
}

begin
copier max_segments 2
copier max_segment_blocks 256
clone_create clone $mib "" offload_segments 16 offload_segment_blocks 2048
ok "fewer than hinted: it completes" wait_for 60 hydrated clone
at_least "fewer than hinted: some were refused" "$(commands_with ' too_big ')" 1
at_most "fewer than hinted: but not many" "$(commands_with ' too_big ')" 12
at_most "fewer than hinted: no larger one was done" \
	"$(awk '$8 == "done" && $6 > max { max = $6 } END { print max }' $COPIER/log)" 512
all_offloaded "fewer than hinted"

begin
copier max_command_blocks 1000
clone_create clone $mib "" offload_segments 4 offload_segment_blocks 1024
all_offloaded "a command's own limit"

# A device that has no word for what is too much. Commands grow from 128 blocks on, and then by segments.
begin
copier max_segments 2
copier max_segment_blocks 256
copier refuse_as refused
clone_create clone $mib ""
ok "no word for it: it completes" wait_for 60 hydrated clone
at_least "no word for it: some were refused" "$(commands_with ' refused ')" 1
at_most "no word for it: but not many" "$(commands_with ' refused ')" 24
is "no word for it: the largest that was done is what it takes" \
	"$(awk '$8 == "done" && $6 > max { max = $6 } END { print max }' $COPIER/log)" 512
all_offloaded "no word for it"

begin
copier max_command_blocks 100
copier refuse_as refused
clone_create clone $mib ""
ok "refused from the start: it completes" wait_for 60 hydrated clone
is "refused from the start: nothing smaller was tried" "$(awk '$6 < min || !min { min = $6 } END { print min }' $COPIER/log)" 128
is "refused from the start: status says so" "$(status_field clone offloaded)" 0
ok "refused from the start: the log as well" log_has 'The storage does not copy .*\(refused\); the host copies instead'
ends_right "refused from the start" clone $mib

begin
clone_create clone $mib "" offload_segments 3 offload_segment_blocks 100 offload_command_blocks 250
ok "hints: it completes" wait_for 60 hydrated clone
at_most "hints: no command is larger" "$(awk '$6 > max { max = $6 } END { print max }' $COPIER/log)" 250
at_most "hints: nor has more descriptors" "$(awk '$7 > max { max = $7 } END { print max }' $COPIER/log)" 3
all_offloaded "hints"

begin
rule from=5 count=1 wait
clone_create clone $mib "" offload_depth 1 offload_max_kib 1024
ok "disarmed: a command is in flight" copier_waits
copier armed 0
copier go all
ok "disarmed: it completes" wait_for 60 hydrated clone
is "disarmed: armed again once" "$(copier arms)" 1
at_most "disarmed: few commands noticed" "$(commands_with ' unarmed ')" 2
all_offloaded "disarmed"

begin
copier path_result "busy 3"
clone_create clone $mib ""
all_offloaded "no path for a while"

begin
copier path_result "unsupported 1"
clone_create clone $mib ""
ok "unsupported: it completes" wait_for 60 hydrated clone
is "unsupported: no command was sent" "$(copier commands)" 0
ok "unsupported: the log gives the copier's reason" log_has 'test_unsupported'
ends_right "unsupported" clone $mib

begin
copier open_error 95
clone_create clone $mib ""
ok "refused: it completes" wait_for 60 hydrated clone
is "refused: no command was sent" "$(copier commands)" 0
ok "refused: the log gives the copier's reason" log_has 'test_refuses'
ends_right "refused" clone $mib

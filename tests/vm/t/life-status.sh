#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: status fields, the table line that comes back, and every message
# timeout: 150
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/tools/clone-lib.sh"

meta=$(slice meta "$(disk s0)" 0 16384)
clone probe "$(disk a1)" "$(disk a2)" "$meta" 65544 128
clone_prepare

message() { dmsetup message probe 0 "$@"; }
core_arg() { status_field probe "$1"; }
names=$(for dev in "$meta" "$DESTINATION" "$SOURCE"; do lsblk -ndo MAJ:MIN "$dev"; done | tr -d ' ' | tr '\n' ' ')

# shellcheck disable=SC2086 # words
clone_up 2 no_hydration no_offload 4 commit_ms 100 hydration_rate 0
is "the table line comes back" "$(dmsetup table probe)" \
	"0 65544 xcopy ${names}128 2 no_hydration no_offload 4 hydration_rate 0 commit_ms 100"
status=$(dmsetup status probe)
like "dm-clone's fields come first" "$status" \
	'^0 65544 xcopy 8 [0-9]+/2048 128 0/513 0 2 no_hydration no_offload 30 hydration_threshold 0 '
like "mode and statistics follow the arguments" "$status" ' offload_driver auto rw 40 copier none offload off reason table offloaded 0 '
is "the counted groups add up" "$(awk '{ i = 9; i += $i + 1; i += $i + 2; print NF - i - $i }' <<<"$status")" 0
for key in copier offload reason offloaded host_copied skipped commands retries fallbacks verified \
	verify_failures quarantined command_kib depth source_modified last_error last_answer segments segment_bytes; do
	isnt "status has $key" "$(status_field probe $key)" ""
done

# Counters of writes: two whole regions skipped, one part copied by the host.
ok "a write over two regions" clone_do write:0:256
is "both count as hydrated" "$(clone_hydrated)" 2
is "and as skipped" "$(status_field probe skipped)" 256
ok "a write into one" clone_do write:1024:8
is "the rest was copied by the host" "$(status_field probe host_copied)" 120
ok "a discard of one" clone_do discard:2048:128
is "is skipped as well" "$(clone_hydrated)" 4

# Messages.
for pair in hydration_threshold=5 hydration_batch_size=7 hydration_rate=2048 hydration_floor=128 \
	copy_latency_ms=500 offload_depth=3 offload_max_kib=1024 offload_segments=4 \
	offload_segment_blocks=64 offload_command_blocks=256 offload_list_id_usage=1 verify=2 quarantine_ms=5000 commit_ms=150; do
	ok "set ${pair%=*}" message set "${pair%=*}" "${pair#*=}"
	is "... is in status" "$(core_arg "${pair%=*}")" "${pair#*=}"
	like "... and in the table" "$(dmsetup table probe)" " ${pair%=*} ${pair#*=}( |$)"
done
ok "hydration_threshold as dm-clone's message" message hydration_threshold 0
ok "hydration_batch_size as dm-clone's message" message hydration_batch_size 0
is "... takes effect" "$(core_arg hydration_threshold) $(core_arg hydration_batch_size)" "0 0"
run dmsetup message probe 0 set hydration_rate 0
run dmsetup message probe 0 set offload_segments 0
run dmsetup message probe 0 set offload_segment_blocks 0
run dmsetup message probe 0 set offload_command_blocks 0

bad() { # REGEXP WORD...
	local regexp=$1
	shift
	log_mark
	not_ok "message $* is refused" message "$@"
	ok "... the log says why" log_has "xcopy.*$regexp"
}

bad 'hydration_floor: ' set hydration_floor 1
bad 'commit_ms: ' set commit_ms x
bad 'Unknown core argument' set no_such 1
bad 'Unknown message' set verify
bad 'Unknown message' no_such
bad 'Unknown message' enable_hydration now
bad 'hydrate: ' hydrate 513 1
bad 'hydrate: ' hydrate 500 14
bad 'hydrate: ' hydrate 0 0
bad 'hydrate: ' hydrate x 1
bad 'hydrate: ' hydrate 0 x
is "nothing changed" "$(core_arg hydration_floor) $(core_arg commit_ms) $(core_arg verify)" "128 150 2"

count() { [ "$(clone_hydrated)" = "$1" ]; }
ok "hydrate regions 100 to 109" message hydrate 100 10
ok "... they are, though hydration is off" wait_for 20 count 14
ok "hydrate some that are" message hydrate 105 10
ok "... only the others are copied" wait_for 20 count 19
ok "release_quarantine with none" message release_quarantine
ok "enable_offload" message enable_offload
unlike "... is in the table" "$(dmsetup table probe)" no_offload
# The first copy asks for the module, and may be the host's until it is there.
ok "hydrate some" message hydrate 200 8
ok "... are hydrated" wait_for 20 count 27
ok "... the copier's module is loaded by itself" wait_for 20 grep -q '^dm_xcopy_nvme ' /proc/modules
ok "hydrate by the storage" message hydrate 300 64
ok "... is done" wait_for 20 count 91
at_least "... by the storage" "$(status_field probe offloaded)" $((64 * 128))
is "... offload is on" "$(status_field probe offload) $(status_field probe reason)" "on -"
is "... by nvme" "$(status_field probe copier)" nvme
at_least "... verified first" "$(status_field probe verified)" 1
ok "disable_offload" message disable_offload
is "... and why" "$(status_field probe offload) $(status_field probe reason)" "off message"
like "... is in the table" "$(dmsetup table probe)" ' no_offload'
run dmsetup message probe 0 set hydration_rate 1024
run dmsetup message probe 0 set hydration_floor 64
ok "enable_hydration" message enable_hydration
unlike "... is in the table" "$(dmsetup table probe)" no_hydration
more() { [ "$(clone_hydrated)" -gt 91 ]; }
ok "... goes on" wait_for 20 more
ok "disable_hydration" message disable_hydration
idle() { [ "$(dmsetup status probe | awk '{ print $8 }')" = 0 ]; }
run wait_for 60 idle
at=$(clone_hydrated)
sleep 2
is "... stops it" "$(clone_hydrated)" "$at"
run dmsetup message probe 0 set hydration_rate 0
ok "mixed case, as dm-clone takes it" message Enable_Hydration
clone_finish 60 "in the end"

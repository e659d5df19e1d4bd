#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: arrays of several kinds: each copies all, in commands as large as it takes, and the array's own count agrees
# timeout: 900
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/scsi.sh"

array_start
array_unit one 160
array_unit two 160
array_unit three 80 4096
array_unit four 80 4096
array_target a one two three four
one=$(lio_disk a 0) two=$(lio_disk a 1) three=$(lio_disk a 2) four=$(lio_disk a 3)

# "command_kib segments segment_bytes", of one moment
sizes_now() {
	dmsetup status clone | awk '{
		for (i = 1; i < NF; i++) value[$i] = $(i + 1)
		print value["command_kib"], value["segments"], value["segment_bytes"]
	}'
}

# What status said most often of the size of commands, which now and then larger ones are tried of: KIB, IN_USE
watch() {
	local end=$((SECONDS + 300)) sizes most=0
	local -A seen=([0]=0)
	until hydrated clone || [ $SECONDS -ge $end ]; do
		sizes=$(sizes_now)
		[ "${sizes%% *}" = 0 ] || seen[$sizes]=$((${seen[$sizes]:-0} + 1))
	done
	for sizes in "${!seen[@]}"; do
		[ "${seen[$sizes]}" -lt "${seen[$most]}" ] || most=$sizes
	done
	KIB=${most%% *} IN_USE=${most#* }
}

# offloads DESC: the clone that is up, and what the array says of it
offloads() {
	watch
	COPIED=$(array_stat copied_bytes) RETRIES=$(status_field clone retries)
	all_offloaded "$1"
	is "$1: the array has copied it, once" "$COPIED" $((MIB << 20))
}

# same_source PROFILE: another blank destination
same_source() {
	run dd if=/dev/zero of="$META" bs=1M count=8 oflag=direct status=none
	run blkdiscard -f "$DST"
	array_set profile "$1"
	run array stats reset
}

largest() {
	echo "$(array_stat max_segments) $(array_stat max_segment_bytes)"
}

clone_of "$one" "$two" 160
array_set profile instant
run array stats reset
clone_up
offloads "instant"
at_least "instant: more than one segment" "$(array_stat max_segments)" 2
is "instant: none was refused" "$(array_stat copies)" "$(array_stat copies_good)"

# It says 32 segments and takes 2.
same_source strict-2seg
array_set bandwidth $((32 << 20))
clone_up copy_latency_ms 20000
offloads "strict-2seg"
is "strict-2seg: two segments of 16 MiB" "$(largest)" "2 16777216"
is "strict-2seg: status says how large commands are" "$KIB" 32768
is "strict-2seg: and of what" "$IN_USE" "2 16777216"
at_least "strict-2seg: it was found by being refused" "$RETRIES" 1
isnt "strict-2seg: the array has refused" "$(array_stat copies)" "$(array_stat copies_good)"

# It has no word for what is too much.
same_source strict-2seg
array_set refusal 0x2600
array_set bandwidth $((32 << 20))
clone_up copy_latency_ms 20000
offloads "strict-2seg, no word for it"
is "strict-2seg, no word for it: two segments of 16 MiB" "$(largest)" "2 16777216"
at_least "strict-2seg, no word for it: it was found by being refused" "$RETRIES" 1

# The second time it would be known; a list with an identifier is refused for good.
same_source strict-2seg
log_mark
clone_up offload_list_id_usage 0 hydration_rate 8192
all_by_host "strict-2seg, another LIST ID USAGE" refused

same_source lio-like
clone_up
offloads "lio-like"
is "lio-like: one segment" "$(array_stat max_segments)" 1
is "lio-like: none was refused" "$(array_stat copies)" "$(array_stat copies_good)"

# It is asked again when the answer is none; who never gives one may know no better.
same_source lio-like
array_fail 2 2 0xb 0x44 0 query
clone_up
offloads "lio-like, asked three times"
is "lio-like, asked three times: one segment" "$(array_stat max_segments)" 1
is "lio-like, asked three times: none was refused" "$(array_stat copies)" "$(array_stat copies_good)"
same_source lio-like
array_fail 1000 2 0xb 0x44 0 query
clone_up
offloads "lio-like, asked in vain"
is "lio-like, asked in vain: one segment" "$(array_stat max_segments)" 1
array_fail 0 0 0 0 0

same_source spc4
clone_up
offloads "spc4"

# What the page says bounds what is tried.
same_source spc4
array_set operating_parameters 0
array_set segments 3
array_set take_segments 3
clone_up
offloads "spc4, the page only"
at_most "spc4, the page only: segments" "$(array_stat max_segments)" 3
is "spc4, the page only: none was refused" "$(array_stat copies)" "$(array_stat copies_good)"

same_source no-rcr
clone_up
offloads "no-rcr"

# Nothing is said: all is found.
same_source no-rcr
array_set take_segments 1
array_set take_segment_bytes 1048576
array_set bandwidth $((32 << 20))
clone_up copy_latency_ms 20000
offloads "no-rcr, 1 MiB"
is "no-rcr, 1 MiB: the array was asked for as much as it takes" "$(largest)" "1 1048576"
is "no-rcr, 1 MiB: status says how large commands are" "$KIB" 1024

# It says that segments may be longer than they may.
same_source instant
array_set segment_bytes 8388608
array_set take_segment_bytes 1000000
clone_up
offloads "promises too much"
at_most "promises too much: segments" "$(array_stat max_segment_bytes)" 1000000

same_source instant
array_set granularity 17
REGION=256
clone_up
offloads "granularity 128 KiB"

# The same, but the page alone says it.
same_source spc4
array_set operating_parameters 0
array_set granularity 17
clone_up
offloads "spc4, the page only, granularity 128 KiB"

# Larger than the segments that are asked for.
same_source instant
array_set granularity 20
REGION=2048
clone_up offload_segment_blocks 512
offloads "granularity 1 MiB, segments of 256 KiB"
at_least "granularity 1 MiB, segments of 256 KiB: they grow" "$(array_stat max_segment_bytes)" 1048576
REGION=128

clone_of "$one" "$two" 80
array_set profile slow
run array stats reset
start=$SECONDS
clone_up
offloads "slow"
at_least "slow: it was" $((SECONDS - start)) 5

clone_of "$three" "$four" 80
array_set profile strict-2seg
run array stats reset
clone_up
offloads "strict-2seg, blocks of 4096"
is "strict-2seg, blocks of 4096: segments" "$(array_stat max_segment_bytes)" 16777216

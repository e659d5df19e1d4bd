#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: xcopysetup on arrays of several kinds: probe repeats what each says of itself, status explains what it answers, and the advice helps
# console: (I/O error|sd [0-9:]+|The storage does not copy)
# timeout: 500
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/scsi.sh"

array_start
array_unit one 160
array_unit two 160
array_target a one two
one=$(lio_disk a 0) two=$(lio_disk a 1)

probed() { # JQ-FILTER
	local json
	json=$(xcopysetup probe --json "$one" "$two") || true
	jq -r ".pairs[0] | $1" <<<"$json" | xargs
}
limits='.from, .segments, .list_bytes, .segment_bytes, .granularity_bytes, .concurrent'

# What each says is what it was told to say.
array_set profile strict-2seg
is "limits: operating parameters" "$(probed ".offloadable, (.destination_unit.limits | $limits)")" "true operating-parameters 32 32768 16777216 1 64"
array_set granularity 12
is "limits: with a granularity" "$(probed '.destination_unit.limits.granularity_bytes')" 4096
array_set profile spc4
is "limits: with VPD page 8Fh, too" "$(probed '.destination_unit | .third_party_copy_page, .limits.from')" "true operating-parameters"
array_set operating_parameters 0
array_set segments 3
is "limits: by VPD page 8Fh alone" "$(probed ".offloadable, .destination_unit.no_parameters, (.destination_unit.limits | $limits)")" \
	"true invalid-command-operation-code third-party-copy-page 3 32768 0 1 64"
array_set profile no-rcr
is "limits: none" "$(probed '.offloadable, .destination_unit.limits, .destination_unit.no_parameters')" "true null invalid-command-operation-code"
like "limits: none, as text" "$(xcopysetup probe "$one" "$two")" 'tells no limits \(invalid-command-operation-code\)'
array_set profile instant
array_set targets 1
is "too few targets: no" "$(probed '.offloadable, .reason_word')" "false too-few-targets"
array_set profile instant
array_set granularity 32
is "too large a granularity: no" "$(probed '.offloadable, .reason_word')" "false granularity"
like "... explained" "$(probed '.reason_text')" 'more than 2 GiB'

# An array that wants another LIST ID USAGE: what status says to do is done.
array_set profile instant
array_set list_id_usage 2
run make_vg vg "$one" "$two"
src=$(make_lv vg src 64M "$one")
run random_fill "$src" 64
name=xcopy-vg-dst
run xcopysetup clone -q --keep-device --rate $((256 / XCOPY_SLOW))K --pv "$two" vg/src vg/dst
failed() { [ "$(status_field $name offload)" = failed ]; }
offloads() { [ "$(status_field $name offloaded)" -gt "${1:-0}" ]; }
ok "another LIST ID USAGE: it is refused" wait_for 30 failed
like "... status says what to do" "$(xcopysetup status vg/dst)" $'\ninvalid-field-in-parameter-list: .*xcopysetup set CLONE offload_list_id_usage 2 .*dmsetup message DEVICE 0 enable_offload'
run xcopysetup set vg/dst offload_list_id_usage 2
run dmsetup message $name 0 enable_offload
ok "... and that helps" wait_for 30 offloads

# What the array answers is explained, and the clone goes on.
told() { [ "$(status_field $name last_error)" = "$1" ]; }
while read -r key asc ascq word; do
	array_fail 1 2 "$key" "$asc" "$ascq"
	ok "$key/$asc/$ascq: $word" wait_for 30 told "$word"
	like "... explained" "$(xcopysetup status vg/dst)" $'\n'"$word: [a-z].{20,}"
	isnt "... as JSON" "$(xcopysetup status --json vg/dst | jq -r '.clones[0].last_error_text')" null
done <<'END'
0x5 0x26 0x0a unexpected-inexact-segment
0xa 0x0d 0x02 copy-target-device-not-reachable
0xe 0x1d 0x00 miscompare
0x6 0x2a 0x06 unit-attention
0x2 0x04 0x01 not-ready
0x5 0x26 0x08 too-many-segment-descriptors
END
ok "it is still offloaded" wait_for 30 offloads "$(status_field $name offloaded)"
run xcopysetup set vg/dst hydration_rate 0
ok "wait" xcopysetup wait --timeout $((120 * XCOPY_SLOW)) vg/dst
ok "every byte is right" same "$src" /dev/vg/dst 64

# Told beforehand, nothing is refused.
run array stats reset
run xcopysetup release vg/dst
run lvremove -qq -y vg/dst
ok "clone --id-usage" xcopysetup clone -q --id-usage discard --wait --pv "$two" vg/src vg/dst
ok "every byte is right" same "$src" /dev/vg/dst 64
at_least "the storage copied" "$(array_stat copied_bytes)" $((64 << 20))
is "none was refused" "$(array_stat copies)" "$(array_stat copies_good)"

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: xcopysetup on SCSI: probe tells units, paths and limits; a volume on dm-multipath devices is cloned by EXTENDED COPY; refusals in words
# needs: append=no_debug_objects
# console: (device-mapper: multipath|I/O error|sd [0-9:]+|The storage does not copy)
# timeout: 500
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/scsi.sh"

lio_start
run modprobe scsi_dh_alua
lio_unit one "$(disk a1)"
lio_unit two "$(disk a2)"
lio_unit large "$(disk a3)"
lio_target a one two large
lio_target b one two
a_one=$(lio_disk a 0) a_two=$(lio_disk a 1) a_large=$(lio_disk a 2)
b_one=$(lio_disk b 0) b_two=$(lio_disk b 1)

probed() { # SRC DST JQ-FILTER
	local json
	json=$(xcopysetup probe --json "$1" "$2") || true
	jq -r "$3" <<<"$json" | xargs
}

# The oracles: what the kernel keeps of the device, and what sg3-utils make of the same answers.
device() { # SD
	readlink -f "/sys/class/block/${1##*/}/device"
}
attribute() { # SD NAME
	xargs <"$(device "$1")/$2"
}
# The NAA designator, 16 bytes, of the unit: binary, association 0, type 3.
naa_of() { # SD
	echo "naa.$(od -An -v -tx1 "$(device "$1")/vpd_pg83" | tr -d ' \n' | grep -oE '01030010[0-9a-f]{32}' | head -n 1 | cut -c 9-)"
}
# One path in a line: address, disk, state, ALUA state, preferred.
path_of() { # SD
	local address preferred=false
	address=$(device "$1")
	[ "$(attribute "$1" preferred_path)" = 0 ] || preferred=true
	echo "${address##*/} ${1##*/} $(attribute "$1" state) $(attribute "$1" access_state) $preferred"
}
paths='.pairs[0].destination_unit.paths[] | .address, .disk, .state, .access_state, .preferred'
said='.segments, .list_bytes, .segment_bytes, .concurrent'

like "the oracle knows a NAA designator" "$(naa_of "$a_one")" '^naa\.6001405[0-9a-f]{25}$'
# Paths go, and come. All of them only while dm-multipath has none of them: LVM would wait for its disks.
down() { # SD...: offline, and the others running
	local sd
	for sd in "$a_two" "$b_two"; do
		echo running >"$(device "$sd")/state"
	done
	for sd in "$@"; do
		echo offline >"$(device "$sd")/state"
	done
}
down "$a_two" "$b_two"
is "all paths are down: no" "$(probed "$a_one" "$a_two" '.offloadable, .pairs[0].reason_word')" "false no-path"
down
one=$(multipath one one "$a_one" "$b_one")
two=$(multipath two two "$a_two" "$b_two")
down "$a_two"
is "a path is down: its state" "$(probed "$one" "$two" "$paths")" "$(path_of "$a_two") $(path_of "$b_two")"
is "... the other is the best" "$(probed "$one" "$two" '.offloadable, (.pairs[0].destination_unit.paths[] | .state, .best)')" "true offline false running true"
down
run dmsetup message two 0 reinstate_path "$(cat "/sys/class/block/${a_two##*/}/dev")"

for pair in "$a_one $a_two" "$one $two"; do
	read -r src dst <<<"$pair"
	is "$pair: it can be copied" "$(probed "$src" "$dst" '.offloadable, .pairs[0].driver, .pairs[0].how, .pairs[0].reason')" "true scsi between units null"
	is "$pair: the source's identity" "$(probed "$src" "$dst" '.pairs[0].source_unit.identity')" "$(naa_of "$a_one")"
	is "$pair: the destination's" "$(probed "$src" "$dst" '.pairs[0].destination_unit.identity')" "$(naa_of "$a_two")"
	is "$pair: vendor, product, revision" \
		"$(probed "$src" "$dst" '.pairs[0].destination_unit | .vendor, .product, .revision')" \
		"$(attribute "$a_two" vendor) $(attribute "$a_two" model) $(attribute "$a_two" rev)"
	is "$pair: both paths of the destination" "$(probed "$src" "$dst" "$paths")" "$(path_of "$a_two") $(path_of "$b_two")"
	is "$pair: 3PC, but no page for it" "$(probed "$src" "$dst" '.pairs[0].destination_unit | .third_party_copy, .third_party_copy_page')" \
		"$(sg_inq "$a_two" | grep -q '3PC=1' && echo true) $(sg_vpd -p 0x8f "$a_two" >/dev/null 2>&1 || echo false)"
	is "$pair: limits" "$(probed "$src" "$dst" ".pairs[0].destination_unit.limits | .from, $said")" \
		"operating-parameters $(sg_copy_results --params "$a_two" | sed -nE 's/.*(Maximum (segment descriptor count|descriptor list length|segment length|concurrent copies): ([0-9]+)).*/\3/p' | xargs)"
done

# As text, and LVM's names.
like "as text" "$(xcopysetup probe "$one" "$two")" \
	"^$one -> $two: yes, by scsi, between units; blocks of 512 bytes"$'\n'"  source $(naa_of "$a_one"): LIO-ORG IBLOCK [0-9.]+, 3PC"$'\n'"    limits, by operating parameters: granularity 512, segments 1, segment bytes 268435456, "
run make_vg vg "$one" "$two"
src=$(make_lv vg src 128M "$one")
is "by the volume's name" "$(probed vg/src vg '.pairs[] | .source, .destination, .offloadable')" "$one $one true $one $two true"
run random_fill "$src" 128

# No, and why: in the kernel's word, and in a sentence.
not_ok "two names of one unit" xcopysetup probe "$a_one" "$b_one"
is "... the word" "$(probed "$a_one" "$b_one" '.pairs[0].reason_word')" one-unit-by-two-names
is "... of a dm-multipath device and its path, too" "$(probed "$one" "$b_one" '.pairs[0].reason_word')" one-unit-by-two-names
like "... and what to do" "$(xcopysetup probe "$a_one" "$b_one")" "no: $a_one and $b_one are two ways to one unit"$'\n''  one-unit-by-two-names: .*use its dm-multipath device for both'
like "blocks of two sizes" "$(probed "$one" "$a_large" '.pairs[0] | .reason_word, .reason')" 'block-sizes-differ logical blocks of 512 and 4096 bytes differ'
is "... and the units all the same" "$(probed "$one" "$a_large" '.pairs[0].destination_unit.identity')" "$(naa_of "$a_large")"
like "SCSI and NVMe" "$(probed "$one" "$(disk a5)" '.pairs[0] | .reason_word, .reason')" 'no-copier one is a SCSI disk, the other an NVMe namespace'

# Who may ask.
fails_with "not root" 'probe needs root' setpriv --reuid 65534 --regid 65534 --clear-groups xcopysetup probe "$one" "$two"
raw() { setpriv --bounding-set -sys_rawio --inh-caps -sys_rawio xcopysetup probe --json "$one" "$two"; }
described "without limits" probe raw
is "root who may not send such commands: it says so" "$(raw | jq -r '.pairs[0].destination_unit | .no_parameters, .limits' | xargs)" "not-permitted null"

# The main job, held still for a look at it.
device=$(xcopysetup clone -q --rate $((1024 / XCOPY_SLOW))K --pv "$two" vg/src vg/dst)
name=${device##*/}
ok "the clone is there" test -b "$device"
offloads() { [ "$(status_field "$name" offloaded)" -gt 0 ]; }
ok "the storage copies" wait_for 60 offloads
run xcopysetup pause vg/dst
still() { [ "$(dmsetup status "$name")" = "$(sleep 2; dmsetup status "$name")" ]; }
ok "it stands still" wait_for 30 still
is "probe tells what the kernel has found out" \
	"$(probed vg/src vg/dst '.clone | .name, .copier, .offload, .command_kib, .depth')" \
	"$name scsi on $(status_field "$name" command_kib) $(status_field "$name" depth)"
described "probe --json" probe xcopysetup probe --json vg/src vg/dst
like "as text, too" "$(xcopysetup probe vg/src vg/dst)" "$name: copier scsi, offload on; found so far: commands of $(status_field "$name" command_kib) KiB"
like "status says by which copier" "$(xcopysetup status vg/dst)" 'copier +scsi'
is "it is the storage alone" "$(xcopysetup status --json vg/dst | jq '.clones[0].offloaded_percent')" 100

# Third-party copy is switched off on the array, and on again.
echo 0 >"$LIO/core/iblock_0/two/attrib/emulate_3pc"
# LIO of 6.1 tells its limits all the same.
case $(uname -r) in 6.1.*) refusal="null false null" ;; *) refusal="refused false invalid-command-operation-code" ;; esac
is "without EXTENDED COPY: no" "$(probed "$one" "$two" '.pairs[0] | .reason_word, .destination_unit.third_party_copy, .destination_unit.no_parameters')" \
	"$refusal"
run xcopysetup resume vg/dst
failed() { [ "$(status_field "${1:-$name}" offload)" = failed ]; }
ok "the clone meets it" wait_for 30 failed
like "status explains the reason" "$(xcopysetup status vg/dst)" $'\nrefused: the storage has no such copy'
like "... and the last error" "$(xcopysetup status vg/dst)" $'\ninvalid-command-operation-code: the device has no EXTENDED COPY; it may have to be enabled'
is "as JSON" "$(xcopysetup status --json vg/dst | jq -r '.clones[0] | (.reason_text | startswith("the storage has no such copy")), (.last_error_text | startswith("the device has no EXTENDED COPY"))' | xargs)" "true true"
echo 1 >"$LIO/core/iblock_0/two/attrib/emulate_3pc"
at=$(status_field "$name" offloaded)
run dmsetup message "$name" 0 enable_offload
again() { [ "$(status_field "$name" offloaded)" -gt "$at" ]; }
ok "mended, it goes on" wait_for 30 again
run xcopysetup set vg/dst hydration_rate 0
ok "wait" xcopysetup wait --timeout $((120 * XCOPY_SLOW)) vg/dst
like "it is linear" "$(dmsetup table "$name")" '^0 262144 linear '
ok "every byte is right" same "$src" /dev/vg/dst 128
is "no clone any more" "$(probed vg/src vg/dst .clone)" null

# Where the storage cannot copy, status says why in words.
run make_vg other "$a_large"
ok "a clone on blocks of another size" xcopysetup clone -q --rate $((1024 / XCOPY_SLOW))K vg/src other/dst
ok "it is not offloaded" wait_for 30 failed xcopy-other-dst
like "status explains it" "$(xcopysetup status other/dst)" $'\nblock-sizes-differ: the disks have logical blocks of different size'
like "as JSON too" "$(xcopysetup status --json other/dst | jq -r '.clones[0].reason_text')" '^the disks have logical blocks'
ok "it is cancelled" xcopysetup cancel other/dst

# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# EXTENDED COPY commands by hand, for units of the test array (array.sh). Sourced after "$XCOPY_LIB".
#
#   copy DISK TARGETS SEGMENTS        sends one, and prints what scsi-cdb does: descriptors in hexadecimal
#   target UNIT [BLOCK-SIZE]          prints an identification target descriptor
#   segment FROM TO BLOCKS LBA LBA    prints a block-to-block segment descriptor; FROM and TO are indexes of targets
#   blocks DISK LBA COUNT             prints blocks of 512 bytes, by direct reads
#
# In the environment of copy: list_id, usage (the byte that has it), inline, service_action, all hexadecimal; list_length
# (of the CDB), timeout_ms. In that of segment: DC.

target() {
	printf 'e400000001030010%s0000000000%06x' "6001405$(lio_serial "$1")" "${2:-512}"
}

segment() {
	printf '02%02x0018%04x%04x0000%04x%016x%016x' "$((${DC:-1} * 2))" "$1" "$2" "$3" "$4" "$5"
}

copy() {
	local targets=$2 segments=$3 inline=${inline:-} list length
	list=$(printf '%s%s%04x00000000%08x%08x' "${list_id:-00}" "${usage:-18}" $((${#targets} / 2)) \
		$((${#segments} / 2)) $((${#inline} / 2)))$targets$segments$inline
	length=$(printf %08x "${list_length:-$((${#list} / 2))}")
	scsi-cdb -t "${timeout_ms:-120000}" "$1" "83${service_action:-00}0000000000000000${length}0000" out "$list"
}

blocks() {
	dd if="$1" bs=1M skip=$(($2 * 512)) count=$(($3 * 512)) iflag=direct,skip_bytes,count_bytes status=none
}

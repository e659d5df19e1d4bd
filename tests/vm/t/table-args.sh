#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: a wrong table line is refused with a sentence that names the argument, and leaves nothing behind
# timeout: 400
. "$XCOPY_LIB"

src=$(disk a1)
dst=$(disk a2)
dst4k=$(disk a4)
meta=$(disk s0)
length=65536

# wrong REGEXP DESCRIPTION WORD...: the words after "xcopy"
wrong() {
	local regexp=$1 text=$2
	shift 2
	log_mark
	not_ok "$text" dmsetup create wrong --table "0 $length xcopy $*"
	ok "... the log says so" log_has "xcopy.*: $regexp"
	if [ -e /dev/mapper/wrong ]; then
		fail "... but a device is left"
		run dmsetup remove --retry wrong
	fi
}

small_slice() {
	run dmsetup create "$1" --table "0 $2 linear $(disk s1) 0" >/dev/null
}

# Too few.
wrong 'Too few arguments' "no argument"
wrong 'Too few arguments' "one argument" "$meta"
wrong 'Too few arguments' "no region size" "$meta" "$dst" "$src"

# Devices.
wrong 'metadata dev: cannot be opened' "no such metadata device" /dev/none "$dst" "$src" 128
wrong 'destination dev: cannot be opened' "no such destination" "$meta" /dev/none "$src" 128
wrong 'source dev: cannot be opened' "no such source" "$meta" "$dst" /dev/none 128
wrong 'metadata dev: is the destination or the source' "metadata is the destination" "$dst" "$dst" "$src" 128
wrong 'metadata dev: is the destination or the source' "metadata is the source" "$src" "$dst" "$src" 128
wrong 'destination dev: is the source' "destination is the source" "$meta" "$src" "$src" 128
run mkfs.ext4 -q -F "$src" 32M
mkdir -p /mnt/source
run mount "$src" /mnt/source
wrong 'source dev: cannot be opened' "a mounted source" "$meta" "$dst" "$src" 128
umount /mnt/source

# Lengths.
small_slice small 65535
wrong 'destination dev: is smaller' "a destination one sector short" "$meta" /dev/mapper/small "$src" 128
wrong 'source dev: is smaller' "a source one sector short" "$meta" "$dst" /dev/mapper/small 128
run dmsetup remove small
small_slice tiny 128
wrong 'metadata dev: .*small' "a metadata device that is too small" /dev/mapper/tiny "$dst" "$src" 128
run dmsetup remove tiny
blockdev --setro "$meta"
wrong 'metadata dev: ' "a read-only metadata device" "$meta" "$dst" "$src" 128
blockdev --setrw "$meta"
blockdev --setro "$dst"
wrong 'destination dev: ' "a read-only destination" "$meta" "$dst" "$src" 128
blockdev --setrw "$dst"

# Region size.
for size in 0 4 100 4194304 99999999999999999999 -8 8k; do
	wrong 'region size: ' "region size $size" "$meta" "$dst" "$src" "$size"
done
length=65529
wrong '(length|target|destination dev).*logical block' \
	"a length that is no multiple of the logical block" "$meta" "$dst4k" "$src" 128
length=65536

# Features.
wrong '#feature args: ' "feature count is no number" "$meta" "$dst" "$src" 128 x
wrong '#feature args: ' "feature count too large" "$meta" "$dst" "$src" 128 5 no_offload no_format no_hydration no_discard_passdown no_offload
wrong '#feature args: ' "feature count negative" "$meta" "$dst" "$src" 128 -1
wrong '#feature args: ' "fewer features than counted" "$meta" "$dst" "$src" 128 2 no_offload
wrong 'Unknown feature argument' "unknown feature" "$meta" "$dst" "$src" 128 1 no_such
wrong 'A feature argument is given twice' "a feature twice" "$meta" "$dst" "$src" 128 2 no_offload no_offload
wrong '(#core args: |Unknown feature)' "more features than counted" "$meta" "$dst" "$src" 128 1 no_offload no_format

# Core arguments.
wrong '#core args: ' "core count is no number" "$meta" "$dst" "$src" 128 0 x
wrong '#core args: ' "core count too large" "$meta" "$dst" "$src" 128 0 1000
wrong '#core args: ' "core count odd" "$meta" "$dst" "$src" 128 0 1 verify
wrong '#core args: ' "fewer core words than counted" "$meta" "$dst" "$src" 128 0 4 verify 1
wrong 'Too many arguments' "more core words than counted" "$meta" "$dst" "$src" 128 0 2 verify 1 commit_ms 100
wrong 'Unknown core argument' "unknown core argument" "$meta" "$dst" "$src" 128 0 2 no_such 1
wrong 'A core argument is given twice' "a core argument twice" "$meta" "$dst" "$src" 128 0 4 verify 1 verify 1
wrong 'offload_driver: ' "a driver twice" "$meta" "$dst" "$src" 128 0 4 offload_driver nvme offload_driver nvme
for bad in hydration_threshold=-1 hydration_threshold=4294967296 hydration_batch_size=1k hydration_rate=x \
	hydration_floor=63 copy_latency_ms=0 copy_latency_ms=20001 offload_depth=0 offload_depth=17 \
	offload_max_kib=3 offload_max_kib=1048577 offload_segments=65537 offload_segment_blocks=65537 \
	offload_command_blocks=x offload_list_id_usage=4 offload_list_id_usage=x verify=-1 quarantine_ms=99 quarantine_ms=3600001 commit_ms=9 commit_ms=60001 \
	offload_driver=NVME offload_driver=waytoolongforadriver offload_driver=nosuch; do
	wrong "${bad%=*}: " "$bad" "$meta" "$dst" "$src" 128 0 2 "${bad%=*}" "${bad#*=}"
done

# None of all these formatted anything, and none holds a device.
is "the metadata device was not written" "$(checksum "$meta" 1)" "$(head -c 1048576 /dev/zero | sha256sum | cut -d ' ' -f 1)"
ok "a right line is taken" dmsetup create right --table "0 65536 xcopy $meta $dst $src 128 1 no_offload 2 commit_ms 100"
run dmsetup remove --retry right

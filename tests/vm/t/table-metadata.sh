#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: metadata that is missing, corrupt, of other devices or of another geometry is refused and not touched
# timeout: 200
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/tools/clone-lib.sh"

meta=$(slice meta "$(disk s0)" 0 16384)
# Devices with an identity, which QEMU's namespaces have not.
plain_disks plain 65536 65536
other_source=$(slice other-src "$(disk s0)" 262144 65536)
other_destination=$(slice other-dst "$(disk s1)" 262144 65536)
clone patient "$PLAIN_SOURCE" "$PLAIN_DESTINATION" "$meta" 65536 128
copy=$STATE/metadata

save() { dd if="$meta" of="$copy" bs=4k count=32 iflag=direct status=none; }
restore() { dd if="$copy" of="$meta" bs=4k count=32 oflag=direct status=none; }
# overwrite BLOCK [BYTES-FROM]: one metadata block
overwrite() { dd if="${2:-/dev/urandom}" of="$meta" bs=4k count=1 seek="$1" oflag=direct status=none; }

refused() { # REGEXP TEXT [ARGUMENTS]
	local regexp=$1 text=$2 before
	shift 2
	before=$(checksum "$meta")
	log_mark
	not_ok "$text" dmsetup create patient --table "$(clone_table "${@:-1 no_format}")"
	ok "... the log says why" log_has "xcopy.*$regexp"
	is "... nothing is written" "$(checksum "$meta")" "$before"
	[ ! -e /dev/mapper/patient ] || run dmsetup remove --retry patient
}

clone_prepare
refused 'metadata dev: ' "zeroes, with no_format" 1 no_format
run dd if=/dev/urandom of="$meta" bs=64k count=1 oflag=direct status=none
refused 'metadata dev: ' "a device that holds something else, though formatting is allowed" 0
run dd if=/dev/zero of="$meta" bs=64k count=1 oflag=direct status=none

# A clone of which about a half is hydrated, and at rest.
clone_up 2 no_offload no_hydration
ok "some writes" clone_do write:0:1280 write:32768:1280 write:65408:128 flush
run dmsetup remove --retry patient
hydrated_regions=21
save

again() { # TEXT: activates as before
	ok "$1" dmsetup create patient --table "$(clone_table 3 no_offload no_hydration no_format)"
	is "... nothing is lost" "$(clone_hydrated)" $hydrated_regions
	ok "... and every byte is right" clone_verify
	run dmsetup remove --retry patient
}

again "it activates again"
overwrite 0
log_mark
again "with the first superblock broken"
again "and again: it was repaired or is not needed"
restore
overwrite 8
again "with the second superblock broken"
restore
overwrite 0
overwrite 8
refused 'metadata dev: ' "with both superblocks broken"
refused 'metadata dev: ' "with both superblocks broken, though formatting is allowed" 0
restore
overwrite 16
again "with the first slot broken"
restore
overwrite 17
again "with the second slot broken"
restore
overwrite 16
overwrite 17
refused '(regions? |both slots)' "with both slots broken"
restore
overwrite 16 /dev/zero
overwrite 17 /dev/zero
refused '(regions? |both slots)' "with both slots trimmed"
restore

# Of something else.
LENGTH=65408 refused 'metadata dev: ' "another length"
REGION=256 refused 'metadata dev: ' "another region size"
SOURCE=$other_source refused '(metadata|source) dev: ' "another source"
DESTINATION=$other_destination refused '(metadata|destination) dev: ' "another destination"
again "after all this it activates again"

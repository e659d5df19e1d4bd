#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: xcopysetup metadata format, dump, check, rebind; the kernel takes what they make
# needs: topology=default
# timeout: 300
. "$XCOPY_LIB"

md=$(disk s0)
sectors=131072
run random_fill "$(disk a5)" 64
# device-mapper devices have an identity; QEMU's namespaces may have none
run dmsetup create source -u TEST-source --table "0 $sectors linear $(disk a5) 0"
run dmsetup create destination -u TEST-destination --table "0 $sectors linear $(disk a6) 0"
run dmsetup create other -u TEST-other --table "0 $sectors linear $(disk a5) 0"
src=/dev/mapper/source
dst=/dev/mapper/destination

load() {
	dmsetup create clone --table "0 $sectors xcopy $md $dst $src 128 2 no_format no_offload"
}

fails_with "no length" 'needs the length' xcopysetup metadata format "$md"
fails_with "two lengths" 'needs the length' xcopysetup metadata format --size 1M --for "$src" "$md"
fails_with "odd length" 'multiple of 512' xcopysetup metadata format --size 1000 "$md"
fails_with "odd region" 'power of two' xcopysetup metadata format --size 1M --region-size 5K "$md"
fails_with "no device" 'cannot open /dev/nix' xcopysetup metadata format --size 1M /dev/nix
fails_with "dump of a blank device" 'no valid superblock' xcopysetup metadata dump "$md"
like "dry run says the size" "$(xcopysetup metadata format --dry-run --size 64M "$md")" 'needs [0-9]+ bytes'
truncate -s 8K /tmp/small
fails_with "too small" 'is too small: it has 8192 bytes' xcopysetup metadata format --size 64M /tmp/small
run mkfs.ext4 -q "$md" 64M
fails_with "a file system" 'holds ext' xcopysetup metadata format --size 64M "$md"
ok "unless forced" xcopysetup metadata format --force --size 64M --region-size 64K "$md"
run wipefs -qa "$md"
fails_with "metadata of a clone" 'holds the metadata of a clone' xcopysetup metadata format --size 64M "$md"
ok "check" xcopysetup metadata check "$md"
ok "dump --json" jq -e '.regions == 1024 and .hydrated_regions == 0 and .source.kind == "not bound yet"' <(xcopysetup metadata dump --json "$md")
described "dump --json" metadata xcopysetup metadata dump --json "$md"

ok "the kernel takes it with no_format" load
fails_with "format while it is in use" 'is in use' xcopysetup metadata format --force --size 64M "$md"
ok "it fills" wait_for 60 hydrated clone
run dmsetup remove clone
like "dump says so" "$(xcopysetup metadata dump "$md")" 'hydrated *1024 of 1024'
ok "check of a full one" xcopysetup metadata check "$md"

src=/dev/mapper/other
not_ok "another source is refused" load
ok "rebind" xcopysetup metadata rebind "$md"
ok "now it is taken" load
run dmsetup remove clone

run dd if=/dev/zero of="$md" bs=4096 count=1 oflag=direct conv=notrunc status=none
fails_with "a bad superblock is reported" 'superblock copy 0' xcopysetup metadata check "$md"
ok "the other one suffices" xcopysetup metadata dump "$md"
run dd if=/dev/zero of="$md" bs=4096 seek=16 count=2 oflag=direct conv=notrunc status=none
fails_with "a lost bitmap block is reported" 'no valid slot' xcopysetup metadata check "$md"

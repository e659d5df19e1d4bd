#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: xcopysetup clones LVs on partitions of native multipath heads, LBA 4096, several segments, to another volume group
# needs: topology=multipath
# timeout: 300
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/nvme.sh"

a3=$(disk a3)
a4=$(disk a4)
# in blocks of 4096 bytes
partition "$a3" 256 65536 65792 65536
run make_vg vg "${a3}p1" "${a3}p2"
run make_vg other "$a4"
# in two pieces, on two physical volumes
run lvcreate -qq -y -W y -n src -l 8 vg "${a3}p1"
run lvextend -qq -l +8 vg/src "${a3}p2"
run lvextend -qq -l +5 vg/src "${a3}p1"
is "the source has several segments" "$(dmsetup table vg-src | wc -l)" 3
run random_fill /dev/vg/src

ok "probe" xcopysetup probe vg/src other
is "probe sees two pairs" "$(xcopysetup probe --json vg/src other | jq '.pairs | length')" 2
is "blocks of 4096 bytes" "$(xcopysetup probe --json vg/src other | jq '.pairs[0].block_bytes')" 4096
device=$(xcopysetup clone -q --region-size 4K --rate $((4096 / XCOPY_SLOW))K vg/src other/dst)
is "all segments are xcopy-linear" "$(dmsetup table vg-src | awk '{ print $3 }' | sort -u)" xcopy-linear
is "there are as many as before" "$(dmsetup table vg-src | wc -l)" 3
offloads() { [ "$(status_field "${device##*/}" offloaded)" -gt 0 ]; }
ok "the storage copies" wait_for 60 offloads
run xcopysetup set other/dst hydration_rate 0
ok "wait" xcopysetup wait --timeout $((120 * XCOPY_SLOW)) other/dst
ok "every byte is right" same /dev/vg/src /dev/other/dst
is "the source has LVM's table again" "$(dmsetup table vg-src | awk '{ print $3 }' | sort -u)" linear

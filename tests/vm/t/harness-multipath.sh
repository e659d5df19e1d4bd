#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: the multipath guest has heads with two paths each
# needs: topology=multipath
# modules: none
. "$XCOPY_LIB"

a1=$(disk a1)
head=$(basename "$a1")
is "array A has two controllers" "$(nvme_ctrls XCOPY-A | wc -l)" 2
is "array B has one" "$(nvme_ctrls XCOPY-B | wc -l)" 1
paths=0
for dir in /sys/class/block/nvme*c*n*; do
	[ "$(cat "$dir/nsid")" != 1 ] || [[ $(cat "$dir/device/serial") != XCOPY-A* ]] || paths=$((paths + 1))
done
is "a1 has two paths" $paths 2
ok "a1 can be written" random_fill "$a1" 2
is "the head is no path" "$(cat "/sys/class/block/$head/hidden")" 0

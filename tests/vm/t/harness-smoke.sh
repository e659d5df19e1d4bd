#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: the default guest has the disks that the README promises, and they do Copy
# timeout: 120
# modules: none
. "$XCOPY_LIB"

for name in a1 a2 a3 a4 a5 a6 b1 s0 s1; do
	ok "disk $name is there" disk $name
done
is "a1 is NSID 1" "$(disk_nsid "$(disk a1)")" 1
is "a4 is NSID 4" "$(disk_nsid "$(disk a4)")" 4
is "b1 belongs to the other array" "$(disk_serial "$(disk b1)")" XCOPY-B
is "a1 has 512-byte blocks" "$(blockdev --getss "$(disk a1)")" 512
is "a3 has 4096-byte blocks" "$(blockdev --getss "$(disk a3)")" 4096
is "a1 has 4 GiB" "$(sectors "$(disk a1)")" $((4 << 21))
is "a1 takes copies of 65535 blocks" "$(nvme id-ns "$(disk a1)" -o json | jq .mssrl)" 65535
is "a5 takes copies of 128 blocks" "$(nvme id-ns "$(disk a5)" -o json | jq .mssrl)" 128
like "the controller has the Copy command" "$(nvme id-ctrl "$(disk a1)" -o json | jq '.oncs / 256 % 2 | floor')" '^1$'
is "the disks are single-path ones" "$(cat "/sys/class/block/$(basename "$(disk a1)")/hidden" /sys/module/nvme_core/parameters/multipath)" $'0\nN'

random_fill "$(disk a1)" 8
run nvme copy "$(disk a1)" --sdlba=16384 --slbs=0 --blocks=8191
ok "a copy inside a1 has the source's bytes" cmp <(lib_read "$(disk a1)" 4) <(lib_read "$(disk a1)" 4 8)

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: what harness-busy left in the same guest is gone
# modules: none
. "$XCOPY_LIB"

is "no device-mapper device is there" "$(dmsetup ls)" "No devices found"
is "no volume group is there" "$(vgs --noheadings)" ""
is "nothing is mounted" "$(grep -c ' /mnt' /proc/mounts)" 0
is "no process of a test runs" "$(pgrep -x sleep | wc -l)" 0
for name in a1 a2 a3 s0; do
	is "$name is blank" "$(checksum "$(disk $name)" 8)" "$(head -c 8M /dev/zero | sha256sum | cut -d ' ' -f 1)"
done

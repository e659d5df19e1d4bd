#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: NVMe Copy between native multipath heads
# needs: topology=head
# timeout: 240
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/nvme.sh"

a1=$(disk a1) a2=$(disk a2) a3=$(disk a3) a4=$(disk a4) b1=$(disk b1)

clone_of "$a1" "$a2" 32
clone_up
all_offloaded "two heads"

run partition "$a1" 2048 262144 1048640 262144
clone_of "${a1}p1" "${a1}p2" 32
clone_up
all_offloaded "one head"
run partition "$a1"

clone_of "$a3" "$a4" 32
clone_up
all_offloaded "heads with LBA 4096"

log_mark
clone_of "$a1" "$b1" 16
clone_up hydration_rate 256
all_by_host "another array" other-subsystem

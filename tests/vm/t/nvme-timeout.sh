#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: a copy outlasts the driver's timeout: its range waits in quarantine, the clone is right in the end
# alone: it changes the speed of a disk
# timeout: 400
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/nvme.sh"

a1=$(disk a1) a2=$(disk a2)

# One command of 64 MiB in 90 s (the driver aborts after 30 and resets after 60), of short ranges: QEMU waits for one then.
clone_of "$a1" "$a2" 64
throttle a2 700000
clone_up offload_depth 1 offload_segments 64 offload_segment_blocks 2048 quarantine_ms 20000
ok "the driver's timeout makes the outcome unknown" wait_for 150 log_has 'has no known outcome'
isnt "a range is in quarantine" "$(status_field clone quarantined)" 0
throttle a2 0
ok "the quarantine ends" wait_for 60 status_is quarantined 0
ends_right "after a timeout"

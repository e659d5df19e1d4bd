#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: copies that hang until the host has given them up, and then still write: never over anything newer
# console: (sd [0-9:]+|ABORT_TASK|TARGET_CORE|I/O error|tcm_loop|tcmu)
# timeout: 600
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/hang.sh"

# The load writes, zeroes and discards all over the clone, in the range of the copy as well.
hang "under load" true

reload() {
	clone_reload 0 8 hydration_rate 2048 hydration_floor 2048 offload_max_kib 1024 quarantine_ms 25000
}
hang "and reloaded" reload

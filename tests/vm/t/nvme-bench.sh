#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: the rate of hydration by NVMe Copy beside that of bare Copy commands (a measurement, not a test)
# timeout: 400
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/nvme.sh"

raw=$XCOPY_SRC/tests/tools/nvme-raw-copy.sh

a1=$(disk a1) a2=$(disk a2)

# MiB/s of the clone just made, from its creation until it is full.
rate() {
	local start=${EPOCHREALTIME/[^0-9]/}
	clone_up "$@"
	run wait_for 120 hydrated clone
	RATE=$((MIB * 1000000 / (${EPOCHREALTIME/[^0-9]/} - start)))
}

clone_of "$a1" "$a2" 256
# shellcheck disable=SC2046 # words
rate $(hints "$a2")
hinted=$RATE
ends_right "with hints"
clone_of "$a1" "$a2" 256
rate
probed=$RATE
ends_right "without"

for depth in 1 8; do
	best=$(bash "$raw" "$a1" "$a2" 256 $depth)
	diag "bare Copy commands, $depth at a time: $best MiB/s"
done
ok "bare Copy commands copy, too" same "$a1" "$a2" 256
diag "hydration with hints: $hinted MiB/s, $((hinted * 100 / best)) % of that"
diag "hydration without: $probed MiB/s, $((probed * 100 / best)) %"

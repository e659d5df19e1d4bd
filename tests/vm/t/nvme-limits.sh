#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: NVMe limits: hinted, probed, odd, wrongly hinted, and so small that nothing can be copied
# needs: device.a2=mssrl=1000,mcl=2500,msrc=2
# needs: device.a4=mssrl=0,mcl=0
# timeout: 500
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/nvme.sh"

a1=$(disk a1) a2=$(disk a2) a3=$(disk a3) a4=$(disk a4) a5=$(disk a5) a6=$(disk a6)

commands_at_most() {
	at_most "$1" "$(status_field clone commands)" "$2"
}

# What takes long makes commands smaller, and a busy machine takes long: 20 s here.
# 128 blocks a command, at once or found: 32 MiB are 512 commands.
clone_of "$a5" "$a6" 32
# shellcheck disable=SC2046 # words
clone_up copy_latency_ms 20000 $(hints "$a6")
ok "small, hinted: it completes" wait_for 90 hydrated clone
commands_at_most "small, hinted: nothing was refused" 512
is "small, hinted: nor retried" "$(status_field clone retries)" 0
all_offloaded "small, hinted"

clone_of "$a5" "$a6" 32
clone_up copy_latency_ms 20000
ok "small, probed: it completes" wait_for 90 hydrated clone
commands_at_most "small, probed: few were refused" $((512 + 40))
all_offloaded "small, probed"

clone_of "$a1" "$a2" 64
# shellcheck disable=SC2046
clone_up copy_latency_ms 20000 $(hints "$a2")
ok "odd, hinted: it completes" wait_for 90 hydrated clone
commands_at_most "odd, hinted: commands have more than 1000 KiB" 65
is "odd, hinted: nothing was retried" "$(status_field clone retries)" 0
all_offloaded "odd, hinted"

clone_of "$a1" "$a2" 64
clone_up copy_latency_ms 20000
ok "odd, probed: it completes" wait_for 90 hydrated clone
commands_at_most "odd, probed: most commands have more than 700 KiB" 130
all_offloaded "odd, probed"

clone_of "$a5" "$a6" 16
clone_up offload_segment_blocks 65535 offload_segments 128
ok "hinted too large: it completes" wait_for 90 hydrated clone
is "hinted too large: why some were refused" "$(status_field clone last_error)" command-size-limit-exceeded
all_offloaded "hinted too large"

log_mark
clone_of "$a3" "$a4" 16
clone_up hydration_rate 256
all_by_host "no limit is small enough" too-big

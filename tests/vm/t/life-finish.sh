#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: when hydration ends there is an event, the engine is gone, I/O, flushes and discards go on
# core: bookworm sid
# timeout: 150
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/tools/clone-lib.sh"

meta=$(slice meta "$(disk s0)" 0 16384)
clone finished "$(disk a1)" "$(disk a2)" "$meta" 65543 128
clone_prepare
clone_up 1 no_hydration 2 commit_ms 100

number=$(dmsetup info -c --noheadings -o events finished)
timeout 100 dmsetup wait finished "$number" >"$STATE/waited" 2>&1 &
waiter=$!
clone_io_start "$STATE/load" --seconds 60
run dmsetup message finished 0 enable_hydration
ok "an event comes" wait $waiter
ok "hydration is finished then" hydrated finished
sleep 2
ok "I/O went on all the time" clone_io_stop
diag "$(cat "$STATE/load")"
is "offload is done" "$(status_field finished offload) $(status_field finished reason)" "done -"
like "mode is still rw" "$(dmsetup status finished)" ' rw [0-9]+ copier '
ok "the log says so" log_has 'Hydration finished'
ok "the clone is right" clone_verify

before=$(io_sectors "$meta" write)
ok "writes, discards, flushes" clone_io --ops 300
is "do not touch the metadata any more" "$(io_sectors "$meta" write)" "$before"
ok "the clone is right again" clone_verify
for message in enable_hydration disable_hydration enable_offload disable_offload release_quarantine \
	"hydrate 0 1" "set hydration_rate 5" "set commit_ms 500" "set quarantine_ms 500"; do
	# shellcheck disable=SC2086 # words
	ok "message $message is harmless" dmsetup message finished 0 $message
done
ok "suspend, flush, resume" dmsetup suspend finished
run dmsetup resume finished
ok "reload" clone_reload 0
ok "status after the reload" hydrated finished
ok "I/O after the reload" clone_io --ops 100
clone_finish 1 "finished"

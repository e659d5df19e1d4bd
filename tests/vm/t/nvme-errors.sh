#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: the array reports a medium or an internal error in a copy: that range is taken care of, the storage copies all others
# needs: blkdebug.a1=inject-error.0.event=none,inject-error.0.iotype=read,inject-error.0.sector=40968,inject-error.0.errno=5,inject-error.0.once=on
# timeout: 200
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/nvme.sh"

a1=$(disk a1) a2=$(disk a2)

# By what it says of it the range is the host's, or, after an internal error of which nobody knows what it has ended, in
# quarantine first; the error comes once.
clone_of "$a1" "$a2" 64
log_mark
clone_up offload_max_kib 1024 quarantine_ms 1000
ok "a read error: it completes" wait_for 90 hydrated clone
word=$(status_field clone last_error)
like "a read error: the status names it" "$word" '^(unrecovered-read-error|internal-error)$'
quarantined=0
! log_has 'A copy of .* has no known outcome' || quarantined=1
is "a read error: the host has the range, or it was in quarantine" "$(status_field clone fallbacks) $quarantined" \
	"$([ "$word" = internal-error ] && echo "0 1" || echo "1 0")"
like "a read error: offload is not given up" "$(status_field clone offload)" '^(on|done)$'
ends_right "a read error"
at_most "a read error: the host copied one range" "$HOST_COPIED" 4096
at_least "a read error: the storage copied the others" "$OFFLOADED" $((131072 - 4096))

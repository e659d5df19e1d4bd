#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: the array reports a medium error in a copy: the host copies that range, the storage all others
# needs: blkdebug.a1=inject-error.0.event=none,inject-error.0.iotype=read,inject-error.0.sector=40968,inject-error.0.errno=5,inject-error.0.once=on
# timeout: 200
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/nvme.sh"

a1=$(disk a1) a2=$(disk a2)

clone_of "$a1" "$a2" 64
clone_up offload_max_kib 1024
ok "a read error: it completes" wait_for 90 hydrated clone
like "a read error: the status names it" "$(status_field clone last_error)" '^(unrecovered-read-error|internal-error)$'
is "a read error: one range fell back" "$(status_field clone fallbacks)" 1
like "a read error: offload is not given up" "$(status_field clone offload)" '^(on|done)$'
ends_right "a read error"
at_most "a read error: the host copied one range" "$HOST_COPIED" 4096
at_least "a read error: the storage copied the others" "$OFFLOADED" $((131072 - 4096))

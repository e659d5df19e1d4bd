#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: a thin array runs out of space in the middle of copies: hydration stops and says why, no byte is wrong, room heals it
# timeout: 600
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/scsi.sh"

array_start
array_unit one 128
array_unit two 128
array_target a one two
one=$(lio_disk a 0) two=$(lio_disk a 1)

stopped() {
	dmsetup status clone | grep -q ' no_hydration '
}

# Poison takes space too: with depth 1 the verified command is through before there is none.
clone_of "$one" "$two" 64
array_set profile thin
array_set space $((24 << 20))
log_mark
clone_up offload_depth 1 offload_max_kib 4096
ok "hydration meets the end of the space, and stops" wait_for 90 stopped
diag "$(dmsetup status clone)"
like "status says why" "$(status_field clone last_error)" '^(destination-write|space-allocation-failed-write-protect)$'
ok "the log says it" log_has 'Too many regions cannot be copied .destination-write.; hydration stops'
is "offload is not to blame" "$(status_field clone offload)" on
at_least "some was copied by the storage" "$(status_field clone offloaded)" 8192
at_most "and not all" "$(status_field clone offloaded)" 49152
ok "the clone reads right" same /dev/mapper/clone "$one" 64
not_ok "a write that needs space fails" dd if=/dev/urandom of=/dev/mapper/clone bs=1M count=1 seek=60 oflag=direct
like "the clone is still writable, or says that it is not" "$(dmsetup status clone)" ' (rw|ro) '
ok "and still reads right" same /dev/mapper/clone "$one" 60

array_set space 0
run dmsetup message clone 0 enable_hydration
ok "with room: a write succeeds" dd if=/dev/zero of=/dev/mapper/clone bs=1M count=1 seek=60 oflag=direct
run dd if="$one" of=/dev/mapper/clone bs=1M count=4 skip=60 seek=60 oflag=direct iflag=direct status=none
ends_right "with room"

# Only copies fail: the range that did is the host's, and offload goes on.
clone_of "$one" "$two" 64
array_set profile instant
run array stats reset
array_fail 1 2 7 0x27 7 from 3 after
clone_up offload_depth 1 offload_max_kib 4096
ends_right "one copy without space"
is "one copy without space: the others are the storage's" "$OFFLOADED" $((131072 - HOST_COPIED))
at_least "one copy without space: its range is the host's" "$HOST_COPIED" 1
at_most "one copy without space: and no more" "$HOST_COPIED" 16384

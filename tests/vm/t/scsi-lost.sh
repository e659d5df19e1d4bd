#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: an array that tells a copy command of lost writes, by a deferred error: the next flush fails, and nothing since the last one is believed
# console: (sd [0-9:]+|I/O error|lost async page write)
# timeout: 200
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/scsi.sh"

array_start
array_set write_cache 1
array_unit one 32
array_unit two 32
array_target a one two
clone_of "$(lio_disk a 0)" "$(lio_disk a 1)" 32

# MiB number $1, by the storage, with no commit after it
copied() {
	run dmsetup message clone 0 hydrate $(($1 * 16)) 16
	ok "MiB $1 is copied" wait_for 30 status_is offloaded $((($1 + 1) << 11))
}
mode() { dmsetup status clone | grep -oE ' (rw|ro|Fail) [0-9]+ copier ' | awk '{ print $1 }'; }

# An error that is told of, but of nothing that was acknowledged.
run dmsetup create clone --table "0 $((MIB << 11)) xcopy $META $DST $SRC $REGION 1 no_hydration 6 commit_ms 60000 offload_depth 1 offload_max_kib 1024"
copied 0
array_fail 1 2 5 0x24 0 deferred
copied 1
is "an error of no write: status names it" "$(status_field clone last_error)" deferred-error
ok "... flushes go on" sync /dev/mapper/clone
is "... the clone as well" "$(mode)" rw

# MiB 2 is in the array's cache, and lost from it.
copied 2
run dd if=/dev/urandom of="$DST" bs=1M seek=2 count=1 oflag=direct conv=notrunc status=none
array_fail 1 2 3 0x0c 0 deferred
log_mark
copied 3
not_ok "a lost write: the flush after it fails" sync /dev/mapper/clone
is "... the clone is read-only" "$(mode)" ro
ok "... the log says why" log_has 'Switching to read-only mode: the destination has lost writes that it had acknowledged'
not_ok "... no write is taken" dd if=/dev/zero of=/dev/mapper/clone bs=64k count=1 oflag=direct conv=notrunc status=none
ok "... reads go on" same /dev/mapper/clone "$SRC" 2
run dmsetup remove --retry clone

# What was flushed before is believed, nothing later.
# shellcheck disable=SC2119 # the function's own
clone_up
ends_right "activated again"

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: 268 million regions: a clone of 1 TiB in regions of 4 KiB is formatted, activated, written to and activated again
# timeout: 200
. "$XCOPY_LIB"

length=2147483649
regions=268435457
run dmsetup create src --table "0 $length zero"
run dmsetup create dst --table "0 $length zero"
run dmsetup create tiny --table "0 132239 linear $(disk s0) 0"
run dmsetup create meta --table "0 132240 linear $(disk s0) 0"

up() { # METADATA [ARGUMENTS]
	local meta=$1
	shift
	dmsetup create clone --table "0 $length xcopy /dev/mapper/$meta /dev/mapper/dst /dev/mapper/src 8 $*"
}

field() {
	dmsetup status clone | awk -v n="$1" '{ print $n }'
}

log_mark
not_ok "one sector too few" up tiny 1 no_hydration
ok "... the log has both sizes" log_has 'has 132239 sectors, 132240 are needed'

began=$SECONDS
ok "formats and activates" up meta 1 no_hydration
diag "formatted in $((SECONDS - began)) s"
is "all regions are there" "$(field 7)" "0/$regions"
run dd if=/dev/urandom of=/dev/mapper/clone bs=4k count=3 seek=268435453 oflag=direct conv=notrunc,fsync status=none
is "the last ones can be written" "$(field 7)" "3/$regions"
run dmsetup remove --retry clone

began=$SECONDS
ok "activates again" up meta 2 no_hydration no_format
diag "activated in $((SECONDS - began)) s"
is "nothing is lost" "$(field 7)" "3/$regions"

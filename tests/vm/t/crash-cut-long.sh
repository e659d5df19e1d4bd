#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: 600 cuts, some of them of a clone with several bitmap blocks
# needs: memory=4096
# timeout: 4000
# alone: it takes long
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/crash.sh"

crash_modules
seed=${SEED:-$((EPOCHSECONDS % 1000000 * 1000))}
count=${CUTS:-600}
SEED='' CUTS=''
for ((part = 0; count > 0; part++, count -= 100)); do
	cuts $((count < 100 ? count : 100)) $((seed + part * 1000))
done
[ "$part" = 1 ] || cuts 20 $((seed + part * 1000)) --sectors 264200

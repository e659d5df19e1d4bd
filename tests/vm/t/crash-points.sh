#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: each flush and each FUA write is an instant at which everything may end: the clone is right at all of them
# timeout: 400
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/crash.sh"

points_modules
points_log_slow
points "FUA writes" 40
points "zeroes and discards" 40 --mix write=30,zero=15,discard=15,flush=15,read=10 --region 8

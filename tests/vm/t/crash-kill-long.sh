#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: the guest is killed 21 times under load and hydration, on real disks
# phases: 22
# timeout: 400
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/crash.sh"

kill_again 21

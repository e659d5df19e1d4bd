#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: the guest is killed under load and hydration, and while it activates and fills clones, on real disks
# phases: 3
# timeout: 400
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/crash.sh"

kill_again 2

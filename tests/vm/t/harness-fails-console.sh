#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: a warning on the console fails the test
# expect: the console is clean
# modules: none
. "$XCOPY_LIB"

pass "all is well, says the test"
echo "WARNING: CPU: 0 PID: 1 at nowhere.c:1" >/dev/kmsg

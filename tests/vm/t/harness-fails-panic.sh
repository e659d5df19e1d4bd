#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: a guest that panics fails the test
# alone: it ends the guest
# expect: reset itself
# modules: none
. "$XCOPY_LIB"

pass "so far"
echo c >/proc/sysrq-trigger
sleep 60

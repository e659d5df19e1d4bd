#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: a test that dies has failed
# expect: ended with status
# modules: none
. "$XCOPY_LIB"

pass "so far"
false
pass "never reached"

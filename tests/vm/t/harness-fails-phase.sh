#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: a phase that ends by itself has failed
# phases: 2
# expect: ended in phase 1 of 2
# modules: none
. "$XCOPY_LIB"

pass "and now nothing kills the guest"

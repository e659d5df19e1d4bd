#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: a skip needs a reason
# expect: skipped without a reason
# modules: none
. "$XCOPY_LIB"

skip_all ""

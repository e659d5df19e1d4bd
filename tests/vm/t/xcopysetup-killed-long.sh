#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: killed before every change that it makes, clone, activate, cancel and finish are brought to a clean end, and every byte is right
# needs: topology=default
# timeout: 2400
. "$XCOPY_LIB"

# shellcheck disable=SC2034 # read by what is sourced
KILLED_STEP=1 KILLED_FIRST=1
. "$XCOPY_SRC/tests/vm/guest/killed.sh"

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: killed before every ninth change that it makes, clone, activate, cancel and finish are brought to a clean end, and every byte is right
# needs: topology=default
# timeout: 900
. "$XCOPY_LIB"

# All of them, one after another: xcopysetup-killed-long.
KILLED_STEP=9 KILLED_FIRST=$((${SEED:-$RANDOM} % 9 + 1))
diag "beginning with change $KILLED_FIRST"
. "$XCOPY_SRC/tests/vm/guest/killed.sh"

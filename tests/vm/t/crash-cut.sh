#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: the power of all disks is cut at random instants: what was flushed is there, the rest is old or new
# core: bookworm sid debug
# timeout: 400
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/crash.sh"

crash_modules
cuts 40 1

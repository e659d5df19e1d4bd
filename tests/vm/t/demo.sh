#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: the demo, on a smaller volume: every claim that it makes holds
# timeout: 900
demo=$XCOPY_SRC/tests/vm/guest/demo.sh

# `make demo` runs this file, too, and prints what the demo says.
if grep -qw xcopy.demo /proc/cmdline; then
	exec bash "$demo" 2048 32
fi

. "$XCOPY_LIB"

status=0
bash "$demo" 512 2 >/tmp/demo.log 2>&1 || status=$?
diag "$(cat /tmp/demo.log)"
is "exit status" $status 0
is "claims that did not hold" "$(grep '^!!! ' /tmp/demo.log)" ""
like "it says that all held" "$(tail -n 1 /tmp/demo.log)" '^==> All [0-9]{2} claims held'
like "it shows commands and what they print" "$(grep -A 1 '^# xcopysetup clone ' /tmp/demo.log)" $'\n    '

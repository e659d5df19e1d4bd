#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: the demo by EXTENDED COPY and multipathd, on a smaller volume: every claim that it makes holds
# needs: append=no_debug_objects
# alone: it runs multipathd
# timeout: 900
demo=$XCOPY_SRC/tests/vm/guest/demo.sh


. "$XCOPY_LIB"

status=0
SCSI=1 bash "$demo" 512 8 >/tmp/demo.log 2>&1 || status=$?
diag "$(cat /tmp/demo.log)"
is "exit status" $status 0
is "claims that did not hold" "$(grep '^!!! ' /tmp/demo.log)" ""
like "it says that all held" "$(tail -n 1 /tmp/demo.log)" '^==> All [0-9]{2} claims held'

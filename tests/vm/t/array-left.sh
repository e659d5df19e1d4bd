#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: an array that serves nobody any more, with commands that wait for it, is removed after the test like any other
# alone: the guest may not outlive it
# timeout: 200
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/scsi.sh"

array_start
array_unit one 64
array_unit two 64
array_target a one two
one=$(lio_disk a 0) two=$(lio_disk a 1)

clone_of "$one" "$two" 32
array_hold
clone_up offload_depth 4
ok "copies are held" wait_for 30 array_counts held 1
kill -STOP "$(cat "$ARRAY_CGROUP/cgroup.procs")"
dd if="$two" of=/dev/null bs=1M count=1 iflag=direct status=none &
not_ok "it does not answer" timeout 5 xcopy-array "$ARRAY_SOCKET" stats
ok "a read waits for it" kill -0 $!

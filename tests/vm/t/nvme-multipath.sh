#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: a path of a native multipath head is removed in the middle: offload goes on by the other
# needs: topology=multipath
# alone: it removes a controller
# timeout: 300
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/nvme.sh"

a1=$(disk a1) a2=$(disk a2)

clone_of "$a1" "$a2" 128
clone_up
all_offloaded "two paths"

clone_of "$a1" "$a2" 128
clone_up hydration_rate 2048 quarantine_ms 3000
ok "one path: some is copied" wait_for 60 status_exceeds offloaded 2048
before=$(status_field clone verified)
# The controller that commands go to is the one that was armed; QEMU numbers them in the order of its command line.
used=$(kernel_log | sed -n 's/.*dm-xcopy-nvme: \(nvme[0-9]*\): copies between.*/\1/p' | tail -n 1)
isnt "one path: the controller in use is known" "$used" ""
id=ca
[ "$(cat "/sys/class/nvme/$used/cntlid")" = 0 ] || id=ca2
diag "removing $id, $used"
vm_hotremove $id
is "one path: one controller is left" "$(nvme_ctrls XCOPY-A | wc -l)" 1
at=$(status_field clone offloaded)
ok "one path: offload goes on" wait_for 60 status_exceeds offloaded $((at + 8192))
is "one path: it is not given up" "$(status_field clone offload)" on
set_clone hydration_rate 0
ends_right "one path"
at_least "one path: the storage copied most" "$OFFLOADED" 200000
diag "verified before $before"

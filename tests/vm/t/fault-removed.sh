#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: a disk is unplugged below the volume that is cloned: no command names it any more, nothing of it counts as copied
# alone: a controller is unplugged
# timeout: 240
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/copier.sh"

copier_load
b1=$(disk b1)
run dmsetup create src --table "0 32768 xcopy-linear $b1 2048"
run dmsetup create dst --table "0 32768 xcopy-linear $(disk a2) 2048"
SRC=/dev/mapper/src DST=/dev/mapper/dst
fresh_devices 16
clone_create clone 16 "no_hydration"

# Pair, path and extents are known and trusted from the first regions on.
run dmsetup message clone 0 hydrate 0 8
ok "the storage copies" wait_for 30 copier_exceeds commands 0
hydrated_regions() { dmsetup status clone | awk '{ split($7, count, "/"); print count[1] }'; }
eight() { [ "$(hydrated_regions)" = 8 ]; }
ok "what was asked for" wait_for 30 eight
commands=$(copier commands)

gone() { [ ! -e "$1" ]; }
ok "the source's disk is unplugged" vm_hotremove cb
ok "it is gone" wait_for 30 gone "$b1"
is "the volume on it has its length still" "$(blockdev --getsz $SRC)" 32768
run dmsetup message clone 0 hydrate 8 64
run dmsetup message clone 0 enable_hydration
ok "the host fails to copy" wait_for 30 status_is last_error source-read
sleep 2
is "no command was sent for it" "$(copier commands)" "$commands"
is "nothing more counts as copied" "$(hydrated_regions)" 8
like "status says why" "$(status_field clone offload) $(status_field clone reason)" '^waiting not-resolved$'
ok "what was copied can be read" dd if=/dev/mapper/clone of=/dev/null bs=64k count=8 iflag=direct status=none
not_ok "the rest cannot" dd if=/dev/mapper/clone of=/dev/null bs=64k skip=8 count=1 iflag=direct status=none
ok "the clone can be removed" dmsetup remove --retry clone
copier_settled "removed"

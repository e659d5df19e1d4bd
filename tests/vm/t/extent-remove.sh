#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: removing clones and extents with a command in flight
# timeout: 180
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/copier.sh"

copier_load
a1=$(disk a1) a2=$(disk a2)
run dmsetup create src --table "0 32768 xcopy-linear $a1 2048"
run dmsetup create dst --table "0 32768 xcopy-linear $a2 4096"
SRC=/dev/mapper/src DST=/dev/mapper/dst
fresh_devices 16

rule from=3 count=1 wait
clone_create clone 16 "" offload_depth 1 offload_max_kib 1024
ok "a command is in flight" copier_waits
not_ok "an extent in use cannot be removed" dmsetup remove dst
in_background remove dmsetup remove clone
ok "removing the clone waits for the command" still_blocked remove
copier go all
ok "and ends with it" went_well remove
ok "the extents can be removed then" dmsetup remove src
ok "both" dmsetup remove dst
copier_settled "removed"

# By force: the table of the extent becomes an error target, which is a suspend too.
run dmsetup create src --table "0 32768 xcopy-linear $a1 2048"
run dmsetup create dst --table "0 32768 xcopy-linear $a2 4096"
copier reset 1
fresh_devices 16
rule from=2 count=1 wait
clone_create clone 16 "" offload_depth 1 offload_max_kib 1024 hydration_rate 1024
ok "again a command is in flight" copier_waits
in_background wipe dmsetup wipe_table --noflush --nolockfs dst
ok "wiping an extent's table waits for the command" still_blocked wipe
copier go all
ok "and ends with it" went_well wipe
ok "the source can still be read through the clone" dd if=/dev/mapper/clone of=/dev/null bs=4k count=1 skip=4000 iflag=direct
ok "the clone can be removed" dmsetup remove --retry clone
copier_settled "wiped"

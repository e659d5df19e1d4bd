#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: a test may leave everything in use; harness-clean, the next in its guest, finds nothing of it
# modules: none
. "$XCOPY_LIB"

make_vg vg "$(disk a1)" "$(disk a2)"
lv=$(make_lv vg lv 64M)
mkdir -p /mnt/test
run mkfs.ext4 -q "$lv"
run mount "$lv" /mnt/test
random_fill "$(disk a3)" 8
run dmsetup create lower --table "0 204800 linear $(disk s0) 0"
run dmsetup create upper --table "0 204800 linear /dev/mapper/lower 0"
run dmsetup suspend upper
(cd /mnt/test && exec setsid sleep 1000) &
dd if=/dev/zero of=/dev/mapper/lower bs=1M count=4 oflag=direct status=none
pass "it is all in use"

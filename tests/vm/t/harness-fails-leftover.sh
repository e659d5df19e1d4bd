#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: a device that cannot be removed fails the test
# alone: its device stays
# expect: device-mapper devices stay: held
# modules: none
. "$XCOPY_LIB"

run dmsetup create held --table "0 2048 linear $(disk s0) 0"
run losetup -f /dev/mapper/held
pass "the test itself is well"

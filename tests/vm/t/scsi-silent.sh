#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: all paths of a unit fall silent: looking for one ends, suspends and writes go on, and so does offload when they are back
# console: (sd [0-9:]+|I/O error|ABORT_TASK|TARGET_CORE|tcm_loop|tcmu|device-mapper: multipath)
# timeout: 500
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/scsi.sh"

array_start
array_unit one 64
array_unit two 64
array_target a one two
array_target b one two
src=$(multipath src one "$(lio_disk a 0)" "$(lio_disk b 0)")
dst=$(multipath dst two "$(lio_disk a 1)" "$(lio_disk b 1)")

clone_of "$src" "$dst" 64
clone_up hydration_rate $((512 / XCOPY_SLOW)) quarantine_ms 1000
ok "two paths: the storage copies" wait_for 60 status_exceeds offloaded 4096
# A path is asked again a second after it has answered.
run dmsetup message clone 0 disable_hydration
sleep 3
array_state two mute
run dmsetup message clone 0 enable_hydration
no_path() { [ "$(status_field clone last_error)" = no-path ]; }
ok "silent: no path is found, and that ends" wait_for 60 no_path
# What is not hydrated yet is among it, and what is just being tried.
ok "silent: writes go on" timeout $((300 * XCOPY_SLOW)) dd if="$src" of=/dev/mapper/clone bs=64k count=512 iflag=direct oflag=direct conv=notrunc status=none
ok "silent: a suspend ends" timeout $((60 * XCOPY_SLOW)) dmsetup suspend clone
run dmsetup resume clone
array_state two online
before=$(status_field clone offloaded)
ok "not silent any more: offload goes on" wait_for 60 status_exceeds offloaded $((before + 2048))
set_clone hydration_rate 0
ends_right "not silent any more"

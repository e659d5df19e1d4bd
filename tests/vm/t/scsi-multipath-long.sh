#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: EXTENDED COPY through dm-multipath: a path lost, all lost and back, paths replaced
# needs: append=no_debug_objects
# console: (device-mapper: multipath|I/O error|sd [0-9:]+|critical)
# timeout: 700
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/scsi.sh"

lio_start
lio_unit one "$(disk a1)"
lio_unit two "$(disk a2)"
lio_target a one two
lio_target b one two
src=$(multipath src one "$(lio_disk a 0)" "$(lio_disk b 0)")
dst=$(multipath dst two "$(lio_disk a 1)" "$(lio_disk b 1)")

clone_of "$src" "$dst" 64
clone_up
all_offloaded "two paths"

fill_slowly() {
	clone_of "$src" "$dst" 128
	clone_up hydration_rate 8192 quarantine_ms 1000
	ok "$1: some is copied" wait_for 60 status_exceeds offloaded 16384
	set_clone hydration_rate 2048
}

offload_goes_on() {
	local before
	before=$(status_field clone offloaded)
	ok "$1: offload goes on" wait_for 60 status_exceeds offloaded $((before + 8192))
}

fill_slowly "a path is lost"
lio_transport a offline
offload_goes_on "a path is lost"
set_clone hydration_rate 0
ends_right "a path is lost"
at_least "a path is lost: the storage copied most" "$OFFLOADED" 196608
lio_transport a online

# multipathd would say this.
reinstate() {
	local target number device=(src dst)
	for target in a b; do
		for number in 0 1; do
			run dmsetup message "${device[number]}" 0 reinstate_path "$(cat "$(lio_device $target $number)"/block/*/dev)"
		done
	done
}

reinstate
fill_slowly "all paths are lost"
run dmsetup message clone 0 disable_hydration
sleep 2
lio_transport a offline
lio_transport b offline
run dmsetup message clone 0 enable_hydration
sleep 3
lio_transport a online
lio_transport b online
reinstate
offload_goes_on "all paths are lost"
set_clone hydration_rate 0
ends_right "all paths are lost"
at_least "all paths are lost: the storage copied most" "$OFFLOADED" 131072

log_mark
fill_slowly "paths come and go"
for cut in a b a b; do
	lio_transport $cut offline
	offload_goes_on "paths come and go, $cut is cut"
	lio_transport $cut online
	reinstate
done
isnt "paths come and go: offload is not given up" "$(status_field clone offload)" failed
set_clone hydration_rate 0
ends_right "paths come and go"
ok "paths come and go: copies were lost" log_has "xcopy: .* has no known outcome"
at_least "paths come and go: the storage copied most" "$OFFLOADED" 196608

fill_slowly "paths are replaced"
lio_target c one two
new_src=$(lio_disk c 0) new_dst=$(lio_disk c 1)
run dmsetup load src --table "$(multipath_table "$new_src")"
run dmsetup resume src
run dmsetup load dst --table "$(multipath_table "$new_dst")"
run dmsetup resume dst
lio_remove_target a
lio_remove_target b
offload_goes_on "paths are replaced"
set_clone hydration_rate 0
ends_right "paths are replaced"
at_least "paths are replaced: the storage copied most" "$OFFLOADED" 196608

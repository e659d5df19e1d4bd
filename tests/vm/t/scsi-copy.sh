#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: EXTENDED COPY between two units and within one, by partitions, LBA 512 and 4096; pairs that cannot
# needs: append=no_debug_objects
# timeout: 400
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/scsi.sh"

lio_start
lio_unit one "$(disk a1)"
lio_unit two "$(disk a2)"
lio_unit three "$(disk a3)"
lio_unit four "$(disk a4)"
lio_target a one two three four
lio_target b one
one=$(lio_disk a 0) two=$(lio_disk a 1) three=$(lio_disk a 2) four=$(lio_disk a 3)
again=$(lio_disk b 0)

clone_of "$one" "$two" 64
clone_up
all_offloaded "two units"
ok "two units: the unit behind has it" same "$(disk a2)" "$(disk a1)" 64

for usage in 0 1 2; do
	clone_of "$one" "$two" 64
	clone_up offload_list_id_usage $usage
	all_offloaded "LIST ID USAGE $usage"
done

# LIO can be made to say what it is given.
traced() {
	echo "format \"Processing XCOPY\" $1" >/sys/kernel/debug/dynamic_debug/control
}
log_mark
traced +p
clone_of "$one" "$two" 32
clone_up hydration_rate 512
ok "LIST ID USAGE is 3" wait_for 20 log_has 'Processing XCOPY .*list_id_usage: 0x03'
set_clone offload_list_id_usage 2
ok "... and 2 once it is set" wait_for 20 log_has 'Processing XCOPY .*list_id_usage: 0x02'
set_clone hydration_rate 0
all_offloaded "LIST ID USAGE changes"
traced -p

run partition "$one" 2048 262144 1048640 262144
run partition "$two" 2056 262144
clone_of "${one}1" "${one}2" 64
clone_up
all_offloaded "one unit"

clone_of "${one}2" "${two}1" 64
clone_up
all_offloaded "partitions of two units"
run partition "$one"
run partition "$two"

clone_of "$three" "$four" 64
clone_up
all_offloaded "LBA 4096"

log_mark
clone_of "$one" "$three" 16
clone_up hydration_rate 256
all_by_host "LBA 512 to 4096" block-sizes-differ

log_mark
run partition "$again" 2048 65536 1048576 65536
run blockdev --rereadpt "$one"
udevadm settle
clone_of "${one}1" "${again}2" 16
clone_up hydration_rate 256
all_by_host "one unit by two names" one-unit-by-two-names
run partition "$again"

# Any device can be given dm-multipath's UUID: this one is not where it says.
run dmsetup create forged --uuid "mpath-36001405$(lio_serial one)" --table "0 $((32 << 11)) linear $two 8192"
clone_of "$one" /dev/mapper/forged 16
clone_up hydration_rate 256
ok "a forged UUID: not believed" wait_for 30 status_is offload waiting
is "a forged UUID: it is a volume without extents" "$(status_field clone reason)" no-extents
set_clone hydration_rate 0
ends_right "a forged UUID"
is "a forged UUID: the host copied everything" "$OFFLOADED" 0
run dmsetup remove forged

log_mark
clone_of "$(disk a5)" "$two" 16
clone_up hydration_rate 256
wait_for 30 status_is offload waiting || true
like "from NVMe to SCSI: not offloaded" "$(status_field clone reason)" '^no-copier$'
set_clone hydration_rate 0
ends_right "from NVMe to SCSI"
is "from NVMe to SCSI: the host copied everything" "$OFFLOADED" 0

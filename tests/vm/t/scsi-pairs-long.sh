#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: volumes over two dm-multipath units, and a path per unit chosen by ALUA: four pairs, each offloaded
# needs: append=no_debug_objects
# console: (device-mapper: multipath|I/O error|sd [0-9:]+|critical)
# timeout: 500
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/scsi.sh"

lio_start
run modprobe scsi_dh_alua
lio_unit one "$(disk a1)"
lio_unit two "$(disk a2)"
lio_target a one two
lio_target b one two
one=$(multipath one one "$(lio_disk a 0)" "$(lio_disk b 0)")
two=$(multipath two two "$(lio_disk a 1)" "$(lio_disk b 1)")

# extents NAME DISK START COUNT...: a volume as xcopysetup makes it
extents() {
	local name=$1 at=0 table=''
	shift
	while [ $# -gt 0 ]; do
		table+="$at $3 xcopy-linear $1 $2"$'\n'
		at=$((at + $3))
		shift 3
	done
	printf '%s' "$table" | dmsetup create "$name" --uuid "LVM-test-$name" >/dev/null
	udevadm settle
	echo "/dev/mapper/$name"
}

# 32 MiB pieces: one to one, one to two, two to one, two to two.
piece=65536
src=$(extents src "$one" 8192 $((2 * piece)) "$two" 8192 $((2 * piece)))
dst=$(extents dst "$one" 1048576 $piece "$two" 1048576 $piece "$one" 2097152 $piece "$two" 2097152 $piece)

done_by() { # TARGET LUN: commands that this SCSI device has ended
	printf '%d\n' "$(cat "$(lio_device "$1" "$2")/iodone_cnt")"
}

clone_of "$src" "$dst" 128
clone_up
ok "four pairs: it completes" wait_for 90 hydrated clone
at_least "four pairs: each was verified by itself" "$(status_field clone verified)" 4
ends_right "four pairs"
is "four pairs: the storage copied everything" "$OFFLOADED $HOST_COPIED" "$((4 * piece)) 0"

# Two port groups: b becomes standby, then a.
alua() { # TARGET LUN GROUP
	echo "$3" >"$LIO/loopback/$(lio_wwn "$1")/tpgt_1/lun/lun_$2/alua_tg_pt_gp"
}

group_state() { # GROUP STATE
	echo "$2" >"$LIO/core/iblock_0/two/alua/$1/alua_access_state"
}

state_is() { # TARGET STATE
	[ "$(cat "$(lio_device "$1" 1)/access_state")" = "$2" ]
}

id=10
for target in a b; do
	group=$LIO/core/iblock_0/two/alua/group_$target
	run mkdir "$group"
	echo $id >"$group/tg_pt_gp_id"
	echo 3 >"$group/alua_access_type"
	alua $target 1 group_$target
	id=$((id + 1))
done
# ALUA states as LIO takes and sysfs tells them
declare -A states=([non-optimized]=1 [standby]=2)

prefer() { # TARGET OTHER STATE: that the other one is in
	local each
	group_state "group_$1" 0
	group_state "group_$2" "${states[$3]}"
	for each in "$1" "$2"; do
		echo 1 >"$(lio_device "$each" 1)/rescan"
	done
	wait_for 30 state_is "$1" active/optimized && wait_for 30 state_is "$2" "${sysfs[$3]}"
}
declare -A sysfs=([non-optimized]=active/non-optimized [standby]=standby)

path() { # TARGET MESSAGE
	run dmsetup message two 0 "$2" "$(cat "$(lio_device "$1" 1)"/block/*/dev)"
}

for target in a b; do
	[ $target = a ] && other=b || other=a
	for state in standby non-optimized; do
		desc="ALUA: $other is $state"
		ok "$desc" prefer $target "$other" $state
		# What is not a copy takes the other way.
		path "$other" fail_path
		clone_of "$src" "$dst" 128
		before=$(done_by $target 1) before_other=$(done_by "$other" 1)
		clone_up offload_max_kib 1024
		ends_right "$desc"
		is "$desc: the storage copied everything" "$OFFLOADED $HOST_COPIED" "$((4 * piece)) 0"
		at_least "$desc: copies went by $target" $(($(done_by $target 1) - before)) 64
		at_most "$desc: and not by $other" $(($(done_by "$other" 1) - before_other)) 16
		path "$other" reinstate_path
	done
done

# It changes in the middle. dm-multipath fails a path in standby by itself, and multipathd would say that it is back.
ok "ALUA changes: a is the best" prefer a b standby
path a reinstate_path
clone_of "$one" "$two" 128
clone_up offload_max_kib 1024 hydration_rate 8192
ok "ALUA changes: some is copied" wait_for 60 status_exceeds offloaded 16384
ok "ALUA changes: b is the best now" prefer b a standby
path b reinstate_path
before=$(status_field clone offloaded) before_b=$(done_by b 1)
ok "ALUA changes: offload goes on" wait_for 60 status_exceeds offloaded $((before + 16384))
at_least "ALUA changes: by b" $(($(done_by b 1) - before_b)) 4
set_clone hydration_rate 0
ends_right "ALUA changes"
at_least "ALUA changes: the storage copied most" "$OFFLOADED" $((3 * piece))

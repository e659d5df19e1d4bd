# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# SCSI disks out of others, by the kernel's own target (LIO), which serves EXTENDED COPY. Sourced by tests after
# "$XCOPY_LIB", and by the agent, which removes what a test has left.
#
#   lio_unit NAME DISK         a logical unit
#   lio_target NAME UNIT...    a tcm_loop target with these units as LUN 0, 1, ...; each target is another path
#   lio_disk NAME LUN          its disk, once it is there

LIO=/sys/kernel/config/target
LVM_LOCAL=/etc/lvm/lvmlocal.conf

lio_start() {
	run modprobe -a target_core_mod target_core_iblock tcm_loop
	mountpoint -q /sys/kernel/config || run mount -t configfs configfs /sys/kernel/config
	# LVM would find each physical volume twice: on the unit, and on the disk behind it.
	[ -e $LVM_LOCAL.orig ] || cp $LVM_LOCAL $LVM_LOCAL.orig
	echo 'devices { global_filter = [ "a|^/dev/sd|", "a|^/dev/mapper/|", "a|^/dev/dm-|", "r|.*|" ] }' >$LVM_LOCAL
}

# The unit's NAA designator is LIO's company and this serial number.
lio_serial() {
	md5sum <<<"$1" | cut -c 1-25
}

lio_unit() {
	local dir=$LIO/core/iblock_0/$1
	run mkdir -p "$dir"
	echo "udev_path=$2" >"$dir/control"
	echo 1 >"$dir/enable"
	lio_serial "$1" >"$dir/wwn/vpd_unit_serial"
	echo 1 >"$dir/attrib/emulate_tpu"
}

lio_wwn() {
	echo "naa.$(md5sum <<<"$1" | cut -c 1-15 | sed 's/^./6/')0"
}

lio_target() {
	local name=$1
	shift
	lio_target_of "$name" "${@/#/$LIO/core/iblock_0/}"
}

lio_target_of() { # NAME BACKEND...: directories of $LIO/core
	local dir
	dir=$LIO/loopback/$(lio_wwn "$1")/tpgt_1
	run mkdir -p "$dir"
	lio_wwn "initiator of $1" >"$dir/nexus"
	shift
	lio_luns "$dir" "$@"
}

lio_luns() { # PORTAL-GROUP BACKEND...
	local dir=$1 lun=0 backend
	shift
	for backend in "$@"; do
		run mkdir "$dir/lun/lun_$lun"
		run ln -s "$backend" "$dir/lun/lun_$lun/unit"
		lun=$((lun + 1))
	done
}

lio_device() { # NAME LUN: the directory of its SCSI device
	echo "/sys/class/scsi_device/$(cat "$LIO/loopback/$(lio_wwn "$1")/tpgt_1/address"):$2/device"
}

lio_has_disk() {
	[ -n "$(ls "$(lio_device "$1" "$2")/block" 2>/dev/null)" ]
}

lio_disk() {
	wait_for 10 lio_has_disk "$1" "$2" || return 1
	udevadm settle
	echo "/dev/$(ls "$(lio_device "$1" "$2")/block")"
}

# online or offline, for all that is sent from now on
lio_transport() { # NAME STATE
	echo "$2" >"$LIO/loopback/$(lio_wwn "$1")/tpgt_1/transport_status"
}

lio_remove_target() {
	local tpg
	tpg=$LIO/loopback/$(lio_wwn "$1")/tpgt_1
	lio_remove_tpg "$tpg"
	rmdir "${tpg%/*}"
}

lio_remove_tpg() {
	local lun
	for lun in "$1"/lun/lun_*; do
		[ -e "$lun" ] || continue
		rm -f "$lun/unit"
		rmdir "$lun"
	done
	for lun in "$1"/np/*:*; do
		[ ! -e "$lun" ] || rmdir "$lun"
	done
	rmdir "$1"
}

lio_stop() {
	local dir
	[ ! -e $LVM_LOCAL.orig ] || mv $LVM_LOCAL.orig $LVM_LOCAL
	[ -d $LIO/core ] || return 0
	for dir in "$LIO"/loopback/naa.*/tpgt_* "$LIO"/iscsi/iqn.*/tpgt_*; do
		[ ! -e "$dir/enable" ] || echo 0 >"$dir/enable"
		lio_remove_tpg "$dir"
		rmdir --ignore-fail-on-non-empty "${dir%/*}"
	done
	for dir in "$LIO"/core/iblock_*/*/alua/group_*; do
		[ ! -d "$dir" ] || rmdir "$dir"
	done
	for dir in "$LIO"/core/iblock_*/*/ "$LIO"/core/user_*/*/; do
		[ ! -e "$dir/enable" ] || rmdir "$dir"
	done
}

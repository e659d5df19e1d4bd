# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# iSCSI over loopback, and multipathd over it. Sourced by tests, after "$XCOPY_LIB" and guest/lio.sh, which need a boot of
# their own: sessions outlive iscsid.
#
#   iscsi_start                  the initiator
#   iscsi_portal TAG UNIT...     a target portal group with these units as LUN 0, 1, ...; each is another path
#   iscsi_login TAG              a session with it
#   iscsi_cut TAG                the portal group is disabled: its session is lost with all that is in flight
#   iscsi_mend TAG               enabled again; the initiator comes back by itself
#   multipathd_start             multipathd, which takes all SCSI disks
#   multipathd_disk UNIT         its device for a unit, once it is there

ISCSI_NAME=iqn.2026-11.test.xcopy:array

iscsi_start() {
	lio_start
	run modprobe -a iscsi_target_mod iscsi_tcp
	mkdir -p /run/lock/iscsi
	(iscsid -f >"$STATE/iscsid.log" 2>&1 </dev/null &)
	run wait_for 20 iscsi_answers
}

# 21: it answers, there is no session.
iscsi_answers() {
	local r=0
	iscsiadm -m session >/dev/null 2>&1 || r=$?
	[ $r = 0 ] || [ $r = 21 ]
}

iscsi_tpg() {
	echo "$LIO/iscsi/$ISCSI_NAME/tpgt_$1"
}

iscsi_address() {
	echo "127.0.0.1:$((3260 + $1))"
}

iscsi_portal() {
	local tag=$1 dir
	dir=$(iscsi_tpg "$tag")
	run mkdir -p "$dir"
	run mkdir "$dir/np/$(iscsi_address "$tag")"
	shift
	lio_luns "$dir" "${@/#/$LIO/core/iblock_0/}"
	echo 0 >"$dir/attrib/authentication"
	echo 1 >"$dir/attrib/generate_node_acls"
	echo 1 >"$dir/attrib/cache_dynamic_acls"
	echo 0 >"$dir/attrib/demo_mode_write_protect"
	echo 1 >"$dir/enable"
}

iscsi_node() { # TAG OPTION...
	local tag=$1
	shift
	iscsiadm -m node -T "$ISCSI_NAME" -p "$(iscsi_address "$tag"),$tag" "$@" >/dev/null
}

iscsi_login() {
	run iscsi_node "$1" -o new
	# multipath takes over at once.
	run iscsi_node "$1" -o update -n node.session.timeo.replacement_timeout -v 2
	run iscsi_node "$1" -o update -n 'node.conn[0].timeo.noop_out_interval' -v 2
	run iscsi_node "$1" -o update -n 'node.conn[0].timeo.noop_out_timeout' -v 2
	run iscsi_node "$1" --login
	udevadm settle
}

iscsi_logout() {
	iscsi_node "$1" --logout
}

iscsi_cut() {
	echo 0 >"$(iscsi_tpg "$1")/enable"
}

iscsi_mend() {
	echo 1 >"$(iscsi_tpg "$1")/enable"
}

# Its SCSI devices.
iscsi_devices() { # TAG
	local session
	for session in /sys/class/iscsi_session/session*; do
		[ "$(cat "$session/tpgt")" != "$1" ] || ls -d "$session"/device/target*/*:*:*:*
	done
}

iscsi_running() { # TAG
	local devices device
	devices=$(iscsi_devices "$1") && [ -n "$devices" ] || return 1
	for device in $devices; do
		[ "$(cat "$device/state")" = running ] || return 1
	done
}

multipathd_start() {
	cat >/etc/multipath.conf <<-'END'
		defaults {
			find_multipaths no
			user_friendly_names no
			polling_interval 1
			max_polling_interval 2
			no_path_retry queue
			path_checker tur
		}
		blacklist {
			devnode "^(nvme|vd|dm-|loop)"
		}
	END
	run modprobe dm-multipath
	# Of a shell that ends, so that nobody's "wait" waits for it.
	(multipathd -d -s >"$STATE/multipathd.log" 2>&1 </dev/null &)
	run wait_for 20 multipathd show status >/dev/null
}

multipathd_disk() {
	local path
	path=/dev/mapper/36001405$(lio_serial "$1")
	wait_for 30 test -b "$path" || return 1
	echo "$path"
}

# Paths of a unit that multipathd sends I/O to.
multipathd_paths() { # UNIT
	multipathd show paths raw format '%w %t' | grep -c "^36001405$(lio_serial "$1") active"
}

multipathd_has() { # UNIT PATHS
	[ "$(multipathd_paths "$1")" = "$2" ]
}

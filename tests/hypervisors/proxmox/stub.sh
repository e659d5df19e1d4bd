# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What all stubs begin with. Their state is below $PROXMOX_STUB:
#
#   calls      what was called, a line for each
#   fail       if it is there: calls that match its line (grep -E) fail
#   pause      if it is there: a call that matches its line waits until it is gone, the file "paused" being there meanwhile
#   vm/ID/KEY  definitions of VMs; status/ID: running; snapshots/ID: names
#   volumes/VG/LV  the LVs, with their tags. Without this directory the LVs are LVM's.
#
# $PROXMOX_XCOPY_ROOT/etc/pve/storage.cfg says what storages there are.

dir=$PROXMOX_STUB
storage_cfg=$PROXMOX_XCOPY_ROOT/etc/pve/storage.cfg
call="${0##*/} $*"
printf '%s\n' "$call" >>"$dir/calls"

complain() {
	printf '%s\n' "$1" >&2
	exit "${2:-255}"
}

if [ -e "$dir/fail" ] && grep -qE -f "$dir/fail" <<<"$call"; then
	complain "${0##*/}: failing, as asked"
fi
if [ -e "$dir/pause" ] && grep -qE -f "$dir/pause" <<<"$call"; then
	echo $$ >"$dir/paused"
	while [ -e "$dir/pause" ]; do sleep 0.05; done
	rm -f "$dir/paused"
fi

volume_exists() { # VG LV
	if [ -d "$dir/volumes" ]; then
		[ -e "$dir/volumes/$1/$2" ]
	else
		lvs "$1/$2" >/dev/null 2>&1
	fi
}

# storage ID: sets type, vgname and disabled, as storage.cfg has them
# shellcheck disable=SC2034 # those who source this use them
storage() {
	local id='' word rest

	type='' vgname='' disabled=''
	while read -r word rest; do
		case $word in
		'') ;;
		*:) if [ "$rest" = "$1" ]; then id=$rest type=${word%:}; else id=''; fi ;;
		vgname) [ -z "$id" ] || vgname=$rest ;;
		disable) [ -z "$id" ] || disabled=yes ;;
		esac
	done <"$storage_cfg"
	[ -n "$type" ] || complain "storage '$1' does not exist"
}

# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What VM tests are written with; tests/vm/README.md is its manual. Sourced by a test as "$XCOPY_LIB".

# A person at a shell (`make vm-shell`) wants the functions, not the verdict.
[[ $- == *i* ]] || set -eu
shopt -s nullglob

LIB_COUNT=0
LIB_DONE=
LIB_OUTPUT=$(mktemp /tmp/output.XXXXXX)

# Results

lib_point() {
	LIB_COUNT=$((LIB_COUNT + 1))
	printf '%s %s - %s\n' "$1" "$LIB_COUNT" "$2"
}

pass() {
	lib_point ok "$1"
}

fail() {
	lib_point 'not ok' "$1"
}

diag() {
	printf '%s\n' "$*" | sed 's/^/# /'
}

# Detail goes before its point: the host keeps it for that point.
lib_failed() {
	diag "$2"
	[ ! -s "$LIB_OUTPUT" ] || diag "$(tail -n 50 "$LIB_OUTPUT")"
	fail "$1"
	[ -z "${FIRST:-}" ] || exit 1
}

lib_try() {
	: >"$LIB_OUTPUT"
	if "$@" >"$LIB_OUTPUT" 2>&1; then return 0; else return $?; fi
}

ok() {
	local desc=$1 rc=0
	shift
	lib_try "$@" || rc=$?
	if [ $rc = 0 ]; then pass "$desc"; else lib_failed "$desc" "exit status $rc: $*"; fi
}

not_ok() {
	local desc=$1
	shift
	if lib_try "$@"; then lib_failed "$desc" "succeeded: $*"; else pass "$desc"; fi
}

fails_with() {
	local desc=$1 regexp=$2
	shift 2
	if lib_try "$@"; then
		lib_failed "$desc" "succeeded: $*"
	elif [[ $(cat "$LIB_OUTPUT") =~ $regexp ]]; then
		pass "$desc"
	else
		lib_failed "$desc" "failed, but its output does not match: $regexp"
	fi
}

# refused CODE DESC REGEXP COMMAND...: it exits with CODE, and says why
refused() {
	local code=$1 desc=$2 regexp=$3 rc=0
	shift 3
	"$@" >/tmp/refused.out 2>&1 || rc=$?
	is "$desc: exit status" $rc "$code"
	like "$desc: says why" "$(cat /tmp/refused.out)" "$regexp"
}

# die_at N COMMAND...: true if xcopysetup was killed before its N-th change, of which $what tells; else it has done its work
die_at() {
	local n=$1 rc=0
	shift
	"$@" --die-at "$n" >/tmp/out 2>&1 || rc=$?
	# shellcheck disable=SC2034 # for the caller
	what="$2, killed $(sed -n 's/.*dying before change \(.*\), as asked/\1/p' /tmp/out)"
	[ $rc = 137 ] || [ $rc = 0 ] || { cat /tmp/out && return 2; }
	[ $rc = 137 ]
}

# lib_compare STATUS DESC GOT WANTED
lib_compare() {
	: >"$LIB_OUTPUT"
	if [ "$1" = 0 ]; then pass "$2"; else lib_failed "$2" "got:    $3
wanted: $4"; fi
}

is() {
	local rc=0
	[ "$2" = "$3" ] || rc=1
	lib_compare $rc "$@"
}

isnt() {
	local rc=0
	[ "$2" != "$3" ] || rc=1
	lib_compare $rc "$1" "$2" "anything but $3"
}

like() {
	local rc=0
	[[ $2 =~ $3 ]] || rc=1
	lib_compare $rc "$1" "$2" "a match of $3"
}

unlike() {
	local rc=0
	! [[ $2 =~ $3 ]] || rc=1
	lib_compare $rc "$1" "$2" "no match of $3"
}

at_least() {
	local rc=0
	[ "$2" -ge "$3" ] || rc=1
	lib_compare $rc "$1" "$2" "at least $3"
}

at_most() {
	local rc=0
	[ "$2" -le "$3" ] || rc=1
	lib_compare $rc "$1" "$2" "at most $3"
}

skip() {
	lib_point ok "$1 # SKIP $2"
}

skip_all() {
	echo "1..0 # SKIP $1"
	LIB_DONE=yes
	exit 0
}

# Steps

run() {
	local rc=0
	lib_try "$@" || rc=$?
	cat "$LIB_OUTPUT"
	if [ $rc != 0 ]; then
		lib_failed "step: $*" "exit status $rc"
		exit 1
	fi
}

# Three times as long as it says: a guest may be given a small part of a busy machine.
wait_for() {
	local end=$((SECONDS + 3 * ${XCOPY_SLOW:-1} * $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.2
	done
}

lib_exit() {
	local rc=$?
	if [ -z "$LIB_DONE" ]; then
		[ $rc = 0 ] || fail "ended with status $rc, line ${LIB_LINE:-?}: ${LIB_COMMAND:-}"
		echo "1..$LIB_COUNT"
	fi
	rm -f "$LIB_OUTPUT"
}
if [[ $- != *i* ]]; then
	trap 'LIB_LINE=$LINENO LIB_COMMAND=$BASH_COMMAND' ERR
	trap lib_exit EXIT
	set -E
fi

# Disks

lib_attr() {
	tr -d ' ' <"/sys/class/block/${1##*/}/$2"
}

nvme_disk() {
	local dir name
	for dir in /sys/class/block/nvme*; do
		name=${dir##*/}
		if ! [[ $name =~ ^nvme[0-9]+n[0-9]+$ ]] || [ ! -e "$dir/nsid" ]; then
			continue
		fi
		if [ "$(lib_attr "$name" nsid)" = "$2" ] && [ "$(lib_attr "$name" device/serial)" = "$1" ]; then
			echo "/dev/$name"
			return
		fi
	done
	return 1
}

disk() {
	local dir
	case $1 in
	[ab][0-9]*)
		nvme_disk "XCOPY-$(tr ab AB <<<"${1:0:1}")" "${1:1}" && return
		;;
	*)
		for dir in /sys/class/block/vd*; do
			[ -e "$dir/serial" ] || continue
			if [ "$(lib_attr "$dir" serial)" = "xcopy-$1" ]; then
				echo "/dev/${dir##*/}"
				return
			fi
		done
		;;
	esac
	echo "disk: there is no disk $1 in this guest" >&2
	return 1
}

disk_nsid() {
	lib_attr "$1" nsid
}

disk_serial() {
	lib_attr "$1" device/serial
}

sectors() {
	blockdev --getsz "$1"
}

io_sectors() {
	local field
	case $2 in read) field=3 ;; write) field=7 ;; *) return 1 ;; esac
	awk -v field=$field '{ print $field }' "/sys/class/block/$(basename "$(readlink -f "$1")")/stat"
}

nvme_ctrls() {
	local dir
	for dir in /sys/class/nvme/nvme*; do
		[ "$(tr -d ' ' <"$dir/serial")" != "$1" ] || echo "${dir##*/}"
	done
}

lib_ctrl_live() {
	[ "$(cat "/sys/class/nvme/$1/state")" = live ]
}

nvme_reset() {
	local serial=$1 ctrl
	shift
	# shellcheck disable=SC2046 # one word a controller
	[ $# -gt 0 ] || set -- $(nvme_ctrls "$serial")
	for ctrl in "$@"; do
		echo 1 >"/sys/class/nvme/$ctrl/reset_controller"
	done
	for ctrl in "$@"; do
		wait_for 60 lib_ctrl_live "$ctrl"
	done
}

make_vg() {
	local vg=$1
	shift
	wipefs -qa "$@"
	pvcreate -qq -ff -y "$@" >/dev/null
	vgcreate -qq -y "$vg" "$@" >/dev/null
}

make_lv() {
	local vg=$1 lv=$2 size=$3
	shift 3
	lvcreate -qq -y -W y -n "$lv" -L "$size" "$vg" "$@" >/dev/null
	udevadm settle
	echo "/dev/$vg/$lv"
}

# described DESC KIND COMMAND...: the JSON that it prints, which is left in /tmp/described, is what the schema says of KIND.
described() {
	local desc=$1 kind=$2
	shift 2
	"$@" >/tmp/described || :
	ok "$desc: as the schema describes it" python3 "$XCOPY_SRC/tests/vm/guest/schema.py" \
		"$XCOPY_SRC/Documentation/xcopysetup.schema.json" "$kind" </tmp/described
}

# Direct I/O all through: an offloaded write is not seen by the page cache.

lib_mib() {
	echo "${2:-$(($(blockdev --getsize64 "$1") >> 20))}"
}

random_fill() {
	dd if=/dev/urandom of="$1" bs=1M count="$(lib_mib "$@")" seek="${3:-0}" oflag=direct iflag=fullblock status=none
}

# The whole device when no size is given, its last odd sectors included.
lib_read() {
	if [ -n "${2:-}" ]; then
		dd if="$1" bs=1M count="$2" skip="${3:-0}" iflag=direct,fullblock status=none
	else
		dd if="$1" bs=1M iflag=direct,fullblock status=none
	fi
}

same() {
	cmp <(lib_read "$1" "${3:-}") <(lib_read "$2" "${3:-}")
}

checksum() {
	lib_read "$@" | sha256sum | cut -d ' ' -f 1
}

# Logs and status

log_mark() {
	LIB_MARK="xcopy-test: mark $$ $EPOCHREALTIME"
	echo "$LIB_MARK" >/dev/kmsg
}

kernel_log() {
	dmesg | awk -v mark="${LIB_MARK:-$XCOPY_MARK}" 'seen { print } index($0, mark) { seen = 1 }'
}

log_has() {
	kernel_log | grep -E -- "$1"
}

status_field() {
	dmsetup status "$1" | awk -v key="$2" '{ for (i = 1; i < NF; i++) if ($i == key) { print $(i + 1); exit } }'
}

# The seventh word is <hydrated>/<all regions>, as dm-clone's.
hydrated() {
	dmsetup status "$1" | awk '{ split($7, count, "/"); exit !(count[2] > 0 && count[1] == count[2]) }'
}

# The host

lib_host() {
	local fd reply
	exec {fd}<>/dev/virtio-ports/xcopy.control
	printf '%s\n' "$*" >&"$fd"
	read -r reply <&"$fd"
	exec {fd}>&-
	case $reply in
	OK*) printf '%s\n' "${reply#OK}" | sed 's/^ //' ;;
	*)
		printf 'host: %s\n' "${reply#ERROR }" >&2
		return 1
		;;
	esac
}

# The host ends the guest before it answers: an answer is an error.
vm_kill() {
	lib_host KILL
}

vm_crash() {
	lib_host CRASH
}

vm_reboot() {
	lib_host REBOOT
	LIB_DONE=yes
	systemctl reboot
	sleep infinity
}

vm_hotremove() {
	lib_host HOTREMOVE "$1" >/dev/null
}

vm_qmp() {
	lib_host QMP "$1"
}

throttle() {
	local zero='"bps_rd":0,"bps_wr":0,"iops":0,"iops_rd":0,"iops_wr":0'
	vm_qmp "{\"execute\":\"block_set_io_throttle\",\"arguments\":{\"device\":\"$1\",\"bps\":$2,$zero}}" >/dev/null
}

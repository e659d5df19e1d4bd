#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: xcopysetup as root among people who mean ill: names, links, directories, environment, capabilities, users who are not root
# timeout: 300
. "$XCOPY_LIB"

run make_vg v-g "$(disk a1)" "$(disk a2)"
src=$(make_lv v-g 's--r_c+1.x' 32M)
random_fill "$src" 32
runtime=/run/xcopysetup
marks=/run/hostile
mkdir -p $marks

# udev has devices open for moments.
state() {
	udevadm settle
	lvs -a --noheadings -o lv_name,lv_permissions,lv_active,lv_tags,lv_size,seg_pe_ranges v-g
	vgs --noheadings -o vg_seqno v-g
	dmsetup table
}
before=$(state)

# refused DESC REGEXP COMMAND...: refused, or undone, and nothing that a terminal would obey
refused() {
	local desc=$1 regexp=$2 rc=0
	shift 2
	"$@" >/run/refused.out 2>&1 || rc=$?
	like "$desc: exit status" $rc '^[123]$'
	like "$desc: says why" "$(cat /run/refused.out)" "$regexp"
	not_ok "$desc: prints no control character" grep -qP '[\x00-\x08\x0b-\x1f\x7f]' /run/refused.out
}

# People who are not root

as_nobody() {
	setpriv --reuid nobody --regid nogroup --clear-groups -- "$@"
}

for command in "clone v-g/s--r_c+1.x dst" status "status --json" "wait v-g/dst" "finish v-g/dst" "cancel v-g/dst" \
	"probe v-g/s--r_c+1.x v-g" "activate --all" "release v-g/dst" "pause v-g/dst" "metadata dump $src" \
	"metadata format --help-me $src"; do
	rc=0
	# shellcheck disable=SC2086 # words
	as_nobody xcopysetup $command >/run/nobody.out 2>/run/nobody.err || rc=$?
	like "nobody: $command: exit status" $rc '^[23]$'
	is "nobody: $command: learns nothing" "$(cat /run/nobody.out)" ""
	unlike "nobody: $command: not from the message either" "$(cat /run/nobody.err)" 'No such|uuid|/32|[0-9]+ (B|KiB|MiB)'
done
like "nobody: the message says what is missing" "$(as_nobody xcopysetup status 2>&1)" 'needs root'

# Names

# shellcheck disable=SC2016 # that is the point
for name in $'v-g/s\nrc' 'v-g/$(touch /run/hostile/a)' 'v-g/`touch /run/hostile/b`' 'v-g/x;touch /run/hostile/c' \
	'v-g/x|touch /run/hostile/d' "v-g/x'y" 'v-g/x"y' 'v-g/%n%n%s' $'v-g/\033[2J\033]0;x\a' '../../etc/passwd' 'v-g/../v-g/x' \
	'v-g/-x' '/dev/mapper/control' "v-g/$(printf 'x%.0s' {1..200})"; do
	shown=${name//[^a-z0-9\/]/_}
	refused "source ${shown:0:40}" . xcopysetup clone -- "$name" dst
	refused "destination ${shown:0:40}" . xcopysetup clone v-g/s--r_c+1.x "$name"
	refused "status of ${shown:0:40}" . xcopysetup status -- "$name"
	refused "probe ${shown:0:40}" . xcopysetup probe -- "$name" v-g
done
# shellcheck disable=SC2016
refused "an option's value" '--driver' xcopysetup clone --driver '$(touch /run/hostile/e)' v-g/s--r_c+1.x dst
refused "a device to copy to" . xcopysetup clone --pv '/dev/null;touch /run/hostile/f' v-g/s--r_c+1.x dst
is "nobody's words were run" "$(ls $marks)" ""
is "nothing has changed" "$(state)" "$before"

# Somebody was there before, in /run

rm -rf $runtime
victim=/root/victim
echo precious >$victim
mkdir -p /run/elsewhere
ln -s /run/elsewhere $runtime
refused "a link where the directory should be" 'remove it' xcopysetup clone v-g/s--r_c+1.x dst
is "nothing is made behind it" "$(ls /run/elsewhere)" ""
rm $runtime
mkdir -m 777 $runtime
refused "a directory that anybody can write to" 'belongs to root alone' xcopysetup clone v-g/s--r_c+1.x dst
is "nothing is made in it" "$(ls $runtime)" ""
rmdir $runtime
install -d -o nobody -m 700 $runtime
refused "somebody else's directory" 'belongs to root alone' xcopysetup clone v-g/s--r_c+1.x dst
rmdir $runtime
mkdir -m 700 $runtime
ln -s /run/elsewhere $runtime/hide
refused "a link for what udev looks at" 'remove it' xcopysetup clone v-g/s--r_c+1.x dst
rm -rf $runtime
is "no LV was left" "$(lvs --noheadings -o lv_name v-g | tr -d ' ')" s--r_c+1.x
is "the victim is what it was" "$(cat $victim)" precious

# An environment made by somebody else

mkdir -p /run/fake
for program in lvm lvs lvcreate dmsetup systemctl systemd-run udevadm modprobe; do
	printf '#!/bin/sh\ntouch /run/hostile/%s\nexit 0\n' $program >/run/fake/$program
	chmod 755 /run/fake/$program
done
ok "names with dashes and dots, in a bad environment: clone" env PATH=/run/fake:"$PATH" LVM_SYSTEM_DIR=/run/fake \
	DM_DEV_DIR=/run/fake IFS=/ ENV=/run/fake/lvm BASH_ENV=/run/fake/lvm \
	xcopysetup clone --wait 'v-g/s--r_c+1.x' 'd-.s--t'
is "no program was taken from there" "$(ls $marks)" ""
ok "the clone is right" same "/dev/v-g/d-.s--t" "$src" 32
is "nothing that others could write is in /run" "$(find $runtime \( -perm /022 -o ! -user root -o -type l \) 2>/dev/null)" ""

# What it could do if it were misled, and what it runs could

ok "a clone that fills slowly" xcopysetup clone --rate 64K 'v-g/s--r_c+1.x' slow
running() { xcopysetup status v-g/slow | grep -q 'waiter  *running'; }
ok "its waiter runs" wait_for 30 running
waiter=$(pgrep -n -f 'xcopysetup waiter')
# capability NAME: the set of the waiter, as a number
capability() {
	echo $((16#$(sed -n "s/^Cap$1:[[:space:]]*//p" "/proc/$waiter/status")))
}
# chown, dac_override, fowner, ipc_lock, sys_module, sys_admin, sys_nice, sys_resource, mknod, syslog
needed=$((1 << 0 | 1 << 1 | 1 << 3 | 1 << 14 | 1 << 16 | 1 << 21 | 1 << 23 | 1 << 24 | 1 << 27 | 1 << 34))
for set in Eff Prm Inh Bnd; do
	is "the waiter has no capability that it does not need: $set" $(($(capability $set) & ~needed)) 0
done
is "it has those that it needs" "$(capability Eff)" $needed
ok "that is enough to cancel it" xcopysetup cancel v-g/slow

# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# xcopysetup is killed before the changes that it makes: those with the numbers KILLED_FIRST, KILLED_FIRST + KILLED_STEP, ...
# An odd step, so that all ways out are taken by turns.

run make_vg vg "$(disk a1)" "$(disk a2)"
src=$(make_lv vg src 8M)
run random_fill "$src"
dd if="$src" of=/tmp/source bs=1M iflag=direct status=none
cp /tmp/source /tmp/clone
head -c 64K /dev/urandom >/tmp/new
dd if=/tmp/new of=/tmp/clone bs=64K seek=77 conv=notrunc status=none
clone=/dev/mapper/xcopy-vg-dst

state() {
	udevadm settle
	lvs -a --noheadings -o lv_name,lv_attr,lv_tags,lv_size vg
	dmsetup table | sort
	dmsetup info -c --noheadings -o name,tables_loaded | grep Inactive || :
	find /run/xcopysetup/hide -type f ! -name "LVM-*" 2>/dev/null || :
}
has_job() { lvs --noheadings -o lv_tags vg | grep -qE "xcopy:state=(cre|fill|finishing|canc)"; }
has_no_job() { ! has_job; }
holds() { cmp "$2" <(dd if="$1" bs=1M iflag=direct status=none); }
make_clone() { xcopysetup clone -q --no-hydration vg/src dst >/dev/null; }
write_new() { dd if=/tmp/new of=$clone bs=64K seek=77 oflag=direct conv=notrunc,fsync status=none; }
no_waiter() { systemctl stop 'xcopysetup@*'; }

# Nothing of it is in memory: as after a boot that has activated no volume yet.
forget_all() {
	no_waiter
	[ ! -e $clone ] || dmsetup remove --retry xcopy-vg-dst
	vgchange -q -an vg
	rm -rf /run/xcopysetup
}

make_complete() {
	make_clone && write_new && no_waiter && dmsetup message xcopy-vg-dst 0 enable_hydration &&
		wait_for 60 hydrated xcopy-vg-dst
}

run mkdir -p /run/xcopysetup/hide
what=""	# die_at says
before=$(state)

n=$KILLED_FIRST
while die_at "$n" xcopysetup clone --no-hydration vg/src dst; do
	if [ -e $clone ]; then
		ok "$what: the clone is right" holds $clone /tmp/source
	fi
	if [ $((n % 2)) = 0 ] && xcopysetup list | grep -q .; then
		ok "$what: cancel" xcopysetup cancel vg/dst
	else
		ok "$what: activate" xcopysetup activate --all
		! has_job || ok "$what: it goes on" holds $clone /tmp/source
		! has_job || ok "$what: then cancel" xcopysetup cancel vg/dst
	fi
	is "$what: nothing is left" "$(state)" "$before"
	n=$((n + KILLED_STEP))
done
at_least "clone was killed so often" "$n" 15
like "and has worked at last" "$(cat /tmp/out)" '/dev/mapper/xcopy-vg-dst'

# the clone that was made is the one that a boot has to bring back
run write_new
run forget_all
n=$KILLED_FIRST
while die_at "$n" xcopysetup activate --all; do
	if [ -e $clone ]; then
		ok "$what: the clone is right" holds $clone /tmp/clone
	fi
	ok "$what: activate" xcopysetup activate --all
	ok "$what: the clone is as it was" holds $clone /tmp/clone
	like "$what: the extents are there" "$(dmsetup table vg-src)$(dmsetup table vg-dst)" 'xcopy-linear.*xcopy-linear'
	run forget_all
	n=$((n + KILLED_STEP))
done
at_least "activate was killed so often" "$n" 10
ok "and has worked at last" holds $clone /tmp/clone
ok "cancel after it" xcopysetup cancel vg/dst
is "nothing is left after it" "$(state)" "$before"

n=$KILLED_FIRST
run make_clone
while die_at "$n" xcopysetup cancel vg/dst; do
	if [ -e $clone ]; then
		ok "$what: the clone is right" holds $clone /tmp/source
	fi
	[ $((n % 2)) = 0 ] || ok "$what: activate" xcopysetup activate --all
	! has_job || ok "$what: cancel" xcopysetup cancel vg/dst
	is "$what: nothing is left" "$(state)" "$before"
	run make_clone
	n=$((n + KILLED_STEP))
done
at_least "cancel was killed so often" "$n" 7
is "and has worked at last" "$(state)" "$before"

n=$KILLED_FIRST
run make_complete
while die_at "$n" xcopysetup finish vg/dst; do
	if [ -e $clone ]; then
		ok "$what: the clone is right" holds $clone /tmp/clone
	fi
	[ $((n % 2)) = 0 ] || ok "$what: activate" xcopysetup activate --all
	! has_job || [ $((n % 2)) = 1 ] || ok "$what: finish" xcopysetup finish --timeout 60 vg/dst
	ok "$what: it ends" wait_for 60 has_no_job
	no_waiter
	ok "$what: the volume is right" holds /dev/vg/dst /tmp/clone
	ok "$what: release" xcopysetup release vg/dst
	ok "$what: and remove" lvremove -q -y vg/dst
	is "$what: nothing is left" "$(state)" "$before"
	run make_complete
	n=$((n + KILLED_STEP))
done
at_least "finish was killed so often" "$n" 10
ok "and has worked at last" holds /dev/vg/dst /tmp/clone
ok "the source is as it was" holds "$src" /tmp/source

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: xcopysetup where something is not as it was left: never a half-filled volume taken for a whole one, nor another's for ours
# timeout: 500
. "$XCOPY_LIB"

run make_vg vg "$(disk a1)" "$(disk a2)"
src=$(make_lv vg src 32M)
random_fill "$src" 32

tags() { lvs --noheadings -o lv_tags "$1" | tr ',' '\n' | tr -d ' '; }
attr() { lvs --noheadings -o lv_attr "$1" | tr -d ' '; }
job_of() { tags "$1" | sed -n 's/^xcopy:job=//p'; }
retag() { run lvchange -qq --deltag "$2" --addtag "$3" "$1"; }

state() {
	udevadm settle
	lvs -a --noheadings -o lv_name,lv_attr,lv_tags,lv_size vg
	dmsetup table
}

# Dry runs

run xcopysetup clone -q --no-hydration --keep-device vg/src dst
before=$(state)
ok "cancel --dry-run" xcopysetup cancel -n vg/dst
is "it has changed nothing" "$(state)" "$before"
ok "activate --dry-run" xcopysetup activate -n vg/dst
is "it has changed nothing either" "$(state)" "$before"
run dmsetup message xcopy-vg-dst 0 enable_hydration
ok "it fills" wait_for 60 hydrated xcopy-vg-dst
ok "it is swapped" xcopysetup wait vg/dst
run xcopysetup release vg/dst
run lvremove -qq -y vg/dst

# A job whose clone is gone, and that was being cancelled or made

for word in cancelling creating; do
	run xcopysetup clone -q --no-hydration vg/src dst
	retag vg/dst xcopy:state=filling "xcopy:state=$word"
	run systemctl stop 'xcopysetup@*'
	refused 3 "finish of what was $word" 'is not complete' xcopysetup finish --timeout 5 vg/dst
	run dmsetup remove --retry xcopy-vg-dst
	refused 3 "finish without the clone's device" 'is not complete' xcopysetup finish --timeout 5 vg/dst
	is "nothing stands for the clone" "$(dmsetup ls | grep -c xcopy-vg-dst)" 0
	like "the record is there" "$(tags vg/dst)" "xcopy:state=$word"
	ok "cancel" xcopysetup cancel vg/dst
	is "all is as before" "$(lvs --noheadings -o lv_name vg | xargs) $(attr vg/src | cut -c 2) $(tags vg/src)" "src w "
done

# A source that another job needs, whose volume group is not here

run xcopysetup clone -q --no-hydration vg/src dst
elsewhere=xcopy:source-for=00000000000000000000000000000000
run lvchange -qq --addtag $elsewhere vg/src
refused 0 "cancel of the only clone that is here" 'stays read-only' xcopysetup cancel vg/dst
is "the source is read-only for the other" "$(attr vg/src | cut -c 2)" r
like "and says for whom" "$(tags vg/src)" $elsewhere
run lvchange -qq --deltag $elsewhere vg/src
run xcopysetup clone -q --no-hydration vg/src dst
run xcopysetup cancel vg/dst
is "the next one gives it back" "$(attr vg/src | cut -c 2) $(tags vg/src)" "w "

# A source that nobody held meanwhile

run xcopysetup clone -q --no-hydration vg/src dst
job=$(job_of vg/dst)
run dmsetup remove --retry xcopy-vg-dst
run lvchange -qq --permission rw vg/src
refused 1 "activate with a source that can be written to" 'still writeable' xcopysetup activate vg/dst
run lvchange -qq --permission r vg/src
run lvchange -qq --deltag "xcopy:source-for=$job" vg/src
refused 3 "activate with a source that has not our tag" 'is not held for' xcopysetup activate vg/dst
is "no clone is there" "$(dmsetup ls | grep -c xcopy-vg-dst)" 0
run lvchange -qq --addtag "xcopy:source-for=$job" vg/src
ok "activate when all is well" xcopysetup activate vg/dst

# A destination that was removed by hand

run xcopysetup cancel vg/dst
run xcopysetup clone -q --no-hydration vg/src dst
job=$(job_of vg/dst)
run dmsetup remove --retry xcopy-vg-dst
run lvremove -qq -y vg/dst
refused 1 "activate without the destination" 'vg/dst_xcopymeta holds the metadata of a clone that was used.*xcopysetup cancel vg/dst' xcopysetup activate --all
is "the metadata is kept" "$(lvs --noheadings -o lv_name vg | xargs)" "dst_xcopymeta src"
like "and the source held" "$(attr vg/src | cut -c 2) $(tags vg/src)" "r .*xcopy:source-for=$job"
ok "what it said to do" xcopysetup cancel vg/dst
is "does it" "$(lvs --noheadings -o lv_name vg | xargs) $(attr vg/src | cut -c 2) $(tags vg/src)" "src w "
run xcopysetup clone -q --no-hydration vg/src dst

# One whose tags were taken off

mapfile -t taken < <(tags vg/dst | grep .)
for tag in "${taken[@]}"; do run lvchange -qq --deltag "$tag" vg/dst; done
run systemctl stop 'xcopysetup@*'
run dmsetup remove --retry xcopy-vg-dst
refused 1 "activate with a destination that is not recorded" 'holds the metadata of a clone that was used' xcopysetup activate --all
refused 3 "cancel" 'its tags do not say so any more' xcopysetup cancel vg/dst
is "nothing was removed" "$(lvs --noheadings -o lv_name vg | xargs) $(attr vg/src | cut -c 2)" "dst dst_xcopymeta src r"
for tag in "${taken[@]}"; do run lvchange -qq --addtag "$tag" vg/dst; done
ok "with its tags it goes on" xcopysetup activate vg/dst

# A snapshot of the source takes the place of our target

run lvcreate -qq -y -s -n snap -L 8M vg/src
ok "cancel with a snapshot of the source" xcopysetup cancel vg/dst
run lvremove -qq -y vg/snap

# Another volume group with the same tags, as a copy of the disks brings it

run xcopysetup clone -q --no-hydration vg/src dst
run xcopysetup pause vg/dst
job=$(job_of vg/dst)
run make_vg copy "$(disk s0)"
run lvcreate -qq -y -W n -n dst -L 32M copy
run lvcreate -qq -y -W n -n dst_xcopymeta -L 8M copy
mapfile -t copied < <(tags vg/dst | grep -v -e xcopy:state -e xcopy:job | sed 's/..*/--addtag\n&/' | grep .)
tags vg/dst | grep . | while read -r tag; do lvchange -qq --addtag "$tag" copy/dst; done
run lvchange -qq --addtag "xcopy:metadata-of=$job" copy/dst_xcopymeta
for command in "activate copy/dst" "activate vg/dst" "cancel copy/dst" "finish --timeout 5 vg/dst" "status copy/dst"; do
	# shellcheck disable=SC2086 # words
	refused 3 "$command" 'copied below LVM' xcopysetup $command
done
refused 1 "activate --all" 'copied below LVM' xcopysetup activate --all
is "the clone is what it was" "$(dmsetup status xcopy-vg-dst | cut -d ' ' -f 3)" xcopy
is "and so are the volumes" "$(lvs --noheadings -o lv_name vg copy | sort | xargs)" "dst dst dst_xcopymeta dst_xcopymeta src"
for tag in $(tags copy/dst); do run lvchange -qq --deltag "$tag" copy/dst; done
ok "without the copy's tags it goes on" xcopysetup activate vg/dst
is "with its own metadata" \
	"$(dmsetup table xcopy-vg-dst | awk '{ print $4 }')" "$(dmsetup info -c --noheadings --separator : -o major,minor vg-dst_xcopymeta)"
run dmsetup message xcopy-vg-dst 0 enable_hydration
ok "it fills and is swapped" xcopysetup wait vg/dst
ok "the clone is right" same /dev/vg/dst "$src" 32
is "the copy's metadata volume was left alone" "$(lvs --noheadings -o lv_name copy | sort | xargs)" "dst dst_xcopymeta"

# The copy comes when the original has ended: the linear device is the original's, and proves nothing of the copy

for tag in $(tags vg/dst); do run lvchange -qq --deltag "$tag" vg/dst; done
run lvchange -qq --addtag xcopy:state=filling --addtag "xcopy:job=$job" "${copied[@]}" copy/dst
run lvchange -qq -ay -K copy/dst
refused 3 "finish of the copy" 'has the UUID of its job' xcopysetup finish --timeout 5 copy/dst
refused 3 "cancel of the copy" 'has the UUID of its job' xcopysetup cancel copy/dst
ok "the original's device is there" test -e /dev/mapper/xcopy-vg-dst
like "the copy is still recorded as half full" "$(tags copy/dst)" xcopy:state=filling
run vgchange -qq -an copy
run vgremove -qq -y copy
rm -f "/run/xcopysetup/lock-$job"
run xcopysetup release vg/dst
run lvremove -qq -y vg/dst

# Somebody who changed extents was killed when the clone's offload was off for it

run xcopysetup clone -q --no-hydration vg/src dst
run dmsetup message xcopy-vg-dst 0 disable_offload
is "offload is off" "$(status_field xcopy-vg-dst offload)" off
touch "/run/xcopysetup/drained-XCOPY-$(job_of vg/dst)"
ok "the waiter turns it on again" wait_for 30 sh -c 'dmsetup status xcopy-vg-dst | grep -q "offload on"'
run xcopysetup cancel vg/dst
is "no mark is left" "$(find /run/xcopysetup -name 'drained-*')" ""

# Nobody reads what it says

run sh -c 'xcopysetup clone -v --no-hydration vg/src dst 2>&1 | true'
like "it goes on all the same" "$(tags vg/dst)" xcopy:state=filling
run xcopysetup cancel vg/dst

# A source that has a tag, but can be written to by whoever has it open

run lvchange -qq --addtag xcopy:source-for=00000000000000000000000000000000 vg/src
exec 7<>/dev/vg/src
refused 3 "clone of a source that is open" 'is open' xcopysetup clone vg/src dst
exec 7>&-
run lvchange -qq --deltag xcopy:source-for=00000000000000000000000000000000 vg/src

# A source whose volume group is not here when the job ends

run dmsetup create far --table "0 131072 linear $(disk b1) 2048"
run make_vg far /dev/mapper/far
make_lv far src 16M >/dev/null
far_away() {
	run dmsetup remove --retry xcopy-vg-dst
	run vgchange -qq -an far
	run dmsetup remove --retry far
}
far_back() {
	run dmsetup create far --table "0 131072 linear $(disk b1) 2048"
	run udevadm settle
}
run xcopysetup clone -q --no-hydration far/src vg/dst
retag vg/dst xcopy:state=filling xcopy:state=cancelling
far_away
refused 1 "activate --all" 'is not here' xcopysetup activate --all
like "the job is kept" "$(tags vg/dst)" xcopy:state=cancelling
far_back
ok "activate --all with the source" xcopysetup activate --all
is "the source is given back" "$(attr far/src | cut -c 2) $(tags far/src)" "w "
is "the job is gone" "$(lvs --noheadings -o lv_name vg | xargs)" src
run xcopysetup clone -q --no-hydration far/src vg/dst
job=$(job_of vg/dst)
far_away
refused 0 "cancel" "lvchange --deltag xcopy:source-for=$job" xcopysetup cancel vg/dst
far_back
is "it is as was said" "$(attr far/src | cut -c 2)" r
run lvchange -qq --deltag "xcopy:source-for=$job" --deltag xcopy:was=rw far/src
run lvchange -qq --permission rw far/src
run vgremove -qq -y far
run dmsetup remove --retry far

# Whose metadata it is, is in doubt: it is kept, for what it says would be lost for ever.

run xcopysetup clone -q --no-hydration vg/src doubt
job=$(job_of vg/doubt)
run systemctl stop 'xcopysetup@*'
run lvchange -qq --deltag "xcopy:job=$job" vg/doubt
xcopysetup activate --all >/tmp/doubt.out 2>&1 || true
like "a damaged record: it is said" "$(cat /tmp/doubt.out)" 'doubt_xcopymeta holds the metadata of a clone .* and is kept'
ok "a damaged record: the metadata is kept" lvs vg/doubt_xcopymeta
run lvchange -qq --addtag "xcopy:job=$job" vg/doubt
printf 'report {\n\tlist_item_separator=";"\n\tbinary_values_as_numeric=1\n}\n' >>/etc/lvm/lvmlocal.conf
is "another separator in lvm.conf: the clone is seen" "$(xcopysetup list)" "$(printf 'vg/doubt')"
run xcopysetup activate --all
ok "... and its metadata is kept" lvs vg/doubt_xcopymeta
sed -i '/^report {/,$d' /etc/lvm/lvmlocal.conf
run xcopysetup cancel vg/doubt

# Copies that the storage was given before a crash may still be under way when the destination is given up

run xcopysetup clone -q --no-hydration --rate 512K vg/src late
run xcopysetup set vg/late quarantine_ms 4000
run xcopysetup resume vg/late
run systemctl stop 'xcopysetup@*'
is_open() {
	dd if=/dev/vg/late_xcopymeta of=$image bs=1M iflag=direct status=none
	xcopysetup metadata dump $image | grep -q 'flags.*offload_open'
}
image=/run/late.img
ok "copies are under way" wait_for 20 is_open
run dmsetup remove --retry xcopy-vg-late
run dd if=$image of=/dev/vg/late_xcopymeta bs=1M oflag=direct conv=notrunc status=none
like "cancel waits for them" "$(xcopysetup cancel vg/late 2>&1)" 'may still be under way: waiting for 4 s'
run xcopysetup clone -q --rate 512K vg/src late
like "without a crash it does not" "$(xcopysetup cancel vg/late 2>&1)" '^$'

# Names that look like UUIDs

run vgcreate -qq LVM "$(disk s1)"
run lvcreate -qq -y -n src -L 16M LVM
random_fill /dev/LVM/src 16
ok "a volume group named LVM" xcopysetup clone -q --wait LVM/src dst
ok "its clone is right" same /dev/LVM/dst /dev/LVM/src 16

# Metadata that is damaged is somebody's

image=/run/metadata.img
truncate -s 8M $image
run xcopysetup metadata format --size 32M $image
for copy in 0 8; do
	printf x | dd of=$image bs=1 seek=$((copy * 4096 + 100)) conv=notrunc status=none
done
refused 3 "format over damaged metadata" 'sound or not' xcopysetup metadata format --size 32M $image
ok "format --force" xcopysetup metadata format --force --size 32M $image
mkfs.ext4 -q -F $image 8M
refused 3 "format over a file system" 'holds' xcopysetup metadata format --size 32M $image

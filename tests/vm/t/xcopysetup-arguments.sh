#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: xcopysetup refuses wrong arguments, names them and the way out, and changes nothing; --dry-run changes nothing
# needs: topology=default
# timeout: 300
. "$XCOPY_LIB"

pv=$(disk a1)
pv2=$(disk a2)
run make_vg vg "$pv" "$pv2"
run make_vg vg2 "$(disk s0)"
src=$(make_lv vg src 64M)
run make_lv vg other 64M
run lvcreate -qq -y -W y --type striped -i 2 -n striped -L 64M vg
run lvcreate -qq -y -n snapped -L 16M vg
run lvcreate -qq -y -s -n snap -L 8M vg/snapped

state() {
	udevadm settle
	lvs -a --noheadings -o lv_name,lv_attr,lv_tags,lv_size,seg_pe_ranges vg vg2
	vgs --noheadings -o vg_seqno vg
	dmsetup table
}
before=$(state)

refused 2 "no command" 'no command "frobnicate"' xcopysetup frobnicate
refused 2 "too few arguments" 'needs more arguments: xcopysetup clone SRC' xcopysetup clone vg/src
refused 2 "too many arguments" 'what to do with "c"' xcopysetup clone a b c
refused 2 "unknown option" 'no option --frob' xcopysetup clone --frob vg/src dst
refused 2 "option without its value" '--pv needs a value' xcopysetup clone vg/src dst --pv
refused 2 "source without a VG" 'source src names no volume group' xcopysetup clone src dst
refused 3 "source in no VG" 'source nix/src: there is no volume group nix' xcopysetup clone nix/src dst
refused 3 "no such source" 'source vg/nix: there is no such logical volume' xcopysetup clone vg/nix dst
refused 2 "source is a path" 'not below /dev' xcopysetup clone /etc/passwd dst
refused 3 "striped source" 'striped.*only linear' xcopysetup clone vg/striped dst
refused 3 "a snapshot as source" 'is a snapshot: only linear' xcopysetup clone vg/snap dst
refused 2 "a device that is not there" 'destination /dev/nix is neither a logical volume' xcopysetup clone vg/src /dev/nix
refused 3 "source with snapshots" 'only linear' xcopysetup clone vg/snapped dst
refused 3 "destination exists" 'destination vg/other exists' xcopysetup clone vg/src vg/other
refused 2 "destination is no name" "destination vg/a b has a logical volume name" xcopysetup clone vg/src "vg/a b"
refused 3 "destination in no VG" 'destination nix/dst: there is no volume group nix' xcopysetup clone vg/src nix/dst
refused 2 "region size" '--region-size 3000' xcopysetup clone --region-size 3000 vg/src dst
refused 2 "region size is no size" '--region-size x is no size' xcopysetup clone --region-size x vg/src dst
refused 2 "rate" '--rate 1 is out of range' xcopysetup clone --rate 1 vg/src dst
refused 2 "floor" '--floor 1K is out of range' xcopysetup clone --floor 1K vg/src dst
refused 2 "verify" '--verify some' xcopysetup clone --verify some vg/src dst
refused 2 "driver" '--driver tape' xcopysetup clone --driver tape vg/src dst
for usage in 4 keep '' -1; do
	refused 2 "id usage \"$usage\"" "--id-usage $usage: there are hold" xcopysetup clone "--id-usage=$usage" vg/src dst
done
for usage in hold=0 discard=2 disable=3 1=1; do
	like "id usage $usage" "$(xcopysetup clone -n --id-usage "${usage%=*}" vg/src dst)" " 2 offload_list_id_usage ${usage#*=}'"
done
refused 3 "pv of another group" '--pv .* is no physical volume of vg' xcopysetup clone --pv "$(disk s0)" vg/src dst
refused 3 "no such clone" 'no clone' xcopysetup status vg/src
refused 3 "cancel of what is no clone" 'no clone' xcopysetup cancel vg/src
refused 3 "release of what is no clone" 'is no clone' xcopysetup release vg/src
refused 3 "probe of nothing" 'neither a logical volume nor a block device' xcopysetup probe vg/nix vg
refused 2 "dry run of status" 'knows no --dry-run' xcopysetup status -n
run lvcreate -qq -y -n full -l 100%FREE vg2
refused 3 "no space" 'has .* free, and the clone needs' xcopysetup clone vg/src vg2/dst
run lvremove -qq -y vg2/full

run mkfs.ext4 -q "$src"
mkdir -p /mnt/a
run mount "$src" /mnt/a
refused 3 "mounted source" 'vg/src is mounted on /mnt/a: unmount' xcopysetup clone vg/src dst
run umount /mnt/a
udevadm settle
exec {held}<"$src"
refused 3 "open source" 'vg/src is open 1 times' xcopysetup clone vg/src dst
exec {held}<&-
run mkswap -q "$src"
run swapon "$src"
refused 3 "swap" 'in use as swap' xcopysetup clone vg/src dst
run swapoff "$src"

dry=$(xcopysetup clone --dry-run --pv "$pv2" vg/src dst)
like "dry run prints lvcreate" "$dry" 'lvm lvcreate .*--name dst --size 67108864b'
like "dry run prints the table" "$dry" 'dmsetup create xcopy-vg-dst .*xcopy /dev/vg/dst_xcopymeta /dev/vg/dst /dev/vg/src 128'
ok "probe of one group" xcopysetup probe vg/src vg
refused 5 "probe across arrays" "no: .*neither an NVMe namespace nor a SCSI disk" xcopysetup probe vg/src vg2/new

is "nothing has changed" "$(state)" "$before"

# A snapshot of a destination is not removed with it.
run xcopysetup clone -q --no-hydration vg/src dst
run lvcreate -qq -y -s -n held -L 8M vg/dst
refused 3 "cancel, with a snapshot of the destination" 'destination vg/dst has snapshots' xcopysetup cancel vg/dst
ok "it is still there" lvs vg/held
run lvremove -qq -y vg/held
ok "cancel without it" xcopysetup cancel vg/dst
is "nothing is left" "$(lvs --noheadings -o lv_name vg | grep -c dst || :)" 0

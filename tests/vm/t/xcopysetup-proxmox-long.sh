#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: proxmox-xcopy clones a VM with the real xcopysetup and LVM, Proxmox VE's qm and pvesm being stubs made from its documentation
# needs: topology=default
# timeout: 600
. "$XCOPY_LIB"

export PROXMOX_STUB=/tmp/proxmox PROXMOX_XCOPY_ROOT=''
export PATH=$XCOPY_SRC/tests/hypervisors/proxmox:$PATH
run make_vg vg-x "$(disk a1)" "$(disk a2)"
run make_vg b "$(disk a6)"
scsi0=$(make_lv vg-x vm-100-disk-0 48M "$(disk a1)")
virtio1=$(make_lv b vm-100-disk-0 16M)
run random_fill "$scsi0"
run random_fill "$virtio1"
sum0=$(checksum "$scsi0") sum1=$(checksum "$virtio1")
# as Proxmox VE leaves the volumes of a VM that is stopped
run lvchange -an b/vm-100-disk-0

rm -rf $PROXMOX_STUB
mkdir -p /etc/pve $PROXMOX_STUB/{vm/100,status,snapshots}
printf '%s\n' 'lvm: san' $'\tvgname vg-x' '' 'lvm: local-b' $'\tvgname b' '' 'lvmthin: thin' $'\tvgname vg-x' >/etc/pve/storage.cfg
have() { printf %s "$3" >"$PROXMOX_STUB/vm/$1/$2"; }
have 100 name db
have 100 memory 512
have 100 boot 'order=scsi0'
have 100 scsi0 san:vm-100-disk-0,discard=on,size=48M
have 100 virtio1 local-b:vm-100-disk-0,size=16M
have 100 net0 virtio=BC:24:11:00:00:01,bridge=vmbr0

line() { qm config "$1" | sed -n "s/^$2: //p"; }

state() {
	udevadm settle
	lvs -a --noheadings -o lv_name,lv_attr,lv_tags,lv_size vg-x b
	dmsetup table | sort
	find "$PROXMOX_STUB/vm" -type f -exec sha256sum {} + | sort
}
before=$(state)

refused() { # DESC REGEXP ARGUMENT...
	local rc=0
	proxmox-xcopy "${@:3}" >/tmp/refused.out 2>&1 || rc=$?
	is "$1: exit status" $rc 3
	like "$1: says why" "$(cat /tmp/refused.out)" "$2"
}

touch $PROXMOX_STUB/status/100
refused "a VM that runs" 'VM 100 is not stopped' 100 123
rm $PROXMOX_STUB/status/100
have 100 scsi1 thin:vm-100-disk-0
refused "a thin disk" 'scsi1 of VM 100: storage thin is of type lvmthin' 100 123
rm $PROXMOX_STUB/vm/100/scsi1
have 100 parent snap
refused "a VM with a snapshot" 'VM 100 has snapshots' 100 123
rm $PROXMOX_STUB/vm/100/parent
exec {held}<"$scsi0"
refused "a disk that is open" 'vg-x/vm-100-disk-0 is open 1 times.*scsi0 of VM 100 cannot be cloned' 100 123
exec {held}<&-
is "nothing has changed" "$(state)" "$before"

# There is space for each, and not for both.
run lvcreate -qq -y -n full -l "$(($(vgs --noheadings -o vg_free_count b) - 15))" b
full=$(state)
rc=0
proxmox-xcopy --storage local-b 100 123 >/tmp/out 2>&1 || rc=$?
is "the second disk fails: exit status" $rc 1
like "the second disk fails: says so" "$(cat /tmp/out)" 'virtio1 of VM 100 could not be cloned.*everything that had been made was removed again'
is "the second disk fails: all is undone" "$(state)" "$full"
run lvremove -qq -y b/full

proxmox-xcopy --rate 2M --driver host 100 123 >/tmp/out 2>&1 &
pid=$!
ok "disks fill" wait_for 30 sh -c 'pgrep -P '$pid' xcopysetup && dmsetup info xcopy-b-vm--123--disk--1'
kill -TERM $pid
rc=0
wait $pid || rc=$?
is "SIGTERM: exit status" $rc 1
is "SIGTERM: all is undone" "$(state)" "$before"

ok "clone --now" proxmox-xcopy --now --rate 8M 100 123
dev0=$(line 123 scsi0) dev1=$(line 123 virtio1)
is "scsi0 is the clone's device" "$dev0" /dev/mapper/xcopy-vg--x-vm--123--disk--0,format=raw,discard=on,size=48M
is "virtio1 too" "$dev1" /dev/mapper/xcopy-b-vm--123--disk--1,format=raw,size=16M
dev0=${dev0%%,*} dev1=${dev1%%,*}
is "the tag says so" "$(line 123 tags)" xcopy-filling
isnt "there is a new MAC address" "$(line 123 net0)" "$(line 100 net0)"
fails_with "the source cannot be started" 'Permission denied' qm start 100
ok "the new VM can" qm start 123
# as QEMU has it
exec {held}<"$dev0"
head -c 8M /dev/urandom >/tmp/written
run dd if=/tmp/written of="$dev0" bs=1M seek=32 oflag=direct status=none
run dd if=/tmp/written of="$dev1" bs=1M count=1 seek=15 oflag=direct status=none
refused "finish of a VM that runs" 'VM 123 is not stopped' finish 123
exec {held}<&-
rm $PROXMOX_STUB/status/123
ok "finish" proxmox-xcopy finish 123
is "scsi0 is a volume" "$(line 123 scsi0)" san:vm-123-disk-0,discard=on,size=48M
is "virtio1 too" "$(line 123 virtio1)" local-b:vm-123-disk-1,size=16M
is "the tag is gone" "$(line 123 tags)" ""
is "no device is left" "$(dmsetup ls | grep -c xcopy-)" 0
is "the volumes are Proxmox VE's, and not activated at boot" \
	"$(lvs --noheadings -o lv_name,lv_tags,autoactivation,lv_skip_activation -S 'lv_name=~vm-123' | xargs)" "vm-123-disk-1 pve-vm-123 vm-123-disk-0 pve-vm-123"
is "scsi0 holds what was written" "$(checksum /dev/vg-x/vm-123-disk-0 8 32)" "$(sha256sum </tmp/written | cut -d ' ' -f 1)"
is "and the source's bytes before it" "$(checksum /dev/vg-x/vm-123-disk-0 32)" "$(checksum "$scsi0" 32)"
is "and behind it" "$(checksum /dev/vg-x/vm-123-disk-0 8 40)" "$(checksum "$scsi0" 8 40)"
is "virtio1 holds what was written" "$(checksum /dev/b/vm-123-disk-1 1 15)" "$(head -c 1M /tmp/written | sha256sum | cut -d ' ' -f 1)"
is "the source's scsi0 has not changed" "$(checksum "$scsi0")" "$sum0"
is "the source's virtio1 is inactive as it was" "$(lvs --noheadings -o lv_active b/vm-100-disk-0 | xargs)" ""
run lvchange -ay b/vm-100-disk-0
is "and has not changed" "$(checksum "$virtio1")" "$sum1"
is "virtio1 has its other bytes" "$(checksum /dev/b/vm-123-disk-1 15)" "$(checksum "$virtio1" 15)"
ok "the source can be started" qm start 100
rm $PROXMOX_STUB/status/100
refused "NEW_VMID exists" 'VM 123 exists' 100 123

before=$(state)
ok "a second one, --now" proxmox-xcopy --now --rate 2M 100 124
# what Documentation/proxmox.rst says of guests that use a whole disk as a physical volume
dev1=$(line 124 virtio1)
run pvcreate -qq -y "${dev1%%,*}"
like "LVM sees a guest's physical volume on a clone's device" "$(pvs --noheadings -o pv_name)" "${dev1%%,*}"
unlike "but for a filter" "$(pvs --noheadings -o pv_name --config 'devices/global_filter=["r|/dev/mapper/xcopy-.*|"]')" "${dev1%%,*}"
ok "cancel" proxmox-xcopy cancel 124
is "nothing is left of it" "$(state)" "$before"

ok "a third one, that waits" proxmox-xcopy --start 100 125
is "its disks are volumes" "$(line 125 scsi0) $(line 125 virtio1)" "san:vm-125-disk-0,discard=on,size=48M local-b:vm-125-disk-1,size=16M"
ok "scsi0 has all bytes" same "$scsi0" /dev/vg-x/vm-125-disk-0
ok "virtio1 too" same "$virtio1" /dev/b/vm-125-disk-1
is "it is started" "$(qm status 125)" "status: running"
is "no tags but Proxmox VE's are left" "$(lvs --noheadings -o lv_tags vg-x b | sort -u | xargs)" "pve-vm-123 pve-vm-125"
is "the source's volumes are writeable" "$(blockdev --getro "$scsi0") $(blockdev --getro "$virtio1")" "0 0"
rm -r /etc/pve $PROXMOX_STUB

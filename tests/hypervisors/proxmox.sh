#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# proxmox-xcopy against stubs of all that it calls (proxmox/, lvm/): no root, no LVM, no virtual machine. Prints TAP.
# The stubs were made from Proxmox VE's documentation; nothing here was compared with a Proxmox VE machine.
# tests/vm/t/xcopysetup-proxmox-long.sh has the real xcopysetup and LVM.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
script=$here/../../userspace/hypervisors/proxmox-xcopy
top=$(mktemp -d)
trap 'rm -rf "$top"; trap - EXIT; exit' EXIT INT TERM
export PROXMOX_STUB=$top/state PROXMOX_XCOPY_ROOT=$top/root
export PATH=$here/proxmox:$here/lvm:$PATH
cd "$top"
dir=$PROXMOX_STUB mapper=$PROXMOX_XCOPY_ROOT/dev/mapper
number=0 failed=0 output=$top/output

# Results

point() { # DESC STATUS DETAIL
	number=$((number + 1))
	if [ "$2" = 0 ]; then
		echo "ok $number - $1"
	else
		failed=$((failed + 1))
		printf '# %s\n' "${3//$'\n'/$'\n# '}"
		echo "not ok $number - $1"
	fi
}

is() { # DESC GOT WANTED
	local rc=0
	[ "$2" = "$3" ] || rc=1
	point "$1" $rc "got:    $2
wanted: $3"
}

like() { # DESC GOT REGEXP
	local rc=0
	[[ $2 =~ $3 ]] || rc=1
	point "$1" $rc "got:    $2
wanted: a match of $3"
}

unlike() { # DESC GOT REGEXP
	local rc=0
	! [[ $2 =~ $3 ]] || rc=1
	point "$1" $rc "got:    $2
wanted: no match of $3"
}

# run STATUS DESC ARGUMENT...: of proxmox-xcopy
run() {
	local rc=0 status=$1 desc=$2
	shift 2
	bash "$script" "$@" >"$output" 2>&1 </dev/null || rc=$?
	is "$desc: exit status" $rc "$status"
	[ $rc = "$status" ] || sed 's/^/# /' "$output"
}

# The world

world() {
	rm -rf "${dir:?}" "${PROXMOX_XCOPY_ROOT:?}"
	mkdir -p "$dir"/{vm/100,status,snapshots,jobs,busy,volumes/san,volumes/vg-b,volumes/thin} "$mapper" "$PROXMOX_XCOPY_ROOT/etc/pve"
	printf '%s\n' 'dir: local' $'\tpath /var/lib/vz' $'\tcontent iso,images' '' 'lvm: san' $'\tvgname san' $'\tcontent images' '' \
		'lvm: other' $'\tvgname vg-b' $'\tcontent images' '' 'lvm: shared' $'\tvgname san' $'\tshared 1' '' \
		'lvm: off' $'\tvgname vg-b' $'\tdisable' '' 'lvmthin: local-lvm' $'\tvgname thin' $'\tthinpool data' \
		>"$PROXMOX_XCOPY_ROOT/etc/pve/storage.cfg"
	touch "$dir"/volumes/san/vm-100-disk-{0,1} "$dir/volumes/vg-b/vm-100-disk-0" "$dir/volumes/thin/vm-100-disk-0"
	have 100 name db boot 'order=scsi0;net0' cores 2 memory 2048 ostype l26 scsihw virtio-scsi-single numa 0 \
		scsi0 'san:vm-100-disk-0,discard=on,iothread=1,size=32G' virtio1 'other:vm-100-disk-0,size=1G' \
		ide2 'local:iso/debian.iso,media=cdrom,size=700M' net0 'virtio=BC:24:11:00:00:01,bridge=vmbr0,firewall=1,tag=7' \
		smbios1 'uuid=11111111-2222-3333-4444-555555555555,manufacturer=QUNNRQ==,base64=1' \
		vmgenid 99999999-2222-3333-4444-555555555555 meta 'creation-qemu=9.0.0,ctime=1700000000'
}

have() { # VMID KEY VALUE...
	local vmid=$1
	shift
	while [ $# -gt 0 ]; do
		printf %s "$2" >"$dir/vm/$vmid/$1"
		shift 2
	done
}

lines() { # VMID KEY...
	local vmid=$1 key
	shift
	for key in "$@"; do
		[ ! -e "$dir/vm/$vmid/$key" ] || echo "$key: $(cat "$dir/vm/$vmid/$key")"
	done
}

# A call that never comes must not hang the test.
wait_for_file() {
	local end=$((SECONDS + 60))
	until [ -s "$1" ]; do
		[ $SECONDS -lt $end ] || return 0
		sleep 0.05
	done
}

# All that could be changed, by name and content
state() {
	(cd "$dir" && find vm status snapshots jobs volumes "$mapper" -type f -exec sha256sum {} + | sort -k 2)
}

called() { # REGEXP
	grep -E -- "$1" "$dir/calls" || :
}

changes='^(qm (create|set|unlock|start|destroy)|pvesm free|lvchange|xcopysetup (cancel|finish|release|clone (-[^-]|[^-]|--[^d])))'

# refused STATUS DESC REGEXP ARGUMENT...: nothing is changed, and no program that changes something was called
refused() {
	local status=$1 desc=$2 regexp=$3 before
	shift 3
	before=$(state)
	: >"$dir/calls"
	run "$status" "$desc" "$@"
	like "$desc: says why" "$(cat "$output")" "$regexp"
	is "$desc: nothing has changed" "$(state)" "$before"
	is "$desc: nothing that changes something was called" "$(called "$changes")" ""
}

# Arguments and refusals

world
run 0 "help" --help
like "help says on what it was tested" "$(cat "$output")" 'Against stubs of qm and pvesm.*not yet on a Proxmox'
refused 2 "no arguments" 'give SRC_VMID and NEW_VMID'
refused 2 "one argument" 'give SRC_VMID and NEW_VMID' 100
refused 2 "unknown option" 'no option --frob' --frob 100 123
refused 2 "option without its value" '--storage needs a value' 100 123 --storage
refused 2 "a VMID that is none" 'SRC_VMID "1x" is no VMID' 1x 123
# shellcheck disable=SC2016 # nothing shall be expanded
refused 2 "a VMID that is code" 'NEW_VMID ".*" is no VMID' 100 'a[$(touch evil)]'
refused 2 "a name that is none" '--name "-x" is no name' --name=-x 100 123
refused 2 "the same VMID" 'NEW_VMID is SRC_VMID' 100 100
refused 2 "finish knows no --start" 'finish knows only' --start finish 100
refused 3 "no such VM" 'there is no VM 101' 101 123
refused 3 "no such storage" '--storage: there is no storage nix' --storage nix 100 123
refused 3 "--storage of another type" '--storage: storage local-lvm is of type lvmthin' --storage local-lvm 100 123
refused 3 "--storage that is shared" '--storage: storage shared is marked as shared.*--shared-anyway' --storage shared 100 123
refused 3 "--storage that is not active" '--storage: storage off is disabled' --storage off 100 123
refused 3 "finish of what is no clone" 'VM 100 does not have the tag xcopy-filling' finish 100
refused 3 "cancel of what is no clone" 'VM 100 does not have the tag xcopy-filling' cancel 100

touch "$dir/status/100"
refused 3 "a VM that runs" 'VM 100 is not stopped.*qm shutdown 100' 100 123
world && have 100 lock backup
refused 3 "a VM that is locked" 'VM 100 is locked \(backup\)' 100 123
world && have 100 parent before-update
refused 3 "a VM with a snapshot" 'snapshots \(the last one is before-update\).*qm delsnapshot' 100 123
world && echo side-branch >"$dir/snapshots/100"
refused 3 "a VM with a snapshot that is not above it" 'snapshots \(side-branch\).*qm delsnapshot' 100 123
world && mkdir "$dir/vm/123"
refused 3 "NEW_VMID exists" 'VM 123 exists: choose another' 100 123
world && touch "$dir/volumes/vg-b/vm-123-disk-7"
refused 3 "NEW_VMID has a volume" 'storage other has other:vm-123-disk-7, left by another VM 123' 100 123
world && have 100 scsi3 local-lvm:vm-100-disk-0,size=1G
refused 3 "a thin disk" 'scsi3 of VM 100: storage local-lvm is of type lvmthin.*qm disk move 100 scsi3' 100 123
world && have 100 efidisk0 local:100/vm-100-disk-0.raw,efitype=4m,size=528K
refused 3 "an EFI disk that is a file" 'efidisk0 of VM 100: storage local is of type dir.*qm disk move 100 efidisk0' 100 123
world && have 100 scsi3 shared:vm-100-disk-1
refused 3 "a disk on a shared storage" 'scsi3 of VM 100: storage shared is marked as shared' 100 123
world && have 100 scsi3 off:vm-100-disk-0
refused 3 "a disk on a storage that is not active" 'scsi3 of VM 100: storage off is disabled' 100 123
world && have 100 scsi3 /dev/disk/by-id/some,size=1G
refused 3 "a disk by path" 'scsi3 of VM 100 is given by path \(/dev/disk/by-id/some\)' 100 123
world && have 100 scsi3 san:vm-100-disk-1.qcow2
refused 3 "qcow2 on LVM" 'scsi3 of VM 100 is in a format of its own' 100 123
world && have 100 scsi3 san:vm-100-disk-1,format=qcow2
refused 3 "format=qcow2" 'scsi3 of VM 100 is in a format of its own' 100 123
world && have 100 scsi3 'cache=none,size=1G'
refused 3 "a disk without a volume" 'scsi3: "cache=none,size=1G" names no volume' 100 123
world && have 100 scsi3 'san:vm-100-disk-1,san:vm-100-disk-0'
refused 3 "a disk with two volumes" 'scsi3: .* is not understood' 100 123
# shellcheck disable=SC2016
for volume in 'san:vm-100-disk-1;touch evil' 'san:../san/x' 'san:vm-100-$(>evil)' 'san:vm-100-disk-1;>evil' 'san:vm-100-$(touch evil)' 'a[$(touch evil)]:vm-100-disk-1' '--x' 'san:vm-100-/etc'; do
	world && have 100 scsi3 "$volume"
	refused 3 "a volume called $volume" '(pvesm path|not understood|failed)' 100 123
done
world && have 100 'Evil key' 1
refused 3 "a definition that is not understood" 'prints "Evil key: 1", which is not understood' 100 123
world && rm "$dir"/vm/100/{scsi0,virtio1}
refused 3 "a VM without disks" 'VM 100 has no disks to clone: use "qm clone"' 100 123
world && touch "$dir/busy/vg-b+vm-100-disk-0"
refused 3 "what xcopysetup refuses" 'is open 1 times.*virtio1 of VM 100 cannot be cloned' 100 123
world && echo 'qm create' >"$dir/fail"
before=$(state)
run 3 "qm create fails" 100 123
is "qm create fails: nothing is left" "$(state)" "$before"
world && rm "$PROXMOX_XCOPY_ROOT/etc/pve/storage.cfg"
run 3 "no storage.cfg" 100 123

# --dry-run

world
refused 0 "dry run" 'qm create 123 --lock clone --name Copy-of-VM-db' --dry-run --start 100 123
dry=$(cat "$output")
like "dry run prints the clones" "$dry" 'xcopysetup clone san/vm-100-disk-0 san/vm-123-disk-0'
like "dry run prints the drives" "$dry" 'qm set 123 .*--scsi0 san:vm-123-disk-0'
like "dry run prints the start" "$dry" 'qm start 123$'

# A clone that waits

world
have 100 unused0 san:vm-100-disk-1 tags 'prod;web' description $'a: 100%\n$(touch evil) "quoted" \'too\' \xc3\xa4\t%' \
	args '-device foo; touch evil' sshkeys ssh-ed25519%20AAAA%2B%2F%3D%20root%40a%0Assh-rsa%20BBBB%20b%0A ciuser root cipassword secret protection 1 \
	ide0 local-lvm:vm-100-cloudinit,media=cdrom,size=4M net1 'model=e1000,macaddr=BC:24:11:00:00:02,bridge=vmbr1' \
	efidisk0 san:vm-100-disk-1,efitype=4m,pre-enrolled-keys=1,size=4M
source_before=$(state | grep -E 'vm/100/|vm-100-')
run 0 "clone" --rate 10M 100 123
is "disks" "$(lines 123 efidisk0 scsi0 virtio1)" "efidisk0: san:vm-123-disk-0,efitype=4m,pre-enrolled-keys=1,size=4M
scsi0: san:vm-123-disk-1,discard=on,iothread=1,size=32G
virtio1: other:vm-123-disk-2,size=1G"
is "what is copied" "$(lines 123 boot cores memory ostype scsihw numa ide2 args ciuser protection tags)" "$(lines 100 boot cores memory ostype scsihw numa ide2 args ciuser protection tags)"
is "description" "$(cat "$dir/vm/123/description")" "$(cat "$dir/vm/100/description")"
is "ssh keys" "$(cat "$dir/vm/123/sshkeys")" "ssh-ed25519%20AAAA%2B%2F%3D%20root%40a%0Assh-rsa%20BBBB%20b%0A"
is "what is not" "$(lines 123 unused0 cipassword lock)" ""
like "cipassword is told" "$(cat "$output")" 'cipassword is not shown.*qm set 123 --cipassword'
is "cloud-init drive" "$(lines 123 ide0)" "ide0: local-lvm:vm-123-cloudinit,media=cdrom,size=4M"
is "name" "$(lines 123 name)" "name: Copy-of-VM-db"
like "net0 has another MAC" "$(lines 123 net0)" '^net0: virtio=BC:24:11:..:..:..,bridge=vmbr0,firewall=1,tag=7$'
unlike "and not the old one" "$(lines 123 net0)" '00:00:01'
is "net1 has no old MAC either" "$(lines 123 net1 | sed 's/=BC.*,/,/')" "net1: model=e1000,bridge=vmbr1"
like "smbios1 has another UUID" "$(lines 123 smbios1)" '^smbios1: uuid=[0-9a-f-]{36},manufacturer=QUNNRQ==,base64=1$'
unlike "and not the old one" "$(lines 123 smbios1)" '11111111'
like "vmgenid is new" "$(lines 123 vmgenid)" '^vmgenid: [0-9a-f-]{36}$'
unlike "and not the old one" "$(lines 123 vmgenid)" '99999999'
is "the volumes are Proxmox VE's" "$(cat "$dir"/volumes/*/vm-123-disk-*)" "$(printf 'pve-vm-123\n%.0s' 1 2 3)"
is "no clone's device is left" "$(ls "$mapper")" ""
is "no job is left" "$(ls "$dir/jobs")" ""
is "the source has not changed" "$(state | grep -E 'vm/100/|vm-100-')" "$source_before"
is "the source's definition is never written" "$(called '^qm (set|create|unlock|destroy) 100')" ""
is "the VMID is reserved before anything is cloned, and unlocked at the end" \
	"$(called "$changes" | sed -E 's/^(qm [a-z]+|[a-z]+( [a-z]+)?).*/\1/' | uniq | xargs | sed 's/\(xcopysetup finish xcopysetup release lvchange \)\+/... /')" \
	"qm create xcopysetup clone ... qm set qm unlock qm set"
like "options reach xcopysetup" "$(called '^xcopysetup clone --rate 10M san/vm-100-disk-0 san/vm-123-disk-1')" .
is "nothing was run that was data" "$(find "$top" -name evil)" ""

world
run 0 "options" --name new --storage other --keep-mac --start 100 123
is "their outcome" "$(lines 123 name scsi0 virtio1 net0)" "name: new
scsi0: other:vm-123-disk-0,discard=on,iothread=1,size=32G
virtio1: other:vm-123-disk-1,size=1G
net0: virtio=BC:24:11:00:00:01,bridge=vmbr0,firewall=1,tag=7"
is "it is started" "$(qm status 123)" "status: running"
is "no tags" "$(lines 123 tags)" ""

world && rm "$dir/vm/100/vmgenid" && have 100 scsi3 shared:vm-100-disk-1
run 0 "a shared storage, anyway; no vmgenid" --shared-anyway 100 123
is "its outcome" "$(lines 123 scsi3 vmgenid)" "scsi3: shared:vm-123-disk-1
vmgenid: 0"

world && echo 'qm start' >"$dir/fail"
run 1 "the new VM does not start" --start 100 123
is "it is there all the same" "$(lines 123 scsi0 lock)" "scsi0: san:vm-123-disk-0,discard=on,iothread=1,size=32G"

# At once, and finished

world && have 100 tags web efidisk0 san:vm-100-disk-1,efitype=4m,size=4M
touch "$dir/endless"
(wait_for_file "$dir/jobs/san+vm-123-disk-0"; rm "$dir/endless") &
run 0 "clone --now" --now --start 100 123
wait $!
is "disks are the clones' devices" "$(lines 123 efidisk0 scsi0 virtio1)" "efidisk0: san:vm-123-disk-0,efitype=4m,size=4M
scsi0: $mapper/xcopy-san-vm--123--disk--1,format=raw,discard=on,iothread=1,size=32G
virtio1: $mapper/xcopy-vg--b-vm--123--disk--2,format=raw,size=1G"
is "the tag says so" "$(lines 123 tags lock)" "tags: web;xcopy-filling"
like "what is next is told" "$(cat "$output")" 'VM 100 cannot be started.*proxmox-xcopy finish 123'
is "it is started" "$(qm status 123)" "status: running"
is "disks fill" "$(ls "$dir/jobs")" "san+vm-123-disk-1
vg-b+vm-123-disk-2"
refused 3 "finish of a VM that runs" 'VM 123 is not stopped.*qm shutdown 123' finish 123
refused 3 "cancel of a VM that runs" 'VM 123 is not stopped.*qm shutdown 123' cancel 123
rm "$dir/status/123"
refused 0 "finish --dry-run" 'qm set 123 --scsi0 san:vm-123-disk-1,discard=on' finish --dry-run 123
refused 0 "cancel --dry-run" 'xcopysetup cancel san/vm-123-disk-1.*qm destroy 123' cancel -n 123
touch "$dir/endless"
before=$(state)
(wait_for_file "$dir/finishing"; touch "$dir/status/123"; rm "$dir/endless") &
run 3 "the VM is started while finish waits" finish 123
wait $!
is "its lines have not changed" "$(lines 123 scsi0 virtio1)" "$(printf '%s: %s\n' scsi0 "$mapper/xcopy-san-vm--123--disk--1,format=raw,discard=on,iothread=1,size=32G" virtio1 "$mapper/xcopy-vg--b-vm--123--disk--2,format=raw,size=1G")"
rm "$dir/status/123"
echo 'qm set 123 --virtio1' >"$dir/fail"
run 1 "finish fails half-way" finish 123
is "half of it is done" "$(lines 123 scsi0 tags)" "scsi0: san:vm-123-disk-1,discard=on,iothread=1,size=32G
tags: web;xcopy-filling"
rm "$dir/fail"
run 0 "finish again" finish 123
is "disks are volumes" "$(lines 123 efidisk0 scsi0 virtio1)" "efidisk0: san:vm-123-disk-0,efitype=4m,size=4M
scsi0: san:vm-123-disk-1,discard=on,iothread=1,size=32G
virtio1: other:vm-123-disk-2,size=1G"
is "the tag is gone" "$(lines 123 tags)" "tags: web"
is "no device is left" "$(ls "$mapper")" ""
is "the volumes are Proxmox VE's" "$(sort -u "$dir"/volumes/*/vm-123-disk-*)" pve-vm-123
refused 3 "finish once more" 'VM 123 does not have the tag xcopy-filling' finish 123

world
run 0 "clone --now, and a reboot when all is full" --now 100 123
rm "$dir"/jobs/* "$mapper"/*
run 0 "finish" finish 123
is "disks are volumes" "$(lines 123 scsi0 virtio1 tags)" "scsi0: san:vm-123-disk-0,discard=on,iothread=1,size=32G
virtio1: other:vm-123-disk-1,size=1G"

# Cancelled

world
before=$(state)
run 0 "clone --now" --now 100 123
mkdir -p "$dir/finished"
mv "$dir/jobs/san+vm-123-disk-0" "$dir/finished/" # it has become full
run 0 "cancel" cancel 123
is "nothing is left" "$(state)" "$before"
run 0 "clone --now" --now 100 123
have 123 scsi7 san:vm-123-disk-9
touch "$dir/volumes/san/vm-123-disk-9"
refused 3 "cancel, and a disk of somebody else's" 'scsi7 of VM 123 .* was not made here' cancel 123
rm "$dir/vm/123/scsi7"
have 123 unused0 san:vm-123-disk-9
refused 3 "cancel, and an unused disk" 'VM 123 has unused0, which was not made here' cancel 123
rm "$dir/vm/123/unused0"
touch "$dir/busy/vg-b+vm-123-disk-1" "$dir/endless"
run 4 "cancel of a clone that is in use" cancel 123
is "VM and clone are left" "$(lines 123 name; ls "$dir/jobs")" "name: Copy-of-VM-db
vg-b+vm-123-disk-1"
rm "$dir"/busy/* "$dir/endless"
run 0 "cancel again" cancel 123
is "the other's volume is left" "$(ls "$dir"/volumes/*/vm-123-* "$dir/vm")" "$dir/volumes/san/vm-123-disk-9

$dir/vm:
100"

# Failures, undone

# undone DESC ARGUMENT...: with what is in "fail"
undone() {
	local desc=$1
	shift
	run 1 "$desc" "$@"
	like "$desc: says so" "$(cat "$output")" 'everything that had been made was removed again'
	is "$desc: nothing is left" "$(state)" "$before"
}

world
before=$(state)
for call in 'xcopysetup clone [^-].*vm-123-disk-0' 'xcopysetup clone [^-].*vm-123-disk-1' 'qm set 123 .*--scsi0' 'qm set 123 .*--boot' 'qm unlock' 'lvchange .*disk-1' 'xcopysetup finish'; do
	for how in filling instant; do
		[ "$how $call" != 'instant xcopysetup finish' ] || continue
		[ $how = filling ] || touch "$dir/instant"
		echo "$call" >"$dir/fail"
		undone "$call fails, $how" 100 123
		rm -f "$dir/instant" "$dir/fail"
	done
done
echo 'qm set 123 .*--scsi0' >"$dir/fail"
undone "qm set fails, with --now" --now 100 123
is "the source's definition was never written" "$(called '^qm (set|create|unlock|destroy) 100')" ""
is "the VM's undoing touches no other volumes" "$(called 'destroy-unreferenced-disks' | sort -u)" "qm destroy 123 --skiplock 1 --destroy-unreferenced-disks 0"

# Between the check and the clone somebody makes a volume of the same name: it is not ours.
world
echo 'xcopysetup clone [^-].*vm-123-disk-0' >"$dir/pause"
(wait_for_file "$dir/paused"; echo theirs >"$dir/volumes/vg-b/vm-123-disk-1"; rm "$dir/pause") &
run 1 "a volume of the name of the second" 100 123
wait $!
is "it is left alone" "$(cat "$dir/volumes/vg-b/vm-123-disk-1")" theirs
is "the first is undone" "$(find "$dir"/{volumes/san,vm,jobs} -name '*123*')" ""

# The same with the VM itself
world
echo 'qm create' >"$dir/pause"
(wait_for_file "$dir/paused"; mkdir "$dir/vm/123"; have 123 name theirs; rm "$dir/pause") &
run 3 "a VM of the same number" 100 123
wait $!
is "it is left alone" "$(lines 123 name)" "name: theirs"

world
echo 'qm (set|destroy)' >"$dir/fail"
run 4 "undoing fails" 100 123
like "what is left is told" "$(cat "$output")" 'could not undo everything: VM 123 is left'
is "volumes are not" "$(ls "$dir"/volumes/*/vm-123-* 2>/dev/null)" ""

# Signals

# interrupt SIGNAL CALL ARGUMENT...: while CALL is under way. Under nohup it would ignore SIGHUP, as it should.
interrupt() {
	local signal=$1 call=$2 pid rc=0
	shift 2
	echo "$call" >"$dir/pause"
	env --default-signal="$signal" bash "$script" "$@" >"$output" 2>&1 </dev/null &
	pid=$!
	wait_for_file "$dir/paused"
	kill "-$signal" "$pid"
	sleep 0.1
	rm "$dir/pause"
	wait $pid || rc=$?
	is "SIG$signal during $call: exit status" $rc 1
	is "SIG$signal during $call: nothing is left" "$(state)" "$before"
	rm -f "$dir/paused"
}

world
before=$(state)
for call in 'xcopysetup clone --dry-run' 'qm create' 'xcopysetup clone [^-].*disk-0' 'xcopysetup clone [^-].*disk-1' 'xcopysetup finish' lvchange 'qm set 123 .*--scsi0'; do
	interrupt TERM "$call" 100 123
done
interrupt HUP 'xcopysetup clone [^-].*disk-1' --now 100 123

# What waits for hours is ended at once. Bash lets what it starts in the background ignore SIGINT: env undoes that.
touch "$dir/endless"
env --default-signal=INT bash "$script" 100 123 >"$output" 2>&1 </dev/null &
script_pid=$!
wait_for_file "$dir/finishing"
waiter_pid=$(cat "$dir/finishing")
kill -INT $script_pid
rc=0
wait $script_pid || rc=$?
is "SIGINT while disks fill: exit status" $rc 1
like "SIGINT while disks fill: says so" "$(cat "$output")" 'interrupted by SIGINT'
is "SIGINT while disks fill: nothing is left" "$(state)" "$before"
rc=0
kill -0 "$waiter_pid" 2>/dev/null || rc=$?
is "SIGINT while disks fill: nothing waits on" $rc 1

echo "1..$number"
[ $failed = 0 ]

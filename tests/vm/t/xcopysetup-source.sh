#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: a source that was made writeable, or written to, while its clone fills makes the clone suspect: it is finished by force only
# needs: topology=default
# timeout: 700
. "$XCOPY_LIB"

run make_vg vg "$(disk a1)" "$(disk a2)"
src=$(make_lv vg src 16M)
run random_fill "$src"
sum=$(checksum "$src")
before=$(lvs -a --noheadings -o lv_name,lv_attr,lv_tags vg)

suspect() { xcopysetup status --json vg/dst | jq -r '.clones[0].suspect'; }
is_suspect() { [ "$(suspect)" = "$1" ]; }
recorded() { lvs --noheadings -o lv_tags vg/dst | grep -q "xcopy:suspect=$1"; }
# With the target that is there, but "load" or "load -r".
reload_source() {
	dmsetup table vg-src | dmsetup "$@" vg-src && dmsetup resume vg-src
}

run xcopysetup clone -q --no-hydration --keep-device vg/src dst
is "nothing is suspect at first" "$(suspect)" null
ok "status is good" xcopysetup status
run lvchange --permission rw vg/src
ok "made writeable: recorded" wait_for 30 recorded source-writeable
is "the status has it" "$(suspect)" source-writeable
rc=0
text=$(xcopysetup status vg/dst) || rc=$?
is "the status is bad" $rc 5
like "and says what to do" "$text" 'source vg/src was made writeable.*cancel.*finish --force'
journal_has() { journalctl -q --no-pager -u 'xcopysetup@*' | grep -q "$1"; }
ok "so does the journal" wait_for 30 journal_has 'source vg/src was made writeable'
run lvchange --permission r vg/src
is "read-only again, it is still suspect" "$(suspect)" source-writeable
ok "resume" xcopysetup resume vg/dst
ok "it fills" wait_for 60 hydrated xcopy-vg-dst
sleep 5
ok "it is not finished" recorded source-writeable
rc=0
xcopysetup wait --timeout 60 vg/dst >/tmp/out 2>&1 || rc=$?
is "wait does not wait for it" $rc 5
like "and says why" "$(cat /tmp/out)" 'was made writeable'
rc=0
xcopysetup finish vg/dst >/tmp/out 2>&1 || rc=$?
is "finish refuses" $rc 3
like "with what to do" "$(cat /tmp/out)" 'finish --force'
ok "finish --force" xcopysetup finish --force vg/dst
is "the volume is right" "$(checksum /dev/vg/dst)" "$sum"
ok "release" xcopysetup release vg/dst
run lvremove -q -y vg/dst
is "all is as before" "$(lvs -a --noheadings -o lv_name,lv_attr,lv_tags vg)" "$before"

# behind the back of LVM, while nobody looks
run xcopysetup clone -q --no-hydration vg/src dst
run systemctl stop 'xcopysetup@*'
run reload_source load
dd if="$src" of=/tmp/block bs=4K count=1 iflag=direct status=none
run dd if=/tmp/block of="$src" bs=4K oflag=direct conv=notrunc status=none
run reload_source load -r
# it looks once in commit_ms
seen() { [ "$(status_field xcopy-vg-dst source_modified)" = 1 ]; }
ok "the kernel has seen it" wait_for 10 seen
is "so does the status" "$(suspect)" source-written
ok "activate starts the waiter" xcopysetup activate vg/dst
ok "which records it" wait_for 30 recorded source-written
run systemctl stop 'xcopysetup@*'
run dmsetup remove --retry xcopy-vg-dst
ok "activate, as after a boot" xcopysetup activate vg/dst
is "the kernel knows nothing of it" "$(status_field xcopy-vg-dst source_modified)" 0
is "but the status does" "$(suspect)" source-written
ok "cancel" xcopysetup cancel vg/dst
is "all is as before again" "$(lvs -a --noheadings -o lv_name,lv_attr,lv_tags vg)" "$before"
is "the source is as it was" "$(checksum "$src")" "$sum"

# Somebody works on the source while its clone is made, between the plan and the change

run cp /usr/sbin/lvm /usr/local/sbin/lvm.real
run install -m 755 /dev/stdin /usr/local/sbin/lvm.meanwhile <<'EOF'
#!/bin/bash
case " $* " in *" --name dst_xcopymeta "*) eval "(exec -a lvm /usr/local/sbin/lvm.real $(cat /tmp/meanwhile))" >/dev/null 2>&1 </dev/null ;; esac
exec -a "$0" /usr/local/sbin/lvm.real "$@"
EOF
run mount --bind /usr/local/sbin/lvm.meanwhile /usr/sbin/lvm
undone() { # DESC LVM-COMMAND REASON
	echo "$2" >/tmp/meanwhile
	local rc=0
	timeout 120 xcopysetup clone -q --no-hydration vg/src dst >/tmp/out 2>&1 || rc=$?
	is "$1: exit status" $rc 1
	like "$1: says why" "$(cat /tmp/out)" "$3"
	is "$1: nothing is left" "$(lvs --noheadings -o lv_name vg | xargs)$(dmsetup ls | grep -c xcopy-vg-dst)$(lvs --noheadings -o lv_tags vg/src | xargs)" "src0"
	is "$1: the source is linear" "$(dmsetup table vg-src | cut -d ' ' -f 3 | sort -u)" linear
}
undone "it is extended" 'lvextend -qq -L+4M vg/src' 'changed source vg/src meanwhile'
run lvreduce -qq -f -y -L-4M vg/src
undone "it is made read-only" 'lvchange -qq --permission r vg/src' 'made source vg/src read-only meanwhile'
is "it stays read-only" "$(lvs --noheadings -o lv_attr vg/src | cut -c 4)" r
run lvchange -qq --permission rw vg/src
run umount /usr/sbin/lvm
is "the source is as it was once more" "$(lvs -a --noheadings -o lv_name,lv_attr,lv_tags vg) $(checksum "$src")" "$before $sum"

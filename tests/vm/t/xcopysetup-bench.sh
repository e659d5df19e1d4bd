#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: how long a clone of 100 GiB takes until it can be mounted, and any command holds the lock of its volume group, beside lvcreate (a measurement, not a test)
# needs: size.a1=120G
# needs: size.a2=120G
# timeout: 1500
. "$XCOPY_LIB"

run make_vg vg "$(disk a1)" "$(disk a2)"
run lvcreate -qq -y -W n -L 100G -n src vg "$(disk a1)"

# milliseconds COMMAND...
milliseconds() {
	local start=${EPOCHREALTIME/[^0-9]/}
	"$@" >/tmp/out 2>&1 || { cat /tmp/out && return 1; }
	TOOK=$(((${EPOCHREALTIME/[^0-9]/} - start) / 1000))
}

# longest_lock COMMAND...: the longest time in which one process of it had the lock, in milliseconds
longest_lock() {
	strace -f -y -ttt -e trace=flock,close -o /tmp/trace "$@" >/dev/null 2>&1
	LOCKED=$(awk '
		$0 !~ /V_vg>/ { next }
		/flock\(.*LOCK_UN/ || /close\(/ { if ($1 in since) { held = ($2 - since[$1]) * 1000; if (held > most) most = held; delete since[$1] }; next }
		/flock\(.*(LOCK_EX|LOCK_SH).* = 0$/ { since[$1] = $2 }
		END { printf "%d", most }' /tmp/trace)
}

median() { sort -n | sed -n '3p'; }

# What a clone cannot do without, by itself: LVM asked and told what it has to record, and one device that udev has seen.
bare() {
	lvm fullreport --all --reportformat json &&
		lvcreate -qq -y -W n -Z n --noudevsync -L 1M -n meta vg &&
		lvchange -qq --noudevsync --addtag xcopy:bench --permission r vg/src &&
		lvcreate -qq -y -W n -Z n --noudevsync -L 100G -n plain vg "$(disk a2)" &&
		dmsetup create bare --table "0 8 linear $(disk s0) 0" &&
		systemctl --no-block start xcopysetup@00000000000000000000000000000000.service
}
bare_undo() {
	run dmsetup remove --retry bare
	run lvremove -qq -y vg/plain vg/meta
	run lvchange -qq --deltag xcopy:bench --permission rw vg/src
}

plain=() clone=() part=()
for _ in 1 2 3 4 5; do
	milliseconds lvcreate -qq -y -L 100G -n plain vg "$(disk a2)"
	plain+=("$TOOK")
	run lvremove -qq -y vg/plain
	milliseconds xcopysetup clone -q --no-hydration --pv "$(disk a2)" vg/src dst
	clone+=("$TOOK")
	run xcopysetup cancel vg/dst
	milliseconds bare
	part+=("$TOOK")
	bare_undo
done
plain_ms=$(printf '%s\n' "${plain[@]}" | median) clone_ms=$(printf '%s\n' "${clone[@]}" | median)
part_ms=$(printf '%s\n' "${part[@]}" | median)
diag "until it can be mounted, medians of five: lvcreate $plain_ms ms (${plain[*]}), clone $clone_ms ms (${clone[*]}): $((clone_ms * 100 / plain_ms)) %"
diag "of that, what LVM, udev and systemd take without xcopysetup: $part_ms ms (${part[*]}): $((part_ms * 100 / plain_ms)) %"

longest_lock lvcreate -qq -y -L 100G -n plain vg "$(disk a2)"
run lvremove -qq -y vg/plain
diag "longest hold of the lock of the volume group, traced: lvcreate $LOCKED ms"
longest_lock xcopysetup clone -q --no-hydration --pv "$(disk a2)" vg/src dst
diag "clone $LOCKED ms, its lvcreate included; $(grep -c 'V_vg>, LOCK_EX) = 0' /tmp/trace) exclusive holds"
longest_lock xcopysetup pause vg/dst
diag "pause $LOCKED ms"
longest_lock xcopysetup cancel vg/dst
diag "cancel $LOCKED ms"
ok "all of it worked" test "$(lvs --noheadings -o lv_name vg | xargs)" = src

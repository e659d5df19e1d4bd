#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: out of memory at each allocation: what fails leaves nothing behind, what goes on loses nothing
# suites: debug
# timeout: 900
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/copier.sh"

FAULTS=(/sys/kernel/debug/failslab /sys/kernel/debug/fail_page_alloc)

# Only allocations with code of the modules on the stack fail, also those that may wait.
set_up() {
	local fault first last
	first=$(awk '/\[dm_xcopy/ && tolower($2) == "t" { print $1 }' /proc/kallsyms | sort | sed -n 1p)
	last=$(awk '/\[dm_xcopy/ && tolower($2) == "t" { print $1 }' /proc/kallsyms | sort | sed -n '$p')
	for fault in "${FAULTS[@]}"; do
		echo N >"$fault/ignore-gfp-wait"
		echo 0 >"$fault/verbose"
		echo 0 >"$fault/probability"
		echo 1 >"$fault/interval"
		echo 0x"$first" >"$fault/require-start"
		# Of the last function the end is not known.
		printf '0x%x' $((0x$last + 4096)) >"$fault/require-end"
	done
	echo N >/sys/kernel/debug/fail_page_alloc/ignore-gfp-highmem
	echo 0 >/sys/kernel/debug/fail_page_alloc/min-order
}

probability() {
	local fault
	for fault in "${FAULTS[@]}"; do
		echo -1 >"$fault/times"
		echo "$1" >"$fault/probability"
	done
}

# A counter of what fails: `times` falls with each.
MANY=1000000
injected() {
	[ "$(cat /sys/kernel/debug/failslab/times)" != $MANY ] || [ "$(cat /sys/kernel/debug/fail_page_alloc/times)" != $MANY ]
}

# nth N COMMAND...: the Nth of its allocations fails
nth() {
	local n=$1 fault
	shift
	for fault in "${FAULTS[@]}"; do
		echo $MANY >"$fault/times"
	done
	# shellcheck disable=SC2016 # for that shell
	bash -c 'echo "$0" >/proc/self/fail-nth; exec "$@"' "$n" "$@"
}

nothing_is_left() {
	! dmsetup info clone >/dev/null 2>&1 && [ "$(copier open_pairs) $(copier paths_held)" = "0 0" ] &&
		[ "$(dmsetup info -c --noheadings -o open src)" = 0 ] && [ "$(dmsetup info -c --noheadings -o open dst)" = 0 ]
}

# each DESC AFTER COMMAND...: the command with its first, second, ... allocation failing, until it has no more. Each
# time AFTER says whether all is well, and makes it as it was.
each() {
	local desc=$1 after=$2 n=0 refused=0 bad=
	shift 2
	while [ $n -lt 2000 ]; do
		n=$((n + 1))
		nth $n "$@" >/run/nth.log 2>&1 && rc=0 || rc=$?
		injected || break
		[ "$rc" = 0 ] || refused=$((refused + 1))
		$after "$rc" || bad+=" $n"
	done
	diag "$desc: $((n - 1)) allocations, $refused of them needed"
	is "$desc: what went wrong" "${bad:-nothing}" nothing
	is "$desc: without a failure it succeeds" "$rc" 0
}

after_create() {
	[ "$1" != 0 ] || dmsetup remove --retry clone || return 1
	nothing_is_left
}

after_format() {
	after_create "$1" && blank_metadata
}

after_command() {
	dmsetup status clone >/run/status && grep -q ' rw ' /run/status
}

after_suspend() {
	dmsetup resume clone && after_command
}

after_resume() {
	dmsetup resume clone && after_command && dmsetup suspend clone
}

# What fails to load leaves the table that is in force.
after_load() {
	dmsetup resume clone && after_command
}

after_remove() {
	! dmsetup info clone >/dev/null 2>&1 || dmsetup remove --retry clone || return 1
	nothing_is_left && dmsetup create clone --table "$(table)"
}

blank_metadata() {
	dd if=/dev/zero of="$METADATA" bs=64k count=1 oflag=direct status=none
}

table() {
	clone_table 1 no_hydration 6 offload_driver test quarantine_ms 1000 commit_ms 100
}

copier_load
run dmsetup create src --table "0 65536 xcopy-linear $(disk a1) 0"
run dmsetup create dst --table "0 65536 xcopy-linear $(disk a2) 0"
run dmsetup create meta --uuid TEST-meta --table "0 16384 linear $(disk s0) 0"
. "$XCOPY_SRC/tests/tools/clone-lib.sh"
clone clone /dev/mapper/src /dev/mapper/dst /dev/mapper/meta 65536 128
clone_prepare
set_up
# udev looks at each device, which takes most of the time here, and nothing depends on it.
udevadm settle
run udevadm control --stop-exec-queue
export DM_DISABLE_UDEV=1

each "format" after_format dmsetup create clone --table "$(table)"
ok "the clone is written to" clone_do write:0:100 write:20000:1000 flush
each "status" after_command dmsetup status clone
each "table" after_command dmsetup table clone
each "message set" after_command dmsetup message clone 0 set commit_ms 200
each "message hydrate" after_command dmsetup message clone 0 hydrate 0 1
each "suspend" after_suspend dmsetup suspend clone
run dmsetup suspend clone
each "resume" after_resume dmsetup resume clone
each "reload" after_load dmsetup load clone --table "$(table)"
each "removal" after_remove dmsetup remove --retry clone
each "activation" after_create dmsetup create clone --table "$(table)"
ok "nothing of what was written is lost" clone_verify

unset DM_DISABLE_UDEV
run udevadm control --start-exec-queue

# From now on not the commands but what works for the clone.
run dmsetup message clone 0 enable_hydration
clone_io_start "$STATE/load" --seconds 600 --threads 4 --window "$(clone_half)"
for percent in 5 50 100; do
	probability $percent
	sleep 5
	probability 0
	sleep 1
done
ok "no I/O fails for want of memory" clone_io_stop
diag "$(cat "$STATE/load")"
like "and the clone is in good order" "$(dmsetup status clone)" ' rw '
clone_finish 120 "out of memory"
copier_settled "out of memory"

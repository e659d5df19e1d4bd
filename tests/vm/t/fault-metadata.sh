#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: a metadata device that fails writes of one block, whichever it is: nothing flushed is lost, and the clone goes on when it is mended
# timeout: 400
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/copier.sh"
. "$XCOPY_SRC/tests/tools/clone-lib.sh"

# 40960 regions: two bitmap blocks, of which the second begins before sector 262144.
length=327680
copier_load
META=$(slice weak "$(disk s0)" 0 16384)
clone sick "$(disk a1)" "$(disk a2)" "$META" $length 8

weak_table() { # TABLE-ON-STDIN: exchanged while it is in use
	run dmsetup load weak
	run dmsetup suspend --noflush --nolockfs weak
	run dmsetup resume weak
}

whole() {
	weak_table <<<"0 16384 linear $(disk s0) 0"
}

# Block BLOCK, of 4 KiB, fails its writes; it can be read.
fails() { # BLOCK
	local start=$(($1 * 8))
	[ $start = 0 ] || echo "0 $start linear $(disk s0) 0"
	echo "$start 8 flakey $(disk s0) $start 0 3600 1 error_writes"
	echo "$((start + 8)) $((16384 - start - 8)) linear $(disk s0) $((start + 8))"
}

in_mode() { [ "$(mode)" = "$1" ]; }
mode() { dmsetup status sick | grep -oE ' (rw|ro|Fail) [0-9]+ copier ' | awk '{ print $1 }'; }

# Superblock copies 0 and 8; slots of bitmap blocks 0 (16, 17) and 1 (18, 19).
run modprobe dm-flakey
for block in 0 8 16 17 18 19; do
	desc="block $block"
	clone_prepare
	clone_up 1 no_hydration 4 offload_driver test commit_ms 100
	ok "$desc: writes and a flush before" clone_do write:0:512 write:262400:8 flush
	weak_table < <(fails $block)
	# Several rounds use both slots; the copy command needs the superblock. What fails may fail.
	for round in 1 2 3; do
		clone_do "write:$((round * 1024)):64" "write:$((262400 + round * 1024)):64" flush >/dev/null 2>&1 || true
	done
	dmsetup message "$NAME" 0 hydrate 20000 64 || true
	wait_for 30 in_mode ro || true
	diag "$desc: $(dmsetup status "$NAME")"
	is "$desc: the clone is read-only" "$(mode)" ro
	not_ok "$desc: it takes no flush" clone_do flush
	ok "$desc: it can be read" clone_verify
	whole
	is "$desc: read-only it stays" "$(mode)" ro
	run dmsetup remove --retry "$NAME"
	clone_up 1 no_format 6 offload_driver test commit_ms 100 quarantine_ms 1000
	ok "$desc: activated again, nothing flushed is lost" clone_verify_crash
	ok "$desc: and it can be written" clone_do write:8192:64 fua:264000:8 flush
	clone_finish 60 "$desc"
done

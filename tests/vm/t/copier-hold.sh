#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: after a crash with copies under way, whatever is not hydrated waits for the quarantine that was in force: a copy that lands meanwhile hits nothing newer
# phases: 2
# timeout: 300
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/copier.sh"

mib=16
clone=/dev/mapper/clone
# What the clone has to hold in the end: the source, and each write that is made to the clone.
EXPECTED=$(disk s1)

# put DEVICE SECTOR SECTORS [SEED]: bytes that are the same each time, for one seed
put() {
	yes "$2 $4" | dd of="$1" bs=512 seek="$2" count="$3" iflag=fullblock oflag=direct conv=notrunc status=none
}

# written SECTOR SECTORS: to the clone; EXPECTED has it at once
written() {
	put "$EXPECTED" "$1" "$2" new
	put $clone "$1" "$2" new
}

zeroed() {
	run blkdiscard -f -z -o $(($1 * 512)) -l $(($2 * 512)) "$EXPECTED"
	blkdiscard -f -z -o $(($1 * 512)) -l $(($2 * 512)) $clone
}

# A discard, and a write on it: what a discard leaves there is nobody's business.
discarded() {
	put "$EXPECTED" "$1" "$2" newer
	blkdiscard -f -o $(($1 * 512)) -l $(($2 * 512)) $clone && put $clone "$1" "$2" newer
}

reads_source() { # SECTOR SECTORS
	cmp <(dd if=$clone bs=512 skip="$1" count="$2" iflag=direct status=none) \
		<(dd if="$SRC" bs=512 skip="$1" count="$2" iflag=direct status=none)
}

case $PHASE in
1)
	copier_load
	fresh_devices $mib
	run dd if="$SRC" of="$EXPECTED" bs=1M count=$mib iflag=direct oflag=direct status=none
	rule from=2 wait
	clone_create clone $mib no_hydration offload_depth 1 offload_max_kib 1024 offload_segment_blocks 2048 quarantine_ms 60000
	run dmsetup message clone 0 hydrate 200 1
	run wait_for 30 copier_is commands 1
	run dmsetup message clone 0 hydrate 0 16
	ok "a copy of the first regions is under way" copier_waits
	ok "writes elsewhere" written 20000 300
	ok "... are flushed" sync $clone
	not_ok "its quarantine cannot be made shorter now" dmsetup message clone 0 set quarantine_ms 1000
	vm_kill
	;;
2)
	copier_load
	start=$SECONDS
	clone_create clone $mib "no_hydration no_format" quarantine_ms 1000
	ok "the log says what is waited for" log_has 'Storage copies were under way .* wait for 60000 ms'
	is "status says it too" "$(status_field clone quarantined)" 1
	in_background write written 100 300
	in_background whole written 512 256
	ok "reads go on" reads_source 0 2048
	ok "what is hydrated can be written" timeout 30 dd if=/dev/zero of=$clone bs=512 seek=20096 count=64 oflag=direct conv=notrunc status=none
	run dd if=/dev/zero of="$EXPECTED" bs=512 seek=20096 count=64 oflag=direct conv=notrunc status=none
	# Last: while a discard waits, everybody else's lseek() on the device does.
	in_background discard discarded 1024 256
	in_background zero zeroed 2000 100
	for what in write whole discard zero; do
		ok "a $what of what is not hydrated waits" still_blocked $what
	done
	run dmsetup message clone 0 enable_hydration
	is "nothing is copied in the background" "$(status_field clone offloaded) $(status_field clone host_copied)" "0 0"
	# The storage goes on with what it was told before the crash.
	run dd if="$SRC" of="$DST" bs=1M count=1 iflag=direct oflag=direct conv=notrunc status=none
	ok "they still wait when it has landed" still_blocked write
	for what in write whole discard zero; do
		ok "a $what ends with the quarantine" went_well $what 60
	done
	at_least "not earlier" $((SECONDS - start)) 59
	ok "it completes" wait_for 60 hydrated clone
	ok "every byte is right" same $clone "$EXPECTED" $mib
	run dmsetup remove --retry clone
	ok "on the destination too" same "$DST" "$EXPECTED" $mib
	log_mark
	clone_create clone $mib no_format
	not_ok "a clean removal leaves nothing to wait for" log_has 'Storage copies were under way'
	run dmsetup remove --retry clone

	# Metadata as a crash leaves it, and a table that asks for longer.
	fresh_devices $mib
	copier reset 1
	rule from=2 wait
	clone_create clone $mib "" offload_depth 1 offload_max_kib 1024 quarantine_ms 500
	ok "asked for longer: a copy is under way" copier_waits
	run dd if="$META" of=/tmp/crashed bs=1M count=8 iflag=direct status=none
	copier go all
	run wait_for 60 hydrated clone
	run dmsetup remove --retry clone
	run dd if=/tmp/crashed of="$META" bs=1M oflag=direct status=none
	log_mark
	clone_create clone $mib no_format offload_depth 1 offload_max_kib 1024 quarantine_ms 3000
	ok "asked for longer: and waited" log_has 'Storage copies were under way .* wait for 3000 ms'
	ok "asked for longer: it completes" wait_for 60 hydrated clone
	at_least "asked for longer: the storage copied" "$(status_field clone offloaded)" 1
	run dmsetup remove --retry clone
	is "asked for longer: it is in force" "$(xcopysetup metadata dump --json "$META" | jq .quarantine_ms)" 3000
	;;
esac

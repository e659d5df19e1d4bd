#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: discards and writes to a region whose copy is in flight wait for it, and win
# timeout: 500
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/copier.sh"

copier_load
mib=16
log=/run/oracle.log
clone=/dev/mapper/clone

# All of these hit the command in flight, which copies the first 1 MiB.
first="discard:256:512 write:300:200"

# oracle OPERATION...
oracle() {
	xcopy-oracle 'do' --dev $clone --log $log "$@"
}

# Reads, checked to be the source's. Not by dd: its lseek() waits for the lock that a discard holds on the block device.
reads_source() {
	timeout 20 xcopy-oracle 'do' --dev $clone --log $log.reads "$@"
}

# race DESC WAIT OPERATION...: the operations are issued while command 2, for the first regions, is held
race() {
	local desc=$1 held=$2
	shift 2
	copier reset 1
	fresh_metadata
	run xcopy-oracle prepare --dev "$SRC" --sectors $((mib << 11))
	run xcopy-oracle poison --dev "$DST" --sectors $((mib << 11))
	rm -f $log $log.reads
	run xcopy-oracle init --log $log --sectors $((mib << 11))
	run xcopy-oracle init --log $log.reads --sectors $((mib << 11))
	rule from=2 "$held"
	clone_create clone $mib no_hydration offload_depth 1 offload_max_kib 1024 offload_segment_blocks 2048
	run dmsetup message clone 0 hydrate 200 1
	ok "$desc: the extents get trusted" wait_for 30 copier_is commands 1
	run dmsetup message clone 0 hydrate 0 16
	ok "$desc: a copy of the first regions is in flight" copier_waits
	in_background operations oracle "$@"
	ok "$desc: they wait" still_blocked operations
	ok "$desc: reads of the range go on" reads_source read:0:1024 read:500:9
	copier go all
	ok "$desc: they end with it" went_well operations
	run dmsetup message clone 0 enable_hydration
	ok "$desc: it completes" wait_for 60 hydrated clone
	ok "$desc: every byte is right" xcopy-oracle verify --dev $clone --log $log
	run dmsetup remove --retry clone
	ok "$desc: on the destination too" xcopy-oracle verify --dev "$DST" --log $log
	copier_settled "$desc"
}

# shellcheck disable=SC2086 # words
for held in wait hold; do
	race "$held, discard, then write" $held $first
	race "$held, write inside a region" $held write:8:8
	race "$held, overwrite of whole regions" $held write:128:512
	race "$held, write-zeroes" $held zero:128:640
	race "$held, discard alone" $held discard:0:1024
	race "$held, a write over both ends" $held write:1000:2000
done

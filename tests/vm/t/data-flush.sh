#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: a flush and a FUA write survive a killed guest, though nothing else would have committed them
# phases: 2
# timeout: 120
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/tools/clone-lib.sh"

# No hydration and a commit a minute: only flush and FUA commit.
args=(2 no_hydration no_offload 2 commit_ms 60000)
plain_disks plain 32775 65536
clone plain "$PLAIN_SOURCE" "$PLAIN_DESTINATION" "$PLAIN_METADATA" 32775 128

case $PHASE in
1)
	clone_prepare
	clone_up "${args[@]}"
	sleep 1
	# Whole regions, parts of regions, the last region, over several; then a flush.
	ok "writes and a flush" clone_do write:0:128 write:300:8 write:32770:5 write:1000:300 \
		zero:2048:128 zero:2200:8 flush
	# On regions that were not touched before, on one that was, and on one written without flush.
	ok "FUA writes" clone_do fua:4096:128 fua:4300:8 fua:304:8 write:5120:128 fua:5130:8
	ok "a write that nobody flushed" clone_do write:8192:128 write:8400:8 write:0:8
	vm_kill
	;;
2)
	clone_up 3 no_hydration no_offload no_format 2 commit_ms 60000
	ok "nothing that was flushed is lost" clone_verify_crash
	# 0, 2, 7-10, 16, 17, 32, 33, 40, 256: hydrated by a commit.
	at_least "the bits of these regions were committed" "$(clone_hydrated)" 11
	run dmsetup message plain 0 enable_hydration
	clone_finish 60 "after the kill"
	;;
esac

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: nothing is written: clone and destination hold the source's bytes, whatever region, length and blocks
# timeout: 400
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/tools/clone-lib.sh"

meta=$(slice meta "$(disk s0)" 0 16384)

copied_by() { # WHO TEXT: all of the clone was copied by WHO (offloaded, host_copied)
	is "$2" "$(status_field "$NAME" "$1")" "$LENGTH"
}

offload() { # NAME SOURCE DESTINATION SECTORS REGION
	clone "$1" "$(disk "$2")" "$(disk "$3")" "$meta" "$4" "$5"
	clone_prepare
	clone_up 0
	ok "$1: the clone is right at once" clone_verify
	ok "$1: hydration ends" wait_for 60 hydrated "$1"
	copied_by offloaded "$1: the storage copied everything"
	is "$1: the copier" "$(status_field "$1" copier)" nvme
	clone_finish 1 "$1"
}

by_host() { # NAME SECTORS REGION
	plain_disks "$1" "$2" 65536
	clone "$1" "$PLAIN_SOURCE" "$PLAIN_DESTINATION" "$PLAIN_METADATA" "$2" "$3"
	clone_prepare
	clone_up 1 no_offload
	ok "$1: the clone is right at once" clone_verify
	ok "$1: hydration ends" wait_for 60 hydrated "$1"
	copied_by host_copied "$1: the host copied everything"
	clone_finish 1 "$1"
	run dmsetup remove "$1-src"
	run dmsetup remove "$1-dst"
	run dmsetup remove "$1-meta"
}

# Lengths that are no multiple of the region, of a command, or of anything but the block.
offload nvme-64k a1 a2 65536 128
offload nvme-4k-odd a1 a2 65543 8
offload nvme-1m-odd a1 a2 65537 2048
offload nvme-small-limits a5 a6 16391 128
offload nvme-lba4096 a3 a4 65544 128
by_host host-4k 32768 8
by_host host-64k-odd 65543 128
by_host host-1m-odd 65537 2048
by_host host-one-region 5 8

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: the namespace of the source, or of the destination, is detached with copies in flight, and comes back: nothing flushed is lost
# alone: namespaces come back under other names
# timeout: 400
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/tools/clone-lib.sh"

meta=$(slice meta "$(disk s0)" 0 16384)
controller() { nvme_ctrls XCOPY-A | head -n 1; }
there() { nvme_disk XCOPY-A "$1" >/dev/null 2>&1; }
gone() { ! there "$1"; }
opened() { clone ns "$(disk a1)" "$(disk a2)" "$meta" 262144 128; }
quarantine="quarantine_ms 2000"

detached() { # DESC NSID
	local desc=$1 nsid=$2 cntlid
	opened
	clone_prepare
	# shellcheck disable=SC2086 # words
	clone_up 0 4 hydration_rate 8192 $quarantine
	ok "$desc: writes and a flush" clone_do write:0:512 write:100000:300 zero:4096:128 flush
	clone_io_start /run/load.log --seconds 120 --window "$(clone_half)"
	ok "$desc: the storage copies" wait_for 60 copies
	cntlid=$(cat "/sys/class/nvme/$(controller)/cntlid")
	run nvme detach-ns "/dev/$(controller)" -n "$nsid" -c "$cntlid"
	ok "$desc: the namespace goes" wait_for 30 gone "$nsid"
	sleep 1
	diag "$desc: $(dmsetup status ns)"
	ok "$desc: the load read nothing wrong" clone_io_right
	like "$desc: status answers" "$(dmsetup status ns)" ' xcopy '
	ok "$desc: the clone can be removed" timeout 60 dmsetup remove --retry ns
	run nvme attach-ns "/dev/$(controller)" -n "$nsid" -c "$cntlid"
	ok "$desc: the namespace comes back" wait_for 30 there "$nsid"
	run udevadm settle
	opened
	# shellcheck disable=SC2086 # words
	clone_up 1 no_format 2 $quarantine
	ok "$desc: activated again, nothing flushed is lost" clone_verify_crash
	ok "$desc: it can be written" clone_do write:50000:100 flush
	clone_finish 120 "$desc"
}

copies() { [ "$(status_field ns offloaded)" -gt 4096 ]; }

detached destination 2
detached source 1

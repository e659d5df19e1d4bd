#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: every outcome of a copy command, with and without the bytes written, ends in a right clone
# timeout: 400
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/copier.sh"

copier_load
mib=16

# outcome WORD HOW: command 3 ends so
outcome() {
	copier reset 1
	rule from=3 outcome="$1" "$2"
	fresh_devices $mib
	clone_create clone $mib "" offload_depth 1 offload_max_kib 1024 offload_segment_blocks 512 offload_segments 4 quarantine_ms 1000
	ok "$1 $2: it completes" wait_for 60 hydrated clone
	is "$1 $2: command 3 ended so" "$(command_field 3 8)" "$1"
	is "$1 $2: nothing was found wrong" "$(status_field clone verify_failures)" 0
	"check_$1" "$1 $2"
	ends_right "$1 $2" clone $mib
}

# transient DESC: tried again, and the host had nothing to do
transient() {
	at_least "$1: it was tried again" "$(status_field clone retries)" 1
	is "$1: the storage copied everything" "$(status_field clone offloaded)" $((mib << 11))
	is "$1: the same range was sent again" "$(command_field 4 3)" "$(command_field 3 3)"
}

# local_failure DESC: the host copied that range, the storage the rest
local_failure() {
	at_least "$1: the host copied something" "$(status_field clone host_copied)" 1
	at_least "$1: offload went on" "$(status_field clone commands)" 5
	is "$1: one range fell back" "$(status_field clone fallbacks)" 1
	is "$1: together they copied everything" \
		$(($(status_field clone offloaded) + $(status_field clone host_copied))) $((mib << 11))
}

check_too_big() {
	transient "$1"
	at_most "$1: with a smaller command" "$(command_field 4 6)" $(($(command_field 3 6) - 1))
}

check_busy() {
	transient "$1"
}

check_path() {
	transient "$1"
}

check_unarmed() {
	transient "$1"
}

# Nothing touches a range in quarantine; afterwards it is planned like any other.
check_unknown() {
	is "$1: the storage copied everything, that range after its quarantine" \
		"$(status_field clone offloaded)" $((mib << 11))
	is "$1: no range fell back" "$(status_field clone fallbacks)" 0
	at_least "$1: the next command was verified" "$(status_field clone verified)" 2
	is "$1: no quarantine is left" "$(status_field clone quarantined)" 0
}

check_range() {
	local_failure "$1"
}

check_unsupported() {
	is "$1: no command was sent after it" "$(copier commands)" 3
	at_least "$1: the host copied the rest" "$(status_field clone host_copied)" 1
}

# No larger than what was done.
check_refused() {
	check_unsupported "$1"
}

for word in too_big busy path unarmed unknown range refused unsupported; do
	outcome $word lie
	outcome $word copied
done

# What it cannot survive with offload: given up, the host copies.
# persistent WORD REASON
persistent() {
	copier reset 1
	rule from=3 count=0 outcome="$1"
	fresh_devices $mib
	clone_create clone $mib "" offload_depth 1 offload_max_kib 1024 offload_segment_blocks 512 offload_segments 4 quarantine_ms 200
	ok "always $1: it completes" wait_for 90 hydrated clone
	at_least "always $1: the host copied the rest" "$(status_field clone host_copied)" 1
	at_least "always $1: that many fell back" "$(status_field clone fallbacks)" 1
	ends_right "always $1" clone $mib
}
for word in busy path unarmed unknown range; do
	persistent $word
done

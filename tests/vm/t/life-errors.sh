#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: failing source, destination and metadata devices: the rest goes on, or the clone stops being written; nothing durable is lost
# core: bookworm
# timeout: 240
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/tools/clone-lib.sh"

length=65536
args=(2 commit_ms 100)
run modprobe dm-flakey
declare -A below
below=([sick-src]="$(disk s0) 81920" [sick-dst]="$(disk s1) 81920" [sick-meta]="$(disk s0) 65536")

plain_disks sick $length 65536
clone sick "$PLAIN_SOURCE" "$PLAIN_DESTINATION" "$PLAIN_METADATA" $length 128

table() { # DEVICE TABLE-ON-STDIN: exchanged while it is in use
	run dmsetup load "$1"
	run dmsetup suspend --noflush --nolockfs "$1"
	run dmsetup resume "$1"
}

healthy() { # DEVICE
	table "$1" <<<"0 $(sectors "/dev/mapper/$1") linear ${below[$1]}"
}

hole() { # DEVICE FIRST COUNT [LENGTH]: these sectors fail
	local disk start end=$(($2 + $3)) length=${4:-$length}
	read -r disk start <<<"${below[$1]}"
	table "$1" <<-END
		0 $2 linear $disk $start
		$2 $3 error
		$end $((length - end)) linear $disk $((start + end))
	END
}

two_regions=(16384 256)

all_but_two() { [ "$(clone_hydrated)" = 510 ]; }
read_at() { dd if="$CLONE" of=/dev/null bs=512 skip="$1" count=8 iflag=direct status=none; }
mode() { dmsetup status "$NAME" | grep -oE ' (rw|ro|Fail) [0-9]+ copier ' | awk '{ print $1 }'; }
stopped() { dmsetup status "$NAME" | grep -q " no_hydration "; }
is_ro() { [ "$(mode)" = ro ]; }

# A source that cannot be read in one place.
clone_prepare
hole sick-src "${two_regions[@]}"
clone_up 1 no_offload "${args[@]}"
ok "bad source: all the rest is copied" wait_for 60 all_but_two
is "bad source: status says why" "$(status_field sick last_error)" source-read
is "bad source: mode stays rw" "$(mode)" rw
not_ok "bad source: reading there fails" read_at 16400
not_ok "bad source: so does a write to a part of the region" clone_do write:16400:8
ok "bad source: elsewhere both work" clone_do write:16376:8 write:16640:8 read:16376:8 flush
ok "bad source: a write to whole regions heals them" clone_do write:16384:256
ok "bad source: then it completes" wait_for 20 hydrated sick
ok "bad source: the clone is right" clone_verify
ok "bad source: the destination is right" clone_verify "$DESTINATION"
run dmsetup remove --retry sick

# The same, and nobody writes there: after six attempts, half a minute, it is given up until somebody says so. Another
# clone beside it, of which one region is given up, is for the message.
beside=$((1 << 19))
beside_meta=$(slice beside-meta "$(disk s0)" $beside 16384)
beside_dst=$(slice beside-dst "$(disk s1)" $beside 1024)
beside_src=$(slice beside-src "$(disk s0)" $((beside + 16384)) 1024)
below[beside-src]="$(disk s0) $((beside + 16384))"
run dd if=/dev/urandom of="$beside_src" bs=512K count=1 oflag=direct iflag=fullblock status=none
run dd if=/dev/zero of="$beside_meta" bs=64K count=1 oflag=direct status=none
hole beside-src 512 128 1024
run dmsetup create beside --table "0 1024 xcopy $beside_meta $beside_dst $beside_src 128 1 no_offload 2 commit_ms 100"
healthy sick-src
clone_prepare
hole sick-src "${two_regions[@]}"
clone_up 1 no_offload "${args[@]}"
ok "bad source for long: all the rest is copied" wait_for 60 all_but_two
events=$(dmsetup info -c --noheadings -o events sick)
given_up() { log_has 'Region 128 cannot be copied .source-read.; given up' && log_has 'Region 129 .* given up'; }
ok "bad source for long: both regions are given up" wait_for 90 given_up
at_least "bad source for long: with an event" "$(dmsetup info -c --noheadings -o events sick)" $((events + 1))
ok "bad source for long: so is that of the other clone" wait_for 90 log_has 'Region 4 cannot be copied .source-read.; given up'
healthy sick-src
healthy beside-src
sleep 3
is "bad source for long: nobody tries them any more" "$(clone_hydrated)" 510
not_ok "bad source for long: nor that of the other clone" hydrated beside
ok "bad source for long: the clone is right" clone_verify
run dmsetup message beside 0 enable_hydration
ok "bad source for long: a message is a new beginning" wait_for 20 hydrated beside
read_all() { dd if="$1" bs=512K count=1 iflag=direct,fullblock status=none; }
beside_right() { cmp <(read_all "$beside_dst") <(read_all "$beside_src"); }
ok "bad source for long: the other clone is right" beside_right
run dmsetup remove beside
# Replaced, by a volume manager for example: a resume is a new beginning.
run dmsetup suspend --noflush --nolockfs sick
run dmsetup resume sick
clone_finish 20 "bad source for long"

# One that cannot be read in more places than are worth trying.
healthy sick-src
clone_prepare
hole sick-src 16384 16384
clone_up 1 no_offload "${args[@]}"
ok "bad source at large: hydration stops" wait_for 60 log_has 'Too many regions cannot be copied .source-read.'
ok "bad source at large: status says so" stopped
healthy sick-src
run dmsetup suspend --noflush --nolockfs sick
run dmsetup resume sick
clone_finish 20 "bad source at large"

# A destination that cannot be written in one place.
clone_prepare
hole sick-dst "${two_regions[@]}"
clone_up 1 no_offload "${args[@]}"
ok "bad destination: all the rest is copied" wait_for 60 all_but_two
is "bad destination: status says why" "$(status_field sick last_error)" destination-write
ok "bad destination: reading there works" clone_do read:16384:256
not_ok "bad destination: writing there fails" clone_do write:16400:8
not_ok "bad destination: whole regions as well" clone_do write:16384:256
ok "bad destination: the clone is right" clone_verify
healthy sick-dst
ok "bad destination: when it is well again" dmsetup message sick 0 enable_hydration
clone_finish 20 "bad destination"

# Metadata that cannot be written any more.
clone_prepare
clone_up 2 no_offload no_hydration "${args[@]}"
ok "bad metadata: writes and a flush before" clone_do write:0:512 write:1000:8 flush
events=$(dmsetup info -c --noheadings -o events sick)
table sick-meta <<<"0 16384 error"
not_ok "bad metadata: a flush that needs it fails" clone_do write:2048:128 flush
ok "bad metadata: the clone becomes read-only" wait_for 10 is_ro
at_least "bad metadata: with an event" "$(dmsetup info -c --noheadings -o events sick)" $((events + 1))
ok "bad metadata: the log says why" log_has 'read-only mode: the metadata device'
not_ok "bad metadata: writes fail" clone_do write:4096:128
not_ok "bad metadata: discards fail" clone_do discard:4096:128
not_ok "bad metadata: flushes fail" clone_do flush
ok "bad metadata: reads do not" clone_verify
healthy sick-meta
sleep 0.5
is "bad metadata: read-only it stays" "$(mode)" ro
run dmsetup remove --retry sick
clone_up 2 no_offload no_format "${args[@]}"
ok "bad metadata: activated again, nothing flushed is lost" clone_verify_crash
ok "bad metadata: and it can be written" clone_do write:8192:64 flush
clone_finish 60 "bad metadata"

# A destination that fails a flush: never is it asked again and believed.
clone_prepare
clone_up 2 no_offload no_hydration "${args[@]}"
ok "bad flush: writes and a flush before" clone_do write:0:512 write:1000:8 flush
table sick-dst <<<"0 $length flakey ${below[sick-dst]} 0 1 1 error_writes"
not_ok "bad flush: a flush fails" clone_do flush
ok "bad flush: the clone becomes read-only" wait_for 10 is_ro
ok "bad flush: the log says why" log_has 'read-only mode: the destination failed a flush'
healthy sick-dst
not_ok "bad flush: the next flush fails too" clone_do flush
ok "bad flush: reads are right" clone_verify
run dmsetup remove --retry sick
clone_up 2 no_offload no_format "${args[@]}"
ok "bad flush: activated again, nothing flushed is lost" clone_verify_crash
clone_finish 60 "bad flush"

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: two clones never share what one of them writes, and a reload cannot change what must not change
# core: sid
# timeout: 120
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/tools/clone-lib.sh"

m1=$(slice m1 "$(disk s0)" 0 65536)
m2=$(slice m2 "$(disk s0)" 65536 65536)
a=$(slice a "$(disk s1)" 0 65536)
b=$(slice b "$(disk s1)" 65536 65536)
c=$(slice c "$(disk s1)" 131072 65536)
d=$(slice d "$(disk s1)" 196608 131072)
rest="128 2 no_offload no_hydration"

run dmsetup create one --table "0 65536 xcopy $m1 $b $a $rest"

busy() { # REGEXP TEXT METADATA DESTINATION SOURCE
	log_mark
	fails_with "$2" 'busy|EBUSY' dmsetup create two --table "0 65536 xcopy $3 $4 $5 $rest"
	ok "... the log names the device" log_has "xcopy.*: $1"
	[ ! -e /dev/mapper/two ] || run dmsetup remove --retry two
}

busy 'metadata dev: ' "the same metadata device" "$m1" "$c" "$a"
busy 'destination dev: ' "the same destination" "$m2" "$b" "$a"
busy 'source dev: ' "a destination as source" "$m2" "$c" "$b"
busy 'source dev: ' "a metadata device as source" "$m2" "$c" "$m1"
busy 'destination dev: ' "a source as destination" "$m2" "$a" "$c"
busy 'metadata dev: ' "a destination as metadata device" "$b" "$c" "$a"
busy 'metadata dev: ' "a source as metadata device" "$a" "$c" "$d"
busy 'destination dev: ' "a metadata device as destination" "$m2" "$m1" "$a"
ok "the same source is fine" dmsetup create two --table "0 65536 xcopy $m2 $c $a $rest"
run dmsetup remove --retry two

reload() { # REGEXP TEXT TABLE
	log_mark
	not_ok "$2" dmsetup load one --table "$3"
	ok "... the log names the argument" log_has "xcopy.*: $1"
	not_ok "... no inactive table is left" grep -q 'Tables present:.*INACTIVE' <(dmsetup info one)
}

reload 'region size: ' "a reload with another region size" "0 65536 xcopy $m1 $b $a 256 1 no_offload"
reload 'length: ' "a reload with another length" "0 65408 xcopy $m1 $b $a $rest"
reload 'destination dev: ' "a reload with another destination" "0 65536 xcopy $m1 $c $a $rest"
reload 'source dev: ' "a reload with another source" "0 65536 xcopy $m1 $b $c $rest"
reload 'offload_driver: ' "a reload with another driver" "0 65536 xcopy $m1 $b $a 128 1 no_offload 2 offload_driver nvme"
reload 'destination dev: ' "a reload with another metadata device" "0 65536 xcopy $m2 $b $a $rest"
ok "a reload with other arguments" dmsetup load one --table "0 65536 xcopy $m1 $b $a 128 1 no_offload 2 commit_ms 200"
ok "... is cleared" dmsetup clear one
ok "... or resumed" dmsetup load one --table "0 65536 xcopy $m1 $b $a 128 1 no_offload 2 commit_ms 200"
run dmsetup resume one
like "... and in the table then" "$(dmsetup table one)" 'commit_ms 200'
ok "hydration is on now, and ends" wait_for 60 hydrated one
run dmsetup remove --retry one

# Released devices are free again, in any role; the metadata device knows another source, so it starts anew.
run dd if=/dev/zero of="$m2" bs=64k count=1 oflag=direct status=none
ok "after removal the devices are free" dmsetup create two --table "0 65536 xcopy $m2 $c $b $rest"
run dmsetup remove --retry two

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: the library's checks pass what is right and fail what is wrong
# modules: none
. "$XCOPY_LIB"

# What a test of one line prints.
verdict() {
	bash -c '. "$XCOPY_LIB"; eval "$1"' bash "$1" 2>&1 | grep -E '^(ok|not ok|1\.\.)' | paste -sd ' '
}

right() {
	is "passes: $1" "$(verdict "$1")" "ok 1 - d 1..1"
}

wrong() {
	is "fails:  $1" "$(verdict "$1")" "not ok 1 - d 1..1"
}

right 'ok d true'
wrong 'ok d false'
right 'not_ok d false'
wrong 'not_ok d true'
right 'is d a a'
wrong 'is d a b'
right 'isnt d a b'
wrong 'isnt d a a'
right 'like d "a quick fox" "q[a-z]+k fox\$"'
wrong 'like d "a quick fox" "^quick"'
right 'unlike d abc x'
wrong 'unlike d abc b'
right 'at_least d 5 5'
wrong 'at_least d 4 5'
right 'at_most d 5 5'
wrong 'at_most d 6 5'
right 'fails_with d "No such file" cat /nonexistent'
wrong 'fails_with d "No such file" true'
wrong 'fails_with d "another reason" cat /nonexistent'
right 'ok d wait_for 5 true'
wrong 'ok d wait_for 1 false'
is "a step that fails ends the test" "$(verdict 'run true; run false; pass never')" "not ok 1 - step: false not ok 2 - ended with status 1, line ?:  1..2"
is "a skipped point says why" "$(verdict 'skip d because')" "ok 1 - d # SKIP because 1..1"

a1=$(disk a1) a2=$(disk a2)
random_fill "$a1" 4
not_ok "same: different disks differ" same "$a1" "$a2" 4
isnt "checksum: so do their checksums" "$(checksum "$a1" 4)" "$(checksum "$a2" 4)"
run dd if="$a1" of="$a2" bs=1M count=4 oflag=direct status=none
ok "same: equal disks are equal" same "$a1" "$a2" 4
is "checksum: so are their checksums" "$(checksum "$a1" 4)" "$(checksum "$a2" 4)"
before=$(io_sectors "$a1" read)
run dd if="$a1" of=/dev/null bs=1M count=2 iflag=direct status=none
is "io_sectors: what was read" $(($(io_sectors "$a1" read) - before)) 4096

make_vg vg "$a1" "$a2"
lv=$(make_lv vg lv 64M)
is "make_lv: the volume is there" "$(sectors "$lv")" $((64 << 11))
echo "harness-lib: before the mark" >/dev/kmsg
ok "log_has: what was logged" log_has 'before the mark'
log_mark
not_ok "log_mark: what was logged before it is not seen" log_has 'before the mark'

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: the test array itself: disks, two paths, discard, copies of several segments, what it refuses, held copies
# timeout: 400
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/scsi.sh"
. "$XCOPY_SRC/tests/vm/guest/cdb.sh"

array_start
array_unit one 256
array_unit two 256
array_unit four 1024 4096
array_target a one two four
array_target b one
one=$(lio_disk a 0) two=$(lio_disk a 1) four=$(lio_disk a 2) again=$(lio_disk b 0)

# Disks

is "sizes" "$(sectors "$one") $(sectors "$four")" "524288 2097152"
is "block sizes" "$(blockdev --getss "$one") $(blockdev --getss "$four")" "512 4096"
is "two paths to one unit" "$(cat "/sys/block/${one##*/}/device/wwid")" "$(cat "/sys/block/${again##*/}/device/wwid")"
isnt "and another unit" "$(cat "/sys/block/${one##*/}/device/wwid")" "$(cat "/sys/block/${two##*/}/device/wwid")"
like "its identity is its name" "$(cat "/sys/block/${one##*/}/device/wwid")" "naa.6001405$(lio_serial one)"

random_fill "$one" 64
ok "two paths see the same" same "$one" "$again" 64
is "what was not written is zeros" "$(checksum "$two" 8)" "$(head -c 8M /dev/zero | sha256sum | cut -d ' ' -f 1)"

# Blocks of odd sizes, across the array's own extents.
dd if=/dev/urandom of=/tmp/data bs=1M count=8 status=none
run dd if=/tmp/data of="$two" bs=1536 seek=43 oflag=direct status=none
ok "odd blocks, written" cmp <(dd if="$two" bs=66048 skip=1 iflag=direct status=none | head -c 8M) /tmp/data
run dd if=/tmp/data of="$four" bs=12288 seek=5 oflag=direct status=none
ok "odd blocks of 4096" cmp <(dd if="$four" bs=61440 skip=1 iflag=direct status=none | head -c 8M) /tmp/data

is "all of it may be discarded" "$(cat "/sys/block/${two##*/}/queue/discard_granularity")" 65536
run blkdiscard "$two"
is "discarded blocks are zeros" "$(checksum "$two" 8)" "$(head -c 8M /dev/zero | sha256sum | cut -d ' ' -f 1)"
run blkdiscard -z -o 1048576 -l 4097536 "$one"
is "zeroed ones too" "$(blocks "$one" 2048 8003 | tr -d '\0' | wc -c)" 0

# Copies

random_fill "$one" 64
run array stats reset
is "three segments" "$(copy "$two" "$(target one)$(target two)" \
	"$(segment 0 1 4096 0 65535)$(segment 0 1 1 131071 1)$(segment 0 1 65535 8192 200000)")" good
ok "three segments: the first" cmp <(blocks "$one" 0 4096) <(blocks "$two" 65535 4096)
ok "three segments: the second" cmp <(blocks "$one" 131071 1) <(blocks "$two" 1 1)
ok "three segments: the third" cmp <(blocks "$one" 8192 65535) <(blocks "$two" 200000 65535)
is "nothing before it" "$(blocks "$two" 2 65533 | tr -d '\0' | wc -c)" 0
is "nothing behind it" "$(blocks "$two" 265535 1000 | tr -d '\0' | wc -c)" 0
is "it counts" "$(array_stat copies) $(array_stat max_segments) $(array_stat copied_bytes)" "1 3 $((69632 * 512))"
run dd if=/dev/urandom of="$one" bs=512 count=100 oflag=direct status=none
not_ok "a clone stays when its source is written" cmp <(blocks "$one" 0 100) <(blocks "$two" 65535 100)
ok "and the rest of both is as it was" cmp <(blocks "$one" 100 3996) <(blocks "$two" 65635 3996)
is "within one unit" "$(copy "$one" "$(target one)$(target one)" "$(segment 0 1 2048 8 400000)")" good
ok "within one unit: the bytes" cmp <(blocks "$one" 8 2048) <(blocks "$one" 400000 2048)
is "over another path" "$(copy "$again" "$(target two)$(target one)" "$(segment 0 1 2048 65535 300000)")" good
ok "over another path: the bytes" cmp <(blocks "$two" 65535 2048) <(blocks "$one" 300000 2048)
is "to blocks of 4096" "$(copy "$four" "$(target one)$(target four 4096)" "$(segment 0 1 256 8 5)")" good
ok "to blocks of 4096: the bytes" cmp <(blocks "$one" 8 2048) <(blocks "$four" 40 2048)

# What is refused, and changes nothing

before=$(checksum "$two")
targets=$(target one)$(target two)
some=$(segment 0 1 64 0 0)
is "a list with no descriptors" "$(copy "$two" '' '')" good
is "an empty list" "$(scsi-cdb "$two" "83 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00")" good
is "another service action" "$(service_action=01 copy "$two" "$targets" "$some")" "sense 5/24/00"
is "a list that is cut in the header" "$(list_length=15 copy "$two" "$targets" "$some")" "sense 5/1a/00"
is "a list that is cut in the descriptors" "$(list_length=100 copy "$two" "$targets" "$some")" "sense 5/1a/00"
is "a list longer than what was sent" "$(list_length=4096 copy "$two" "$targets" "$some")" "sense 5/1a/00"
is "too many targets" "$(copy "$two" "$targets$(target two)" "$some")" "sense 5/26/06"
is "another type of target" "$(copy "$two" "$(target one | sed 's/^e4/e2/')$(target two)" "$some")" "sense 5/26/07"
is "half a target" "$(copy "$two" "${targets:0:96}" "$some")" "sense 5/26/00"
is "a target unknown" "$(copy "$two" "$(target one)$(target none)" "$some")" "sense a/0d/02"
is "a target of other blocks" "$(copy "$two" "$(target one 4096)$(target two)" "$some")" "sense 5/26/00"
is "another type of segment" "$(copy "$two" "$targets" "04${some:2}")" "sense 5/26/09"
is "a segment of another length" "$(copy "$two" "$targets" "${some:0:4}0019${some:8}")" "sense 5/26/00"
is "half a segment" "$(copy "$two" "$targets" "${some:0:28}")" "sense 5/26/00"
is "a source that is no target" "$(copy "$two" "$targets" "$(segment 2 1 64 0 0)")" "sense 5/26/00"
is "a destination that is no target" "$(copy "$two" "$targets" "$(segment 0 65535 64 0 0)")" "sense 5/26/00"
is "inline data" "$(inline=00000000 copy "$two" "$targets" "$some")" "sense 5/26/0b"
is "beyond the source" "$(copy "$two" "$targets" "$(segment 0 1 64 524225 0)")" "sense 5/21/00"
is "beyond the destination" "$(copy "$two" "$targets" "$some$(segment 0 1 64 0 524225)")" "sense 5/21/00"
is "far beyond" "$(copy "$two" "$targets" "$(segment 0 1 64 $((1 << 62)) 0)")" "sense 5/21/00"
is "not of whole blocks" "$(copy "$four" "$(target one)$(target four 4096)" "$(DC=0 segment 0 1 7 0 0)")" "sense 5/26/0a"
is "an identifier for nothing" "$(list_id=07 copy "$two" "$targets" "$some")" "sense 5/26/00"
array_set profile strict-2seg
is "LIST ID USAGE" "$(usage=00 copy "$two" "$targets" "$some")" "sense 5/26/00"
is "too many segments" "$(copy "$two" "$targets" "$some$some$some")" "sense 5/26/08"
is "a segment too long" "$(copy "$two" "$targets" "$(segment 0 1 32769 0 0)")" "sense 5/26/08"
array_set profile instant
is "none of them changed anything" "$(checksum "$two")" "$before"
is "an unknown command" "$(scsi-cdb "$two" "c0 00 00 00 00 00 00 00 00 00")" "sense 5/20/00"
is "a read beyond the end" "$(scsi-cdb "$two" "28 00 00 07 ff ff 00 00 02 00" in 1024)" "sense 5/21/00"

# Operating parameters

rcr="84 03 00 00 00 00 00 00 00 00 00 00 02 00 00 00"
is "operating parameters" "$(scsi-cdb "$two" "$rcr" in 512 | head -n 2 | tail -n 1)" "00 00 00 2a 00 00 00 00 00 02 02 00 00 00 80 00"
array_set operating_parameters 0
is "or none" "$(scsi-cdb "$two" "$rcr" in 512)" "sense 5/20/00"
is "no third-party copy page" "$(scsi-cdb "$two" "12 01 8f 00 fc 00" in 252)" "sense 5/24/00"
array_set third_party_page 1
like "the third-party copy page" "$(scsi-cdb "$two" "12 01 8f 00 fc 00" in 252)" '^good.00 8f 00 '

# Failures, held copies, late ones

array_set profile instant
array_fail 2 2 0xb 0x44 0x12 from 2
is "a failure: not yet" "$(copy "$two" "$targets" "$some")" good
is "a failure" "$(copy "$two" "$targets" "$(segment 0 1 64 0 500000)")" "sense b/44/12"
is "nothing was copied" "$(blocks "$two" 500000 64 | tr -d '\0' | wc -c)" 0
is "twice" "$(copy "$two" "$targets" "$some")" "sense b/44/12"
is "and no more" "$(copy "$two" "$targets" "$some")" good
array_fail 1 0x18 0 0 0 after
is "a status" "$(copy "$two" "$targets" "$(segment 0 1 64 0 500000)")" "status 18"
ok "after the copy" cmp <(blocks "$one" 0 64) <(blocks "$two" 500000 64)

array_hold
copy "$two" "$targets" "$(segment 0 1 64 0 510000)" >/tmp/held &
ok "a copy is held" wait_for 20 array_counts held 1
ok "other commands go on" same "$one" "$again" 16
is "it is not done" "$(blocks "$two" 510000 64 | tr -d '\0' | wc -c)" 0
array_release
wait
is "it is released" "$(cat /tmp/held)" good
ok "and done" cmp <(blocks "$one" 0 64) <(blocks "$two" 510000 64)

array_hold
timeout_ms=2000 copy "$two" "$targets" "$(segment 0 1 64 0 520000)" >/tmp/held 2>&1 || true
like "a host that does not wait" "$(cat /tmp/held)" 'no answer'
is "knows that it was aborted" "$(array_stat aborted) $(array_stat held)" "1 1"
is "it has written nothing" "$(blocks "$two" 520000 64 | tr -d '\0' | wc -c)" 0
array_release
ok "and then it writes" wait_for 10 array_counts late 1
ok "the late bytes are there" wait_for 10 cmp <(blocks "$one" 0 64) <(blocks "$two" 520000 64)

array_set profile thin
run blkdiscard "$two"
array_set space $((4 << 20))
is "no space" "$(copy "$two" "$targets" "$(segment 0 1 16384 0 0)")" "sense 7/27/07"
ok "no space: a part was copied" cmp <(blocks "$one" 0 8192) <(blocks "$two" 0 8192)
is "no space: and no more" "$(blocks "$two" 8192 8192 | tr -d '\0' | wc -c)" 0
not_ok "nor for the host" dd if=/tmp/data of="$two" bs=1M count=1 seek=16 oflag=direct
array_set space 0
ok "until there is" dd if=/tmp/data of="$two" bs=1M count=1 seek=16 oflag=direct

array_set profile slow
start=$SECONDS
is "slow" "$(copy "$two" "$targets" "$(segment 0 1 65535 0 0)")" good
at_least "slow: 32 MiB take 4 s" $((SECONDS - start)) 3

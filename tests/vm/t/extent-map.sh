#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: xcopy-linear maps, reports and limits exactly as linear does
# timeout: 180
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/copier.sh"

a1=$(disk a1) b1=$(disk b1) s1=$(disk s1)
p1=$(partition "$b1" 4096 65536)

# table TYPE: segments in another order than on the disk, odd lengths, a partition in the middle
table() {
	echo "0 16392 $1 $a1 200000"
	echo "16392 32768 $1 $p1 8"
	echo "49160 8 $1 $s1 1234560"
	echo "49168 16384 $1 $a1 100000"
}

random_fill "$a1" 128
random_fill "$s1" 16 600
random_fill "$b1" 20 2
run dmsetup create plain --table "$(table linear)"
run dmsetup create ours --table "$(table xcopy-linear)"
plain=/dev/mapper/plain ours=/dev/mapper/ours

ok "every byte reads the same" same "$plain" "$ours"
is "it has the same size" "$(sectors "$ours")" "$(sectors "$plain")"
ok "random writes through ours" dd if=/dev/urandom of="$ours" bs=512 seek=16300 count=33000 oflag=direct iflag=fullblock
ok "are seen through linear, and nothing else" same "$plain" "$ours"
run dd if=/dev/zero of="$p1" bs=4k seek=1 count=16 oflag=direct
is "the partition is where the second segment says" \
	"$(dd if="$ours" bs=512 skip=16392 count=128 iflag=direct status=none | sha256sum)" \
	"$(dd if=/dev/zero bs=512 count=128 status=none | sha256sum)"
ok "discards go through" blkdiscard -o 8388608 -l 65536 "$ours"
ok "write-zeroes too" blkdiscard -z -o 1048576 -l 4194304 "$ours"
ok "and hit the same sectors" same "$plain" "$ours"
ok "a flush goes through" blockdev --flushbufs "$ours"
ok "and a synchronous write" dd if=/dev/zero of="$ours" bs=4k count=1 oflag=direct,dsync

is "the table is printed as linear's" "$(dmsetup table ours | sed 's/xcopy-linear/linear/')" "$(dmsetup table plain)"
is "status says nothing, as linear's" "$(dmsetup status ours | sed 's/xcopy-linear/linear/')" "$(dmsetup status plain)"
like "the target has a version" "$(dmsetup targets)" 'xcopy-linear +v1\.0\.0'
is "dependencies are the same" "$(dmsetup deps ours)" "$(dmsetup deps plain)"

# limits NAME: all that the block layer knows of it
limits() {
	cd "/sys/block/$(basename "$(readlink -f "/dev/mapper/$1")")" && grep -rs . queue/ alignment_offset discard_alignment ro | sort
}
is "queue limits are the same" "$(limits ours)" "$(limits plain)"

run dmsetup create whole --table "0 $(sectors "$(disk a2)") xcopy-linear $(disk a2) 0"
is "an ioctl of the whole device below comes through" \
	"$(nvme id-ns /dev/mapper/whole -n 2 -o json | jq .nsze)" "$(nvme id-ns "$(disk a2)" -o json | jq .nsze)"

run dmsetup create sealed --readonly --table "0 2048 xcopy-linear $a1 0"
not_ok "a read-only device refuses writes" dd if=/dev/zero of=/dev/mapper/sealed bs=4k count=1 oflag=direct
run dmsetup suspend ours
run dmsetup load ours --table "$(table linear)"
run dmsetup resume ours
ok "linear can take its place again" same "$plain" "$ours"
run dmsetup load ours --table "$(table xcopy-linear)"
run dmsetup resume ours
ok "and it can take linear's" same "$plain" "$ours"

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: a slot of the metadata device that cannot be read costs nothing
# timeout: 180
. "$XCOPY_LIB"

length=65536
src=$(disk s1)
run dmsetup create dst --table "0 $length linear $(disk s0) 65536"
dst=/dev/mapper/dst
good="0 1024 linear $(disk s0) 0"
run dmsetup create meta --table "$good"
meta=/dev/mapper/meta

table() {
	echo "0 $length xcopy $meta $dst $src 8 $*"
}

meta_is() { # TABLE
	run dmsetup load meta <<<"$1"
	run dmsetup resume --noflush meta
}

# The 4 KiB block NUMBER fails, the others work.
bad_block() { # NUMBER
	local at=$(($1 * 8))
	printf '0 %d linear %s 0\n%d 8 error\n%d %d linear %s %d\n' $at "$(disk s0)" $at $((at + 8)) $((1024 - at - 8)) \
		"$(disk s0)" $((at + 8))
}

write_some() { # BLOCK
	dd if=/dev/urandom of=/dev/mapper/clone bs=4k seek="$1" count=4 oflag=direct conv=notrunc,fsync status=none
}

hydrated_now() {
	dmsetup status clone | awk '{ split($7, count, "/"); print count[1] }'
}

run dd if=/dev/zero of="$meta" bs=64k count=1 oflag=direct status=none
run dmsetup create clone --table "$(table 1 no_hydration)"
run write_some 0
run write_some 100
sleep 3
run dmsetup remove --retry clone

meta_is "$(bad_block 17)"
log_mark
ok "activates with one slot unreadable" dmsetup create clone \
	--table "$(table 2 no_hydration no_format 2 commit_ms 60000)"
ok "... the block is named" log_has 'block 17 cannot be read'
is "... nothing is lost" "$(hydrated_now)" 8

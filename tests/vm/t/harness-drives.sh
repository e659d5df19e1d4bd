#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: a test's own disk sizes, limits, throttles and injected errors
# needs: size.a1=64M
# needs: device.a2=mssrl=256,mcl=512,msrc=3
# needs: drive.a3=throttling.bps-total=4000000
# needs: blkdebug.b1=inject-error.0.event=none,inject-error.0.iotype=write,inject-error.0.sector=8192,inject-error.0.errno=5
# needs: append=xcopy.mark=1
# needs: memory=1536
# console: I/O error, dev nvme
# modules: none
. "$XCOPY_LIB"

is "a1 has the size asked for" "$(sectors "$(disk a1)")" $((64 << 11))
is "a2 has the limits asked for" "$(nvme id-ns "$(disk a2)" -o json | jq -r '"\(.mssrl) \(.mcl) \(.msrc)"')" "256 512 3"
start=$SECONDS
random_fill "$(disk a3)" 8
at_least "a3 is as slow as asked for" $((SECONDS - start)) 1
b1=$(disk b1)
ok "b1 can be written before the bad sector" dd if=/dev/zero of="$b1" bs=4k count=1 oflag=direct
not_ok "but not at it" dd if=/dev/zero of="$b1" bs=4k count=1 seek=1024 oflag=direct
ok "and can be read there" dd if="$b1" of=/dev/null bs=4k count=1 skip=1024 iflag=direct
like "the kernel got the arguments asked for" "$(cat /proc/cmdline)" 'xcopy.mark=1'
at_most "the memory is as asked for" "$(awk '/MemTotal/ { print $2 }' /proc/meminfo)" $((1536 << 10))

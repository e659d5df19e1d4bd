#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What `make demo` shows, run in the guest, by NVMe Copy or, with SCSI=1 in the environment, by SCSI EXTENDED COPY:
#
#   demo.sh MIB RATE
#
# clones a volume of MIB mebibytes, filling it with RATE MiB/s until files have been written to it. Every claim
# on the way is checked; "==> All N claims held" is the last line only if they all did. A claim that does not
# hold begins with "!!!".

# shellcheck source=tests/vm/guest/lib.sh
. "$XCOPY_LIB"
rm -f "$LIB_OUTPUT"
trap - EXIT
trap 'printf "!!! Line %s has failed: %s\n" $LINENO "$BASH_COMMAND"' ERR
set +E -o pipefail

MIB=$1 RATE=$2
SECTORS=$((MIB << 11))
DIR=$(mktemp -d /tmp/demo.XXXXXX)
SAMPLES=$DIR/samples
TRACING=/sys/kernel/tracing
CLONE=xcopy-vg-dst
CLAIMS=0 FAILED=0

# Narration

heading() {
	printf '\n==> %s\n' "$*"
}

tell() {
	printf '    %s\n' "$*"
}

# show COMMAND: as it is typed, and what it prints
show() {
	printf '# %s\n' "$1"
	bash -c "$1" 2>&1 | sed -u 's/^/    /' || {
		printf '!!! This command has failed.\n'
		exit 1
	}
}

# claim SENTENCE COMMAND...
claim() {
	local sentence=$1
	shift
	CLAIMS=$((CLAIMS + 1))
	if "$@" >"$DIR/claim" 2>&1; then
		printf '  = %s\n' "$sentence"
	else
		FAILED=$((FAILED + 1))
		printf '!!! Not so: %s\n' "$sentence"
		tail -n 20 "$DIR/claim" | sed 's/^/    /'
	fi
}

# Numbers

mib_of() {
	awk -v sectors="$1" 'BEGIN { printf "%.1f MiB", sectors / 2048 }'
}

# percent PART WHOLE: with two digits, never rounded up
percent() {
	awk -v part="$1" -v whole="$2" 'BEGIN { printf "%.2f", int(part * 10000 / whole) / 100 }'
}

seconds_since() {
	awk -v from="$1" -v to="$EPOCHREALTIME" 'BEGIN { printf "%.1f", to - from }'
}

at_least_percent() {
	[ "$2" -gt 0 ] && [ $(($1 * 100)) -ge $(($2 * $3)) ]
}

# The clone

# One line: time, regions that are full, all regions, sectors by the storage, sectors by the host, regions being copied,
# the size of a command, commands at a time.
sample() {
	local status
	status=$(dmsetup status $CLONE)
	awk -v time="$EPOCHREALTIME" '{
		for (i = 1; i < NF; i++)
			value[$i] = $(i + 1)
		split($7, count, "/")
		print time, count[1], count[2], value["offloaded"], value["host_copied"], $8, value["command_kib"], value["depth"]
	}' <<<"$status" | tee -a "$SAMPLES"
}

full() {
	hydrated $CLONE
}

not_full() {
	! full
}

# progress SECONDS INTERVAL: lines until then, or until it is full. Sparingly: looking takes the processors away from the
# emulated storage.
progress() {
	local end=$((SECONDS + $1)) interval=$2 first line
	first=$(sample)
	while [ $SECONDS -lt $end ]; do
		sleep "$interval"
		line=$(sample)
		awk -v mib="$MIB" 'NR == 1 { split($0, first); next } {
			printf "    %5.1f %% full, %4d MiB/s, %d %% of it copied by the storage\n", int($2 * 1000 / $3) / 10,
				($2 - first[2]) * mib / $3 / ($1 - first[1]), int($4 * 100 / ($4 + $5 ? $4 + $5 : 1))
		}' <<<"$first"$'\n'"$line"
		first=$line
		! awk '{ exit !($2 == $3) }' <<<"$line" || break
	done
}

# Notes in the background when it is full, which is an event.
note_end() {
	local events
	while events=$(dmsetup info -c --noheadings -o events $CLONE) && not_full; do
		dmsetup wait $CLONE "$events"
	done
	echo "$EPOCHREALTIME" >"$DIR/end"
}

# The last sample in which nothing was being copied yet.
wait_until_copying() {
	local end=$((SECONDS + 30)) line
	while [ $SECONDS -lt $end ]; do
		line=$(sample)
		awk '{ exit !$6 }' <<<"$line" && return
		echo "$line" >"$DIR/start"
	done
}

# MiB/s from that sample to that event.
full_rate() {
	awk -v end="$(cat "$DIR/end")" -v mib="$MIB" '{ printf "%d", ($3 - $2) * mib / $3 / (end - $1) }' "$DIR/start"
}

# Which blocks were written through the clone, as the kernel's tracepoint for bios that are sent to it says.

trace_begin() {
	local numbers
	numbers=$(dmsetup info -c --noheadings --separator ' ' -o major,minor $CLONE)
	echo $((${numbers% *} << 20 | ${numbers#* })) >"$DIR/dev"
	mountpoint -q $TRACING || mount -t tracefs tracefs $TRACING
	echo "dev == $(cat "$DIR/dev")" >$TRACING/events/block/block_bio_queue/filter
	echo 16384 >$TRACING/buffer_size_kb
	echo >$TRACING/trace
	echo 1 >$TRACING/events/block/block_bio_queue/enable
}

# Prints "first sector, sectors" of each.
trace_end() {
	echo 0 >$TRACING/events/block/block_bio_queue/enable
	sed -nE 's/.*block_bio_queue: [0-9,]+ [A-Z]*[WDNZ][A-Z]* ([0-9]+) \+ ([1-9][0-9]*) .*/\1 \2/p' $TRACING/trace
	echo 0 >$TRACING/events/block/block_bio_queue/filter
}

trace_is_whole() {
	! grep -hE '^(overrun|dropped events): [1-9]' $TRACING/per_cpu/cpu*/stats
}

# What lies between the ranges on stdin: "first byte, bytes".
gaps() {
	sort -n | awk -v end="$SECTORS" '
		function gap(to) { printf "%.0f %.0f\n", at * 512, (to - at) * 512 }
		$1 > at { gap($1) }
		$1 + $2 > at { at = $1 + $2 }
		END { if (end > at) gap(end) }'
}

compare_gaps() {
	local at bytes
	while read -r at bytes; do
		cmp -n "$bytes" -i "$at" /dev/vg/src /dev/vg/dst || return 1
	done <"$DIR/gaps"
}

# Statistics

# Sectors that were read from and written to a device, in the variables NAME_R and NAME_W.
count() {
	printf -v "$1_R" %s "$(io_sectors "$2" read)"
	printf -v "$1_W" %s "$(io_sectors "$2" write)"
}

row() {
	printf '    %-62s %12s %12s\n' "$@"
}

# Storage: NAME_storage sets SRC and DST, shows what they are; NAME_rate is the rate of bare commands.

nvme_storage() {
	SRC=$(disk a1) DST=$(disk a2)
	heading "Two namespaces of one NVMe subsystem, and a volume group over both"
	show "lsblk -d -o NAME,SIZE,LOG-SEC,SERIAL,TYPE $SRC $DST"
	show "grep . /sys/block/{${SRC##*/},${DST##*/}}/{nsid,device/subsysnqn}"
}

nvme_rate() { # DEPTH BLOCKS
	bash "$XCOPY_SRC/tests/tools/nvme-raw-copy.sh" "$SRC" "$DST" "$MIB" "$1" "$2"
}

scsi_storage() {
	# shellcheck source=tests/vm/guest/scsi.sh
	. "$XCOPY_SRC/tests/vm/guest/scsi.sh"
	# shellcheck source=tests/vm/guest/iscsi.sh
	. "$XCOPY_SRC/tests/vm/guest/iscsi.sh"
	lio_start
	lio_unit one "$(disk a1)"
	lio_unit two "$(disk a2)"
	lio_target a one two
	lio_target b one two
	multipathd_start
	SRC=$(multipathd_disk one) DST=$(multipathd_disk two)
	wait_for 30 multipathd_has one 2
	wait_for 30 multipathd_has two 2
	heading "Two SCSI units (LIO's), two paths to each, and a volume group over both dm-multipath devices"
	show "multipath -ll"
	show "multipath -ll | grep -c ' active ready running'"
}

scsi_rate() {
	scsi-raw-copy "$SRC" "$DST" "$MIB" "$1" "$(($2 < 65535 ? $2 : 65535))" | cut -d ' ' -f 1
}

STORAGE=nvme COMMAND=Copy
[ -z "${SCSI:-}" ] || STORAGE=scsi COMMAND="EXTENDED COPY"
${STORAGE}_storage
show "vgcreate -q vg $SRC $DST"
show "lvcreate -q -y -n src -L ${MIB}M vg $SRC"

heading "A file system with files on the source, $SRC"
mkdir -p /mnt/source /mnt/clone
show "mkfs.ext4 -q -E lazy_itable_init=0 /dev/vg/src"
show "mount /dev/vg/src /mnt/source"
show "for i in 1 2 3 4 5 6 7 8; do dd if=/dev/urandom of=/mnt/source/file\$i bs=1M count=$((MIB / 64)) status=none; done"
show "cp -r /etc /mnt/source/"
show "cd /mnt/source && find . -type f -exec sha256sum {} + >/tmp/source.sha256 && grep ' ./file' /tmp/source.sha256 | sort -k 2"
show "wc -l </tmp/source.sha256"
show "umount /mnt/source"

heading "Can the storage copy from one to the other?"
show "xcopysetup probe vg/src $DST"
claim "the storage can copy this pair" xcopysetup probe -q vg/src "$DST"

heading "The clone, filled slowly at first (--rate), so that there is something to see"
count SRC0 "$SRC"
count DST0 "$DST"
count LV0 /dev/vg/src
start=$EPOCHREALTIME
show "xcopysetup clone vg/src vg/dst --pv $DST --rate ${RATE}M"
took=$(seconds_since "$start")
sample >"$DIR/first"
tell "$took s after the command was typed the clone of $MIB MiB is there, $(awk '{ printf "%.1f", $2 * 100 / $3 }' "$DIR/first") % full."
# shellcheck disable=SC2016 # awk expands these
claim "the clone is there long before it is full" awk '{ exit !($2 * 2 < $3) }' "$DIR/first"
trace_begin

heading "It is mounted, read and written while it fills"
show "mount /dev/mapper/$CLONE /mnt/clone"
show "ls -C /mnt/clone"
show "sha256sum /mnt/clone/file1"
claim "a file reads as it does on the source" bash -c 'cd /mnt/clone && grep " ./file1$" /tmp/source.sha256 | sha256sum -c'
show "dd if=/dev/urandom of=/mnt/clone/new1 bs=1M count=$((MIB / 64)) conv=fsync status=none"
show "dd if=/dev/urandom of=/mnt/clone/new2 bs=1M count=$((MIB / 64)) conv=fsync status=none"
show "dd if=/dev/urandom of=/mnt/clone/file2 bs=1M seek=3 count=2 conv=notrunc,fsync status=none"
show "rm /mnt/clone/file3"
show "sync -f /mnt/clone"
show "cd /mnt/clone && sha256sum ./new1 ./new2 ./file2 | tee /tmp/clone.sha256"
show "xcopysetup status vg/dst"
claim "all that was done while the clone was less than 100 % full" not_full

heading "The storage fills it: at the limited rate for some seconds, then as fast as it can"
progress 5 1
# Frozen, so that the last figures of the full clone can be read before the waiter swaps it away.
unit=xcopysetup@$(xcopysetup status --json vg/dst | jq -r ".clones[0].uuid | sub(\"XCOPY-\"; \"\")").service
systemctl freeze "$unit"
show "xcopysetup pause vg/dst"
show "xcopysetup set vg/dst hydration_rate 0"
sleep 1
note_end >"$DIR/wait" 2>&1 &
sample >"$DIR/start"
printf '# xcopysetup resume vg/dst\n'
(sleep 0.3 && xcopysetup resume -q vg/dst) &
resume=$!
wait_until_copying
progress 300 0.5
wait $resume || exit 1
claim "it is full" full
dmsetup status $CLONE >"$DIR/status"
count SRC1 "$SRC"
count DST1 "$DST"
count LV1 /dev/vg/src
count LVD /dev/vg/dst
count USER /dev/mapper/$CLONE
offloaded=$(status_field $CLONE offloaded)
host_copied=$(status_field $CLONE host_copied)
skipped=$(status_field $CLONE skipped)
commands=$(status_field $CLONE commands)
verified=$(status_field $CLONE verified)
show "dmsetup status $CLONE"

heading "When it is full, it becomes linear, mounted as it is; what helped to fill it goes away"
show "dmsetup table $CLONE"
systemctl thaw "$unit"
show "xcopysetup wait vg/dst"
# It would release what nobody holds a minute after the end, perhaps just when the demo does.
systemctl stop "$unit"
show "dmsetup table $CLONE"
claim "the clone is a linear device now" eval "dmsetup table $CLONE | grep -q '^0 $SECTORS linear'"
show "lvs -o lv_name,lv_size,devices,lv_tags vg"
claim "only source and destination are left" [ "$(lvs --noheadings -o lv_name --sort lv_name vg | xargs)" = "dst src" ]

heading "Is every byte right?"
# What the clone's user changed or removed has other checksums.
grep -vE ' \./file[23]$' /tmp/source.sha256 >/tmp/old.sha256
echo 3 >/proc/sys/vm/drop_caches
show "cd /mnt/clone && sha256sum -c --quiet /tmp/old.sha256 && wc -l </tmp/old.sha256"
show "cd /mnt/clone && sha256sum -c /tmp/clone.sha256"
show "umount /mnt/clone"
trace_end >"$DIR/written"
cp "$DIR/written" "$SAMPLES" "$STATE/"
claim "all files of the source, and those written to the clone, have their checksums" true
gaps <"$DIR/written" >"$DIR/gaps"
compared=$(awk '{ sum += $2 } END { printf "%.0f", sum / 512 }' "$DIR/gaps")
blockdev --flushbufs /dev/vg/src
blockdev --flushbufs /dev/vg/dst
blockdev --setra 4096 /dev/vg/src
blockdev --setra 4096 /dev/vg/dst
tell "The kernel's tracer recorded $(wc -l <"$DIR/written") writes to the clone. Between them lie $(mib_of "$compared") that nobody wrote;"
tell "these are compared, block for block, on /dev/vg/src and /dev/vg/dst:"
claim "the recording has no gap" trace_is_whole
claim "most of the volume was not written by its user" at_least_percent "$compared" $SECTORS 75
claim "the destination equals the source in every block that was not written" compare_gaps
show "xcopysetup release vg/dst"
show "e2fsck -fn /dev/vg/dst"
show "mount -o ro /dev/vg/dst /mnt/clone && cd /mnt/clone && sha256sum -c --quiet /tmp/old.sha256 /tmp/clone.sha256 && echo all right"
claim "the destination alone, without the clone's device, holds it all" test ! -e /dev/mapper/$CLONE
show "mount -o ro /dev/vg/src /mnt/source && cd /mnt/source && sha256sum -c --quiet /tmp/source.sha256 && echo all right"
show "umount /mnt/clone /mnt/source"
claim "the source still holds what it held, and nothing was written to it" [ "$LV1_W" = "$LV0_W" ]

heading "Who copied the bytes?"
cloned=$((SECTORS - skipped))
written=$((DST1_W - DST0_W - USER_W))
read_rest=$((SRC1_R - SRC0_R + DST1_R - DST0_R - USER_R))
verify_r=$((LV1_R - LV0_R + LVD_R - USER_R - host_copied))
verify_w=$((LVD_W - USER_W - host_copied))
tell "By the status of the clone, $(mib_of $SECTORS) in all:"
row "copied by the storage, with $commands commands" "$(mib_of "$offloaded")" "$(percent "$offloaded" $((offloaded + host_copied))) %"
row "copied by the host" "$(mib_of "$host_copied")" ""
row "never copied: overwritten through the clone before" "$(mib_of "$skipped")" ""
tell "By the block statistics of the disks, from before xcopysetup clone until it was full:"
row "" read written
row "$SRC (source)" "$(mib_of $((SRC1_R - SRC0_R)))" "$(mib_of $((SRC1_W - SRC0_W)))"
row "$DST (destination)" "$(mib_of $((DST1_R - DST0_R)))" "$(mib_of $((DST1_W - DST0_W)))"
row "of that, the user's own, through the clone" "$(mib_of "$USER_R")" "$(mib_of "$USER_W")"
row "of that, to verify the first commands of the storage ($verified)" "$(mib_of $verify_r)" "$(mib_of $verify_w)"
row "of that, copied by the host" "$(mib_of "$host_copied")" "$(mib_of "$host_copied")"
row "of that, LVM's metadata and the clone's" \
	"$(mib_of $((read_rest - verify_r - host_copied)))" \
	"$(mib_of $((SRC1_W - SRC0_W + written - verify_w - host_copied)))"
tell "What the host copied it must have written to $DST. The statistics leave $(mib_of $written) for that, beside the"
tell "user's own writes, so that at least $(percent $((cloned - written)) $cloned) % of the $(mib_of $cloned) that were cloned never crossed the host."
claim "the status says that the storage copied at least 99 %" at_least_percent "$offloaded" $((offloaded + host_copied)) 99
claim "the status accounts for all of the clone" [ $((offloaded + host_copied + skipped)) -ge $SECTORS ]
claim "the block statistics prove that it copied at least 99 %" at_least_percent $((cloned - written)) $cloned 99
claim "the storage was verified before it was trusted" [ "$verified" -gt 0 ]

heading "How fast?"
wait
hydration=$(full_rate)
# In use while it was being filled; a full clone has no more of it.
read -r command_kib depth_used < <(awk '$7 { last = $7 " " $8 } END { print last ? last : "0 0" }' "$SAMPLES")
show "vgremove -q -y vg"
tell "Bare $COMMAND commands from user space, $MIB MiB from $SRC to $DST, $command_kib KiB in each as for the clone:"
best=0 best_depth=0
for depth in 1 2 4 8; do
	blkdiscard -f "$DST" 2>"$DIR/blkdiscard"
	rate=$(${STORAGE}_rate $depth $((command_kib * 2)))
	row "  $depth at a time" "$rate MiB/s" ""
	if [ "$rate" -gt "$best" ]; then
		best=$rate best_depth=$depth
	fi
	[ $depth != 1 ] || alone=$rate
done
row "Hydration without a limit, up to $depth_used at a time of $command_kib KiB" "$hydration MiB/s" ""
tell "That is $(percent "$hydration" "$alone") % of one command at a time, $(percent "$hydration" "$best") % of the best depth, $best_depth."

echo
if [ $FAILED != 0 ]; then
	echo "==> $FAILED of $CLAIMS claims did not hold"
	exit 1
fi
echo "==> All $CLAIMS claims held"

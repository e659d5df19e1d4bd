#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The rate of Copy commands sent from user space, to compare hydration with:
#
#   nvme-raw-copy.sh SOURCE DESTINATION MIB [DEPTH [BLOCKS]]
#
# copies MIB mebibytes from the start of one namespace to another of the same controller, DEPTH commands at
# a time (1), BLOCKS logical blocks each (65535; more make several ranges), and prints MiB/s. OVERWRITES the destination.
# User space cannot enable copies between namespaces; a clone that was made since the last controller reset has.
set -eu

if [ $# -lt 3 ]; then
	echo "usage: ${0##*/} SOURCE DESTINATION MIB [DEPTH [BLOCKS]]" >&2
	exit 2
fi
source=$1 destination=$2 mib=$3 depth=${4:-1} blocks=${5:-65535}

nsid=$(cat "/sys/class/block/$(basename "$(readlink -f "$source")")/nsid")
total=$(((mib << 20) / $(blockdev --getss "$destination")))

# copy_blocks FIRST END: one command
copy_blocks() {
	local at=$1 end=$2 count snsids='' slbs='' counts=''
	for (( ; at < end; at += count)); do
		count=$((end - at < 65535 ? end - at : 65535))
		snsids+=,$nsid slbs+=,$at counts+=,$((count - 1))
	done
	nvme copy "$destination" --format=2 --sdlba="$1" --snsids="${snsids#,}" --slbs="${slbs#,}" \
		--blocks="${counts#,}" >/dev/null
}

worker() {
	local at
	for ((at = $1 * blocks; at < total; at += depth * blocks)); do
		copy_blocks $at $((total - at < blocks ? total : at + blocks)) || return 1
	done
}

start=${EPOCHREALTIME/[^0-9]/}
pids=()
for ((i = 0; i < depth; i++)); do
	worker $i &
	pids+=($!)
done
for pid in "${pids[@]}"; do
	wait "$pid"
done
end=${EPOCHREALTIME/[^0-9]/}
echo $((mib * 1000000 / (end - start)))

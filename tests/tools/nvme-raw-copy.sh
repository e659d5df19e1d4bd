#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The rate of Copy commands sent from user space, to compare hydration with:
#
#   nvme-raw-copy.sh SOURCE DESTINATION MIB [DEPTH [BLOCKS]]
#
# copies MIB mebibytes from the start of one namespace to another of the same controller, DEPTH commands at
# a time (1), BLOCKS logical blocks each (65535, one range), and prints MiB/s. OVERWRITES the destination.
# User space cannot enable copies between namespaces; a clone that was made since the last controller reset has.
set -eu

if [ $# -lt 3 ]; then
	echo "usage: ${0##*/} SOURCE DESTINATION MIB [DEPTH [BLOCKS]]" >&2
	exit 2
fi
source=$1 destination=$2 mib=$3 depth=${4:-1} blocks=${5:-65535}

nsid=$(nvme get-ns-id -o json "$source" | jq .nsid)
total=$(((mib << 20) / $(blockdev --getss "$destination")))

worker() {
	local at count
	for ((at = $1 * blocks; at < total; at += depth * blocks)); do
		count=$((total - at < blocks ? total - at : blocks))
		nvme copy "$destination" --format=2 --sdlba=$at --snsids="$nsid" --slbs=$at \
			--blocks=$((count - 1)) >/dev/null || return 1
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

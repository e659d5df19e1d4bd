#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: each flush and each FUA write of several clones is an instant at which everything may end
# timeout: 4000
# alone: it takes long
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/crash.sh"

points_modules
seed=${SEED:-$((EPOCHSECONDS % 1000000 * 1000))}
SEED=''
discards=(--mix "write=30,zero=15,discard=15,flush=15,read=10")
for region in 8 16 64; do
	points "FUA writes, region $region, seed $seed" 200 --region $region --seed "$seed"
	points "zeroes and discards, region $region, seed $seed" 200 --region $region --seed "$seed" "${discards[@]}"
	points "rare commits, region $region, seed $seed" 200 --region $region --seed "$seed" --commit-ms 60000
	seed=$((seed + 1))
done

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# fuzz-in-root.sh MINUTES|--merge [TARGET...]: runs in the fuzz root, by chroot, on a copy of /run/mnt/src. What is
# found goes to /run/mnt/found: TARGET/ holds inputs that reach more than others, crash-TARGET-* those that break it.
set -eu
shopt -s nullglob

minutes=$1
shift
found=/run/mnt/found corpus=/run/mnt/corpus
passed=0 failed=0 total=0

mkdir /tmp/tree
cp -R /run/mnt/src/. /tmp/tree
cd /tmp/tree/tests/fuzz
[ $# != 0 ] || for file in fuzz-*.c; do
	file=${file#fuzz-}
	set -- "$@" "${file%.c}"
done
make -s -j"$(nproc)" libfuzzer TARGETS="$*" O=/tmp/fuzz
export ASAN_OPTIONS=detect_leaks=1

number_after() {
	sed -n "s/^stat::$1: *//p" /tmp/log
}

fuzz() {
	local target=$1 seconds=$2 status=0 count

	mkdir -p "$found/$target"
	"/tmp/fuzz/libfuzzer/$target" -max_total_time="$seconds" -max_len=16384 -print_final_stats=1 -timeout=10 \
		-artifact_prefix="$found/crash-$target-" "$found/$target" "$corpus/$target" >/tmp/log 2>&1 || status=$?
	count=$(number_after number_of_executed_units)
	total=$((total + ${count:-0}))
	if [ $status = 0 ] && [ "${count:-0}" -gt 0 ]; then
		passed=$((passed + 1))
		echo "ok $((passed + failed)) - fuzz $target: $count executions in $seconds s"
	else
		failed=$((failed + 1))
		grep -v '^#' /tmp/log | tail -n 60 | sed 's/^/    /'
		echo "not ok $((passed + failed)) - fuzz $target"
	fi
}

# Files that a person put there keep their names.
merge() {
	local target=$1 file

	mkdir /tmp/merged
	"/tmp/fuzz/libfuzzer/$target" -merge=1 -max_len=16384 /tmp/merged "$corpus/$target" "$found/$target" >/tmp/log 2>&1
	for file in "$corpus/$target"/*; do
		rm -f "/tmp/merged/$(sha1sum <"$file" | cut -c 1-40)"
	done
	cp /tmp/merged/* "$corpus/$target/"
	rm -rf /tmp/merged
	echo "# $target: $(find "$corpus/$target" -type f | wc -l) files"
}

if [ "$minutes" = --merge ]; then
	for target; do
		merge "$target"
	done
	exit
fi
for target; do
	fuzz "$target" $((minutes * 60 / $#))
done
echo "# $total executions"
echo "$passed passed, $failed failed"
[ $failed = 0 ] && [ $passed != 0 ]

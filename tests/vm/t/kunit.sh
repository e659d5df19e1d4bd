#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: the KUnit suites pass in the kernel
# core: debug
# suites: debug kcsan
# timeout: 600
. "$XCOPY_LIB"

debugfs=/sys/kernel/debug
mountpoint -q $debugfs || run mount -t debugfs debugfs $debugfs

# KTAP of one suite on stdin: a point for each case, and for each parameter of one that has them. They are indented,
# the line of the suite itself is not. What the kernel says before a result belongs to it.
points() {
	local suite=$1 said='' number=0 line

	while IFS= read -r line; do
		if ! [[ $line =~ ^\ +(not\ )?ok\ [0-9]+\ (.*)$ ]]; then
			said+=$line$'\n'
			continue
		fi
		number=$((number + 1))
		if [ -n "${BASH_REMATCH[1]}" ]; then
			diag "$said"
			fail "$suite: ${BASH_REMATCH[2]}"
		else
			pass "$suite: ${BASH_REMATCH[2]}"
		fi
		said=''
	done
	[ $number != 0 ] || fail "$suite: no case has run"
}

ok "the suites are loaded, which runs them" modprobe dm-xcopy-kunit
suites=0
while read -r suite; do
	suites=$((suites + 1))
	if [ -e "$debugfs/kunit/$suite/results" ]; then
		points "$suite" <"$debugfs/kunit/$suite/results"
	else
		fail "$suite: has no results"
	fi
done < <(sed -n 's/^\t\.name = "\(xcopy-[a-z-]*\)",$/\1/p' "$XCOPY_SRC"/tests/kunit/test-*.c)
is "each file of suites has run" $suites "$(find "$XCOPY_SRC/tests/kunit" -name 'test-*.c' | wc -l)"
run modprobe -r dm-xcopy-kunit

# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What a debug kernel is asked; on other kernels there is nothing to ask. What it says by itself is on
# the console. Sourced by the agent.

KMEMLEAK=/sys/kernel/debug/kmemleak
SYMBOLS=/run/xcopy-symbols

lockdep_is_off() {
	[ -e /proc/lockdep_stats ] && grep -q '^ debug_locks: *0' /proc/lockdep_stats
}

check_lockdep() {
	! lockdep_is_off || echo "not ok - after the test: lockdep has turned itself off, and checks nothing any more"
}

# What leaks is seen once the modules are gone, and with them their names.
remember_symbols() {
	[ ! -e $KMEMLEAK ] || grep '\[\(dm_\)\?xcopy' /proc/kallsyms >>$SYMBOLS
}

# Takes minutes, and is therefore done once, when no test is left. The first scan takes the objects' checksums: only
# what the second finds unchanged, and older than five seconds, is a leak.
check_leaks() {
	sleep 6
	echo scan >$KMEMLEAK
	echo scan >$KMEMLEAK
	python3 "$SRC/tests/vm/guest/leaks.py" $SYMBOLS <$KMEMLEAK | sed 's/^unreferenced/BUG: kmemleak: &/'
}

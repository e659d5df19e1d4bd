#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Builds everything that a guest runs, in its own release. Runs in the suite's root, by chroot:
# /run/mnt/src is a snapshot of the sources, read only; the products go to /run/mnt/build.
#
#   modules/*.ko   the kernel modules, for the root's kernel; a warning at W=1 is an error
#   depmod/        what depmod says of them and the kernel's own: in a guest it takes most of a minute
#   root/          what `make install` of userspace puts on a system
#   tools/         the programs of tests/tools, and xcopy-array
set -eu
shopt -s nullglob

src=/run/mnt/src out=/run/mnt/build
work=/tmp/work

modules() {
	local kernel log=/tmp/modules.log
	kernel=$(echo /usr/lib/modules/*/build)

	echo "# building the modules for $(basename "$(dirname "$kernel")") with $(gcc -dumpfullversion)"
	make -j"$(nproc)" -C "$kernel" M="$work" W=1 XCOPY_TESTS=1 modules >"$log" 2>&1 || {
		cat "$log"
		return 1
	}
	if grep -i 'warning' "$log"; then
		echo "the modules build with warnings"
		return 1
	fi
	mkdir "$out/modules"
	find "$work" -name '*.ko' -exec cp {} "$out/modules/" \;
	index "$(dirname "$kernel")"
}

# As if they were installed where a guest does it.
index() { # /usr/lib/modules/VERSION
	local base=/tmp/depmod version
	version=$(basename "$1")

	mkdir -p "$base/lib/modules/$version/updates"
	ln -s "$1"/kernel "$1"/modules.builtin* "$1"/modules.order "$base/lib/modules/$version/"
	cp -R "$out/modules" "$base/lib/modules/$version/updates/dm-xcopy"
	depmod -b "$base" "$version"
	mkdir "$out/depmod"
	find "$base/lib/modules/$version" -maxdepth 1 -type f -exec cp {} "$out/depmod/" \;
}

userspace() {
	[ -e "$work/userspace/Makefile" ] || return 0
	make -s -C "$work/userspace" clean
	make -s -j"$(nproc)" -C "$work/userspace" all CFLAGS='-O2 -g -Wall -Wextra -Werror'
	make -s -C "$work/userspace" install DESTDIR="$out/root" PREFIX=/usr
}

tools() {
	local file

	mkdir "$out/tools"
	[ -d "$work/tests/tools" ] || return 0
	cd "$work/tests/tools"
	for file in *.c; do
		# shellcheck disable=SC2046 # words, and patterns for more files
		gcc -O2 -g -Wall -Wextra -Werror -I . -o "$out/tools/$(basename "$file" .c)" \
			"$file" $(sed -n 's,^// build: *,,p' "$file")
	done
}

array() {
	gcc -O2 -g -Wall -Wextra -Werror -pthread -o "$out/tools/xcopy-array" "$work"/tests/array/*.c
}

mkdir "$work"
cp -R "$src/." "$work/"
[ ! -e "$work/Kbuild" ] || modules
userspace
tools
array

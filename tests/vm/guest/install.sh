# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Installs what was built for this guest. Sourced by the agent and the shell.

BUILD=/xcopy/build

# By renaming, as depmod does it: udev loads modules meanwhile.
install_index() { # /lib/modules/VERSION
	local file
	for file in "$BUILD"/depmod/*; do
		cp "$file" "$1/.new" && mv "$1/.new" "$1/${file##*/}" || return 1
	done
}

install_build() {
	local dir
	dir=/lib/modules/$(uname -r)

	if [ -d "$BUILD/modules" ]; then
		mkdir -p "$dir/updates/dm-xcopy"
		cp "$BUILD"/modules/*.ko "$dir/updates/dm-xcopy/" && install_index "$dir"
	fi &&
	if [ -d "$BUILD/tools" ]; then
		cp -R "$BUILD/tools/." /usr/local/bin/
	fi &&
	if [ -d "$BUILD/root" ]; then
		cp -R "$BUILD/root/." / && systemctl daemon-reload && udevadm control --reload
	fi &&
	# A test may kill the guest, and the next boot needs the index of the modules.
	sync -f /lib/modules
}

# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Installs what was built for this guest. Sourced by the agent and the shell.

BUILD=/xcopy/build

install_build() {
	local version
	version=$(uname -r)

	if [ -d "$BUILD/modules" ]; then
		mkdir -p "/lib/modules/$version/updates/dm-xcopy"
		cp "$BUILD"/modules/*.ko "/lib/modules/$version/updates/dm-xcopy/" &&
			cp "$BUILD"/depmod/* "/lib/modules/$version/"
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

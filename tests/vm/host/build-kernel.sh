#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# build-kernel.sh FRAGMENT...   builds the kernel of a debug suite out of Debian's source package. Runs in the kernel
# root, by chroot: the fragments are in /run/mnt/config; the products go to /run/mnt/kernel, laid out as in a root:
#
#   boot/vmlinuz-VERSION            the kernel; it needs no initrd
#   usr/lib/modules/VERSION         its modules
#   usr/lib/modules/VERSION/build   what modules are built against, as Debian's header packages hold it
set -eu

config=/run/mnt/config out=/run/mnt/kernel
src=/run/mnt/scratch/src obj=/run/mnt/scratch/obj

unpack() {
	mkdir -p "$src" "$obj"
	tar -C "$src" --strip-components=1 -xf /usr/src/linux-source-*.tar.xz
}

# allnoconfig drops what depends on something that is off, and says nothing.
configure() {
	local line lost=

	cat "${@/#/$config/}" >"$obj/fragment"
	make -s -C "$src" O="$obj" KCONFIG_ALLCONFIG="$obj/fragment" allnoconfig
	while read -r line; do
		case $line in
		CONFIG_*=n) ! grep -q "^${line%=n}=" "$obj/.config" || lost+=" $line" ;;
		CONFIG_*) grep -qxF -- "$line" "$obj/.config" || lost+=" $line" ;;
		esac
	done <"$obj/fragment"
	if [ -n "$lost" ]; then
		echo "this kernel does not take:$lost"
		return 1
	fi
}

build() {
	if ! make -s -C "$src" O="$obj" -j"$(nproc)" bzImage modules >"$obj/log" 2>&1; then
		tail -n 60 "$obj/log"
		return 1
	fi
}

install_kernel() {
	local version modules

	version=$(cat "$obj/include/config/kernel.release")
	modules=$out/usr/lib/modules/$version
	make -s -C "$src" O="$obj" INSTALL_MOD_PATH="$out/usr" modules_install
	rm -rf "$modules/build" "$modules/source"
	make -s -C "$src" O="$obj" run-command \
		KBUILD_RUN_COMMAND="\$(srctree)/scripts/package/install-extmod-build $modules/build"
	cp "$obj/.config" "$modules/build/.config"
	mkdir -p "$out/boot"
	cp "$obj/arch/x86/boot/bzImage" "$out/boot/vmlinuz-$version"
	cp "$obj/System.map" "$out/boot/System.map-$version"
	cp "$obj/.config" "$out/boot/config-$version"
}

unpack
configure "$@"
build
install_kernel

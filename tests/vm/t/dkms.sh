#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: DKMS adds, builds, installs, loads and removes the modules
# alone: it replaces the modules that the harness installed
# modules: none
# timeout: 1500
. "$XCOPY_LIB"

version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' "$XCOPY_SRC/dkms.conf")
kernel=$(uname -r)
rm -rf "/lib/modules/$kernel/updates/dm-xcopy"
depmod -a
not_ok "no module is installed before" modinfo dm-xcopy

run make -C "$XCOPY_SRC" dkms-source
ok "dkms add" dkms add -m dm-xcopy -v "$version"
ok "dkms build" dkms build -m dm-xcopy -v "$version"
ok "dkms install" dkms install -m dm-xcopy -v "$version"
like "dkms status" "$(dkms status dm-xcopy)" "$version.*${kernel//+/\\+}.*installed"
# All that are built, those of tests apart.
mapfile -t modules < <(sed -n 's/^obj-m += \(.*\)\.o$/\1/p' "$XCOPY_SRC/dm-xcopy/Kbuild")
at_least "the core, and a module for each kind of storage" ${#modules[@]} 3
for module in "${modules[@]}"; do
	like "$module is DKMS's" "$(modinfo -n "$module")" '/updates/(dkms/)?dm-xcopy'
	ok "$module loads" modprobe "$module"
done
like "the target is there" "$(dmsetup targets)" '(^|[[:space:]])xcopy +v'
ok "the modules unload" modprobe -r dm-xcopy-nvme dm-xcopy-scsi dm-xcopy
ok "dkms remove" dkms remove -m dm-xcopy -v "$version" --all
not_ok "no module is installed after" modinfo dm-xcopy

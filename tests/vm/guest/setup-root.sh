#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Makes a Debian root into the test guest's. Run by mmdebstrap:
#
#   setup-root.sh early ROOT   before the packages are installed
#   setup-root.sh late ROOT    after
#
# The guest's behaviour is not in the image: its one unit runs an agent out of the shared checkout, so that
# changing a test or the agent needs no new image.
set -eu

root=$2

early() {
	# A small initrd boots faster under emulation. The hook runs before the packages' conffiles exist.
	mkdir -p "$root/etc/initramfs-tools/conf.d" "$root/etc/initramfs-tools/hooks"
	cat >"$root/etc/initramfs-tools/conf.d/xcopy" <<-'END'
		MODULES=list
		COMPRESS=zstd
		COMPRESSLEVEL=1
	END
	cat >"$root/etc/initramfs-tools/hooks/xcopy" <<-'END'
		#!/bin/sh
		[ "${1:-}" != prereqs ] || exit 0
		. /usr/share/initramfs-tools/hook-functions
		manual_add_modules virtio_pci virtio_blk ext4
	END
	chmod 755 "$root/etc/initramfs-tools/hooks/xcopy"
}

late() {
	echo xcopy-guest >"$root/etc/hostname"
	echo '127.0.0.1 localhost xcopy-guest' >"$root/etc/hosts"
	echo 'LABEL=xcopy-root / ext4 noatime 0 1' >"$root/etc/fstab"
	rm -f "$root/etc/resolv.conf"
	: >"$root/etc/machine-id"
	printf '%s\n' virtio_console 9pnet_virtio 9p >"$root/etc/modules-load.d/xcopy.conf"
	mkdir -p "$root/etc/systemd/journald.conf.d" "$root/xcopy/src" "$root/xcopy/build" "$root/xcopy/out"
	printf '[Journal]\nStorage=volatile\nForwardToConsole=no\n' >"$root/etc/systemd/journald.conf.d/xcopy.conf"
	mask
	units
}

# serial-getty hangs the console up, which kills what logs there; the timers would run in the middle of a test.
mask() {
	local unit

	for unit in serial-getty@ttyS0.service getty@tty1.service getty.target apt-daily.timer \
		apt-daily-upgrade.timer man-db.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer dpkg-db-backup.timer \
		systemd-networkd-wait-online.service systemd-timesyncd.service xfs_scrub_all.timer dkms.service \
		systemd-tpm2-setup.service systemd-tpm2-setup-early.service multipathd.service multipathd.socket \
		iscsid.service iscsid.socket open-iscsi.service; do
		ln -sf /dev/null "$root/etc/systemd/system/$unit"
	done
	# It would ask about each disk of each test; tests of multipathd remove it.
	mkdir -p "$root/etc/udev/rules.d"
	ln -sf /dev/null "$root/etc/udev/rules.d/60-multipath.rules"
}

units() {
	cat >"$root/etc/systemd/system/vmtest-agent.service" <<-'END'
		[Unit]
		Description=dm-xcopy test agent
		ConditionKernelCommandLine=xcopy.run
		After=systemd-modules-load.service local-fs.target dbus.socket systemd-udevd.service
		Wants=dbus.socket
		[Service]
		Type=simple
		ExecStart=/usr/local/sbin/xcopy-start agent
		StandardInput=null
		StandardOutput=journal+console
		StandardError=journal+console
		OOMScoreAdjust=-900
		TasksMax=infinity
		KillMode=process
		[Install]
		WantedBy=multi-user.target
	END
	cat >"$root/etc/systemd/system/vmtest-shell.service" <<-'END'
		[Unit]
		Description=dm-xcopy shell on the console
		ConditionKernelCommandLine=xcopy.shell
		After=multi-user.target
		[Service]
		Type=idle
		ExecStart=/usr/local/sbin/xcopy-start shell
		StandardInput=tty-force
		StandardOutput=tty
		StandardError=tty
		TTYPath=/dev/ttyS0
		UtmpIdentifier=ttyS0
		UtmpMode=user
		[Install]
		WantedBy=multi-user.target
	END
	cat >"$root/usr/local/sbin/xcopy-start" <<-'END'
		#!/bin/sh
		set -eu
		modprobe -a 9pnet_virtio 9p
		for dir in src build out; do
			opt=ro
			[ "$dir" != out ] || opt=rw
			mount -t 9p -o "trans=virtio,version=9p2000.L,msize=262144,cache=none,$opt" "$dir" "/xcopy/$dir"
		done
		exec /bin/bash "/xcopy/src/tests/vm/guest/$1"
	END
	chmod 755 "$root/usr/local/sbin/xcopy-start"
	chroot "$root" systemctl -q enable vmtest-agent.service vmtest-shell.service
}

"$1"

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Puts checkpatch.pl, which no binary package has, out of the kernel's source package into the root of
# `make style`. Run by mmdebstrap: setup-lint.sh early|late ROOT.
set -eu

[ "$1" = late ] || exit 0
root=$2
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

cd "$tmp"
# mmdebstrap's own apt configuration makes the host's apt-get work on the root's package lists.
APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-get -q download linux-source-6.12
mkdir -p "$root/opt/checkpatch/scripts"
dpkg-deb --fsys-tarfile linux-source-6.12_*.deb | tar -xOf - ./usr/src/linux-source-6.12.tar.xz |
	tar -C "$root/opt/checkpatch" --strip-components=1 -xJf - --wildcards '*/scripts/checkpatch.pl' \
		'*/scripts/spelling.txt' '*/scripts/const_structs.checkpatch'

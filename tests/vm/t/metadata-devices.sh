#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: a clone goes on only with the devices that it began with, whatever their names
# timeout: 180
. "$XCOPY_LIB"

run dmsetup create meta --table "0 1024 linear $(disk s1) 0"
meta=/dev/mapper/meta
make_vg vg "$(disk s0)"
src=$(make_lv vg src 32M)
dst=$(make_lv vg dst 32M)
make_lv vg other 32M >/dev/null
length=65536

table() { # DESTINATION SOURCE
	echo "0 $length xcopy $meta $1 $2 128 3 no_hydration no_offload no_format"
}

goes() { # TEXT DESTINATION SOURCE
	ok "$1" dmsetup create clone --table "$(table "$2" "$3")"
	run dmsetup remove --retry clone
}

refused() { # ARGUMENT TEXT DESTINATION SOURCE
	local before
	before=$(checksum "$meta")
	log_mark
	not_ok "$2" dmsetup create clone --table "$(table "$3" "$4")"
	ok "... the log names the argument and the way out" log_has "xcopy.*: $1 dev: is not the one .*metadata rebind"
	ok "... and both devices" log_has "was used with $1 .*, but dm-[0-9]+ is "
	is "... nothing is written" "$(checksum "$meta")" "$before"
}

run xcopysetup metadata format --size 32M --region-size 64K "$meta"
goes "a fresh format takes the first devices" "$dst" "$src"
uuid=$(dmsetup info -c --noheadings -o uuid vg-src)
like "they are recorded" "$(xcopysetup metadata dump "$meta")" "source *device-mapper UUID $uuid"
goes "the same again" "$dst" "$src"
refused source "another source" "$dst" /dev/vg/other
refused destination "another destination" /dev/vg/other "$src"
refused source "the two exchanged" "$src" "$dst"

run lvrename -q vg src was_src
run lvrename -q vg other src
refused source "another volume under the same name" "$dst" /dev/vg/src
goes "the same volume under another name" "$dst" /dev/vg/was_src

run xcopysetup metadata rebind "$meta"
goes "after rebind the volume that is given" "$dst" /dev/vg/src
refused source "and no longer the one before" "$dst" /dev/vg/was_src

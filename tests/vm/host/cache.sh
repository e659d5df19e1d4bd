# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The cache: Debian roots and disk images, each made once and found again by a hash of what it is made
# from. Sourced by the scripts beside it.
#
# An entry is made under a temporary name and renamed when it is whole, so that what has an entry's name
# can be used. A lock per entry keeps two runs from making the same one. Entries are never changed later,
# but for their time stamp, which says when they were last used.

CACHE=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/dm-xcopy
VM_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
TOP_DIR=$(cd "$VM_DIR/../.." && pwd)

# Bump to throw away all entries when the way they are made changes.
CACHE_FORMAT=1

# What runs on the host's side: QEMU, the runner, mke2fs.
TOOLS_PACKAGES=(qemu-system-x86 qemu-utils e2fsprogs python3 util-linux mount)

# What `make style` runs.
LINT_PACKAGES=(gcc make libc6-dev perl python3-minimal sparse shellcheck clang-tidy pkg-config xz-utils
	linux-headers-amd64 libdevmapper-dev libjson-c-dev libblkid-dev libcap-ng-dev libcmocka-dev)

# What `make fuzz` needs: libFuzzer comes with clang.
FUZZ_PACKAGES=(clang libclang-rt-19-dev make libc6-dev linux-libc-dev pkg-config libdevmapper-dev libjson-c-dev
	libblkid-dev)

# What the guests hold. The same roots are where the modules and programs are compiled.
GUEST_PACKAGES=(systemd systemd-sysv udev dbus kmod initramfs-tools zstd linux-image-amd64
	linux-headers-amd64 lvm2 dmsetup dmeventd nvme-cli e2fsprogs xfsprogs fio dkms gcc make libc6-dev
	pkg-config libdevmapper-dev libjson-c-dev libblkid-dev libcap-ng-dev libcmocka-dev libisal-dev jq util-linux
	mount bsdextrautils procps iproute2 psmisc python3-minimal openssl strace xxd file less man-db
	multipath-tools open-iscsi sg3-utils btrfs-progs python3-jsonschema)

# What the kernels of the debug suites are built with, and from.
KERNEL_PACKAGES=(gcc make libc6-dev bc bison flex libelf-dev kmod perl python3-minimal xz-utils linux-source-6.12)

say() {
	printf '# %s\n' "$*" >&2
}

die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

need_root() {
	[ "$(id -u)" = 0 ] || die "this mounts, makes device nodes and enters chroots: run it as root (sudo)"
	[ "$(uname -m)" = x86_64 ] || die "the virtual machines are x86-64 ones, this host is $(uname -m)"
}

# Installs what the host itself must give: mmdebstrap and Debian's keys. Everything else comes from a root.
need_host_tools() {
	local missing=()

	command -v mmdebstrap >/dev/null || missing+=(mmdebstrap)
	command -v unshare >/dev/null || missing+=(util-linux)
	command -v mount >/dev/null || missing+=(mount)
	command -v tar >/dev/null || missing+=(tar)
	[ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || missing+=(debian-archive-keyring)
	[ ${#missing[@]} = 0 ] && return
	command -v apt-get >/dev/null ||
		die "missing on this host: ${missing[*]}; there is no apt-get to install them with"
	say "installing ${missing[*]} from the configured package sources"
	{ apt-get update -q &&
		DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"; } >&2 ||
		die "could not install ${missing[*]}: do that by hand and run this again"
}

# The mirror that the host itself uses for Debian, or the one that the user names.
mirror() {
	local uri=${XCOPY_MIRROR:-}

	[ -n "$uri" ] || uri=$(apt_mirror)
	if [ -z "$uri" ] && command -v apt-get >/dev/null; then
		apt-get update -q >&2 || true
		uri=$(apt_mirror)
	fi
	[ -n "$uri" ] || die "this host's apt has no Debian archive: name a mirror, XCOPY_MIRROR=http://HOST/debian"
	echo "$uri"
}

apt_mirror() {
	command -v apt-get >/dev/null || return 0
	# shellcheck disable=SC2016 # apt-get expands these
	apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' 'Created-By: Packages' |
		sed -n 's/^Debian|Debian|//p' | head -n 1
}

# The host's proxy and certificate settings, as options for mmdebstrap, one a line.
apt_options() {
	command -v apt-config >/dev/null || return 0
	apt-config dump | grep -E '^Acquire::(http|https|ftp)::[^ ]* "[^"]+";$' | sed 's/^/--aptopt=/' || true
}

# cache_key WORD... : what an entry's name ends with
cache_key() {
	printf '%s\n' "$CACHE_FORMAT" "$@" | sha256sum | cut -c 1-12
}

# cache_entry NAME MAKER ARG... : prints the path of entry NAME, after `MAKER TMPDIR ARG...` has made it if needed
cache_entry() {
	local name=$1 maker=$2 entry=$CACHE/$1 tmp lock
	shift 2

	mkdir -p "$CACHE"
	exec {lock}>"$CACHE/.lock-$name"
	flock "$lock"
	if ! [ -e "$entry" ]; then
		tmp=$(mktemp -d "$CACHE/.tmp-$name.XXXXXX")
		if ! "$maker" "$tmp" "$@" >&2 {lock}>&-; then
			rm -rf --one-file-system "$tmp"
			exec {lock}>&-
			return 1
		fi
		mv -T "$tmp" "$entry"
		prune "${name%-*}" "$entry"
	fi
	exec {lock}>&-
	touch -c "$entry"
	echo "$entry"
}

# Entries of the same kind that nobody used for two weeks, and what a killed run left half made.
prune() {
	find "$CACHE" -mindepth 1 -maxdepth 1 -name "$1-*" ! -path "$2" -mtime +14 \
		-exec rm -rf --one-file-system {} +
	find "$CACHE" -mindepth 1 -maxdepth 1 \( -name '.tmp-*' -o -name 'run.*' \) -mmin +1440 \
		-exec rm -rf --one-file-system {} +
}

# in_root ROOT [HOST-DIR=ROOT-DIR[:ro]]... -- CMD... : runs CMD in ROOT by chroot, with the directories mounted; all
# mounts are in a namespace of their own and end with the command.
in_root() {
	local root=$1
	shift
	# shellcheck disable=SC2016 # the inner shell expands these
	unshare --mount --propagation private -- bash -eu -c '
		root=$1
		shift
		mount --rbind /proc "$root/proc"
		mount --rbind /dev "$root/dev"
		mount --rbind /sys "$root/sys"
		mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
		mount -t tmpfs tmpfs "$root/run"
		while [ "$1" != -- ]; do
			opt=
			dir=${1#*=}
			case $dir in *:ro) opt=ro dir=${dir%:ro} ;; esac
			mkdir -p "$root/run/mnt$dir"
			mount --bind "${1%%=*}" "$root/run/mnt$dir"
			[ -z "$opt" ] || mount -o remount,bind,ro "$root/run/mnt$dir"
			shift
		done
		shift
		exec chroot "$root" /usr/bin/env -i HOME=/root LC_ALL=C.UTF-8 TERM="${TERM:-dumb}" \
			PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
	' in_root "$root" "$@"
}

# bootstrap TMPDIR SUITE SETUP PACKAGE... : a Debian root; SETUP is a script that is run early and late, or empty
bootstrap() {
	local dir=$1 suite=$2 setup=$3 started=$SECONDS opts=() log
	shift 3

	say "making a Debian $suite root for ${dir##*/.tmp-} (once; a few minutes)"
	mapfile -t opts < <(apt_options)
	if [ -n "$setup" ]; then
		export XCOPY_SETUP_ROOT=$setup
		# shellcheck disable=SC2016 # mmdebstrap's shell expands these
		opts+=(--essential-hook='bash "$XCOPY_SETUP_ROOT" early "$1"'
			--customize-hook='bash "$XCOPY_SETUP_ROOT" late "$1"')
	fi
	# A mirror that lags behind has a Release file past its validity, which harms nothing here.
	opts+=(--aptopt='Acquire::Check-Valid-Until "false"')
	log=$dir.log
	if ! mmdebstrap --variant=apt --format=directory --include="$(IFS=,; echo "$*")" "${opts[@]}" \
		"$suite" "$dir" "$(mirror)" >"$log" 2>&1 </dev/null; then
		tail -n 40 "$log" >&2
		rm -f "$log"
		say "mmdebstrap could not make a Debian $suite root: see above; is the mirror reachable?"
		return 1
	fi
	rm -f "$log"
	chmod 755 "$dir"
	say "made in $((SECONDS - started)) s, $(du -sm "$dir" | cut -f 1) MiB"
}

tools_root() {
	cache_entry "root-tools-$(cache_key trixie "${TOOLS_PACKAGES[@]}")" \
		bootstrap trixie '' "${TOOLS_PACKAGES[@]}"
}

lint_root() {
	cache_entry "root-lint-$(cache_key trixie "$(cat "$VM_DIR/host/setup-lint.sh")" "${LINT_PACKAGES[@]}")" \
		bootstrap trixie "$VM_DIR/host/setup-lint.sh" "${LINT_PACKAGES[@]}"
}

fuzz_root() {
	cache_entry "root-fuzz-$(cache_key trixie "${FUZZ_PACKAGES[@]}")" \
		bootstrap trixie '' "${FUZZ_PACKAGES[@]}"
}

kernel_root() {
	cache_entry "root-kernel-$(cache_key trixie "${KERNEL_PACKAGES[@]}")" \
		bootstrap trixie '' "${KERNEL_PACKAGES[@]}"
}

# The debug suites are Debian 13 with a kernel built for them. kernel_config SUITE : the fragments it is made from;
# fails for a suite that boots Debian's.
kernel_config() {
	case $1 in
	debug) echo base.config kasan.config ;;
	kcsan) echo base.config kcsan.config ;;
	*) return 1 ;;
	esac
}

make_kernel() {
	local dir=$1 root=$2 suite=$3 work started=$SECONDS status=0

	say "building the kernel of the suite $suite (once; 10 to 20 minutes)"
	work=$(mktemp -d "$CACHE/run.XXXXXX") || return 1
	# shellcheck disable=SC2046 # one word a fragment
	in_root "$root" "$VM_DIR/host=/host:ro" "$VM_DIR/kernel=/config:ro" "$work=/scratch" "$dir=/kernel" -- \
		bash /run/mnt/host/build-kernel.sh $(kernel_config "$suite") || status=1
	rm -rf --one-file-system "$work"
	[ $status = 0 ] || return 1
	say "built in $(((SECONDS - started + 30) / 60)) minutes, $(du -sm "$dir" | cut -f 1) MiB"
}

kernel_key() {
	local root version

	root=$(kernel_root) || return 1
	version=$(sed -n '/^Package: linux-source-/,/^$/s/^Version: //p' "$root/var/lib/dpkg/status")
	# shellcheck disable=SC2046 # one word a fragment
	cache_key "$version" "$(cat "$VM_DIR/host/build-kernel.sh")" \
		"$(cd "$VM_DIR/kernel" && cat $(kernel_config "$1"))" "${KERNEL_PACKAGES[@]}"
}

# debug_kernel SUITE : prints the directory with boot/ and usr/lib/modules/ of its kernel
debug_kernel() {
	local root key

	root=$(kernel_root) || return 1
	key=$(kernel_key "$1") || return 1
	cache_entry "kernel-$1-$key" make_kernel "$root" "$1"
}

# Entries are never changed: a root may share its files with another.
make_debug_root() {
	local dir=$1 root=$2 kernel=$3

	cp -al "$root/." "$dir" &&
		rm -rf --one-file-system "$dir"/usr/lib/modules "$dir"/usr/src/linux-* "${dir:?}"/boot &&
		cp -R --preserve=mode,timestamps,links "$kernel/." "$dir"
}

guest_key() {
	local key

	if kernel_config "$1" >/dev/null; then
		key=$(kernel_key "$1") || return 1
		cache_key "$key" "$(guest_key trixie)"
	else
		cache_key "$1" "$(cat "$VM_DIR/guest/setup-root.sh")" "${GUEST_PACKAGES[@]}"
	fi
}

guest_root() {
	local key kernel root

	key=$(guest_key "$1") || return 1
	if kernel_config "$1" >/dev/null; then
		kernel=$(debug_kernel "$1") || return 1
		root=$(guest_root trixie) || return 1
		cache_entry "root-$1-$key" make_debug_root "$root" "$kernel"
	else
		cache_entry "root-$1-$key" bootstrap "$1" "$VM_DIR/guest/setup-root.sh" "${GUEST_PACKAGES[@]}"
	fi
}

make_image() {
	local dir=$1 root=$2 tools=$3 version started=$SECONDS kernel initrd

	version=$(kernel_version "$root") || return 1
	kernel=$root/boot/vmlinuz-$version
	[ -e "$kernel" ] || kernel=$root/usr/lib/modules/$version/vmlinuz
	initrd=$root/boot/initrd.img-$version
	cp -L "$kernel" "$dir/vmlinuz" &&
		{ [ ! -e "$initrd" ] || cp -L "$initrd" "$dir/initrd"; } &&
		in_root "$tools" "$root=/root:ro" "$dir=/image" -- \
			mke2fs -q -t ext4 -L xcopy-root -d /run/mnt/root /run/mnt/image/root.img 8G || return 1
	say "made a disk image of ${root##*/} in $((SECONDS - started)) s, $(du -sm "$dir" | cut -f 1) MiB"
}

# guest_image SUITE : prints the directory with vmlinuz, root.img and, where the kernel needs one, initrd
guest_image() {
	local root tools key

	key=$(guest_key "$1") || return 1
	root=$(guest_root "$1") || return 1
	tools=$(tools_root) || return 1
	cache_entry "image-$1-$key" make_image "$root" "$tools"
}

# The kernel that a root holds modules and headers of.
kernel_version() {
	local dir

	for dir in "$1"/usr/lib/modules/*; do
		if [ -e "$dir/build/Makefile" ] || [ -L "$dir/build" ]; then
			basename "$dir"
			return
		fi
	done
	die "no kernel with headers in $1"
}

# snapshot DIR : copies the checkout's sources to DIR, so that what is built and run is one state of them; what
# .gitignore names stays behind, products of builds on the host with it.
snapshot() {
	tar -C "$TOP_DIR" --exclude-vcs --exclude-vcs-ignores --exclude=./build -cf - . |
		tar -C "$1" --no-same-owner -xf -
}

# Mixed into the names of what is built: equal sources need no new build.
tree_key() {
	(cd "$1" && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum; find . -type l -printf '%p %l\n') |
		sha256sum | cut -c 1-12
}

# What the build of the modules, programs and test tools is made from.
BUILD_PARTS=(Kbuild Makefile dm-xcopy compat userspace Documentation tests/modules tests/kunit tests/tools tests/array
	tests/vm/host/build-in-root.sh)

build_parts() {
	local part tmp

	tmp=$(mktemp -d "$CACHE/run.XXXXXX") || return 1
	for part in "${BUILD_PARTS[@]}"; do
		[ ! -e "$1/$part" ] || { mkdir -p "$tmp/$(dirname "$part")" && cp -a "$1/$part" "$tmp/$part"; } || return 1
	done
	tree_key "$tmp"
	rm -rf --one-file-system "$tmp"
}

make_build() {
	in_root "$2" "$3=/src:ro" "$1=/build" -- bash /run/mnt/src/tests/vm/host/build-in-root.sh
}

# guest_build SUITE SNAPSHOT : prints the directory with modules/, tools/ and root/ built in the suite's root
guest_build() {
	local root key guest

	root=$(guest_root "$1") || return 1
	guest=$(guest_key "$1") || return 1
	key=$(build_parts "$2") || return 1
	cache_entry "build-$1-$(cache_key "$guest" "$key")" make_build "$root" "$2"
}

# accelerator TOOLS IMAGE : prints kvm when a guest is seen to boot under it, else tcg. A /dev/kvm that opens proves
# nothing: there are hosts on which guests hang under it. The answer holds until the host boots again.
accelerator() {
	local entry

	[ -w /dev/kvm ] || {
		echo tcg
		return
	}
	entry=$(cache_entry "kvm-$(cut -c 1-13 /proc/sys/kernel/random/boot_id)" probe_kvm "$1" "$2") || return 1
	cat "$entry/accel"
}

# A kernel with no root file system panics within seconds. Where it does, it runs.
probe_kvm() {
	say "trying whether guests run under KVM (once a boot of this host)"
	if in_root "$2" "$3=/image:ro" "$1=/probe" -- timeout -s KILL 20 qemu-system-x86_64 -nodefaults -display none \
		-machine q35 -accel kvm -cpu host -m 512 -no-reboot -kernel /run/mnt/image/vmlinuz \
		-append 'console=ttyS0 panic=-1' -serial file:/run/mnt/probe/console >/dev/null 2>&1 </dev/null &&
		grep -q 'Unable to mount root fs' "$1/console"; then
		echo kvm >"$1/accel"
	else
		echo tcg >"$1/accel"
	fi
	say "guests run under $(cat "$1/accel")"
}

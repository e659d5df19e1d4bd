#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The checks of `make style`; runs in the lint root, by chroot, on a copy of /run/mnt/src.
set -u
shopt -s nullglob globstar

number=0 failed=0

point() {
	local text=$1 log=/tmp/point.log
	shift

	number=$((number + 1))
	if "$@" >"$log" 2>&1; then
		echo "ok $number - $text"
	else
		echo "not ok $number - $text"
		sed 's/^/    /' "$log"
		failed=$((failed + 1))
	fi
}

# A file of its own is no patch: what checkpatch says about patches does not apply. EMBEDDED_FUNCTION_NAME takes plain
# words in messages for the functions that are named with them. Sentences of the log are not split, so that they can be
# searched for (Documentation/process/coding-style.rst, 2), however long they are.
check_patch() {
	perl /opt/checkpatch/scripts/checkpatch.pl --no-tree --strict --terse --show-types --no-summary \
		--ignore FILE_PATH_CHANGES,EMBEDDED_FILENAME,EMBEDDED_FUNCTION_NAME,LONG_LINE_STRING "$@"
}

# The shadow headers bring types that newer kernels have, and parameters of functions, which have no parentheses.
check_patches() {
	local rc=0

	check_patch -f dm-xcopy/*.[ch] tests/kunit/*.[ch] tests/modules/*.[ch] || rc=1
	check_patch --ignore NEW_TYPEDEFS,MACRO_ARG_PRECEDENCE -f compat/**/*.h || rc=1
	return $rc
}

# Sparse says on stderr what it finds; kbuild goes on.
check_sparse() {
	local log=/tmp/sparse.log kernel
	kernel=$(echo /usr/lib/modules/*/build)

	make -C "$kernel" M=/tmp/work XCOPY_TESTS=1 C=2 W=1 modules >"$log" 2>&1 || {
		cat "$log"
		return 1
	}
	! grep -E '(dm-xcopy|compat|tests)/.*(warning|error):' "$log"
}

shell_scripts() {
	local file

	for file in .ci/run tests/**/* userspace/**/*; do
		[ -f "$file" ] || continue
		case $file in *.c | *.h | *.py | *.md) continue ;; esac
		if [[ $file == *.sh ]] || head -c 64 "$file" | head -n 1 | grep -qE '^#!.*\b(ba|da|)sh\b'; then
			echo "$file"
		fi
	done
}

check_shell() {
	local files
	mapfile -t files < <(shell_scripts)

	shellcheck -x -P . "${files[@]}"
}

# tidy FILE FLAG...
tidy() {
	local file=$1
	shift
	clang-tidy --quiet --warnings-as-errors='*' --checks='-*,clang-diagnostic-*,clang-analyzer-*,-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling,-clang-analyzer-security.insecureAPI.strcpy' "$file" -- -std=gnu11 -Wall -Wextra "$@" 2>/dev/null
}

check_tidy() {
	local file rc=0 flags

	read -r -a flags < <(pkg-config --cflags json-c devmapper blkid cmocka)
	for file in userspace/src/*.c tests/tools/*.c tests/tools/*/*.c; do
		tidy "$file" -D_GNU_SOURCE -I userspace/src -I userspace/compat -I userspace -I dm-xcopy -I tests/tools \
			"${flags[@]}" || rc=1
	done
	# Without _GNU_SOURCE, which brings a second struct iovec.
	for file in tests/array/*.c; do
		tidy "$file" || rc=1
	done
	return $rc
}

mkdir /tmp/work && cp -R /run/mnt/src/. /tmp/work && cd /tmp/work || exit 1
point 'checkpatch --strict finds nothing' check_patches
point 'sparse finds nothing' check_sparse
point 'shellcheck finds nothing' check_shell
point 'clang-tidy finds nothing' check_tidy
[ $failed = 0 ]

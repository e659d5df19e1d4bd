# SPDX-License-Identifier: GPL-2.0-only
#
# The kernel modules are built by Kbuild (see the file of that name), xcopysetup by userspace/Makefile, the
# tests by tests/. This file is the front door; `make help` tells what is behind it.

KDIR ?= /lib/modules/$(shell uname -r)/build
PREFIX ?= /usr/local
SUITE ?= trixie
TEST ?= *
MINUTES ?= 10
VERSION := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
DKMS_SRC = $(DESTDIR)/usr/src/dm-xcopy-$(VERSION)

# What the modules are built from, for DKMS.
MODULE_SOURCES := Kbuild dkms.conf COPYING dm-xcopy compat

all: module userspace

help:
	@echo 'Build'
	@echo '  make               the modules and xcopysetup'
	@echo '  make module        the modules, for the kernel headers in KDIR'
	@echo '                     (KDIR=$(KDIR))'
	@echo '  make userspace     xcopysetup'
	@echo '  make clean         remove what a build made'
	@echo 'Install (as root; PREFIX=$(PREFIX), DESTDIR=$(DESTDIR))'
	@echo '  make install       the modules for this kernel, and xcopysetup'
	@echo '  make dkms-install  the modules by DKMS, for this kernel and those to come, and xcopysetup'
	@echo 'See it work (as root; in a virtual machine, nothing of the host is touched)'
	@echo '  make demo          a volume is cloned by NVMe Copy while it is in use; SCSI=1: by EXTENDED COPY'
	@echo '                     through multipathd'
	@echo '  make vm-shell      a shell in a virtual machine with the modules loaded'
	@echo 'Test'
	@echo '  make check         unit tests, VM tests, and the core of them on all supported kernels and the debug kernel (as root)'
	@echo '  make check-unit    the unit tests, here'
	@echo '  make check-vm      the VM tests; SUITE=bookworm|trixie|sid|debug|kcsan, TEST=<pattern> (as root)'
	@echo '  make check-debug   the VM tests, or those of TEST=<pattern>, on a kernel that checks itself: KASAN,'
	@echo '                     lockdep, kmemleak, ...; KCSAN=1: on one that looks for data races (as root)'
	@echo '  make mutants       is each test red when what it guards is broken? Takes an hour or more (as root)'
	@echo '  make check-crash   clones that crash, for hours: CUTS=600, from seed SEED=N on (as root)'
	@echo '  make check-scsi    SCSI at length: dm-multipath, iSCSI, faults, arrays of several kinds; SUITE=... (as root)'
	@echo '  make check-long    all the tests that take long, these and the rest of them, for hours; SUITE=... (as root)'
	@echo '  make fuzz          look for inputs that break parsers, for MINUTES=10 (as root)'
	@echo '  make bench         rates, measured side by side in one virtual machine (as root)'
	@echo '  make style         checkpatch --strict, sparse, shellcheck, clang-tidy (as root)'
	@echo '  make clean-cache   remove the Debian roots and images that these made'

module:
	@test -e $(KDIR)/Makefile || { echo "make: no kernel headers in KDIR=$(KDIR); install the package" \
		"linux-headers-$$(uname -r), or name another directory: make module KDIR=..." >&2; exit 1; }
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

userspace:
	$(MAKE) -C userspace all PREFIX=$(PREFIX)

install: module userspace userspace-install
	$(MAKE) -C $(KDIR) M=$(CURDIR) $(if $(DESTDIR),INSTALL_MOD_PATH=$(DESTDIR)) modules_install

userspace-install:
	$(MAKE) -C userspace install PREFIX=$(PREFIX) DESTDIR=$(DESTDIR)

dkms-source:
	install -d $(DKMS_SRC)
	tar --exclude-vcs-ignores -cf - $(MODULE_SOURCES) | tar -C $(DKMS_SRC) --no-same-owner -xf -

# One of the same version that is there goes first: DKMS would keep it, beside the new xcopysetup.
dkms-install: userspace userspace-install
	test -z "$$(dkms status -m dm-xcopy -v $(VERSION))" || dkms remove -m dm-xcopy -v $(VERSION) --all
	$(MAKE) dkms-source
	dkms add -m dm-xcopy -v $(VERSION)
	dkms install -m dm-xcopy -v $(VERSION)

# SCSI, if given, is in the environment of what make starts.
demo:
	tests/vm/demo

vm-shell:
	tests/vm/run --suite $(SUITE) --shell

check:
	tests/check

# Each prints TAP.
check-unit: export CMOCKA_MESSAGE_OUTPUT = TAP
check-unit:
	$(MAKE) -C userspace check
	$(if $(wildcard tests/unit/Makefile),$(MAKE) -C tests/unit check)
	$(if $(wildcard tests/kunit/Makefile),$(MAKE) -C tests/kunit check)
	$(if $(wildcard tests/fuzz/Makefile),$(MAKE) -C tests/fuzz check)
	$(if $(wildcard tests/tools/Makefile),$(MAKE) -C tests/tools check)
	$(if $(wildcard tests/hypervisors/Makefile),$(MAKE) -C tests/hypervisors check)

check-vm:
	tests/vm/run --suite $(SUITE) --test '$(TEST)'

mutants:
	tests/mutants/run

# SEED and CUTS, if given, are in the environment of what make starts.
check-crash:
	tests/vm/run --suite $(SUITE) --test 'crash-*-long' --test xcopysetup-killed-long

check-scsi:
	tests/vm/run --suite $(SUITE) --test '*scsi*-long'

check-long:
	tests/vm/run --suite $(SUITE) --test '*-long'

check-debug:
	tests/vm/run --suite $(if $(filter-out 0,$(KCSAN)),kcsan,debug) --test '$(TEST)'

fuzz:
	tests/fuzz/fuzz $(MINUTES)

bench:
	V=1 tests/vm/run --suite $(SUITE) --test '*-bench'

style:
	tests/style

clean:
	$(if $(wildcard $(KDIR)/Makefile),$(MAKE) -C $(KDIR) M=$(CURDIR) XCOPY_TESTS=1 clean)
	$(MAKE) -C userspace clean
	$(if $(wildcard tests/unit/Makefile),$(MAKE) -C tests/unit clean)
	$(if $(wildcard tests/kunit/Makefile),$(MAKE) -C tests/kunit clean)
	$(if $(wildcard tests/fuzz/Makefile),$(MAKE) -C tests/fuzz clean)
	rm -rf build

clean-cache:
	tests/vm/run --clean-cache

.PHONY: all help module userspace install userspace-install dkms-source dkms-install demo vm-shell check check-unit \
	check-vm check-debug check-crash check-scsi check-long mutants fuzz bench style clean clean-cache

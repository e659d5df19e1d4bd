#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: NVMe Copy within a namespace and between two, by partitions, LBA 512 and 4096; pairs that cannot
# core: bookworm sid debug
# timeout: 400
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/nvme.sh"

a1=$(disk a1) a2=$(disk a2) a3=$(disk a3) a4=$(disk a4) b1=$(disk b1)

# A test before this one may have armed it.
run nvme_reset XCOPY-A
clone_of "$a1" "$a2" 32
clone_up
all_offloaded "two namespaces"
ok "two namespaces: the controller was armed" log_has 'copies between namespaces enabled'

run partition "$a1" 2048 262144 1048640 262144
run partition "$a2" 2056 262144
clone_of "${a1}p1" "${a1}p2" 32
clone_up
all_offloaded "one namespace"

clone_of "${a1}p2" "${a2}p1" 32
clone_up
all_offloaded "partitions of two namespaces"
run partition "$a1"
run partition "$a2"

clone_of "$a3" "$a4" 32
clone_up
all_offloaded "LBA 4096"

run partition "$a3" 131073 32768 262144 32768
clone_of "${a3}p1" "${a3}p2" 32
clone_up
all_offloaded "LBA 4096, one namespace"
run partition "$a3"

log_mark
clone_of "$a1" "$a3" 16
clone_up hydration_rate 256
all_by_host "LBA 512 to 4096" block-sizes-differ

log_mark
clone_of "$a1" "$b1" 16
clone_up hydration_rate 256
all_by_host "another array" other-controller

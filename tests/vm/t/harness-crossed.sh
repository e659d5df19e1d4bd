#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: in the crossed guest the names are those of the other namespace
# needs: topology=crossed
# modules: none
. "$XCOPY_LIB"

is "NSID 1 has the second name" "$(disk a1)" "$(dirname "$(disk a2)")/$(basename "$(disk a2)" | sed 's/n1$/n2/')"
like "NSID 2 has the first name" "$(disk a2)" '^/dev/nvme[01]n1$'
is "they are single-path disks" "$(cat /sys/module/nvme_core/parameters/multipath)" N

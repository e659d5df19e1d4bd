#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: the namespace identifiers are asked for: names and NSIDs are crossed
# needs: topology=crossed
# timeout: 180
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/vm/guest/nvme.sh"

a1=$(disk a1) a2=$(disk a2)
like "NSID 1 is called" "$a1" 'n2$'
like "NSID 2 is called" "$a2" 'n1$'

clone_of "$a1" "$a2" 32
before=$(checksum "$a1" 32)
# shellcheck disable=SC2119 # without arguments
clone_up
all_offloaded "from NSID 1 to 2"
is "from NSID 1 to 2: the source is what it was" "$(checksum "$a1" 32)" "$before"

clone_of "$a2" "$a1" 32
before=$(checksum "$a2" 32)
# shellcheck disable=SC2119 # without arguments
clone_up
all_offloaded "from NSID 2 to 1"
is "from NSID 2 to 1: the source is what it was" "$(checksum "$a2" 32)" "$before"

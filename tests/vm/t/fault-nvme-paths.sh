#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: all paths of a native multipath head go with copies in flight, and come back: nothing flushed is lost
# needs: topology=multipath
# alone: it removes controllers
# timeout: 400
. "$XCOPY_LIB"
. "$XCOPY_SRC/tests/tools/clone-lib.sh"

meta=$(slice meta "$(disk s0)" 0 16384)
opened() { clone ns "$(disk a1)" "$(disk a2)" "$meta" 262144 128; }
gone() { ! nvme_disk XCOPY-A "$1" >/dev/null 2>&1; }
there() { nvme_disk XCOPY-A "$1" >/dev/null 2>&1; }
copies() { [ "$(status_field ns offloaded)" -gt 4096 ]; }
plug() { # ID PORT: what the guest was started with
	vm_qmp "{\"execute\":\"device_add\",\"arguments\":{\"driver\":\"nvme\",\"id\":\"$1\",\"serial\":\"XCOPY-A\",\"subsys\":\"sub-a\",\"bus\":\"$2\"}}" |
		grep -qv error
}

opened
clone_prepare
clone_up 0 4 hydration_rate 8192 quarantine_ms 2000
ok "writes and a flush" clone_do write:0:512 write:100000:300 zero:4096:128 flush
clone_io_start /run/load.log --seconds 120 --window "$(clone_half)"
ok "the storage copies" wait_for 60 copies
vm_hotremove ca
sleep 1
diag "one path left: $(dmsetup status ns)"
vm_hotremove ca2
ok "both paths are gone, and the namespaces with them" wait_for 60 gone 1
ok "the load read nothing wrong" clone_io_right
like "status answers" "$(dmsetup status ns)" ' xcopy '
ok "the clone can be removed" timeout 60 dmsetup remove --retry ns
ok "a controller is plugged in" plug ca port-ca
ok "another one" plug ca2 port-ca2
for nsid in 1 2; do ok "namespace $nsid is back" wait_for 60 there $nsid; done
run udevadm settle
opened
clone_up 1 no_format 2 quarantine_ms 2000
ok "activated again, nothing flushed is lost" clone_verify_crash
clone_finish 120 "in the end"

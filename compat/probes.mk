# SPDX-License-Identifier: GPL-2.0-only
#
# What the kernel being built for has, as -DXCOPY_HAVE_*: for what no macro of its
# headers tells.  Distributions backport, so its own headers are asked, never its
# version.  Included by each Kbuild that compiles sources of the project, with
# xcopy-root set to the top of the project:
#
#	xcopy-root := $(src)/..
#	include $(xcopy-root)/compat/probes.mk

# $(call xcopy-have,<header below include/>,<basic regular expression>,<name>)
xcopy-have = $(shell grep -qs -e '$(2)' $(srctree)/include/$(1) && echo -DXCOPY_HAVE_$(3))

# The shadow headers must come before the kernel's own, and ccflags-y come after.
LINUXINCLUDE := -I$(xcopy-root)/compat $(LINUXINCLUDE)

ccflags-y += $(call xcopy-have,linux/device-mapper.h,flush_bypasses_map:1,DM_FLUSH_BYPASSES_MAP)
ccflags-y += $(call xcopy-have,linux/device-mapper.h,bool \*forward,DM_PREPARE_IOCTL_FORWARD)
ccflags-y += $(call xcopy-have,linux/blk-mq.h,blk_rq_map_kern.struct request_queue,RQ_MAP_KERN_QUEUE)
ccflags-y += $(call xcopy-have,linux/device/class.h,add_dev.*struct class_interface,INTERFACE_ARGUMENT)

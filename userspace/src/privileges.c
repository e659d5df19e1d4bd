// SPDX-License-Identifier: GPL-2.0-only
#include "privileges.h"

#include <cap-ng.h>
#include <stdbool.h>
#include <stddef.h>

#include "message.h"

/* What each is for: ours, or of lvm(8), which is run from here. */
static const unsigned int needed[] = {
	CAP_SYS_ADMIN,		/* device-mapper's ioctls, Identify of NVMe namespaces */
	CAP_IPC_LOCK,		/* memory stays while a volume is suspended */
	CAP_SYS_RESOURCE,	/* ... however much it is */
	CAP_SYS_NICE,		/* lvm: to be quick while a volume is suspended */
	CAP_SYS_MODULE,		/* modprobe, for targets */
	CAP_SYSLOG,		/* why the kernel refused a table */
	CAP_MKNOD,		/* lvm, without udev: device nodes */
	CAP_CHOWN,		/* ... and who owns them */
	CAP_FOWNER,
	CAP_DAC_OVERRIDE,	/* devices and LVM's files, whoever owns them */
};

static bool is_needed(unsigned int capability, struct privileges kept)
{
	if (capability == CAP_SYS_RAWIO)
		return kept.raw_io;
	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++)
		if (needed[i] == capability)
			return true;
	return false;
}

/* Programs that are run from here get none that is neither inheritable nor in the bounding set. */
static bool drop_for_others(unsigned int capability)
{
	return !capng_update(CAPNG_DROP, CAPNG_INHERITABLE, capability) &&
	       !capng_update(CAPNG_DROP, CAPNG_BOUNDING_SET, capability);
}

static bool drop(unsigned int capability, struct privileges kept)
{
	if (capability == CAP_SYS_PTRACE && kept.processes)
		return drop_for_others(capability);
	return !capng_update(CAPNG_DROP, CAPNG_EFFECTIVE, capability) &&
	       !capng_update(CAPNG_DROP, CAPNG_PERMITTED, capability) &&
	       drop_for_others(capability);
}

void privileges_limit(struct privileges kept)
{
	bool good = !capng_get_caps_process();

	for (unsigned int capability = 0; good && capability <= CAP_LAST_CAP; capability++)
		if (!is_needed(capability, kept))
			good = drop(capability, kept);
	if (!good || capng_apply(CAPNG_SELECT_BOTH))
		detail("the capabilities that are not needed could not be given up");
}

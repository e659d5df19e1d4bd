// SPDX-License-Identifier: GPL-2.0-only
#include "trim.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "change.h"
#include "message.h"

/*
 * XFS refuses a second file system of one UUID, unless told that this is meant. Btrfs tells devices
 * by their UUID, and would take the clone for its source.
 */
static const struct {
	const char *type;
	const char *options;
} trimmed[] = {
	{ "ext4", "errors=remount-ro" },
	{ "ext3", "errors=remount-ro" },
	{ "xfs", "nouuid" },
	{ "vfat", "" },
};

static const char *options_for(const char *type)
{
	for (size_t i = 0; i < sizeof(trimmed) / sizeof(*trimmed); i++)
		if (!strcmp(type, trimmed[i].type))
			return trimmed[i].options;
	return NULL;
}

const char *trim_reason(const char *type)
{
	if (!type)
		return "there is no file system on it";
	if (!strcmp(type, "btrfs"))
		return "btrfs tells devices by their UUID, and would take the clone for its source";
	return options_for(type) ? NULL : "this is done for ext3, ext4, xfs and vfat";
}

/* Over /run itself, which this process alone then sees so. */
static int mount_and_trim(const char *device, const char *type)
{
	struct fstrim_range range = { .len = UINT64_MAX };
	int fd;

	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount(device, "/run", type, MS_NOATIME | MS_NODEV | MS_NOEXEC | MS_NOSUID,
		  options_for(type)))
		return fail(EXIT_FAILED, "--trim: cannot mount %s (%s): %s", device, type,
			    strerror(errno));
	fd = open("/run", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, FITRIM, &range))
		return fail(EXIT_FAILED, "--trim: %s does not trim %s: %s", type, device,
			    strerror(errno));
	close(fd);
	detail("trimmed: the file system does not use %llu MiB",
	       (unsigned long long)range.len >> 20);
	if (umount("/run"))
		return fail(EXIT_FAILED, "--trim: cannot unmount %s: %s", device, strerror(errno));
	return 0;
}

int trim(const char *device, const char *type)
{
	pid_t pid;
	int status;

	change_point("trim");
	pid = fork();
	if (!pid)
		_exit(mount_and_trim(device, type));
	if (pid < 0)
		return fail(EXIT_FAILED, "--trim: %s", strerror(errno));
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return EXIT_FAILED;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILED;
}

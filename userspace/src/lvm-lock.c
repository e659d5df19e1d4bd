// SPDX-License-Identifier: GPL-2.0-only
#include "lvm-lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "memory.h"
#include "message.h"

static int nr_held;

static bool still_named(const char *path, int fd)
{
	struct stat by_name, by_fd;

	return !stat(path, &by_name) && !fstat(fd, &by_fd) &&
	       by_name.st_dev == by_fd.st_dev && by_name.st_ino == by_fd.st_ino;
}

/* Lock the file that @path names when the lock is there; -1 with errno. */
static int lock_path(const char *path)
{
	for (;;) {
		int fd = open(path, O_CREAT | O_APPEND | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0777);
		int r;

		if (fd < 0)
			return -1;
		do {
			r = flock(fd, LOCK_EX);
		} while (r && errno == EINTR);
		if (!r && still_named(path, fd))
			return fd;
		close(fd);
		if (r)
			return -1;
	}
}

/* Remove the file if nobody else uses it, as LVM does, and let it go. */
static void unlock_path(const char *path, int fd)
{
	flock(fd, LOCK_UN | LOCK_NB);
	if (!flock(fd, LOCK_EX | LOCK_NB) && still_named(path, fd))
		unlink(path);
	close(fd);
}

int lvm_lock_take(const char *directory, const char *vg, struct lvm_lock *lock)
{
	char *path = need_text("%s/V_%s", directory, vg);
	char *queue = need_text("%s:aux", path);
	int queue_fd, fd = -1, error;

	/* as LVM's commands do, the first one after a boot */
	mkdir(directory, 0700);
	queue_fd = lock_path(queue);
	if (queue_fd >= 0) {
		fd = lock_path(path);
		error = errno;
		unlock_path(queue, queue_fd);
		errno = error;
	}
	error = errno;
	free(queue);
	if (fd < 0) {
		fail(EXIT_FAILED, "cannot lock volume group %s (%s): %s", vg, path,
		     strerror(error));
		free(path);
		return EXIT_FAILED;
	}
	*lock = (struct lvm_lock){ fd, path };
	nr_held++;
	return 0;
}

void lvm_lock_release(struct lvm_lock *lock)
{
	if (!lock->path)
		return;
	unlock_path(lock->path, lock->fd);
	free(lock->path);
	*lock = (struct lvm_lock){ -1, NULL };
	nr_held--;
}

bool lvm_lock_is_held(void)
{
	return nr_held > 0;
}

// SPDX-License-Identifier: GPL-2.0-only
#include "runtime.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "change.h"
#include "device-free.h"
#include "dm.h"
#include "job.h"
#include "memory.h"
#include "message.h"
#include "sizes.h"

#define AWAITED "awaited"

/* Open the directory, made if need be; -1 after a message. */
static int open_directory(int parent, const char *path)
{
	struct stat stat;
	int fd;

	if (mkdirat(parent, path, 0700) && errno != EEXIST) {
		fail(EXIT_REFUSED, "cannot make %s: %s", path, strerror(errno));
		return -1;
	}
	fd = openat(parent, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 && !fstat(fd, &stat) && stat.st_uid == geteuid() && !(stat.st_mode & 022))
		return fd;
	if (fd >= 0)
		close(fd);
	fail(EXIT_REFUSED, "%s is not a directory that belongs to root alone: remove it", path);
	return -1;
}

static int open_runtime(void)
{
	return open_directory(AT_FDCWD, RUNTIME_DIRECTORY);
}

static int open_file(const char *kind, const char *job)
{
	int directory = open_runtime(), fd;
	char *name;

	if (directory < 0)
		return -2;
	name = need_text("%s-%s", kind, job);
	fd = openat(directory, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		fail(EXIT_REFUSED, "cannot open " RUNTIME_DIRECTORY "/%s: %s", name,
		     strerror(errno));
	free(name);
	close(directory);
	return fd < 0 ? -2 : fd;
}

int runtime_lock(const char *kind, const char *job, bool wait)
{
	struct stat stat;

	for (;;) {
		int fd = open_file(kind, job), r;

		if (fd < 0)
			return fd;
		do {
			r = flock(fd, LOCK_EX | (wait ? 0 : LOCK_NB));
		} while (r && errno == EINTR);
		/* the file may have been removed while this waited: its job has ended */
		if (!r && !fstat(fd, &stat) && stat.st_nlink)
			return fd;
		close(fd);
		if (r)
			return -1;
	}
}

int runtime_lock_left(const char *kind, const char *job)
{
	char *path = need_text(RUNTIME_DIRECTORY "/%s-%s", kind, job);
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct stat stat;

	free(path);
	if (fd >= 0 && (flock(fd, LOCK_EX | LOCK_NB) || fstat(fd, &stat) || !stat.st_nlink)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

bool runtime_is_left(const char *kind, const char *job)
{
	int fd = runtime_lock_left(kind, job);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

bool runtime_is_locked(const char *kind, const char *job)
{
	char *path = need_text(RUNTIME_DIRECTORY "/%s-%s", kind, job);
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	bool locked = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB);

	if (fd >= 0)
		close(fd);
	free(path);
	return locked;
}

void runtime_unlock(const char *kind, const char *job, int fd)
{
	char *path = need_text(RUNTIME_DIRECTORY "/%s-%s", kind, job);

	if (fd >= 0) {
		unlink(path);
		close(fd);
	}
	free(path);
}

int runtime_note(const char *kind, const char *job, uint64_t number)
{
	char text[32];
	int fd, length = snprintf(text, sizeof(text), "%llu\n", (unsigned long long)number);
	int code = 0;

	change_point("make a note");
	fd = open_file(kind, job);
	if (fd < 0)
		return EXIT_FAILED;
	if (ftruncate(fd, 0) || write(fd, text, length) != length)
		code = fail(EXIT_FAILED, "cannot write " RUNTIME_DIRECTORY "/%s-%s: %s", kind, job,
			    strerror(errno));
	close(fd);
	return code;
}

bool runtime_read_note(const char *kind, const char *job, uint64_t *number)
{
	char *path = need_text(RUNTIME_DIRECTORY "/%s-%s", kind, job), text[32] = "";
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t got = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;

	free(path);
	if (fd >= 0)
		close(fd);
	text[got > 0 ? got : 0] = 0;
	text[strcspn(text, "\n")] = 0;
	return number_parse(text, number);
}

void runtime_forget_note(const char *kind, const char *job)
{
	char *path = need_text(RUNTIME_DIRECTORY "/%s-%s", kind, job);

	unlink(path);
	free(path);
}

void runtime_forget(const char *job)
{
	static const char *const kinds[] = { "lock", "waiter", DRAINED "-XCOPY" };
	int directory = open_runtime();

	if (directory < 0)
		return;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		char *name = need_text("%s-%s", kinds[i], job);

		unlinkat(directory, name, 0);
		free(name);
	}
	close(directory);
}

static int open_hide(void)
{
	int directory = open_runtime(), hide;

	if (directory < 0)
		return -1;
	hide = open_directory(directory, "hide");
	close(directory);
	return hide;
}

static int open_mark(const char *name)
{
	int directory = open_hide(), fd;

	if (directory < 0)
		return -1;
	change_point("hide a device");
	fd = openat(directory, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	close(directory);
	if (fd < 0)
		fail(EXIT_REFUSED, "cannot make " RUNTIME_DIRECTORY "/hide/%s: %s", name,
		     strerror(errno));
	return fd;
}

int runtime_hide(const char *uuid)
{
	int fd;

	if (message_dry_run)
		return 0;
	fd = open_mark(uuid);
	if (fd < 0)
		return EXIT_REFUSED;
	close(fd);
	return 0;
}

void runtime_await(void)
{
	int directory = message_dry_run ? -1 : open_runtime(), fd;

	if (directory < 0)
		return;
	fd = openat(directory, AWAITED, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0) {
		futimens(fd, NULL);
		close(fd);
	}
	close(directory);
}

void runtime_await_none(time_t begin)
{
	int directory = message_dry_run ? -1 : open_runtime();
	struct stat stat;

	if (directory < 0)
		return;
	if (!fstatat(directory, AWAITED, &stat, AT_SYMLINK_NOFOLLOW) && stat.st_mtime < begin)
		unlinkat(directory, AWAITED, 0);
	close(directory);
}

/* Is it held now, and still the file of that name? */
static bool hold(int fd, int how)
{
	struct stat stat;

	return !flock(fd, how) && !fstat(fd, &stat) && stat.st_nlink;
}

int runtime_hide_name(const char *name)
{
	int fd = message_dry_run ? -1 : open_mark(name);

	/* runtime_clean() may have been faster */
	while (fd >= 0 && !hold(fd, LOCK_EX)) {
		close(fd);
		fd = open_mark(name);
	}
	return fd;
}

void runtime_show(const char *uuid)
{
	int directory;

	if (message_dry_run || !*uuid)
		return;
	directory = open_hide();
	if (directory < 0)
		return;
	change_point("show a device");
	unlinkat(directory, uuid, 0);
	close(directory);
}

void runtime_show_name(const char *name, int fd)
{
	if (fd < 0)
		return;
	runtime_show(name);
	close(fd);
}

/* By UUID or number it is hidden until somebody says otherwise. */
static bool is_lasting(const char *name)
{
	return (!strncmp(name, "LVM-", 4) && strlen(name) == 4 + 64) ||
	       !strncmp(name, DESTINATION_UUID, strlen(DESTINATION_UUID)) ||
	       (!strncmp(name, RUNTIME_DEVICE, strlen(RUNTIME_DEVICE)) && strchr(name, ':'));
}

/* Of a device's number that by now no clone writes: another device may have got it. */
static bool is_of_no_clone(const char *name)
{
	unsigned int ma, mi;

	return sscanf(name, RUNTIME_DEVICE "%u:%u", &ma, &mi) == 2 &&
	       !device_has_writer(makedev(ma, mi));
}

static bool is_of_no_device(const char *name)
{
	struct dm_state state;

	return !strncmp(name, DESTINATION_UUID, strlen(DESTINATION_UUID)) &&
	       dm_look(name, &state) && !state.exists;
}

/* Left by somebody who was killed; one that is new may have been made for what is about to be there. */
static bool is_of_nobody(int directory, const char *name)
{
	struct stat stat;

	return (is_of_no_clone(name) || is_of_no_device(name)) &&
	       !fstatat(directory, name, &stat, AT_SYMLINK_NOFOLLOW) &&
	       time(NULL) - stat.st_mtime > 60;
}

void runtime_clean(void)
{
	int directory = message_dry_run ? -1 : open_hide();
	DIR *marks = directory < 0 ? NULL : fdopendir(directory);
	struct dirent *mark;

	while (marks && (mark = readdir(marks))) {
		int fd = *mark->d_name == '.' ||
			 (is_lasting(mark->d_name) && !is_of_nobody(directory, mark->d_name)) ? -1 :
			 openat(directory, mark->d_name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

		if (fd >= 0 && hold(fd, LOCK_EX | LOCK_NB))
			unlinkat(directory, mark->d_name, 0);
		if (fd >= 0)
			close(fd);
	}
	if (marks)
		closedir(marks);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * LVM's lock of a volume group.
 *
 * LVM locks a VG by flock() on LOCKDIR/V_<vg>; writers queue on a second file,
 * V_<vg>:aux, first, and whoever unlocks removes the file, so a lock counts only
 * if the name still leads to the inode that was locked.
 */
#ifndef XCOPYSETUP_LVM_LOCK_H
#define XCOPYSETUP_LVM_LOCK_H

#include <stdbool.h>

struct lvm_lock {
	int fd;
	char *path;
};

/**
 * lvm_lock_take() - exclusively lock VG @vg; waits
 * @directory: LVM's global/locking_dir
 *
 * Return: exit code; on failure a message was printed.
 */
int lvm_lock_take(const char *directory, const char *vg, struct lvm_lock *lock);

/** lvm_lock_release() - the opposite */
void lvm_lock_release(struct lvm_lock *lock);

/** lvm_lock_is_held() - does this process hold one? */
bool lvm_lock_is_held(void);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* One logical volume: what is asked of device-mapper, and what LVM is told to do with it. */
#ifndef XCOPYSETUP_VOLUME_H
#define XCOPYSETUP_VOLUME_H

#include <stdbool.h>

#include "names.h"
#include "run.h"

/** arguments_add_volume() - VG/LV */
void arguments_add_volume(struct arguments *arguments, const struct lv_name *name);

/**
 * volume_is_held() - has anybody it open?
 * @uuid: a dm UUID, of an LV or a clone
 *
 * udev opens devices for moments: they are waited for, up to two seconds.
 */
bool volume_is_held(const char *uuid);

/** volume_is_active() - is there a device-mapper device with this dm UUID? */
bool volume_is_active(const char *uuid);

/** volume_set_active() - lvchange --activate @how ("y" or "n"); exit code */
int volume_set_active(const struct lv_name *name, const char *how);

/** volume_set_permission() - lvchange --permission @permission ("r" or "rw"); exit code */
int volume_set_permission(const struct lv_name *name, const char *permission);

/**
 * volume_remove() - lvremove by its UUID: the name may be another volume's by the time LVM reads it
 *
 * Return: exit code; 0 too if @name is empty.
 */
int volume_remove(const struct lv_name *name, const char *uuid);

#endif

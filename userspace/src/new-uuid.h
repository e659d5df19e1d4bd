/* SPDX-License-Identifier: GPL-2.0-only */
/* A block for block copy has the UUID of what it was copied from: giving it its own. */
#ifndef XCOPYSETUP_NEW_UUID_H
#define XCOPYSETUP_NEW_UUID_H

#include "content.h"

/** new_uuid_reason() - why content of this type does not get a UUID of its own, or NULL; @type may be NULL */
const char *new_uuid_reason(const char *type);

/**
 * new_uuid() - give what is on @device another UUID, by the programs of that file system or of LVM
 * @device: nobody else uses it
 * @source: what is on it, with the UUID that it is not to keep; new_uuid_reason() has none for its type
 *
 * A file system whose programs change it in more than one place is between two UUIDs if they are
 * killed: the caller throws the device away then, and gives it to nobody before.
 *
 * Return: exit code.  0 also means that the new UUID was read back from the device.
 */
int new_uuid(const char *device, const struct content *source);

/** same_uuid_advice() - what to do so that the two do not meet, to be printed behind what they have in common */
const char *same_uuid_advice(const char *type);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* Telling a clone what its file system does not use, so that it is not copied. */
#ifndef XCOPYSETUP_TRIM_H
#define XCOPYSETUP_TRIM_H

/** trim_reason() - why a file system of this type is not trimmed, or NULL; @type may be NULL */
const char *trim_reason(const char *type);

/**
 * trim() - mount the file system on @device where nobody else sees it, and have it discard what is free
 * @type: its type, for which trim_reason() has none
 *
 * Mounting it writes to the device: a journal is replayed, and a counter counts.
 *
 * Return: exit code.
 */
int trim(const char *device, const char *type);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* SCSI logical units: who they are, which paths lead to them, what their copy manager says. */
#ifndef XCOPYSETUP_SCSI_H
#define XCOPYSETUP_SCSI_H

#include <stdbool.h>
#include <stddef.h>

#include "devices.h"
#include "scsi-command.h"

/* Designator as text: "naa.", "eui.", "name." or "t10.", and up to twice its bytes. */
#define SCSI_NAME_SIZE	(5 + 2 * XCOPY_SCSI_DESIGNATOR_SIZE + 1)

struct scsi_path {
	char address[32];	/* H:C:T:L */
	char disk[32];		/* as below /dev; "" if there is none */
	char state[24];		/* the SCSI device's: "running", "offline", ... */
	char access[32];	/* ALUA: "active/optimized", ...; "" where nothing knows of it */
	char preferred[4];	/* ALUA: "1", "0"; "" as above */
};

/* Where a unit's limits were found. */
enum scsi_limits_from {
	SCSI_LIMITS_NOWHERE,
	SCSI_LIMITS_PARAMETERS,	/* RECEIVE COPY OPERATING PARAMETERS */
	SCSI_LIMITS_PAGE,	/* Third-party Copy VPD page, 8Fh */
};

struct scsi_unit {
	bool has_identity;
	struct xcopy_scsi_identity identity;
	char vendor[9];
	char product[17];
	char revision[5];
	bool third_party;	/* INQUIRY: 3PC */
	bool third_party_page;	/* it has VPD page 8Fh */
	enum scsi_limits_from limits_from;
	const char *no_parameters;	/* why there are no operating parameters: a word as in "last_error" */
	const char *refused;	/* its operating parameters exclude what is needed: a word of the kernel's */
	struct xcopy_scsi_limits limits;
	struct scsi_path *paths;
	size_t nr_paths;
};

/** scsi_is_unit() - is this disk one of SCSI's, or dm-multipath's? */
bool scsi_is_unit(const struct disk *disk);

/** scsi_identify() - find its identity and paths, and ask it over one of them; scsi_unit_free() */
void scsi_identify(const struct disk *disk, struct scsi_unit *unit);

void scsi_unit_free(struct scsi_unit *unit);

/** scsi_name() - an identity as text, SCSI_NAME_SIZE bytes */
void scsi_name(const struct xcopy_scsi_identity *identity, char *text);

/** scsi_decode_inquiry() - standard INQUIRY data, of which @length bytes are valid */
void scsi_decode_inquiry(const uint8_t *data, size_t length, struct scsi_unit *unit);

/**
 * scsi_best_path() - the path that the kernel would use
 *
 * Running ones only, in ALUA's order: active/optimized, active/non-optimized, LBA-dependent.
 *
 * Return: NULL if there is none.
 */
const struct scsi_path *scsi_best_path(const struct scsi_unit *unit);

/** scsi_same_unit() - does a path lead to both? They may be known by different designators. */
bool scsi_same_unit(const struct scsi_unit *a, const struct scsi_unit *b);

#endif

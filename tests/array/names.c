// SPDX-License-Identifier: GPL-2.0-only
/*
 * What names a unit, see array.h; SPC-4 7.8.6. All of it is made of its NAA designator, so that units
 * which differ there differ in each.
 */
#include <string.h>

#include "array.h"

/* The last eight bytes: the first ones may be those of all units. */
static struct designator eui(const struct unit *unit)
{
	struct designator eui = { .code_set = 1, .type = 2, .length = 8 };

	memcpy(eui.bytes, unit->naa + NAA_SIZE - 8, 8);
	return eui;
}

/* NUL is part of it; one that is longer has no room in a target descriptor. */
static struct designator scsi_name(const struct unit *unit)
{
	struct designator name = { .code_set = 3, .type = 8, .length = 20 };

	snprintf((char *)name.bytes, sizeof(name.bytes), "iqn.2024-01.t:%02x%02x",
		 unit->naa[NAA_SIZE - 2], unit->naa[NAA_SIZE - 1]);
	return name;
}

static struct designator t10(const struct unit *unit)
{
	struct designator t10 = { .code_set = 2, .type = 1, .length = 20 };
	char text[DESIGNATOR_SIZE + 1];

	snprintf(text, sizeof(text), "XCOPY   %02x%02x%02x%02x%02x%02x", unit->naa[10], unit->naa[11],
		 unit->naa[12], unit->naa[13], unit->naa[14], unit->naa[15]);
	memcpy(t10.bytes, text, DESIGNATOR_SIZE);
	return t10;
}

static struct designator naa(const struct unit *unit)
{
	struct designator naa = { .code_set = 1, .type = 3, .length = NAA_SIZE };

	memcpy(naa.bytes, unit->naa, NAA_SIZE);
	return naa;
}

struct designator unit_designator(const struct unit *unit, enum designator_kind kind)
{
	static struct designator (*const make[NR_NAMES])(const struct unit *unit) = {
		[NAME_T10] = t10, [NAME_SCSI] = scsi_name, [NAME_EUI] = eui, [NAME_NAA] = naa,
	};

	return make[kind](unit);
}

void unit_designate(struct unit *unit, unsigned int names)
{
	__atomic_store_n(&unit->names, names, __ATOMIC_RELAXED);
}

bool unit_has_name(const struct unit *unit, enum designator_kind kind)
{
	return __atomic_load_n(&unit->names, __ATOMIC_RELAXED) >> kind & 1;
}

static bool is_named(const struct unit *unit, enum designator_kind kind,
		     const struct designator *designator)
{
	struct designator its = unit_designator(unit, kind);

	return unit_has_name(unit, kind) && !memcmp(&its, designator, sizeof(its));
}

struct unit *unit_by_designator(const struct designator *designator, enum designator_kind *kind)
{
	struct unit *unit;

	for (unit = unit_next(NULL); unit; unit = unit_next(unit))
		for (*kind = 0; *kind < NR_NAMES; (*kind)++)
			if (is_named(unit, *kind, designator))
				return unit;
	return NULL;
}

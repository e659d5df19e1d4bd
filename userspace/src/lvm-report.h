/* SPDX-License-Identifier: GPL-2.0-only */
/* What LVM reports: volume groups, their PVs, logical volumes and segments. */
#ifndef XCOPYSETUP_LVM_REPORT_H
#define XCOPYSETUP_LVM_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lvm_pv {
	char *path;
	char *uuid;
	char *vg_name;
	char *vg_uuid;		/* with dashes; "" if it is in none */
	uint64_t pe_start;	/* bytes */
	uint64_t free;		/* bytes */
	bool missing;
	bool allocatable;
};

/* Extents of a physical volume that no LV has. */
struct lvm_free_range {
	char *pv_path;
	uint64_t start;		/* extents */
	uint64_t count;
};

struct lvm_vg {
	char *name;
	char *uuid;		/* with dashes */
	char *lock_type;	/* "" or "none": local */
	char *attr;
	uint64_t seqno;
	uint64_t extent;	/* bytes */
	uint64_t free;		/* bytes */
	bool in_clone;		/* has a PV inside a clone: lvm_load() finds out */
};

struct lvm_segment {
	char *type;
	char *devices;		/* "/dev/sda(0)"; several are joined by commas */
	uint64_t start;		/* bytes */
	uint64_t size;		/* bytes */
};

struct lvm_lv {
	char *vg_name;
	char *name;		/* hidden ones keep LVM's brackets out */
	char *dm_uuid;		/* "LVM-..." */
	char *attr;		/* type and permission are sure; whether it is active is not */
	uint64_t size;		/* bytes */
	char **tags;
	size_t nr_tags;
	struct lvm_segment *segments;
	size_t nr_segments;
};

struct lvm_report {
	bool partial;		/* lvm failed on something: what is missing may still exist */
	struct lvm_pv *pvs;
	size_t nr_pvs;
	struct lvm_free_range *free_ranges;
	size_t nr_free_ranges;
	struct lvm_vg *vgs;
	size_t nr_vgs;
	struct lvm_lv *lvs;
	size_t nr_lvs;
};

/* Columns that the parser needs. */
#define LVM_VG_COLUMNS "vg_name"
#define LVM_PV_COLUMNS "pv_name,pv_uuid,pe_start,pv_free,pv_missing,pv_allocatable,vg_name," \
	"vg_uuid,vg_seqno,vg_lock_type,vg_attr,vg_extent_size,vg_free"
#define LVM_PVSEG_COLUMNS "pv_name,pvseg_start,pvseg_size,segtype"
#define LVM_SEG_COLUMNS "vg_name,vg_uuid,lv_name,lv_uuid,lv_size,lv_attr,lv_tags,segtype," \
	"seg_start,seg_size,devices"

/**
 * lvm_report_parse() - add JSON to @report
 *
 * Takes the rows of "pv" arrays, with LVM_PV_COLUMNS, of "pvseg" arrays, with LVM_PVSEG_COLUMNS,
 * and of "seg" arrays, with LVM_SEG_COLUMNS; ignores others.
 *
 * Return: NULL, or what is wrong with the text.
 */
const char *lvm_report_parse(const char *json, struct lvm_report *report);

void lvm_report_free(struct lvm_report *report);

const struct lvm_vg *lvm_report_vg(const struct lvm_report *report, const char *name);
const struct lvm_lv *lvm_report_lv(const struct lvm_report *report, const char *vg,
				   const char *lv);
const struct lvm_lv *lvm_report_uuid(const struct lvm_report *report, const char *dm_uuid);

/** lvm_report_has_group() - is the volume group here whose UUID @dm_uuid, an LV's, begins with? */
bool lvm_report_has_group(const struct lvm_report *report, const char *dm_uuid);

/** lvm_lv_is_of() - is it of the volume group with this UUID (with dashes)? */
bool lvm_lv_is_of(const struct lvm_lv *lv, const char *vg_uuid);

/** lvm_lv_drop_tags() - forget the LV's tags that begin with @prefix */
void lvm_lv_drop_tags(struct lvm_lv *lv, const char *prefix);

/** lvm_lv_tag() - what follows @prefix in the LV's first tag that begins with it, or NULL */
const char *lvm_lv_tag(const struct lvm_lv *lv, const char *prefix);

#endif

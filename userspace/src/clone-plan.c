// SPDX-License-Identifier: GPL-2.0-only
#include "clone-plan.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "content.h"
#include "destination-device.h"
#include "device-free.h"
#include "devices.h"
#include "dm.h"
#include "memory.h"
#include "message.h"
#include "metadata-device.h"
#include "new-uuid.h"
#include "runtime.h"
#include "sizes.h"
#include "source-device.h"
#include "steps.h"
#include "trim.h"
#include "volume.h"

static char *vg_reason(const struct lvm_vg *vg)
{
	if (*vg->lock_type && strcmp(vg->lock_type, "none"))
		return need_text("volume group %s is shared (lock type %s): its LVs can only be reloaded under lvmlockd's lock, which other programs cannot take; use a local volume group",
				 vg->name, vg->lock_type);
	if (vg->in_clone)
		return need_text("volume group %s lies inside a clone: wait for the clone's end, and \"xcopysetup release\" it",
				 vg->name);
	if (strchr(vg->attr, 'x'))
		return need_text("volume group %s is exported: vgimport it", vg->name);
	if (strlen(vg->attr) > 3 && vg->attr[3] == 'p')
		return need_text("volume group %s misses physical volumes: see \"vgs -o +pv_missing\"",
				 vg->name);
	if (*vg->attr == 'r')
		return need_text("volume group %s is read-only: vgchange it", vg->name);
	return NULL;
}

static char *segment_reason(const struct lvm_lv *lv)
{
	for (size_t i = 0; i < lv->nr_segments; i++) {
		if (strcmp(lv->segments[i].type, "linear"))
			return need_text("is of type %s: only linear volumes can be cloned",
					 lv->segments[i].type);
		if (*lv->segments[i].devices && *lv->segments[i].devices != '/' &&
		    *lv->segments[i].devices != '[')
			return need_text("is being moved (it lies on %s): wait for the pvmove, or abort it",
					 lv->segments[i].devices);
		if (strstr(lv->segments[i].devices, "pvmove"))
			return need_text("is being moved: wait for the pvmove, or abort it");
	}
	return NULL;
}

char *clone_plan_source_reason(const struct lvm_lv *lv, const struct lvm_vg *vg)
{
	char *reason = vg_reason(vg);

	if (reason)
		return reason;
	if (lvm_lv_tag(lv, TAG_STATE) &&
	    strcmp(lvm_lv_tag(lv, TAG_STATE), job_state_word(JOB_FINISHED)))
		return need_text("is the destination of a clone that is not finished: wait for it, then clone");
	if (lvm_lv_tag(lv, TAG_METADATA_OF) || lvm_lv_tag(lv, TAG_DESTINATION_DEVICE))
		return need_text("holds the metadata of a clone");
	if (*lv->attr == 'o' || *lv->attr == 'O')
		return need_text("has snapshots: only linear volumes can be cloned");
	/* LVM calls its segments linear, and what is shown as its size is that of what has changed */
	if (*lv->attr == 's' || *lv->attr == 'S')
		return need_text("is a snapshot: only linear volumes can be cloned");
	reason = segment_reason(lv);
	if (!reason && *lv->attr != '-')
		reason = need_text("is no plain volume (attributes %s): only linear volumes can be cloned",
				   lv->attr);
	return reason;
}

static int check_source_in_use(const struct clone_plan *plan)
{
	const struct job *job = &plan->job;
	struct dm_state state;
	const char *typed = plan->invocation->arguments[0];
	const struct lvm_lv *lv = lvm_report_uuid(&plan->report, job->source_uuid);
	char *point;
	int code = 0;

	if (!dm_look(job->source_uuid, &state) || !state.exists)
		return 0;
	point = device_mount_point(state.major, state.minor);
	if (point && !strcmp(point, "swap"))
		code = fail(EXIT_REFUSED, "%s is in use as swap: swapoff it first", typed);
	else if (point)
		code = fail(EXIT_REFUSED, "%s is mounted on %s: unmount it first; afterwards mount the clone instead, if you need to write",
			    typed, point);
	free(point);
	/* clones that share the source hold it open, and do not write */
	if (code || plan->force || source_is_protected(lv))
		return code;
	for (int i = 0; i < 20 && state.open_count; i++) {
		usleep(100000);
		dm_look(job->source_uuid, &state);
	}
	if (state.open_count)
		return fail(EXIT_REFUSED, "%s is open %u times (see \"lsof /dev/mapper/%s\" and \"dmsetup ls --tree\"): close it, or use --force if it is sure not to be written to",
			    typed, state.open_count, state.name);
	return 0;
}

static int find_source_volume(struct clone_plan *plan, const char *typed)
{
	const char *wrong = name_parse_lv(typed, NULL, &plan->job.source);
	const struct lvm_vg *vg;
	const struct lvm_lv *lv;
	char *reason;

	if (wrong)
		return fail(EXIT_USAGE, "source %s %s", typed, wrong);
	vg = lvm_report_vg(&plan->report, plan->job.source.vg);
	if (!vg)
		return fail(EXIT_REFUSED, "source %s: there is no volume group %s; \"vgs\" lists them",
			    typed, plan->job.source.vg);
	lv = lvm_report_lv(&plan->report, plan->job.source.vg, plan->job.source.lv);
	if (!lv)
		return fail(EXIT_REFUSED, "source %s: there is no such logical volume; \"lvs %s\" lists them",
			    typed, vg->name);
	strcpy(plan->job.source_uuid, lv->dm_uuid);
	snprintf(plan->job.source_text, sizeof(plan->job.source_text), "%s/%s", lv->vg_name, lv->name);
	plan->job.sectors = lv->size / 512;
	reason = clone_plan_source_reason(lv, vg);
	if (!reason)
		return check_source_in_use(plan);
	fail(EXIT_REFUSED, "source %s %s", typed, reason);
	free(reason);
	return EXIT_REFUSED;
}

static int find_source(struct clone_plan *plan)
{
	const char *typed = plan->invocation->arguments[0];

	return device_is_meant(typed) ? source_device_find(typed, &plan->report, &plan->job) :
	       find_source_volume(plan, typed);
}

/* Of one whose device is not there now, but will be after a boot. */
static bool is_recorded_name(const struct lvm_report *report, const char *clone_name)
{
	for (size_t i = 0; i < report->nr_lvs; i++) {
		const char *name = lvm_lv_tag(&report->lvs[i], TAG_NAME);

		if (name && !strcmp(name, clone_name))
			return true;
	}
	return false;
}

static int check_clone_name(struct clone_plan *plan)
{
	const char *given = option(plan->invocation, "name");
	struct job *job = &plan->job;
	struct dm_state state;

	if (given && !job_set_clone_name(job, given))
		return fail(EXIT_USAGE, "--name %s: a name for /dev/mapper has up to 127 letters, digits and characters of _+.=:#-, and does not begin with a dash or a dot",
			    given);
	if (is_recorded_name(&plan->report, job->clone_name))
		return fail(EXIT_REFUSED, "/dev/mapper/%s is the name of another clone (\"xcopysetup status\"): give this one another --name, or \"xcopysetup release\" that one",
			    job->clone_name);
	if (dm_look_name(job->clone_name, &state) && state.exists)
		return fail(EXIT_REFUSED, "/dev/mapper/%s exists: \"xcopysetup release\" or \"dmsetup remove\" it first, or give the clone another --name",
			    job->clone_name);
	return 0;
}

static bool is_job(const struct lvm_report *report, const struct lvm_lv *lv)
{
	struct job job;
	bool is = job_from_lv(report, lv, &job) == 1;

	job_free(&job);
	return is;
}

static int check_destination_name(struct clone_plan *plan, const struct lv_name *name)
{
	const char *typed = plan->invocation->arguments[1];
	struct job *job = &plan->job;
	const struct lvm_lv *existing;

	existing = lvm_report_lv(&plan->report, name->vg, name->lv);
	if (existing && lvm_lv_tag(existing, TAG_STATE))
		return fail(EXIT_REFUSED, "destination %s is that of another clone (\"xcopysetup status\"): choose another name",
			    typed);
	if (existing)
		return fail(EXIT_REFUSED, "destination %s exists: choose another name, or lvremove it",
			    typed);
	if (!job_set_names(job, name) || strlen(name->lv) > LVM_NAME_MAX - 10)
		return fail(EXIT_USAGE, "destination %s is too long: xcopy-%s-%s has to fit into 127 characters",
			    typed, name->vg, name->lv);
	job->metadata = *name;
	strcat(job->metadata.lv, "_xcopymeta");
	existing = lvm_report_lv(&plan->report, name->vg, job->metadata.lv);
	if (existing && is_job(&plan->report, existing))
		return fail(EXIT_REFUSED, "destination %s is that of a clone that is being made, or was when whoever did it was killed: \"xcopysetup activate --all\" waits for the end, and then removes what is left",
			    typed);
	if (existing)
		return fail(EXIT_REFUSED, "%s/%s, where the metadata would go, exists: lvremove it if no clone uses it",
			    name->vg, job->metadata.lv);
	return check_clone_name(plan);
}

static const struct lvm_vg *find_group(struct clone_plan *plan, const char *role, const char *typed,
				       const char *name)
{
	const struct lvm_vg *vg = lvm_report_vg(&plan->report, name);
	char *reason;

	if (!vg) {
		fail(EXIT_REFUSED, "%s %s: there is no volume group %s; \"vgs\" lists them", role,
		     typed, name);
		return NULL;
	}
	reason = vg_reason(vg);
	if (reason)
		fail(EXIT_REFUSED, "%s %s: %s", role, typed, reason);
	free(reason);
	return reason ? NULL : vg;
}

/* VG/LV, or a name made from the device's. */
static int parse_metadata(const char *typed, const char *device, struct lv_name *name)
{
	const char *wrong, *base = strrchr(device, '/') + 1;
	char *full = strchr(typed, '/') ? need_copy(typed) : need_text("%s/%s_xcopymeta", typed, base);

	wrong = name_parse_lv(full, NULL, name);
	free(full);
	if (!wrong)
		return 0;
	return fail(EXIT_USAGE, "--metadata %s %s; give a volume group, or the name of a volume to be made, VG/LV",
		    typed, wrong);
}

static int find_metadata(struct clone_plan *plan, const char *device)
{
	const char *typed = option(plan->invocation, "metadata");
	struct lv_name name;
	int code = parse_metadata(typed, device, &name);

	if (code)
		return code;
	if (!find_group(plan, "--metadata", typed, name.vg))
		return EXIT_REFUSED;
	if (lvm_report_lv(&plan->report, name.vg, name.lv))
		return fail(EXIT_REFUSED, "--metadata %s: %s/%s exists: give another name, VG/LV",
			    typed, name.vg, name.lv);
	job_set_record(&plan->job, &name);
	return 0;
}

static int check_device_options(const struct clone_plan *plan, const char *device)
{
	/* what LVM is asked for when it makes a volume */
	static const char *const names[] = { "size", "alloc", "pv" };

	if (!option(plan->invocation, "metadata"))
		return fail(EXIT_USAGE, "destination %s is a device, on which there is no room for metadata: give --metadata VG, a volume group that can hold a small volume",
			    device);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (option(plan->invocation, names[i]))
			return fail(EXIT_USAGE, "--%s is for a logical volume that is to be made, and destination %s is there",
				    names[i], device);
	return 0;
}

/* Whoever meant one of them has not seen the other. */
static int check_force(const struct clone_plan *plan, const char *typed)
{
	const struct lvm_lv *source = lvm_report_uuid(&plan->report, plan->job.source_uuid);
	char *type;
	int code = 0;

	if (!plan->force || !source || source_is_protected(source) ||
	    !volume_is_held(plan->job.source_uuid))
		return 0;
	type = content_find(typed);
	if (type)
		code = fail(EXIT_REFUSED, "--force would have to mean two things: source %s is open, and destination %s holds %s: close the one, or wipe the other (wipefs --all)",
			    plan->job.source_text, typed, type);
	free(type);
	return code;
}

static int find_destination_device(struct clone_plan *plan, const char *typed)
{
	struct job *job = &plan->job;
	char *name = need_text("xcopy-%s", strrchr(typed, '/') + 1);
	int code = check_device_options(plan, typed);

	if (!code)
		code = destination_device_find(typed, plan->force, &plan->report, job);
	if (!code)
		code = check_force(plan, typed);
	if (!code)
		code = find_metadata(plan, typed);
	if (!code && !job_set_clone_name(job, name) && !option(plan->invocation, "name"))
		code = fail(EXIT_USAGE, "%s would be no name for /dev/mapper: give --name", name);
	free(name);
	return code ? code : check_clone_name(plan);
}

static int find_destination_volume(struct clone_plan *plan, const char *typed)
{
	const char *default_vg = *plan->job.source.vg ? plan->job.source.vg : NULL;
	struct lv_name name;
	const char *wrong = name_parse_lv(typed, default_vg, &name);

	if (wrong)
		return fail(EXIT_USAGE, "destination %s %s", typed, wrong);
	if (option(plan->invocation, "metadata"))
		return fail(EXIT_USAGE, "--metadata is for a destination that is a device: those of %s go beside it",
			    typed);
	if (!find_group(plan, "destination", typed, name.vg))
		return EXIT_REFUSED;
	return check_destination_name(plan, &name);
}

static int find_destination(struct clone_plan *plan)
{
	const char *typed = plan->invocation->arguments[1];

	return device_is_meant(typed) ? find_destination_device(plan, typed) :
	       find_destination_volume(plan, typed);
}

/* The reported PV that @path means, by name or by device number. */
static const struct lvm_pv *find_pv(const struct lvm_report *report, const char *path)
{
	struct stat given, known;

	for (size_t i = 0; i < report->nr_pvs; i++) {
		if (!strcmp(report->pvs[i].path, path))
			return &report->pvs[i];
		if (!stat(path, &given) && S_ISBLK(given.st_mode) &&
		    !stat(report->pvs[i].path, &known) && known.st_rdev == given.st_rdev)
			return &report->pvs[i];
	}
	return NULL;
}

static uint64_t round_up(uint64_t bytes, uint64_t extent)
{
	return extent ? (bytes + extent - 1) / extent * extent : bytes;
}

bool clone_plan_has_pv(const struct clone_plan *plan, const struct lvm_pv *pv)
{
	const struct invocation *invocation = plan->invocation;

	for (size_t i = 0; i < invocation->nr_options; i++)
		if (!strcmp(invocation->options[i].spec->name, "pv") &&
		    find_pv(&plan->report, invocation->options[i].value) == pv)
			return true;
	return !option(invocation, "pv");
}

static int check_pvs(struct clone_plan *plan, uint64_t needed)
{
	const char *vg = plan->job.destination.vg;
	uint64_t available = 0;
	bool any = false;

	for (size_t i = 0; i < plan->invocation->nr_options; i++) {
		const struct option_given *given = &plan->invocation->options[i];
		const struct lvm_pv *pv;

		if (strcmp(given->spec->name, "pv"))
			continue;
		pv = find_pv(&plan->report, given->value);
		if (!pv || strcmp(pv->vg_name, vg))
			return fail(EXIT_REFUSED, "--pv %s is no physical volume of %s; \"pvs\" lists them",
				    given->value, vg);
		if (!pv->allocatable || pv->missing)
			return fail(EXIT_REFUSED, "--pv %s is %s", given->value, pv->missing ?
				    "missing" : "not allocatable: see pvchange -x");
		any = true;
		available += pv->free;
	}
	if (any && available < needed)
		return fail(EXIT_REFUSED, "the physical volumes given with --pv have %llu bytes free, and the destination needs %llu",
			    (unsigned long long)available, (unsigned long long)needed);
	return 0;
}

static int check_space(struct clone_plan *plan)
{
	const struct lvm_vg *vg = lvm_report_vg(&plan->report, plan->job.record.vg);
	uint64_t data = (plan->job.sectors + plan->job.extra_sectors) * 512;
	uint64_t all;
	char text[2][32];

	if (*plan->job.destination_device)
		data = 0;
	data = round_up(data, vg->extent);
	all = data + round_up(plan->metadata_bytes, vg->extent);
	if (vg->free < all)
		return fail(EXIT_REFUSED, "volume group %s has %s free, and the clone needs %s: vgextend it",
			    vg->name, size_text(vg->free, text[0], sizeof(text[0])),
			    size_text(all, text[1], sizeof(text[1])));
	return check_pvs(plan, data);
}

static void set_number(struct job *job, const char *key, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	job_set_argument(job, key, text);
}

/* A rate in bytes per second becomes KiB per second. */
static int take_rate(struct clone_plan *plan, const char *name, const char *key, uint64_t least)
{
	uint64_t rate;
	int code = option_size(plan->invocation, name, &rate);

	if (code || !option(plan->invocation, name))
		return code;
	if (rate / 1024 < least || rate / 1024 > UINT32_MAX)
		return fail(EXIT_USAGE, "--%s %s is out of range: at least %lluK per second", name,
			    option(plan->invocation, name), (unsigned long long)least);
	set_number(&plan->job, key, rate / 1024);
	return 0;
}

static int take_verify(struct clone_plan *plan)
{
	const char *text = option(plan->invocation, "verify");
	uint64_t every = 0;

	if (!text || !strcmp(text, "first"))
		return 0;
	if (!strcmp(text, "all"))
		every = 1;
	else if (!number_parse(text, &every) || every > UINT32_MAX)
		return fail(EXIT_USAGE, "--verify %s: give first, all, or N for every N-th command",
			    text);
	set_number(&plan->job, "verify", every);
	return 0;
}

static int take_driver(struct clone_plan *plan)
{
	const char *driver = option(plan->invocation, "driver");

	if (!driver || !strcmp(driver, "auto"))
		return 0;
	if (!strcmp(driver, "host"))
		job_add_feature(&plan->job, "no_offload");
	else if (!strcmp(driver, "nvme") || !strcmp(driver, "scsi"))
		job_set_argument(&plan->job, "offload_driver", driver);
	else
		return fail(EXIT_USAGE, "--driver %s: there are auto, nvme, scsi and host", driver);
	return 0;
}

/* As lvm-xcopy's option, and SCSI's number. */
static int take_id_usage(struct clone_plan *plan)
{
	static const char *const names[] = { "hold", "", "discard", "disable" };
	const char *text = option(plan->invocation, "id-usage");
	uint64_t number;

	if (!text)
		return 0;
	if (!number_parse(text, &number))
		for (number = 0; number < 4 && strcmp(text, names[number]); number++)
			;
	if (number > 3 || !*text)
		return fail(EXIT_USAGE, "--id-usage %s: there are hold (0), discard (2) and disable (3)",
			    text);
	set_number(&plan->job, "offload_list_id_usage", number);
	return 0;
}

static int take_region(struct clone_plan *plan)
{
	uint64_t region = region_default(plan->job.sectors * 512);
	int code = option_size(plan->invocation, "region-size", &region);

	if (code)
		return code;
	if (region % 512 || !xcopy_format_region_size_ok(region / 512))
		return fail(EXIT_USAGE, "--region-size %s: it has to be a power of two, 4K to 1G",
			    option(plan->invocation, "region-size"));
	plan->job.region_sectors = region / 512;
	return 0;
}

/* More than the source has: that part of the device is the destination's alone. */
static int take_size(struct clone_plan *plan)
{
	const struct lvm_vg *vg = lvm_report_vg(&plan->report, plan->job.record.vg);
	uint64_t least = plan->job.sectors * 512, size = least;
	int code = option_size(plan->invocation, "size", &size);
	char text[32];

	if (code || !option(plan->invocation, "size"))
		return code;
	if (size < least)
		return fail(EXIT_USAGE, "--size %s is less than the source has (%s): a clone holds all of it",
			    option(plan->invocation, "size"), size_text(least, text, sizeof(text)));
	if (size > INT64_MAX - vg->extent)
		return fail(EXIT_USAGE, "--size %s is more than any device has",
			    option(plan->invocation, "size"));
	plan->job.extra_sectors = (round_up(size, vg->extent) - least) / 512;
	return 0;
}

/* Of the source: its clone reads the same. */
static void look_at_content(struct clone_plan *plan)
{
	char *path = job_source_path(&plan->job);

	plan->content_is_known = content_look(path, &plan->content);
	free(path);
}

/*
 * Before "activate" runs, a boot takes a half-filled device for what is on it. File systems are
 * mounted after that; volume groups, encrypted volumes and partitions are opened whenever they are seen.
 */
static int check_content_for_device(const struct clone_plan *plan)
{
	const char *device = plan->invocation->arguments[1], *type = plan->content.type;

	if (!plan->content_is_known)
		return fail(EXIT_REFUSED, "destination %s: the source cannot be looked at, but what is cloned to a device must be a file system%s",
			    device, *plan->job.source_device ? "" :
			    ": if it is not active, lvchange --activate y it");
	if (!type || (plan->content.is_file_system && !plan->content.has_partitions))
		return 0;
	return fail(EXIT_REFUSED, "destination %s: the source holds %s%s, which a boot would find and open on a device that is half filled: only file systems are cloned to devices; give a logical volume, VG/DST",
		    device, type, plan->content.has_partitions && plan->content.is_file_system ?
		    " and a table of partitions" : "");
}

/* Its volume group would be there twice, by the device that the clone reads it through. */
static int check_content(const struct clone_plan *plan)
{
	const char *type = plan->content.type;

	if (*plan->job.destination_device)
		return check_content_for_device(plan);	/* which refuses more */
	if (!*plan->job.source_device || !type || strcmp(type, "LVM2_member"))
		return 0;
	return fail(EXIT_REFUSED, "source %s is a physical volume of LVM's: clone its logical volumes, one by one",
		    plan->invocation->arguments[0]);
}

/* @reason: why it is not done for what the source holds, or NULL; @what: the source "..." */
static int need_content(const struct clone_plan *plan, const char *name, const char *reason,
			const char *what)
{
	const char *type = plan->content.type, *typed = plan->invocation->arguments[0];
	struct dm_state state;

	if (!option(plan->invocation, name))
		return 0;
	if (!*plan->job.source_device &&
	    (!dm_look(plan->job.source_uuid, &state) || !state.exists))
		return fail(EXIT_REFUSED, "--%s: %s is not active, and cannot be looked at: lvchange --activate y it",
			    name, typed);
	if (plan->content.shares_journal)
		reason = "its journal is on another device, which is the source's, and would be written to";
	if (!reason)
		return 0;
	return fail(EXIT_REFUSED, "--%s: %s%s: %s%s%s%s", name, typed, what, reason,
		    type ? " (it holds " : "", type ? type : "", type ? ")" : "");
}

static int take_trim(struct clone_plan *plan)
{
	const char *type = plan->content.type;
	int code = need_content(plan, "trim", trim_reason(type), " cannot be trimmed");

	if (!code && option(plan->invocation, "trim"))
		snprintf(plan->job.trim, sizeof(plan->job.trim), "%s", type);
	return code;
}

static int take_new_uuid(struct clone_plan *plan)
{
	plan->new_uuid = option(plan->invocation, "new-uuid") != NULL;
	return need_content(plan, "new-uuid", new_uuid_reason(plan->content.type),
			    ": its clone cannot have a UUID of its own");
}

static int take_alloc(struct clone_plan *plan)
{
	const char *alloc = option(plan->invocation, "alloc");

	if (!alloc || !strcmp(alloc, "normal") || !strcmp(alloc, "contiguous") ||
	    !strcmp(alloc, "cling") || !strcmp(alloc, "anywhere") || !strcmp(alloc, "tail"))
		return 0;
	return fail(EXIT_USAGE, "--alloc %s: there are normal, contiguous, cling and anywhere, as in lvcreate(8), and tail",
		    alloc);
}

static int take_options(struct clone_plan *plan)
{
	char id[JOB_ID_LENGTH + 1];
	int code = take_size(plan);

	look_at_content(plan);
	if (!code)
		code = check_content(plan);
	if (!code)
		code = take_alloc(plan);
	if (!code)
		code = take_trim(plan);
	if (!code)
		code = take_new_uuid(plan);
	if (!code)
		code = take_region(plan);
	if (!code)
		code = take_rate(plan, "rate", "hydration_rate", 1);
	if (!code)
		code = take_rate(plan, "floor", "hydration_floor", 64);
	if (!code)
		code = take_verify(plan);
	if (!code)
		code = take_driver(plan);
	if (!code)
		code = take_id_usage(plan);
	if (code)
		return code;
	plan->job.keep_device = option(plan->invocation, "keep-device") != NULL;
	if (option(plan->invocation, "no-hydration"))
		job_add_feature(&plan->job, "no_hydration");
	if (!metadata_new_geometry(plan->job.sectors, plan->job.region_sectors, &plan->geometry))
		return fail(EXIT_FAILED, "the kernel gives no random numbers");
	metadata_uuid_text(plan->geometry.uuid, id);
	job_set_id(&plan->job, id);
	plan->metadata_bytes = XCOPY_SECTOR_SIZE *
		xcopy_format_device_sectors(plan->job.sectors, plan->job.region_sectors);
	return 0;
}

/* Before LVM is asked, so that no other job takes or gives it back behind the report. */
static int lock_source(struct clone_plan *plan)
{
	const char *typed = plan->invocation->arguments[0];
	char dm_name[DM_NAME_MAX + 1];
	struct dm_state state;
	struct lv_name name;

	if (message_dry_run || device_is_meant(typed) || name_parse_lv(typed, NULL, &name) ||
	    !name_dm_join(&name, dm_name, sizeof(dm_name)) || !dm_look_name(dm_name, &state) ||
	    !state.exists || strlen(state.uuid) != 68)
		return 0;
	strcpy(plan->source_locked, state.uuid);
	plan->source_lock = runtime_lock("source", plan->source_locked, false);
	if (plan->source_lock == -1) {
		detail("another xcopysetup works with %s; waiting for it", typed);
		plan->source_lock = runtime_lock("source", plan->source_locked, true);
	}
	return plan->source_lock == -2 ? EXIT_REFUSED : 0;
}

void clone_plan_unlock(struct clone_plan *plan)
{
	if (plan->source_lock >= 0)
		runtime_unlock("source", plan->source_locked, plan->source_lock);
	plan->source_lock = -1;
}

int clone_plan_make(const struct invocation *invocation, struct clone_plan *plan)
{
	int code;

	*plan = (struct clone_plan){ .invocation = invocation, .source_lock = -1 };
	plan->job.state = JOB_CREATING;
	plan->force = option(invocation, "force") != NULL;
	code = lock_source(plan);
	if (!code)
		code = lvm_load(&plan->report);
	if (!code)
		code = find_source(plan);
	if (!code)
		code = find_destination(plan);
	if (!code)
		code = take_options(plan);
	if (!code)
		code = check_space(plan);
	if (!code)
		code = dm_need_targets();
	return code;
}

void clone_plan_free(struct clone_plan *plan)
{
	clone_plan_unlock(plan);
	lvm_report_free(&plan->report);
	content_free(&plan->content);
	job_free(&plan->job);
}

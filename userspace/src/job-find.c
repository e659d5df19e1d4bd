// SPDX-License-Identifier: GPL-2.0-only
/* From an argument to a job; which NVMe limits a job's destination has. */
#include <stdio.h>
#include <string.h>

#include "devices.h"
#include "dm.h"
#include "memory.h"
#include "message.h"
#include "runtime.h"
#include "steps.h"

void job_say_damaged(const struct lvm_lv *lv)
{
	warn("%s/%s: its xcopy: tags are damaged, or another volume has the same, as when a volume group was copied below LVM: lvchange --deltag those of the copy (xcopysetup(8), FILES)",
	     lv->vg_name, lv->name);
}

/* Of a job that was being made, it is another by now. */
static const struct lvm_lv *find_record(const struct lvm_report *report, const struct job *job)
{
	for (size_t i = 0; job->is_begun && i < report->nr_lvs; i++) {
		const char *id = lvm_lv_tag(&report->lvs[i], TAG_JOB);

		if (id && !strcmp(id, job->id))
			return &report->lvs[i];
	}
	return lvm_report_uuid(report, job->record_uuid);
}

int job_refresh(struct job *job)
{
	struct lvm_report report;
	const struct lvm_lv *lv;
	struct job now;
	int code = lvm_load(&report), found;

	if (code)
		return EXIT_FAILED;
	lv = find_record(&report, job);
	found = lv ? job_from_lv(&report, lv, &now) : 0;
	if (found == 1) {
		now.source_may_be_away = job->source_may_be_away;
		now.suspect_is_accepted = job->suspect_is_accepted;
		job_free(job);
		*job = now;
	}
	code = found == 1 ? 0 : lv ? EXIT_REFUSED : lvm_missing(&report);
	/* of a job that was being made, and is not recorded: somebody's record cannot be read */
	if (found < 0 || (!found && lv && job->is_begun)) {
		job_say_damaged(lv);
		code = EXIT_FAILED;
	}
	lvm_report_free(&report);
	/* whoever ended it removed its lock file, and waiting for the lock made it again */
	if (code == EXIT_REFUSED && !message_dry_run)
		runtime_forget(job->id);
	return code;
}

bool job_is_meant(const char *argument, const struct job *job)
{
	struct lv_name name;

	if (!strncmp(argument, "/dev/mapper/", 12) && !strcmp(argument + 12, job->clone_name))
		return true;
	if (!strcmp(argument, job->clone_name) || !strcmp(argument, job->id))
		return true;
	if (*job->destination_device)
		return device_is_same(argument, job->destination_device);
	return !name_parse_lv(argument, job->destination.vg, &name) &&
	       !strcmp(name.vg, job->destination.vg) && !strcmp(name.lv, job->destination.lv);
}

static int search(const char *argument, const struct lvm_report *report, struct job *job)
{
	struct job candidate;
	int matches = 0;

	for (size_t i = 0; i < report->nr_lvs; i++) {
		int is = job_from_lv(report, &report->lvs[i], &candidate);

		if (is < 0)
			job_say_damaged(&report->lvs[i]);
		if (is != 1)
			continue;
		if (job_is_meant(argument, &candidate) && !matches++)
			*job = candidate;
		else
			job_free(&candidate);
	}
	if (matches == 1)
		return 0;
	if (matches)
		job_free(job);
	else if (report->partial)
		return lvm_missing(report);
	return fail(EXIT_REFUSED, matches ?
		    "%s is the destination of several clones: give it as VG/DST, or as /dev/mapper/NAME" :
		    "%s is no clone's destination: \"xcopysetup status\" lists them", argument);
}

int job_find(const char *argument, struct job *job)
{
	struct lvm_report report;
	int code = lvm_load(&report);

	*job = (struct job){ 0 };
	if (code)
		return code;
	code = search(argument, &report, job);
	lvm_report_free(&report);
	return code;
}

/* A record that cannot be read is not one that has ended; -1: a copy of one, of a group copied below LVM. */
static int read_job(const struct lvm_report *report, const struct lvm_lv *lv, struct job *job)
{
	int is = job_from_lv(report, lv, job);

	if (is == 1)
		return 0;
	if (!is)
		return -1;
	job_say_damaged(lv);
	return EXIT_FAILED;
}

int job_find_id(const char *id, struct job *job)
{
	struct lvm_report report;
	int code = lvm_load(&report);

	*job = (struct job){ 0 };
	if (code)
		return EXIT_FAILED;
	code = -1;
	for (size_t i = 0; code == -1 && i < report.nr_lvs; i++)
		if (job_may_be_of(&report.lvs[i], id))
			code = read_job(&report, &report.lvs[i], job);
	if (code == -1)
		code = lvm_missing(&report);
	lvm_report_free(&report);
	return code;
}

int job_lock(const struct job *job)
{
	int fd = runtime_lock("lock", job->id, false);

	if (fd == -1) {
		detail("another xcopysetup works on %s; waiting for it", job->clone_name);
		fd = runtime_lock("lock", job->id, true);
	}
	return fd < 0 ? -1 : fd;
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return !a || (b && b < a) ? b : a;
}

static void set_limit(struct job *job, const char *key, uint32_t limit)
{
	char text[16];

	if (!limit || job_argument(job, key))
		return;
	snprintf(text, sizeof(text), "%u", limit);
	job_set_argument(job, key, text);
}

/* Take in what the namespaces below one volume allow. */
static void limit_by(const char *uuid, struct nvme_copy *all)
{
	struct nvme_copy one;
	struct dm_state state;
	struct table table;
	struct disk disk;
	unsigned int major, minor;

	dm_read_table(uuid, &table, &state);
	for (size_t i = 0; i < table.count; i++) {
		if (sscanf(table.lines[i].params, "%u:%u", &major, &minor) != 2 ||
		    !device_disk(major, minor, &disk) ||
		    strncmp(disk.parent_class, "nvme", 4) || !nvme_identify(&disk, &one))
			continue;
		all->segment_blocks = least(all->segment_blocks, one.segment_blocks);
		all->command_blocks = least(all->command_blocks, one.command_blocks);
		/* MSRC is 0-based, so 1 is a limit too, but not if there is no Copy at all */
		all->segments = least(all->segments, one.segment_blocks ? one.segments : 0);
	}
	table_free(&table);
}

/* The standard means the destination's limits; some controllers check the source's as well. */
static struct nvme_copy limits_of(const struct job *job)
{
	struct nvme_copy all = { 0 };

	limit_by(job->destination_uuid, &all);
	limit_by(job->source_uuid, &all);
	return all;
}

void step_offload_limits(struct job *job)
{
	struct nvme_copy all = limits_of(job);

	set_limit(job, "offload_segment_blocks", all.segment_blocks);
	set_limit(job, "offload_command_blocks", all.command_blocks);
	set_limit(job, "offload_segments", all.segments);
}

static void send_limit(const struct job *job, const char *key, uint32_t limit)
{
	if (limit && !job_argument(job, key) &&
	    !dm_message(job->clone_uuid, "set %s %u", key, limit))
		detail("%s does not take %s %u", job->clone_name, key, limit);
}

void step_send_limits(const struct job *job)
{
	struct nvme_copy all = limits_of(job);

	send_limit(job, "offload_segment_blocks", all.segment_blocks);
	send_limit(job, "offload_command_blocks", all.command_blocks);
	send_limit(job, "offload_segments", all.segments);
}

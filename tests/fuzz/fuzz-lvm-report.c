// SPDX-License-Identifier: GPL-2.0-only
/* LVM's report, as JSON, and the jobs that its tags tell of. */
#include "fuzz.h"
#include "job.h"
#include "lvm-report.h"
#include "memory.h"

static void check_job(const struct lvm_report *report, const struct job *job)
{
	must(strlen(job->id) == JOB_ID_LENGTH);
	must(!strncmp(job->clone_name, "xcopy-", 6) && strlen(job->clone_name) <= DM_NAME_MAX);
	must(strlen(job->source_uuid) == 68 && strlen(job->destination_uuid) == 68);
	must(strlen(job->metadata_uuid) == 68 || !*job->metadata_uuid);
	must(job_source_users(report, job) <= report->nr_lvs);
}

static void check_lv(const struct lvm_report *report, const struct lvm_lv *lv)
{
	struct job job;
	size_t i;

	must(lv->vg_name && lv->name && lv->attr && strlen(lv->dm_uuid) <= 68);
	must(lvm_report_uuid(report, lv->dm_uuid));
	must(lvm_report_lv(report, lv->vg_name, lv->name));
	for (i = 0; i < lv->nr_segments; i++)
		must(lv->segments[i].type && lv->segments[i].devices);
	for (i = 0; i < lv->nr_tags; i++)
		must(*lv->tags[i] && !strchr(lv->tags[i], ','));
	if (job_from_lv(report, lv, &job) == 1)
		check_job(report, &job);
	job_free(&job);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	char *text = take_text(&input);
	struct lvm_report report = { 0 };
	size_t i;

	lvm_report_parse(text, &report);
	for (i = 0; i < report.nr_vgs; i++)
		must(*report.vgs[i].name && lvm_report_vg(&report, report.vgs[i].name));
	for (i = 0; i < report.nr_pvs; i++)
		must(report.pvs[i].path && report.pvs[i].uuid && report.pvs[i].vg_name);
	for (i = 0; i < report.nr_lvs; i++)
		check_lv(&report, &report.lvs[i]);
	lvm_report_free(&report);
	free(text);
	return 0;
}

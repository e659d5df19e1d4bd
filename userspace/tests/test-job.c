// SPDX-License-Identifier: GPL-2.0-only
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "job.h"

#define UUID "LVM-11111122223333444455556666777777AAAAAA22223333444455556666777777"
#define ID "0123456789abcdef0123456789abcdef"

static void fill(struct job *job)
{
	*job = (struct job){ .state = JOB_CREATING, .sectors = 1000, .region_sectors = 8 };
	assert_true(job_set_id(job, ID));
	assert_true(job_set_names(job, &(struct lv_name){ "vg", "dst" }));
	strcpy(job->source_uuid, UUID);
	job_add_feature(job, "no_hydration");
	job_add_feature(job, "no_offload");
	job_add_feature(job, "no_offload");
	job_set_argument(job, "verify", "1");
	job_set_argument(job, "hydration_rate", "5");
	job_set_argument(job, "verify", "2");
}

/* What is written into tags is read back from them. */
static void there_and_back(void **state)
{
	struct lvm_report report = { 0 };
	struct lvm_lv lv = { .vg_name = "vg", .name = "dst", .dm_uuid = UUID };
	struct job job, back;
	char *tags[16];

	(void)state;
	fill(&job);
	lv.nr_tags = job_nr_tags(&job);
	assert_int_equal(lv.nr_tags, 10);
	job_tags(&job, tags);
	lv.tags = tags;
	for (size_t i = 0; i < lv.nr_tags; i++)
		assert_int_equal(strspn(tags[i], "abcdefghijklmnopqrstuvwxyz"
					"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+.-/=!:#&"),
				 strlen(tags[i]));
	assert_int_equal(job_from_lv(&report, &lv, &back), 1);
	assert_int_equal(back.state, JOB_CREATING);
	assert_string_equal(back.id, ID);
	assert_string_equal(back.source_uuid, UUID);
	assert_int_equal(back.sectors, 1000);
	assert_int_equal(back.region_sectors, 8);
	assert_int_equal(back.nr_features, 2);
	assert_true(job_has_feature(&back, "no_offload"));
	assert_string_equal(job_argument(&back, "verify"), "2");
	assert_string_equal(job_argument(&back, "hydration_rate"), "5");
	job_drop_feature(&back, "no_offload");
	assert_false(job_has_feature(&back, "no_offload"));
	assert_true(job_has_feature(&back, "no_hydration"));
	for (size_t i = 0; i < lv.nr_tags; i++)
		free(tags[i]);
	job_free(&job);
	job_free(&back);
}

/* The clone's device keeps its name when the destination or its group is renamed. */
static void renamed(void **state)
{
	char *tags[] = { "xcopy:state=filling", "xcopy:job=" ID, "xcopy:source=" UUID,
			 "xcopy:sectors=8", "xcopy:region=8", "xcopy:name=xcopy-vg-dst" };
	struct lvm_report report = { 0 };
	struct lvm_lv lv = { .vg_name = "group", .name = "volume", .dm_uuid = UUID,
			     .tags = tags, .nr_tags = 6 };
	struct job job;

	(void)state;
	assert_int_equal(job_from_lv(&report, &lv, &job), 1);
	assert_string_equal(job.clone_name, "xcopy-vg-dst");
	assert_string_equal(job.destination.vg, "group");
	assert_string_equal(job.destination.lv, "volume");
	job_free(&job);
	/* written before there was this tag */
	lv.nr_tags = 5;
	assert_int_equal(job_from_lv(&report, &lv, &job), 1);
	assert_string_equal(job.clone_name, "xcopy-group-volume");
	job_free(&job);
	lv.nr_tags = 6;
	tags[5] = "xcopy:name=../x";
	assert_int_equal(job_from_lv(&report, &lv, &job), -1);
}

#define METADATA "LVM-11111122223333444455556666777777DDDDDD22223333444455556666777777"

/* What has a metadata volume alone is being made, unless anything might be its record. */
static void begun(void **state)
{
	char *record[] = { "xcopy:state=filling", "xcopy:job=" ID, "xcopy:source=" UUID,
			   "xcopy:sectors=1000", "xcopy:region=8", "xcopy:name=xcopy-vg-dst" };
	struct lvm_lv lvs[] = {
		{ .vg_name = "vg", .name = "dst_xcopymeta", .dm_uuid = METADATA },
		{ .vg_name = "vg", .name = "dst", .dm_uuid = UUID, .tags = record, .nr_tags = 6 },
		{ .vg_name = "copy", .name = "dst_xcopymeta", .dm_uuid = UUID },
	};
	struct lvm_report report = { .lvs = lvs, .nr_lvs = 1 };
	struct tag_list tags = { 0 };
	struct job job, back;

	(void)state;
	fill(&job);
	job_begun_tags(&job, &tags);
	lvs[0].tags = lvs[2].tags = tags.tags;
	lvs[0].nr_tags = lvs[2].nr_tags = tags.count;
	assert_int_equal(job_from_lv(&report, &lvs[0], &back), 1);
	assert_int_equal(back.state, JOB_CREATING);
	assert_true(back.is_begun);
	assert_string_equal(back.id, ID);
	assert_string_equal(back.clone_name, "xcopy-vg-dst");
	assert_string_equal(back.destination_text, "vg/dst");
	assert_string_equal(back.destination_uuid, "");
	assert_string_equal(back.record.lv, "dst_xcopymeta");
	assert_string_equal(back.record_uuid, METADATA);
	assert_string_equal(back.source_uuid, UUID);
	assert_int_equal(back.sectors, 1000);
	assert_true(job_is_recorded(&report, ID));
	job_free(&back);
	report.nr_lvs = 2;
	assert_int_equal(job_from_lv(&report, &lvs[0], &back), 0);
	assert_int_equal(job_from_lv(&report, &lvs[1], &back), 1);
	assert_false(back.is_begun);
	assert_string_equal(back.metadata.lv, "dst_xcopymeta");
	job_free(&back);
	/* a record that nobody can read may be of any job */
	record[1] = "xcopy:job=nonsense";
	assert_int_equal(job_from_lv(&report, &lvs[0], &back), 0);
	record[1] = "xcopy:was=rw";
	assert_int_equal(job_from_lv(&report, &lvs[0], &back), 0);
	record[0] = "xcopy:arg=" ID "=1";
	assert_int_equal(job_from_lv(&report, &lvs[0], &back), 0);
	/* a volume group that was copied below LVM */
	report.nr_lvs = 3;
	lvs[1].nr_tags = 0;
	assert_int_equal(job_from_lv(&report, &lvs[0], &back), -1);
	tag_list_free(&tags);
	job_free(&job);
}

#define SHARED "LVM-11111122223333444455556666777777CCCCCC22223333444455556666777777"

/* Of a complete clone only what its device is made of is kept. */
static void finished(void **state)
{
	struct lvm_report report = { 0 };
	struct lvm_lv lv = { .vg_name = "vg", .name = "dst", .dm_uuid = UUID, .size = 1 << 20 };
	struct tag_list kept = { 0 };
	struct job job, back;

	(void)state;
	fill(&job);
	strcpy(job.destination_uuid, UUID);
	strcpy(job.record_uuid, UUID);
	job.extra_sectors = 24;
	job.keep_device = true;
	job_finished_tags(&job, &kept);
	lv.tags = kept.tags;
	lv.nr_tags = kept.count;
	assert_int_equal(job_from_lv(&report, &lv, &back), 1);
	assert_int_equal(back.state, JOB_FINISHED);
	assert_string_equal(back.id, ID);
	assert_int_equal(back.sectors + back.extra_sectors, 1024);
	assert_string_equal(back.clone_name, "xcopy-vg-dst");
	assert_true(back.keep_device);
	job_free(&back);
	/* the same tags on a copy of the volume group, which was made below LVM */
	lv.dm_uuid = SHARED;
	assert_int_equal(job_from_lv(&report, &lv, &back), 0);
	tag_list_free(&kept);
	job_free(&job);
}

#define OTHER "fedcba9876543210fedcba9876543210"

/* Of two clones that end together one is the last, whatever the other has still to do. */
static void last_user(void **state)
{
	char *source[] = { "xcopy:was=rw", "xcopy:source-for=" ID, "xcopy:source-for=" OTHER };
	char *other[] = { "xcopy:state=filling", "xcopy:job=" OTHER, "xcopy:source=" SHARED };
	struct lvm_lv lvs[] = {
		{ .vg_name = "vg", .name = "src", .dm_uuid = SHARED, .tags = source, .nr_tags = 3 },
		{ .vg_name = "vg", .name = "two", .dm_uuid = UUID, .tags = other, .nr_tags = 3 },
	};
	struct lvm_report report = { .lvs = lvs, .nr_lvs = 2 };
	struct job job = { 0 };

	(void)state;
	assert_true(job_set_id(&job, ID));
	strcpy(job.source_uuid, SHARED);
	assert_int_equal(job_source_users(&report, &job), 1);
	other[0] = "xcopy:state=finishing";
	assert_int_equal(job_source_users(&report, &job), 1);
	/* it has given the source back, and is still removing its metadata volume */
	lvs[0].nr_tags = 2;
	assert_int_equal(job_source_users(&report, &job), 0);
	other[0] = "xcopy:state=cancelling";
	assert_int_equal(job_source_users(&report, &job), 0);
	/* it has not taken it yet, and will look then; or has given it back, and will not */
	other[0] = "xcopy:state=creating";
	assert_int_equal(job_source_users(&report, &job), 0);
	lvs[0].nr_tags = 3;
	assert_int_equal(job_source_users(&report, &job), 1);
	/* the same where only its metadata volume is made */
	other[0] = "xcopy:begun=two";
	other[1] = "xcopy:metadata-of=" OTHER;
	assert_int_equal(job_source_users(&report, &job), 1);
	lvs[0].nr_tags = 2;
	assert_int_equal(job_source_users(&report, &job), 0);
}

/* Each tag missing or damaged is seen, never taken for something else. */
static void damaged(void **state)
{
	char *good[] = { "xcopy:state=filling", "xcopy:job=" ID, "xcopy:source=" UUID,
			 "xcopy:sectors=8", "xcopy:region=8" };
	char *bad[] = { "xcopy:state=eating", "xcopy:job=" ID "0", "xcopy:source=LVM-1",
			"xcopy:sectors=x", "xcopy:region=" };
	struct lvm_report report = { 0 };
	struct lvm_lv lv = { .vg_name = "vg", .name = "dst", .dm_uuid = UUID, .nr_tags = 5 };
	struct job job;
	char *tags[5];

	(void)state;
	lv.tags = tags;
	memcpy(tags, good, sizeof(tags));
	assert_int_equal(job_from_lv(&report, &lv, &job), 1);
	job_free(&job);
	for (size_t i = 0; i < 5; i++) {
		memcpy(tags, good, sizeof(tags));
		tags[i] = bad[i];
		assert_int_equal(job_from_lv(&report, &lv, &job), -1);
		tags[i] = "other";
		assert_int_equal(job_from_lv(&report, &lv, &job), i ? -1 : 0);
	}
	memcpy(tags, good, sizeof(tags));
	tags[1] = "xcopy:job=0123456789ABCDEF0123456789abcdef";
	assert_int_equal(job_from_lv(&report, &lv, &job), -1);
}

#define COPY "LVM-99999922223333444455556666777777AAAAAA22223333444455556666777777"
#define SOURCE "LVM-11111122223333444455556666777777BBBBBB22223333444455556666777777"

/* A volume group that was copied below LVM has the same tags. */
static void copied_group(void **state)
{
	char *record[] = { "xcopy:state=filling", "xcopy:job=" ID, "xcopy:source=" SOURCE,
			   "xcopy:sectors=8", "xcopy:region=8" };
	char *of[] = { "xcopy:metadata-of=" ID }, *other[] = { "xcopy:source-for=" ID "0" };
	char *ours[] = { "xcopy:source-for=00000000000000000000000000000000", "xcopy:source-for=" ID };
	struct lvm_lv lvs[] = {
		{ .vg_name = "vg", .name = "dst", .dm_uuid = UUID, .tags = record, .nr_tags = 5 },
		{ .vg_name = "vg", .name = "meta", .dm_uuid = UUID, .tags = of, .nr_tags = 1 },
		{ .vg_name = "copy", .name = "meta", .dm_uuid = COPY, .tags = of, .nr_tags = 1 },
		{ .vg_name = "vg", .name = "src", .dm_uuid = SOURCE, .tags = ours, .nr_tags = 2 },
		{ .vg_name = "copy", .name = "dst", .dm_uuid = COPY, .tags = record, .nr_tags = 5 },
	};
	struct lvm_report report = { .lvs = lvs, .nr_lvs = 4 };
	struct job job;

	(void)state;
	assert_int_equal(job_from_lv(&report, &lvs[0], &job), 1);
	assert_string_equal(job.metadata.vg, "vg");
	assert_string_equal(job.source.lv, "src");
	assert_true(job.source_is_taken);
	job_free(&job);
	lvs[3].tags = other;
	lvs[3].nr_tags = 1;
	assert_int_equal(job_from_lv(&report, &lvs[0], &job), 1);
	assert_false(job.source_is_taken);
	job_free(&job);
	report.nr_lvs = 5;
	assert_int_equal(job_from_lv(&report, &lvs[0], &job), -1);
	assert_int_equal(job_from_lv(&report, &lvs[4], &job), -1);
}

/* Of a source that is no LV the record has a name that lasts, and what is to be undone. */
static void device(void **state)
{
	struct lvm_report report = { 0 };
	struct lvm_lv lv = { .vg_name = "vg", .name = "dst", .dm_uuid = UUID };
	struct job job, back;
	char *tags[16], *path;

	(void)state;
	fill(&job);
	job_set_source_device(&job, "/dev/disk/by-id/wwn-0x5000-part1");
	job.source_was_rw = true;
	assert_string_equal(job.source_uuid, SOURCE_UUID ID);
	lv.nr_tags = job_nr_tags(&job);
	assert_int_equal(lv.nr_tags, 11);
	job_tags(&job, tags);
	lv.tags = tags;
	assert_int_equal(job_from_lv(&report, &lv, &back), 1);
	assert_string_equal(back.source_device, job.source_device);
	assert_string_equal(back.source_text, job.source_device);
	assert_string_equal(back.source_uuid, job.source_uuid);
	assert_true(back.source_was_rw);
	assert_true(back.source_is_taken);
	path = job_source_path(&back);
	assert_string_equal(path, job.source_device);
	free(path);
	job_free(&back);
	for (size_t i = 0; i < lv.nr_tags; i++)
		if (!strncmp(tags[i], TAG_SOURCE_DEVICE, strlen(TAG_SOURCE_DEVICE)))
			strcpy(tags[i], TAG_SOURCE_DEVICE "/dev/disk/../sda");
	assert_int_equal(job_from_lv(&report, &lv, &back), -1);
	for (size_t i = 0; i < lv.nr_tags; i++)
		free(tags[i]);
	job_free(&job);
}

#define DEVICE "/dev/disk/by-id/wwn-0x6000"

static void fill_for_device(struct job *job)
{
	const struct lv_name metadata = { "vg", "sdb_xcopymeta" };

	fill(job);
	job->destination = (struct lv_name){ "", "" };
	job_set_destination_device(job, DEVICE);
	strcpy(job->destination_id, "naa.6000+0+1024");
	job_set_record(job, &metadata);
	job_set_clone_name(job, "xcopy-sdb");
	strcpy(job->record_uuid, UUID);
}

static void check_for_device(const struct job *job)
{
	assert_string_equal(job->destination_device, DEVICE);
	assert_string_equal(job->destination_text, DEVICE);
	assert_string_equal(job->destination_id, "naa.6000+0+1024");
	assert_string_equal(job->destination_uuid, DESTINATION_UUID ID);
	assert_string_equal(job->destination.lv, "");
	assert_string_equal(job->record.lv, "sdb_xcopymeta");
	assert_string_equal(job->record_uuid, UUID);
	assert_string_equal(job->clone_name, "xcopy-sdb");
}

/* A destination that is no LV: the metadata volume has the record. */
static void onto_device(void **state)
{
	struct lvm_report report = { 0 };
	struct lvm_lv lv = { .vg_name = "vg", .name = "sdb_xcopymeta", .dm_uuid = UUID };
	struct tag_list kept = { 0 };
	char *tags[24];
	struct job job, back;

	(void)state;
	fill_for_device(&job);
	lv.nr_tags = job_nr_tags(&job);
	job_tags(&job, tags);
	lv.tags = tags;
	assert_int_equal(job_from_lv(&report, &lv, &back), 1);
	check_for_device(&back);
	assert_string_equal(back.metadata.lv, "sdb_xcopymeta");
	assert_string_equal(back.metadata_uuid, UUID);
	job_free(&back);
	for (size_t i = 0; i < lv.nr_tags; i++)
		if (!strncmp(tags[i], TAG_DESTINATION_DEVICE, strlen(TAG_DESTINATION_DEVICE)))
			strcpy(tags[i], TAG_DESTINATION_DEVICE "/dev/sda");
	assert_int_equal(job_from_lv(&report, &lv, &back), -1);
	for (size_t i = 0; i < lv.nr_tags; i++)
		free(tags[i]);
	/* complete: there are no metadata any more, but the volume is still the record */
	job_finished_tags(&job, &kept);
	lv.tags = kept.tags;
	lv.nr_tags = kept.count;
	assert_int_equal(job_from_lv(&report, &lv, &back), 1);
	check_for_device(&back);
	assert_string_equal(back.metadata.lv, "");
	job_free(&back);
	tag_list_free(&kept);
	job_free(&job);
}

static void names_that_do_not_fit(void **state)
{
	struct lv_name name = { "", "" };
	struct job job = { 0 };

	(void)state;
	memset(name.vg, 'v', 60);
	memset(name.lv, 'l', 60);
	assert_true(job_set_names(&job, &name));
	/* xcopy- and a dash: 127 in all, and one more */
	name.lv[60] = 'l';
	assert_false(job_set_names(&job, &name));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(begun), cmocka_unit_test(device), cmocka_unit_test(onto_device),
		cmocka_unit_test(renamed), cmocka_unit_test(finished), cmocka_unit_test(last_user),
		cmocka_unit_test(damaged),
		cmocka_unit_test(copied_group), cmocka_unit_test(names_that_do_not_fit),
	};

	return cmocka_run_group_tests_name("job", tests, NULL, NULL);
}

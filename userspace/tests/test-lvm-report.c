// SPDX-License-Identifier: GPL-2.0-only
#include "test.h"

#include <string.h>

#include "job.h"
#include "lvm-report.h"
#include "clone-plan.h"

#include <stdlib.h>

static const char pvs[] =
"  {\n      \"report\": [\n          {\n              \"pv\": [\n"
"{\"pv_name\":\"/dev/nvme0n1\", \"pv_uuid\":\"aaaaaa-bbbb-cccc-dddd-eeee-ffff-gggggg\","
" \"pe_start\":\"1048576\", \"pv_free\":\"4290772992\", \"pv_missing\":\"\", \"pv_allocatable\":\"allocatable\","
" \"vg_name\":\"vg\", \"vg_uuid\":\"111111-2222-3333-4444-5555-6666-777777\", \"vg_seqno\":\"12\","
" \"vg_lock_type\":\"\", \"vg_attr\":\"wz--n-\", \"vg_extent_size\":\"4194304\", \"vg_free\":\"8581545984\"},\n"
"{\"pv_name\":\"/dev/nvme0n2\", \"pv_uuid\":\"x\", \"pe_start\":\"1048576\", \"pv_free\":\"0\","
" \"pv_missing\":\"missing\", \"pv_allocatable\":\"\", \"vg_name\":\"vg\", \"vg_uuid\":\"y\", \"vg_seqno\":\"12\"},\n"
"{\"pv_name\":\"/dev/sdz\", \"pv_uuid\":\"\", \"pe_start\":\"\", \"vg_name\":\"\"}\n"
"              ]\n          }\n      ]\n  }\n";

#define VG "\"vg_name\":\"vg\",\"vg_uuid\":\"111111-2222-3333-4444-5555-6666-777777\","

static const char lvs[] =
"{\"report\":[{\"seg\":["
"{" VG "\"lv_name\":\"src\",\"lv_uuid\":\"AAAAAA-2222-3333-4444-5555-6666-777777\",\"lv_size\":\"16777216\","
" \"lv_attr\":\"-ri-a-----\",\"lv_tags\":\"xcopy:source-for=0123456789abcdef0123456789abcdef,xcopy:was=rw\","
" \"segtype\":\"linear\",\"seg_start\":\"0\",\"seg_size\":\"8388608\",\"devices\":\"/dev/nvme0n1(0)\"},"
"{" VG "\"lv_name\":\"src\",\"lv_uuid\":\"AAAAAA-2222-3333-4444-5555-6666-777777\",\"lv_size\":\"16777216\","
" \"lv_attr\":\"-ri-a-----\",\"lv_tags\":\"\",\"segtype\":\"linear\",\"seg_start\":\"8388608\","
" \"seg_size\":\"8388608\",\"devices\":\"/dev/nvme0n2(7)\"},"
"{" VG "\"lv_name\":\"dst\",\"lv_uuid\":\"BBBBBB-2222-3333-4444-5555-6666-777777\",\"lv_size\":\"16777216\","
" \"lv_attr\":\"-wi-ao---k\",\"lv_tags\":\"mine,xcopy:state=filling,xcopy:job=0123456789abcdef0123456789abcdef,"
"xcopy:source=LVM-11111122223333444455556666777777AAAAAA22223333444455556666777777,xcopy:sectors=32768,"
"xcopy:region=128,xcopy:feature=no_hydration,xcopy:arg=hydration_rate=1024,xcopy:arg=verify=3\","
" \"segtype\":\"linear\",\"seg_start\":\"0\",\"seg_size\":\"16777216\",\"devices\":\"/dev/nvme0n2(0)\"},"
"{" VG "\"lv_name\":\"dst_xcopymeta\",\"lv_uuid\":\"CCCCCC-2222-3333-4444-5555-6666-777777\",\"lv_size\":\"4194304\","
" \"lv_attr\":\"-wi-ao---k\",\"lv_tags\":\"xcopy:metadata-of=0123456789abcdef0123456789abcdef\","
" \"segtype\":\"linear\",\"seg_start\":\"0\",\"seg_size\":\"4194304\",\"devices\":\"/dev/nvme0n2(9)\"},"
"{" VG "\"lv_name\":\"[pvmove0]\",\"lv_uuid\":\"DDDDDD-2222-3333-4444-5555-6666-777777\",\"lv_size\":\"4194304\","
" \"lv_attr\":\"p-C-aom---\",\"lv_tags\":\"\",\"segtype\":\"mirror\",\"seg_start\":\"0\",\"seg_size\":\"4194304\","
" \"devices\":\"/dev/nvme0n1(0),/dev/nvme0n2(10)\"},"
"{" VG "\"lv_name\":\"moving\",\"lv_uuid\":\"EEEEEE-2222-3333-4444-5555-6666-777777\",\"lv_size\":\"4194304\","
" \"lv_attr\":\"-wI-a-----\",\"lv_tags\":\"\",\"segtype\":\"linear\",\"seg_start\":\"0\",\"seg_size\":\"4194304\","
" \"devices\":\"pvmove0(0)\"}"
"]}]}";

static void load(struct lvm_report *report)
{
	*report = (struct lvm_report){ 0 };
	assert_null(lvm_report_parse(pvs, report));
	assert_null(lvm_report_parse(lvs, report));
}

static void groups_and_pvs(void **state)
{
	struct lvm_report report;
	const struct lvm_vg *vg;

	(void)state;
	load(&report);
	assert_int_equal(report.nr_pvs, 3);
	assert_int_equal(report.nr_vgs, 1);
	vg = lvm_report_vg(&report, "vg");
	assert_non_null(vg);
	assert_int_equal(vg->seqno, 12);
	assert_int_equal(vg->extent, 4194304);
	assert_int_equal(vg->free, 8581545984);
	assert_int_equal(report.pvs[0].pe_start, 1048576);
	assert_true(report.pvs[0].allocatable);
	assert_false(report.pvs[0].missing);
	assert_true(report.pvs[1].missing);
	assert_null(lvm_report_vg(&report, "none"));
	lvm_report_free(&report);
}

static void volumes(void **state)
{
	struct lvm_report report;
	const struct lvm_lv *lv;

	(void)state;
	load(&report);
	assert_int_equal(report.nr_lvs, 5);
	lv = lvm_report_lv(&report, "vg", "src");
	assert_non_null(lv);
	assert_int_equal(lv->nr_segments, 2);
	assert_int_equal(lv->segments[1].start, 8388608);
	assert_string_equal(lv->segments[1].devices, "/dev/nvme0n2(7)");
	assert_int_equal(lv->nr_tags, 2);
	assert_string_equal(lvm_lv_tag(lv, TAG_WAS), "rw");
	assert_null(lvm_lv_tag(lv, TAG_STATE));
	assert_ptr_equal(lvm_report_uuid(&report, lv->dm_uuid), lv);
	assert_non_null(lvm_report_lv(&report, "vg", "pvmove0"));
	lvm_report_free(&report);
}

static void job_of_a_destination(void **state)
{
	struct lvm_report report;
	struct job job;

	(void)state;
	load(&report);
	assert_int_equal(job_from_lv(&report, lvm_report_lv(&report, "vg", "src"), &job), 0);
	assert_int_equal(job_from_lv(&report, lvm_report_lv(&report, "vg", "dst"), &job), 1);
	assert_int_equal(job.state, JOB_FILLING);
	assert_string_equal(job.clone_name, "xcopy-vg-dst");
	assert_string_equal(job.clone_uuid, "XCOPY-0123456789abcdef0123456789abcdef");
	assert_string_equal(job.source.lv, "src");
	assert_string_equal(job.metadata.lv, "dst_xcopymeta");
	assert_int_equal(job.sectors, 32768);
	assert_int_equal(job.region_sectors, 128);
	assert_true(job_has_feature(&job, "no_hydration"));
	assert_string_equal(job_argument(&job, "hydration_rate"), "1024");
	assert_string_equal(job_argument(&job, "verify"), "3");
	assert_int_equal(job_source_users(&report, &job), 0);
	strcpy(job.id, "another");
	assert_int_equal(job_source_users(&report, &job), 1);
	job_free(&job);
	lvm_report_free(&report);
}

static void reason_is(const struct lvm_report *report, const char *lv, const char *words)
{
	char *reason = clone_plan_source_reason(lvm_report_lv(report, "vg", lv),
						lvm_report_vg(report, "vg"));

	if (!words)
		assert_null(reason);
	else if (!reason || !strstr(reason, words))
		fail_msg("%s: \"%s\" does not say \"%s\"", lv, reason ? reason : "(nothing)", words);
	free(reason);
}

static void what_cannot_be_a_source(void **state)
{
	struct lvm_report report;
	struct lvm_vg *vg;

	(void)state;
	load(&report);
	reason_is(&report, "src", NULL);
	reason_is(&report, "dst", "not finished");
	reason_is(&report, "dst_xcopymeta", "metadata");
	reason_is(&report, "moving", "pvmove");
	reason_is(&report, "pvmove0", "mirror");
	report.lvs[0].attr[0] = 'o';
	reason_is(&report, "src", "snapshots");
	report.lvs[0].attr[0] = 's';
	reason_is(&report, "src", "is a snapshot");
	report.lvs[0].attr[0] = 'C';
	reason_is(&report, "src", "no plain volume");
	report.lvs[0].attr[0] = '-';
	vg = report.vgs;
	free(vg->lock_type);
	vg->lock_type = strdup("sanlock");
	reason_is(&report, "src", "lvmlockd");
	strcpy(vg->lock_type, "none");
	reason_is(&report, "src", NULL);
	strcpy(vg->attr, "wzx-n-");
	reason_is(&report, "src", "exported");
	strcpy(vg->attr, "wz-pn-");
	reason_is(&report, "src", "misses");
	strcpy(vg->attr, "rz--n-");
	reason_is(&report, "src", "read-only");
	lvm_report_free(&report);
}

static void which_groups_are_here(void **state)
{
	struct lvm_report report = { 0 };

	(void)state;
	assert_null(lvm_report_parse(pvs, &report));
	assert_true(lvm_report_has_group(&report, "LVM-11111122223333444455556666777777AAAAAA22223333444455556666777777"));
	assert_false(lvm_report_has_group(&report, "LVM-11111122223333444455556666777778AAAAAA22223333444455556666777777"));
	assert_false(lvm_report_has_group(&report, "LVM-1111112222"));
	assert_false(lvm_report_has_group(&report, ""));
	lvm_report_free(&report);
}

static void not_a_report(void **state)
{
	static const char *const wrong[] = { "", "x", "{", "[]", "{}", "{\"report\":1}", "{\"report\":{}}" };
	struct lvm_report report = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_non_null(lvm_report_parse(wrong[i], &report));
	assert_null(lvm_report_parse("{\"report\":[{\"lv\":[]}]}", &report));
	assert_int_equal(report.nr_lvs, 0);
	lvm_report_free(&report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_and_pvs), cmocka_unit_test(volumes),
		cmocka_unit_test(job_of_a_destination), cmocka_unit_test(what_cannot_be_a_source),
		cmocka_unit_test(which_groups_are_here), cmocka_unit_test(not_a_report),
	};

	return cmocka_run_group_tests_name("lvm-report", tests, NULL, NULL);
}

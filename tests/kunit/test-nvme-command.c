// SPDX-License-Identifier: GPL-2.0-only
/*
 * nvme-command.c against the bytes of the NVMe specifications, and the outcome
 * of every status.
 */
#include <kunit/test.h>

#include <linux/sched.h>

#include "../../dm-xcopy/nvme-command.c"

static __u8 payload[XCOPY_NVME_PAYLOAD_SIZE + 1];

static __u32 build(const struct xcopy_nvme_copy *copy, struct xcopy_nvme_dwords *dwords)
{
	memset(dwords, 0xee, sizeof(*dwords));
	/* What was there before must not show through. */
	memset(payload, 0xee, sizeof(payload));
	return xcopy_nvme_build(copy, dwords, payload);
}

static void test_same_namespace(struct kunit *test)
{
	static const __u8 golden[32] = {
		[8] = 0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01,
		[16] = 0x33, 0x12,
	};
	const struct xcopy_nvme_copy copy = {
		.source_nsid = 7,
		.destination_nsid = 7,
		.source_block = 0x0102030405060708,
		.destination_block = 0x1112131415161718,
		.blocks = 0x1234,
		.range_blocks = 65536,
	};
	struct xcopy_nvme_dwords dwords;

	KUNIT_EXPECT_FALSE(test, xcopy_nvme_across(&copy));
	KUNIT_EXPECT_EQ(test, build(&copy, &dwords), 32);
	KUNIT_EXPECT_MEMEQ(test, payload, golden, sizeof(golden));
	KUNIT_EXPECT_EQ(test, payload[32], 0xee);
	KUNIT_EXPECT_EQ(test, dwords.opcode, 0x19);
	KUNIT_EXPECT_EQ(test, dwords.nsid, 7);
	KUNIT_EXPECT_EQ(test, dwords.cdw10, 0x15161718);
	KUNIT_EXPECT_EQ(test, dwords.cdw11, 0x11121314);
	KUNIT_EXPECT_EQ(test, dwords.cdw12, 0);
}

static void test_two_namespaces(struct kunit *test)
{
	static const __u8 golden[64] = {
		[0] = 0x44, 0x33, 0x22, 0x11,
		[8] = 0x00, 0x10,
		[16] = 0xff, 0x00,
		[32] = 0x44, 0x33, 0x22, 0x11,
		[40] = 0x00, 0x11,
		[48] = 0x00, 0x00,
	};
	const struct xcopy_nvme_copy copy = {
		.source_nsid = 0x11223344,
		.destination_nsid = 1,
		.source_block = 0x1000,
		.destination_block = 0x2000,
		.blocks = 257,
		.range_blocks = 256,
	};
	struct xcopy_nvme_dwords dwords;

	KUNIT_EXPECT_TRUE(test, xcopy_nvme_across(&copy));
	KUNIT_EXPECT_EQ(test, build(&copy, &dwords), 64);
	KUNIT_EXPECT_MEMEQ(test, payload, golden, sizeof(golden));
	KUNIT_EXPECT_EQ(test, dwords.nsid, 1);
	KUNIT_EXPECT_EQ(test, dwords.cdw10, 0x2000);
	KUNIT_EXPECT_EQ(test, dwords.cdw11, 0);
	/* Two ranges, Format 2h. */
	KUNIT_EXPECT_EQ(test, dwords.cdw12, 0x201);
}

static void test_largest_command(struct kunit *test)
{
	struct xcopy_nvme_copy copy = {
		.source_nsid = 1,
		.destination_nsid = 2,
		.source_block = 0,
		.blocks = 65536ULL * 256,
		.range_blocks = 65536,
	};
	struct xcopy_nvme_dwords dwords;
	__u8 *last = payload + 255 * 32;

	KUNIT_EXPECT_EQ(test, build(&copy, &dwords), XCOPY_NVME_PAYLOAD_SIZE);
	KUNIT_EXPECT_EQ(test, dwords.cdw12, 0x2ff);
	/* SLBA 0xff0000, 65536 blocks */
	KUNIT_EXPECT_EQ(test, last[8] | last[9] << 8 | last[10] << 16, 0xff0000);
	KUNIT_EXPECT_EQ(test, last[16] | last[17] << 8, 0xffff);
	KUNIT_EXPECT_EQ(test, payload[XCOPY_NVME_PAYLOAD_SIZE], 0xee);
}

static void test_what_no_command_can_say(struct kunit *test)
{
	struct xcopy_nvme_copy copy = { .blocks = 0, .range_blocks = 8 };
	struct xcopy_nvme_dwords dwords;

	KUNIT_EXPECT_EQ(test, build(&copy, &dwords), 0);
	copy.blocks = 8;
	copy.range_blocks = 0;
	KUNIT_EXPECT_EQ(test, build(&copy, &dwords), 0);
	copy.range_blocks = 65537;
	KUNIT_EXPECT_EQ(test, build(&copy, &dwords), 0);
	copy.range_blocks = 1;
	copy.blocks = 257;
	KUNIT_EXPECT_EQ(test, build(&copy, &dwords), 0);
	KUNIT_EXPECT_EQ(test, payload[0], 0xee);
	copy.blocks = 256;
	KUNIT_EXPECT_EQ(test, build(&copy, &dwords), XCOPY_NVME_PAYLOAD_SIZE);
}

/* Every status that the table is to know, once more, from the specification. */
static const struct {
	__u16 status;
	enum xcopy_outcome same, across;
} known[] = {
	{ 0x000, XCOPY_DONE, XCOPY_DONE },
	{ 0x001, XCOPY_UNSUPPORTED, XCOPY_UNSUPPORTED },	/* Invalid Command Opcode */
	{ 0x002, XCOPY_REFUSED, XCOPY_UNARMED },		/* Invalid Field in Command */
	{ 0x003, XCOPY_RANGE, XCOPY_RANGE },			/* Command ID Conflict */
	{ 0x004, XCOPY_RANGE, XCOPY_RANGE },			/* Data Transfer Error */
	{ 0x005, XCOPY_UNKNOWN, XCOPY_UNKNOWN },		/* Aborted, Power Loss */
	{ 0x006, XCOPY_UNKNOWN, XCOPY_UNKNOWN },		/* Internal Error */
	{ 0x007, XCOPY_UNKNOWN, XCOPY_UNKNOWN },		/* Command Abort Requested */
	{ 0x008, XCOPY_UNKNOWN, XCOPY_UNKNOWN },		/* Aborted, SQ Deletion */
	{ 0x00b, XCOPY_UNSUPPORTED, XCOPY_UNSUPPORTED },	/* Invalid Namespace or Format */
	{ 0x015, XCOPY_UNSUPPORTED, XCOPY_UNSUPPORTED },	/* Operation Denied */
	{ 0x019, XCOPY_UNKNOWN, XCOPY_UNKNOWN },		/* Keep Alive Timeout Expired */
	{ 0x01b, XCOPY_UNKNOWN, XCOPY_UNKNOWN },		/* Aborted, Preempt and Abort */
	{ 0x01c, XCOPY_RANGE, XCOPY_RANGE },			/* Sanitize Failed */
	{ 0x01d, XCOPY_BUSY, XCOPY_BUSY },			/* Sanitize In Progress */
	{ 0x020, XCOPY_UNSUPPORTED, XCOPY_UNSUPPORTED },	/* Namespace is Write Protected */
	{ 0x021, XCOPY_BUSY, XCOPY_BUSY },			/* Command Interrupted */
	{ 0x022, XCOPY_BUSY, XCOPY_BUSY },			/* Transient Transport Error */
	{ 0x023, XCOPY_UNSUPPORTED, XCOPY_UNSUPPORTED },	/* Prohibited by Lockdown */
	{ 0x02c, XCOPY_UNSUPPORTED, XCOPY_UNSUPPORTED },	/* Invalid I/O Command Set */
	{ 0x080, XCOPY_RANGE, XCOPY_RANGE },			/* LBA Out of Range */
	{ 0x081, XCOPY_RANGE, XCOPY_RANGE },			/* Capacity Exceeded */
	{ 0x082, XCOPY_BUSY, XCOPY_BUSY },			/* Namespace Not Ready */
	{ 0x083, XCOPY_RANGE, XCOPY_RANGE },			/* Reservation Conflict */
	{ 0x084, XCOPY_BUSY, XCOPY_BUSY },			/* Format In Progress */
	{ 0x180, XCOPY_RANGE, XCOPY_RANGE },			/* Conflicting Attributes */
	{ 0x181, XCOPY_UNSUPPORTED, XCOPY_UNSUPPORTED },	/* Invalid Protection Information */
	{ 0x182, XCOPY_RANGE, XCOPY_RANGE },			/* Write to Read Only Range */
	{ 0x183, XCOPY_TOO_BIG, XCOPY_TOO_BIG },		/* Command Size Limit Exceeded */
	{ 0x185, XCOPY_UNSUPPORTED, XCOPY_UNSUPPORTED },	/* Incompatible Namespace/Format */
	{ 0x186, XCOPY_UNSUPPORTED, XCOPY_UNSUPPORTED },	/* Fast Copy Not Possible */
	{ 0x187, XCOPY_RANGE, XCOPY_RANGE },			/* Overlapping I/O Range */
	{ 0x188, XCOPY_BUSY, XCOPY_BUSY },			/* Namespace Not Reachable */
	{ 0x280, XCOPY_RANGE, XCOPY_RANGE },			/* Write Fault */
	{ 0x281, XCOPY_RANGE, XCOPY_RANGE },			/* Unrecovered Read Error */
	{ 0x282, XCOPY_RANGE, XCOPY_RANGE },			/* Guard Check Error */
	{ 0x283, XCOPY_RANGE, XCOPY_RANGE },			/* Application Tag Check Error */
	{ 0x284, XCOPY_RANGE, XCOPY_RANGE },			/* Reference Tag Check Error */
	{ 0x286, XCOPY_RANGE, XCOPY_RANGE },			/* Access Denied */
	{ 0x287, XCOPY_RANGE, XCOPY_RANGE },			/* Unwritten Logical Block */
	{ 0x300, XCOPY_UNKNOWN, XCOPY_UNKNOWN },		/* Internal Path Error */
	{ 0x301, XCOPY_PATH, XCOPY_PATH },			/* ANA Persistent Loss */
	{ 0x302, XCOPY_PATH, XCOPY_PATH },			/* ANA Inaccessible */
	{ 0x303, XCOPY_PATH, XCOPY_PATH },			/* ANA Transition */
	{ 0x360, XCOPY_UNKNOWN, XCOPY_UNKNOWN },		/* Controller Pathing Error */
	{ 0x370, XCOPY_UNKNOWN, XCOPY_UNKNOWN },		/* Host Pathing Error */
	{ 0x371, XCOPY_UNKNOWN, XCOPY_UNKNOWN },		/* Command Aborted By Host */
};

static void test_known_statuses(struct kunit *test)
{
	const char *name;
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(known); i++) {
		name = xcopy_nvme_status_name(known[i].status);
		KUNIT_EXPECT_EQ(test, xcopy_nvme_outcome(known[i].status, false), known[i].same);
		KUNIT_EXPECT_EQ(test, xcopy_nvme_outcome(known[i].status, true), known[i].across);
		KUNIT_EXPECT_STRNEQ(test, name, "nvme-error");
		KUNIT_EXPECT_NULL(test, strpbrk(name, " \t\n"));
		for (j = 0; j < i; j++)
			KUNIT_EXPECT_STRNEQ(test, name, xcopy_nvme_status_name(known[j].status));
	}
}

/* The driver's own, bits beside the code or not, and that of a controller on its way down. */
static void test_went_with_path(struct kunit *test)
{
	__u32 status;

	for (status = 0; status <= XCOPY_NVME_STATUS_MASK; status++)
		KUNIT_EXPECT_EQ(test, xcopy_nvme_went_with_path(status),
				status == 0x008 || status == 0x370 || status == 0x371);
	KUNIT_EXPECT_TRUE(test, xcopy_nvme_went_with_path(0x4371));
}

static bool is_known(__u32 status)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		if (known[i].status == status)
			return true;
	return false;
}

/* Of type 3, path related: who says so may not be who executes it. */
static void test_unknown_statuses_concern_the_range(struct kunit *test)
{
	enum xcopy_outcome outcome;
	__u32 status;

	for (status = 0; status <= XCOPY_NVME_STATUS_MASK; status++) {
		if (is_known(status))
			continue;
		outcome = status >> 8 == 3 ? XCOPY_UNKNOWN : XCOPY_RANGE;
		KUNIT_EXPECT_EQ(test, xcopy_nvme_outcome(status, false), outcome);
		KUNIT_EXPECT_EQ(test, xcopy_nvme_outcome(status, true), outcome);
		KUNIT_EXPECT_STREQ(test, xcopy_nvme_status_name(status), "nvme-error");
	}
}

static void test_other_bits_are_ignored(struct kunit *test)
{
	__u32 status, bits;

	for (status = 0; status <= XCOPY_NVME_STATUS_MASK; status++) {
		for (bits = 0x800; bits <= 0x7800; bits += 0x800) {
			KUNIT_EXPECT_EQ(test, xcopy_nvme_outcome(status | bits, true),
					xcopy_nvme_outcome(status, true));
			KUNIT_EXPECT_PTR_EQ(test, xcopy_nvme_status_name(status | bits),
					    xcopy_nvme_status_name(status));
		}
	}
	/* As seen: Invalid Field with Do Not Retry. */
	KUNIT_EXPECT_EQ(test, xcopy_nvme_outcome(0x4002, true), XCOPY_UNARMED);
	KUNIT_EXPECT_EQ(test, xcopy_nvme_outcome(0x4183, false), XCOPY_TOO_BIG);
}

static void test_arming_changes_one_bit(struct kunit *test)
{
	__u8 data[XCOPY_NVME_HOST_BEHAVIOR_SIZE], wanted[XCOPY_NVME_HOST_BEHAVIOR_SIZE];
	unsigned int i;

	for (i = 0; i < sizeof(data); i++)
		data[i] = (__u8)(i * 7);
	data[4] = 0xf3;
	memcpy(wanted, data, sizeof(wanted));
	wanted[4] = 0xf7;
	KUNIT_EXPECT_TRUE(test, xcopy_nvme_arm(data));
	KUNIT_EXPECT_MEMEQ(test, data, wanted, sizeof(data));
	KUNIT_EXPECT_FALSE(test, xcopy_nvme_arm(data));
	KUNIT_EXPECT_MEMEQ(test, data, wanted, sizeof(data));
	memset(data, 0, sizeof(data));
	KUNIT_EXPECT_TRUE(test, xcopy_nvme_arm(data));
	KUNIT_EXPECT_EQ(test, data[4], 4);
}

static struct kunit_case nvme_command_cases[] = {
	KUNIT_CASE(test_same_namespace),
	KUNIT_CASE(test_two_namespaces),
	KUNIT_CASE(test_largest_command),
	KUNIT_CASE(test_what_no_command_can_say),
	KUNIT_CASE(test_known_statuses),
	KUNIT_CASE(test_went_with_path),
	KUNIT_CASE(test_unknown_statuses_concern_the_range),
	KUNIT_CASE(test_other_bits_are_ignored),
	KUNIT_CASE(test_arming_changes_one_bit),
	{ }
};

static struct kunit_suite nvme_command_suite = {
	.name = "xcopy-nvme-command",
	.test_cases = nvme_command_cases,
};

kunit_test_suite(nvme_command_suite);

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The NVMe Copy command, see nvme-command.h.
 */
#include <linux/kernel.h>

#include "nvme-command.h"

/* Host Behavior Support: Copy Descriptor Formats Enable, le16; the bit for Format 2h. */
#define CDFE_OFFSET	4
#define CDFE_FORMAT_2H	0x04U

static void put_le(__u8 *to, __u64 value, unsigned int bytes)
{
	for (; bytes; bytes--, value >>= 8)
		*to++ = (__u8)value;
}

bool xcopy_nvme_across(const struct xcopy_nvme_copy *copy)
{
	return copy->source_nsid != copy->destination_nsid;
}

static void put_range(__u8 *range, __u32 nsid, __u64 block, __u32 blocks)
{
	unsigned int i;

	for (i = 0; i < XCOPY_NVME_RANGE_SIZE; i++)
		range[i] = 0;
	put_le(range, nsid, 4);
	put_le(range + 8, block, 8);
	put_le(range + 16, blocks - 1, 2);
}

static __u32 put_ranges(const struct xcopy_nvme_copy *copy, __u8 *payload)
{
	__u32 nsid = xcopy_nvme_across(copy) ? copy->source_nsid : 0;
	__u64 block = copy->source_block, left = copy->blocks;
	__u32 nr, blocks;

	for (nr = 0; left; nr++, left -= blocks, block += blocks) {
		blocks = left < copy->range_blocks ? (__u32)left : copy->range_blocks;
		put_range(payload + nr * XCOPY_NVME_RANGE_SIZE, nsid, block, blocks);
	}
	return nr;
}

__u32 xcopy_nvme_build(const struct xcopy_nvme_copy *copy, struct xcopy_nvme_dwords *dwords,
		       __u8 *payload)
{
	__u32 nr;

	if (!copy->blocks || !copy->range_blocks || copy->range_blocks > XCOPY_NVME_RANGE_BLOCKS ||
	    copy->blocks > (__u64)copy->range_blocks * XCOPY_NVME_RANGES)
		return 0;
	nr = put_ranges(copy, payload);
	dwords->opcode = XCOPY_NVME_COPY;
	dwords->nsid = copy->destination_nsid;
	dwords->cdw10 = (__u32)copy->destination_block;
	dwords->cdw11 = (__u32)(copy->destination_block >> 32);
	dwords->cdw12 = (nr - 1) | (xcopy_nvme_across(copy) ? 2U << 8 : 0);
	return nr * XCOPY_NVME_RANGE_SIZE;
}

#define STATUS_TYPE		0x700
#define STATUS_PATH_RELATED	0x300
#define QUEUE_DELETED		0x008
#define HOST_PATH_ERROR		0x370
#define HOST_ABORTED		0x371

struct status {
	__u16 code;
	__u8 outcome;
	const char *name;
};

/*
 * A completion with an error ends a command by the standard, partly done or not,
 * and a partly done copy harms nobody.  So most errors concern the range.
 *
 * Not believed is a status that says that somebody made the controller stop
 * (abort, deleted queue, preemption, power loss, lost keep-alive), or that it lost
 * touch with what executes its commands: what was under way may be under way still.
 * So says the internal error of a target whose own device was reset, as Linux' passes it on.
 * The last two are no answers at all, the driver makes them up.
 */
static const struct status statuses[] = {
	{ 0x000, XCOPY_DONE, "success" },
	{ 0x001, XCOPY_UNSUPPORTED, "invalid-opcode" },
	{ 0x002, XCOPY_REFUSED, "invalid-field" },
	{ 0x003, XCOPY_RANGE, "command-id-conflict" },
	{ 0x004, XCOPY_RANGE, "data-transfer-error" },
	{ 0x005, XCOPY_UNKNOWN, "aborted-by-power-loss" },
	{ 0x006, XCOPY_UNKNOWN, "internal-error" },
	{ 0x007, XCOPY_UNKNOWN, "aborted-by-request" },
	{ QUEUE_DELETED, XCOPY_UNKNOWN, "aborted-by-queue-deletion" },
	{ 0x00b, XCOPY_UNSUPPORTED, "invalid-namespace" },
	{ 0x015, XCOPY_UNSUPPORTED, "operation-denied" },
	{ 0x019, XCOPY_UNKNOWN, "keep-alive-expired" },
	{ 0x01b, XCOPY_UNKNOWN, "aborted-by-preemption" },
	{ 0x01c, XCOPY_RANGE, "sanitize-failed" },
	{ 0x01d, XCOPY_BUSY, "sanitize-in-progress" },
	{ 0x020, XCOPY_UNSUPPORTED, "write-protected" },
	{ 0x021, XCOPY_BUSY, "interrupted" },
	{ 0x022, XCOPY_BUSY, "transient-transport-error" },
	{ 0x023, XCOPY_UNSUPPORTED, "locked-down" },
	{ 0x02c, XCOPY_UNSUPPORTED, "invalid-command-set" },
	{ 0x080, XCOPY_RANGE, "lba-out-of-range" },
	{ 0x081, XCOPY_RANGE, "capacity-exceeded" },
	{ 0x082, XCOPY_BUSY, "namespace-not-ready" },
	{ 0x083, XCOPY_RANGE, "reservation-conflict" },
	{ 0x084, XCOPY_BUSY, "format-in-progress" },
	{ 0x180, XCOPY_RANGE, "conflicting-attributes" },
	{ 0x181, XCOPY_UNSUPPORTED, "invalid-protection-information" },
	{ 0x182, XCOPY_RANGE, "read-only-range" },
	{ 0x183, XCOPY_TOO_BIG, "command-size-limit-exceeded" },
	{ 0x185, XCOPY_UNSUPPORTED, "incompatible-namespaces" },
	{ 0x186, XCOPY_UNSUPPORTED, "fast-copy-not-possible" },
	{ 0x187, XCOPY_RANGE, "overlapping-range" },
	{ 0x188, XCOPY_BUSY, "namespace-not-reachable" },
	{ 0x280, XCOPY_RANGE, "write-fault" },
	{ 0x281, XCOPY_RANGE, "unrecovered-read-error" },
	{ 0x282, XCOPY_RANGE, "guard-check" },
	{ 0x283, XCOPY_RANGE, "application-tag-check" },
	{ 0x284, XCOPY_RANGE, "reference-tag-check" },
	{ 0x286, XCOPY_RANGE, "access-denied" },
	{ 0x287, XCOPY_RANGE, "unwritten-block" },
	{ 0x300, XCOPY_UNKNOWN, "internal-path-error" },
	{ 0x301, XCOPY_PATH, "ana-persistent-loss" },
	{ 0x302, XCOPY_PATH, "ana-inaccessible" },
	{ 0x303, XCOPY_PATH, "ana-transition" },
	{ 0x360, XCOPY_UNKNOWN, "controller-path-error" },
	{ HOST_PATH_ERROR, XCOPY_UNKNOWN, "host-path-error" },
	{ HOST_ABORTED, XCOPY_UNKNOWN, "aborted-by-host" },
};

static const struct status *find_status(__u32 status)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(statuses); i++)
		if (statuses[i].code == (status & XCOPY_NVME_STATUS_MASK))
			return &statuses[i];
	return NULL;
}

enum xcopy_outcome xcopy_nvme_outcome(__u32 status, bool across)
{
	const struct status *known = find_status(status);

	if (!known)
		return (status & STATUS_TYPE) == STATUS_PATH_RELATED ? XCOPY_UNKNOWN : XCOPY_RANGE;
	/* How controllers refuse a format that CDFE does not enable. */
	if (known->code == 0x002 && across)
		return XCOPY_UNARMED;
	return known->outcome;
}

bool xcopy_nvme_went_with_path(__u32 status)
{
	status &= XCOPY_NVME_STATUS_MASK;
	return status == QUEUE_DELETED || status == HOST_PATH_ERROR || status == HOST_ABORTED;
}

const char *xcopy_nvme_status_name(__u32 status)
{
	const struct status *known = find_status(status);

	return known ? known->name : "nvme-error";
}

bool xcopy_nvme_arm(__u8 *data)
{
	if (data[CDFE_OFFSET] & CDFE_FORMAT_2H)
		return false;
	data[CDFE_OFFSET] |= CDFE_FORMAT_2H;
	return true;
}

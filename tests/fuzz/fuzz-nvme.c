// SPDX-License-Identifier: GPL-2.0-only
/*
 * NVMe Copy: every command that can be asked for fits its payload and names exactly its
 * blocks; every status and every identify data mean something.
 */
#include "devices.h"
#include "fuzz.h"
#include "nvme-command.h"

static uint64_t get_le(const uint8_t *from, unsigned int bytes)
{
	struct input input = { from, bytes };

	return take(&input, bytes);
}

static void check_ranges(const struct xcopy_nvme_copy *copy, const uint8_t *payload,
			 uint32_t length)
{
	uint64_t next = copy->source_block, left = copy->blocks;
	uint32_t at;

	must(length && length % XCOPY_NVME_RANGE_SIZE == 0 && length <= XCOPY_NVME_PAYLOAD_SIZE);
	for (at = 0; at < length; at += XCOPY_NVME_RANGE_SIZE) {
		uint64_t blocks = get_le(payload + at + 16, 2) + 1;

		must(get_le(payload + at + 8, 8) == next);
		must(blocks <= copy->range_blocks && blocks <= left);
		next += blocks;
		left -= blocks;
	}
	must(!left);
}

static void check_build(struct input *input)
{
	struct xcopy_nvme_copy copy = {
		.source_nsid = take(input, 4),
		.destination_nsid = take(input, 4),
		.source_block = take(input, 8),
		.destination_block = take(input, 8),
		.blocks = take(input, 4),
		.range_blocks = take(input, 4),
	};
	struct xcopy_nvme_dwords dwords = { 0 };
	uint8_t *payload = malloc(XCOPY_NVME_PAYLOAD_SIZE);
	uint32_t length;

	must(payload);
	length = xcopy_nvme_build(&copy, &dwords, payload);
	if (length) {
		check_ranges(&copy, payload, length);
		must(dwords.nsid == copy.destination_nsid);
		must((dwords.cdw12 & 0xff) + 1 == length / XCOPY_NVME_RANGE_SIZE);
		must(dwords.cdw10 + ((uint64_t)dwords.cdw11 << 32) == copy.destination_block);
	} else {
		must(!copy.blocks || !copy.range_blocks || copy.range_blocks > 65536 ||
		     copy.blocks > 256ULL * copy.range_blocks);
	}
	free(payload);
}

static void check_status(uint32_t status)
{
	enum xcopy_outcome outcome = xcopy_nvme_outcome(status, status & 0x8000);
	const char *name = xcopy_nvme_status_name(status);

	must(outcome >= XCOPY_DONE && outcome <= XCOPY_UNSUPPORTED);
	/* Nothing but success is taken for success. */
	must((outcome == XCOPY_DONE) == !(status & XCOPY_NVME_STATUS_MASK));
	must(*name && strlen(name) < 40 && !strchr(name, ' '));
}

static void check_identify(struct input *input)
{
	static uint8_t controller[4096], ns[4096];
	struct nvme_copy copy;

	controller[520] = take(input, 1);
	controller[521] = take(input, 1);
	controller[534] = take(input, 1);
	controller[535] = take(input, 1);
	ns[74] = take(input, 1);
	ns[75] = take(input, 1);
	ns[76] = take(input, 1);
	ns[79] = take(input, 1);
	ns[80] = take(input, 1);
	nvme_decode(controller, ns, &copy);
	must(copy.segments >= 1 && copy.segments <= 256 && copy.segment_blocks <= 65535);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };

	check_status(take(&input, 4));
	check_build(&input);
	check_identify(&input);
	return 0;
}

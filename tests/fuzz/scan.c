// SPDX-License-Identifier: GPL-2.0-only
/* xcopysetup's reading of a metadata device, for fuzz-metadata.c. */
#include "fuzz.h"
#include "metadata-device.h"

uint64_t scan_hydrated(int fd, uint64_t blocks);

/* Return: regions hydrated. */
uint64_t scan_hydrated(int fd, uint64_t blocks)
{
	struct metadata_device device = { .fd = fd, .path = "memory", .blocks = blocks };
	struct metadata_scan scan;

	must(!metadata_scan(&device, &scan));
	must(scan.current >= 0 && !scan.too_small && !scan.lost_blocks);
	return scan.hydrated;
}

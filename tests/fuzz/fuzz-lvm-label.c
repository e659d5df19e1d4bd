// SPDX-License-Identifier: GPL-2.0-only
/*
 * A PV's label, header, metadata area and text, as they lie on the device.  The input is
 * the device, without what is zero at its end; the device is 64 KiB long.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "lvm-text.h"

#define UUID "LVM-11111122223333444455556666777777AAAAAA22223333444455556666777777"
#define LENGTH 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lvm_text text;
	static int fd = -1;

	if (size > LENGTH)
		return 0;
	if (fd < 0)
		fd = memfd_create("pv", 0);
	must(fd >= 0 && !ftruncate(fd, 0) && !ftruncate(fd, LENGTH));
	must(pwrite(fd, data, size, 0) == (ssize_t)size);
	if (lvm_text_read(fd, UUID, &text) == LVM_TEXT_FOUND)
		must(name_is_valid(text.vg));
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
#include "shim.h"

#define ALIGN	4096

void *shim_alloc(size_t size)
{
	void *memory = aligned_alloc(ALIGN, (size + ALIGN - 1) / ALIGN * ALIGN);

	return memory ? memset(memory, 0, size) : NULL;
}

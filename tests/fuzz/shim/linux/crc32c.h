/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CRC-32C by the processor's instruction where it has one, and out of the sanitizers' sight:
 * checksums would be most of what a target that reads metadata does.
 */
#if !defined(__SSE4_2__) || !defined(__x86_64__)
#include_next <linux/crc32c.h>
#elif !defined(XCOPY_FUZZ_CRC32C_H)
#define XCOPY_FUZZ_CRC32C_H

#include <linux/types.h>
#include <string.h>

#ifdef __clang__
__attribute__((no_sanitize("address", "undefined", "coverage")))
#endif
static inline u32 crc32c(u32 crc, const void *address, unsigned int length)
{
	const u8 *byte = address;
	u64 word, long_crc = crc;

	for (; length >= sizeof(word); length -= sizeof(word), byte += sizeof(word)) {
		__builtin_memcpy(&word, byte, sizeof(word));
		long_crc = __builtin_ia32_crc32di(long_crc, word);
	}
	for (crc = long_crc; length; length--)
		crc = __builtin_ia32_crc32qi(crc, *byte++);
	return crc;
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * As much of the kernel as the metadata store needs, for one thread in userspace
 * on a little-endian machine.  The headers in linux/ lead here.
 */
#ifndef XCOPY_SHIM_H
#define XCOPY_SHIM_H

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <asm/byteorder.h>
#include <linux/kernel.h>
#include <linux/types.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the shim's bit operations are for little-endian machines"
#endif

typedef u64 sector_t;
typedef u8 blk_status_t;
typedef unsigned int spinlock_t;
typedef struct {
	s64 value;
} atomic64_t;
typedef struct {
	int value;
} atomic_t;
struct bio_set {
	int unused;
};
struct completion {
	int unused;
};

#define __force
#define GFP_KERNEL	0
#define __GFP_ZERO	0
#define __GFP_NOWARN	0
#ifndef EUCLEAN
#define EUCLEAN		117
#endif

/* ---- numbers ---- */

#define BITS_PER_LONG		64
#define BITS_TO_LONGS(n)	(((n) + 63) / 64)
#define GENMASK(high, low)	((~0UL << (low)) & (~0UL >> (63 - (high))))
#define round_down(x, n)	((x) / (n) * (n))
#define BUILD_BUG_ON(condition)	_Static_assert(!(condition), #condition)
#define hweight_long(word)	__builtin_popcountl(word)
#define U64_MAX			(~0ULL)
#define container_of(pointer, type, member) \
	((type *)((char *)(pointer) - offsetof(type, member)))

/* ---- memory ---- */

void *shim_alloc(size_t size);

#define __vmalloc(size, flags)	shim_alloc(size)
#define vmalloc(size)		shim_alloc(size)
#define kzalloc(size, flags)	shim_alloc(size)
#define vfree(memory)		free(memory)
#define kfree(memory)		free(memory)

static inline void *memchr_inv(const void *start, int c, size_t bytes)
{
	const u8 *byte = start;

	for (; bytes; bytes--, byte++) {
		if (*byte != (u8)c)
			return (void *)byte;
	}
	return NULL;
}

#define IS_ERR(pointer)		((unsigned long)(pointer) >= (unsigned long)-4095)
#define IS_ERR_OR_NULL(pointer)	(!(pointer) || IS_ERR(pointer))
#define PTR_ERR(pointer)	((long)(pointer))
#define ERR_PTR(error)		((void *)(long)(error))

/* ---- order and exclusion: there is one thread ---- */

#define spin_lock_init(lock)			(*(lock) = 0)
#define spin_lock_irqsave(lock, flags)		((flags) = (*(lock))++)
#define spin_unlock_irqrestore(lock, flags)	(*(lock) = (flags))
#define smp_wmb()				do { } while (0)
#define smp_rmb()				do { } while (0)
#define smp_acquire__after_ctrl_dep()		do { } while (0)
#define smp_store_release(place, new_value)	(*(place) = (new_value))
#define cond_resched()				do { } while (0)
#define atomic64_read(a)			((a)->value)
#define atomic64_set(a, v)			((a)->value = (v))
#define atomic64_add(n, a)			((a)->value += (n))

/* ---- bits ---- */

static inline bool test_bit(unsigned long bit, const unsigned long *words)
{
	return words[bit / 64] >> (bit % 64) & 1;
}

static inline void __set_bit(unsigned long bit, unsigned long *words)
{
	words[bit / 64] |= 1UL << (bit % 64);
}

static inline void __clear_bit(unsigned long bit, unsigned long *words)
{
	words[bit / 64] &= ~(1UL << (bit % 64));
}

static inline void __change_bit(unsigned long bit, unsigned long *words)
{
	words[bit / 64] ^= 1UL << (bit % 64);
}

static inline void __assign_bit(unsigned long bit, unsigned long *words, bool value)
{
	if (value)
		__set_bit(bit, words);
	else
		__clear_bit(bit, words);
}

static inline unsigned long find_bit(const void *words, unsigned long size, unsigned long from,
				     bool value)
{
	const unsigned long *longs = words;

	while (from < size) {
		unsigned long word = (value ? longs[from / 64] : ~longs[from / 64]) >> from % 64;

		if (word)
			return min(from + __builtin_ctzl(word), size);
		from = (from / 64 + 1) * 64;
	}
	return size;
}

#define test_bit_le(bit, words)				test_bit(bit, words)
#define find_next_bit(words, size, from)		find_bit(words, size, from, true)
#define find_next_bit_le(words, size, from)		find_bit(words, size, from, true)
#define find_next_zero_bit_le(words, size, from)	find_bit(words, size, from, false)
#define find_first_bit(words, size)			find_bit(words, size, 0, true)
#define for_each_set_bit(bit, words, size) \
	for ((bit) = find_first_bit(words, size); (bit) < (size); \
	     (bit) = find_next_bit(words, size, (bit) + 1))

static inline unsigned int bitmap_weight(const unsigned long *words, unsigned int bits)
{
	unsigned int i, weight = 0;

	for (i = 0; i < bits / 64; i++)
		weight += hweight_long(words[i]);
	if (bits % 64)
		weight += hweight_long(words[i] & ~0UL >> (64 - bits % 64));
	return weight;
}

static inline void bitmap_or(unsigned long *result, const unsigned long *a, const unsigned long *b,
			     unsigned int bits)
{
	unsigned int i;

	for (i = 0; i < BITS_TO_LONGS(bits); i++)
		result[i] = a[i] | b[i];
}

static inline bool __test_and_set_bit(unsigned long bit, unsigned long *words)
{
	bool was = test_bit(bit, words);

	__set_bit(bit, words);
	return was;
}

/* ---- text: text.c ---- */

int kstrtouint(const char *text, unsigned int base, unsigned int *number);
int kstrtou64(const char *text, unsigned int base, u64 *number);
int match_string(const char *const *array, size_t n, const char *string);
__attribute__((format(printf, 3, 4)))
int scnprintf(char *buffer, size_t size, const char *format, ...);
ssize_t shim_strscpy(char *to, const char *from, size_t size);

#define strscpy(to, from, size)	shim_strscpy(to, from, size)
#define READ_ONCE(x)		(x)
#define WRITE_ONCE(x, value)	((x) = (value))

/* ---- arguments of device-mapper's table lines: text.c ---- */

struct dm_arg_set {
	unsigned int argc;
	char **argv;
};

struct dm_arg {
	unsigned int min;
	unsigned int max;
	char *error;
};

const char *dm_shift_arg(struct dm_arg_set *as);
int dm_read_arg_group(const struct dm_arg *arg, struct dm_arg_set *as, unsigned int *count,
		      char **error);

#define DMEMIT(...) (sz += sz >= maxlen ? 0 : scnprintf(result + sz, maxlen - sz, __VA_ARGS__))

/* ---- log ---- */

void shim_log(const char *format, ...);

#define DMERR(format, ...)	shim_log(format "\n", ##__VA_ARGS__)
#define DMWARN(format, ...)	shim_log(format "\n", ##__VA_ARGS__)
#define DMINFO(format, ...)	shim_log(format "\n", ##__VA_ARGS__)

void generate_random_uuid(unsigned char uuid[16]);

/* ---- devices, as far as identities go ---- */

#define DM_UUID_LEN	129

enum blk_unique_id {
	BLK_UID_T10 = 1,
	BLK_UID_EUI64 = 2,
	BLK_UID_NAA = 3,
};

struct gendisk;
struct block_device_operations {
	int (*get_unique_id)(struct gendisk *disk, u8 id[16], enum blk_unique_id type);
};

struct gendisk {
	const struct block_device_operations *fops;
	enum blk_unique_id type;
	u8 id[16];
	int length;
};

/* A mapped device when @mapped, else a disk or a partition of it. */
struct mapped_device {
	char uuid[DM_UUID_LEN];
};

struct block_device {
	struct mapped_device *mapped;
	struct gendisk *bd_disk;
	sector_t start;
	struct shim_device *device;
	unsigned int logical_block_size;
};

#define bd_dev			mapped
#define dm_get_md(md)		(md)
#define dm_put(md)		((void)(md))
#define get_start_sect(bdev)	((bdev)->start)
#define bdev_logical_block_size(bdev)	((bdev)->logical_block_size)

static inline int dm_copy_name_and_uuid(struct mapped_device *md, char *name, char *uuid)
{
	(void)name;
	memcpy(uuid, md->uuid, DM_UUID_LEN);
	return 0;
}

#endif /* XCOPY_SHIM_H */

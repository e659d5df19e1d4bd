// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the units hold, see array.h: pages that are shared until one of their holders writes, so
 * that a clone moves no data where both sides are aligned alike.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"

struct page {
	unsigned int holders;
	uint8_t bytes[EXTENT];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct unit *units;
static uint64_t space = UINT64_MAX;
static bool caching;

/* ---- units ---- */

/* Units come and stay: the list needs no lock to be read. */
struct unit *unit_find(const char *name)
{
	struct unit *unit;

	for (unit = __atomic_load_n(&units, __ATOMIC_ACQUIRE); unit; unit = unit->next)
		if (!strcmp(unit->name, name))
			return unit;
	return NULL;
}

struct unit *unit_by_naa(const uint8_t *naa)
{
	struct unit *unit;

	for (unit = __atomic_load_n(&units, __ATOMIC_ACQUIRE); unit; unit = unit->next)
		if (!memcmp(unit->naa, naa, NAA_SIZE))
			return unit;
	return NULL;
}

struct unit *unit_next(const struct unit *unit)
{
	return unit ? unit->next : __atomic_load_n(&units, __ATOMIC_ACQUIRE);
}

static struct unit *unit_alloc(uint64_t size)
{
	struct unit *unit = calloc(1, sizeof(*unit));

	if (!unit)
		return NULL;
	unit->nr = (size + EXTENT - 1) / EXTENT;
	unit->extents = calloc(unit->nr, sizeof(*unit->extents));
	unit->stable = calloc(unit->nr, sizeof(*unit->stable));
	unit->cached = calloc(unit->nr, sizeof(*unit->cached));
	if (unit->extents && unit->stable && unit->cached)
		return unit;
	free(unit->extents);
	free(unit->stable);
	free(unit->cached);
	free(unit);
	return NULL;
}

bool unit_create(const char *name, const uint8_t *naa, uint64_t size, uint32_t block)
{
	struct unit *unit;

	if (unit_find(name) || unit_by_naa(naa))
		return false;
	unit = unit_alloc(size);
	if (!unit)
		return false;
	snprintf(unit->name, sizeof(unit->name), "%s", name);
	memcpy(unit->naa, naa, NAA_SIZE);
	unit->size = size;
	unit->room = size;
	unit->block = block;
	unit_designate(unit, 1U << NAME_NAA);
	unit->next = units;
	__atomic_store_n(&units, unit, __ATOMIC_RELEASE);
	return true;
}

bool unit_set_size(struct unit *unit, uint64_t size)
{
	if (!size || size > unit->room || size % unit->block)
		return false;
	__atomic_store_n(&unit->size, size, __ATOMIC_RELAXED);
	return true;
}

uint64_t unit_size(const struct unit *unit)
{
	return __atomic_load_n(&unit->size, __ATOMIC_RELAXED);
}

void unit_set_state(struct unit *unit, enum unit_state state)
{
	__atomic_store_n(&unit->state, state, __ATOMIC_RELAXED);
}

enum unit_state unit_state(const struct unit *unit)
{
	return __atomic_load_n(&unit->state, __ATOMIC_RELAXED);
}

void units_gone(void)
{
	struct unit *unit;

	for (unit = __atomic_load_n(&units, __ATOMIC_ACQUIRE); unit; unit = unit->next)
		unit_set_state(unit, UNIT_GONE);
}

void units_restore(void)
{
	struct unit *unit;

	for (unit = __atomic_load_n(&units, __ATOMIC_ACQUIRE); unit; unit = unit->next) {
		unit_set_state(unit, UNIT_ONLINE);
		unit_set_size(unit, unit->room);
	}
}

/* ---- pages; the caller holds the lock ---- */

static struct page **slot_of(const struct unit *unit, uint64_t at)
{
	return &unit->extents[at / EXTENT];
}

static void drop(struct page **slot)
{
	if (!*slot)
		return;
	if (!--(*slot)->holders)
		free(*slot);
	*slot = NULL;
	if (space != UINT64_MAX)
		space += EXTENT;
}

static bool take_space(void)
{
	if (space < EXTENT)
		return false;
	if (space != UINT64_MAX)
		space -= EXTENT;
	return true;
}

/* Memory of the guest that is used up looks like a full pool. */
static bool fill_slot(struct page **slot)
{
	struct page *page;

	if (!take_space())
		return false;
	page = calloc(1, sizeof(*page));
	if (!page)
		return false;
	page->holders = 1;
	*slot = page;
	return true;
}

static bool split(struct page **slot)
{
	struct page *copy = malloc(sizeof(*copy));

	if (!copy)
		return false;
	memcpy(copy->bytes, (*slot)->bytes, EXTENT);
	copy->holders = 1;
	(*slot)->holders--;
	*slot = copy;
	return true;
}

/* To write into it. */
static bool own(struct page **slot)
{
	if (!*slot)
		return fill_slot(slot);
	return (*slot)->holders == 1 || split(slot);
}

static bool share(struct page **to, struct page *page)
{
	if (*to == page)
		return true;
	if (!page) {
		drop(to);
		return true;
	}
	if (!*to && !take_space())
		return false;
	if (*to && !--(*to)->holders)
		free(*to);
	page->holders++;
	*to = page;
	return true;
}

/* ---- the cache; the caller holds the lock ---- */

/* Before an extent is changed: what it is if the power fails. */
static void remember(struct unit *unit, uint64_t at)
{
	uint64_t i = at / EXTENT;

	if (!caching || unit->cached[i])
		return;
	unit->cached[i] = true;
	unit->stable[i] = unit->extents[i];
	if (unit->stable[i])
		unit->stable[i]->holders++;
}

static void flush(struct unit *unit)
{
	uint64_t i;

	for (i = 0; i < unit->nr; i++) {
		if (!unit->cached[i])
			continue;
		drop(&unit->stable[i]);
		unit->cached[i] = false;
	}
}

static void put_block(uint8_t *to, const struct page *from, size_t offset, size_t length)
{
	if (from)
		memcpy(to + offset, from->bytes + offset, length);
	else
		memset(to + offset, 0, length);
}

/* Of each block that was written, the old or the new. */
static void lose(struct unit *unit, uint64_t i, unsigned int *seed)
{
	struct page *page = malloc(sizeof(*page));
	size_t at;

	if (!page)
		abort();
	page->holders = 1;
	for (at = 0; at < EXTENT; at += unit->block)
		put_block(page->bytes, rand_r(seed) & 0x100 ? unit->stable[i] : unit->extents[i], at,
			  unit->block);
	drop(&unit->extents[i]);
	unit->extents[i] = page;
}

/* ---- pieces: parts of one extent ---- */

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t piece(uint64_t at, uint64_t length)
{
	return smaller(length, EXTENT - at % EXTENT);
}

static void read_piece(const struct unit *unit, uint64_t at, void *buffer, size_t length)
{
	const struct page *page;

	pthread_mutex_lock(&lock);
	page = *slot_of(unit, at);
	if (page)
		memcpy(buffer, page->bytes + at % EXTENT, length);
	else
		memset(buffer, 0, length);
	pthread_mutex_unlock(&lock);
}

static bool write_piece(struct unit *unit, uint64_t at, const void *buffer, size_t length)
{
	struct page **slot = slot_of(unit, at);
	bool owned;

	pthread_mutex_lock(&lock);
	remember(unit, at);
	owned = own(slot);
	if (owned)
		memcpy((*slot)->bytes + at % EXTENT, buffer, length);
	pthread_mutex_unlock(&lock);
	return owned;
}

static bool zero_slot(struct page **slot, size_t offset, size_t length)
{
	if (length == EXTENT)
		drop(slot);
	if (!*slot)
		return true;
	if (!own(slot))
		return false;
	memset((*slot)->bytes + offset, 0, length);
	return true;
}

static bool copy_slot(struct page **to, size_t to_offset, struct page **from, size_t from_offset,
		      size_t length)
{
	if (!*from)
		return zero_slot(to, to_offset, length);
	if (!own(to))
		return false;
	/* It may be one slot, and another page now. */
	memmove((*to)->bytes + to_offset, (*from)->bytes + from_offset, length);
	return true;
}

static bool clone_piece(struct unit *to, uint64_t to_at, struct unit *from, uint64_t from_at,
			size_t length)
{
	struct page **to_slot = slot_of(to, to_at), **from_slot = slot_of(from, from_at);
	bool cloned;

	pthread_mutex_lock(&lock);
	remember(to, to_at);
	if (length == EXTENT)
		cloned = share(to_slot, *from_slot);
	else
		cloned = copy_slot(to_slot, to_at % EXTENT, from_slot, from_at % EXTENT, length);
	pthread_mutex_unlock(&lock);
	return cloned;
}

/* ---- all of it ---- */

void store_read(const struct unit *unit, uint64_t at, void *buffer, size_t length)
{
	size_t part;

	for (; length; length -= part, at += part, buffer = (uint8_t *)buffer + part) {
		part = piece(at, length);
		read_piece(unit, at, buffer, part);
	}
}

bool store_write(struct unit *unit, uint64_t at, const void *buffer, size_t length)
{
	size_t part;

	for (; length; length -= part, at += part, buffer = (const uint8_t *)buffer + part) {
		part = piece(at, length);
		if (!write_piece(unit, at, buffer, part))
			return false;
	}
	return true;
}

bool store_clone(struct unit *to, uint64_t to_at, struct unit *from, uint64_t from_at,
		 uint64_t length)
{
	uint64_t part;

	for (; length; length -= part, to_at += part, from_at += part) {
		part = piece(to_at, piece(from_at, length));
		if (!clone_piece(to, to_at, from, from_at, part))
			return false;
	}
	return true;
}

void store_zero(struct unit *unit, uint64_t at, uint64_t length)
{
	uint64_t part;

	for (; length; length -= part, at += part) {
		part = piece(at, length);
		pthread_mutex_lock(&lock);
		remember(unit, at);
		zero_slot(slot_of(unit, at), at % EXTENT, part);
		pthread_mutex_unlock(&lock);
	}
}

void store_space(uint64_t bytes)
{
	pthread_mutex_lock(&lock);
	space = bytes;
	pthread_mutex_unlock(&lock);
}

void store_flush(struct unit *unit)
{
	pthread_mutex_lock(&lock);
	flush(unit);
	pthread_mutex_unlock(&lock);
}

void store_cache(bool on)
{
	struct unit *unit;

	pthread_mutex_lock(&lock);
	caching = on;
	for (unit = units; unit; unit = unit->next)
		flush(unit);
	pthread_mutex_unlock(&lock);
}

bool store_caches(void)
{
	bool on;

	pthread_mutex_lock(&lock);
	on = caching;
	pthread_mutex_unlock(&lock);
	return on;
}

void store_cut(unsigned int seed)
{
	struct unit *unit;
	uint64_t i;

	pthread_mutex_lock(&lock);
	for (unit = units; unit; unit = unit->next) {
		for (i = 0; i < unit->nr; i++)
			if (unit->cached[i])
				lose(unit, i, &seed);
		flush(unit);
	}
	pthread_mutex_unlock(&lock);
}

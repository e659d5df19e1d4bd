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

static struct unit *unit_alloc(uint64_t size)
{
	struct unit *unit = calloc(1, sizeof(*unit));

	if (!unit)
		return NULL;
	unit->extents = calloc((size + EXTENT - 1) / EXTENT, sizeof(*unit->extents));
	if (unit->extents)
		return unit;
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
	unit->block = block;
	unit->next = units;
	__atomic_store_n(&units, unit, __ATOMIC_RELEASE);
	return true;
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

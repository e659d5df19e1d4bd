// SPDX-License-Identifier: GPL-2.0-only
#include "tail.h"

#include <string.h>

#include "memory.h"

struct choice {
	const struct lvm_report *report;
	const char *vg;
	bool (*may)(const struct lvm_pv *pv, const void *data);
	const void *data;
	struct arguments *arguments;
};

static bool is_eligible(const struct choice *choice, const struct lvm_pv *pv)
{
	return !strcmp(pv->vg_name, choice->vg) && pv->allocatable && !pv->missing &&
	       choice->may(pv, choice->data);
}

static uint64_t free_on(const struct lvm_report *report, const struct lvm_pv *pv)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < report->nr_free_ranges; i++)
		if (!strcmp(report->free_ranges[i].pv_path, pv->path))
			sum += report->free_ranges[i].count;
	return sum;
}

/* The one that begins highest, below @below. */
static const struct lvm_free_range *last_range(const struct lvm_report *report,
					       const struct lvm_pv *pv, uint64_t below)
{
	const struct lvm_free_range *last = NULL;

	for (size_t i = 0; i < report->nr_free_ranges; i++) {
		const struct lvm_free_range *range = &report->free_ranges[i];

		if (!strcmp(range->pv_path, pv->path) && range->count && range->start < below &&
		    (!last || range->start > last->start))
			last = range;
	}
	return last;
}

/* Return: how many are still needed. */
static uint64_t take_from(const struct choice *choice, const struct lvm_pv *pv, uint64_t extents)
{
	const struct lvm_free_range *range = last_range(choice->report, pv, UINT64_MAX);

	for (; extents && range; range = last_range(choice->report, pv, range->start)) {
		uint64_t take = extents < range->count ? extents : range->count;
		uint64_t end = range->start + range->count;

		arguments_add(choice->arguments, "%s:%llu-%llu", pv->path,
			      (unsigned long long)(end - take), (unsigned long long)(end - 1));
		extents -= take;
	}
	return extents;
}

static const struct lvm_pv *find_large_enough(const struct choice *choice, uint64_t extents)
{
	for (size_t i = choice->report->nr_pvs; i--;)
		if (is_eligible(choice, &choice->report->pvs[i]) &&
		    free_on(choice->report, &choice->report->pvs[i]) >= extents)
			return &choice->report->pvs[i];
	return NULL;
}

bool tail_add(struct arguments *arguments, const struct lvm_report *report, const char *vg,
	      bool (*may)(const struct lvm_pv *pv, const void *data), const void *data,
	      uint64_t extents)
{
	struct choice choice = { report, vg, may, data, arguments };
	const struct lvm_pv *one = find_large_enough(&choice, extents);

	if (one)
		return !take_from(&choice, one, extents);
	for (size_t i = report->nr_pvs; extents && i--;)
		if (is_eligible(&choice, &report->pvs[i]))
			extents = take_from(&choice, &report->pvs[i], extents);
	return !extents;
}

static const struct lvm_pv *pv_of(const struct lvm_report *report, const struct lvm_free_range *range)
{
	for (size_t i = 0; i < report->nr_pvs; i++)
		if (!strcmp(report->pvs[i].path, range->pv_path))
			return &report->pvs[i];
	return NULL;
}

/* The smallest with @extents, where the other volume may not, or may, lie. */
static struct lvm_free_range *smallest(const struct choice *choice, bool beside, uint64_t extents)
{
	struct lvm_free_range *best = NULL;

	for (size_t i = 0; i < choice->report->nr_free_ranges; i++) {
		struct lvm_free_range *range = &choice->report->free_ranges[i];
		const struct lvm_pv *pv = pv_of(choice->report, range);

		if (range->count >= extents && pv && !strcmp(pv->vg_name, choice->vg) &&
		    pv->allocatable && !pv->missing &&
		    choice->may(pv, choice->data) != beside && (!best || range->count < best->count))
			best = range;
	}
	return best;
}

bool place_beside(struct lvm_report *report, const char *vg,
		  bool (*may)(const struct lvm_pv *pv, const void *data), const void *data,
		  uint64_t extents, struct lvm_free_range *range)
{
	struct choice choice = { report, vg, may, data, NULL };
	struct lvm_free_range *found = smallest(&choice, true, extents);

	if (!found)
		found = smallest(&choice, false, extents);
	if (!found)
		return false;
	*range = (struct lvm_free_range){ found->pv_path, found->start, extents };
	found->start += extents;
	found->count -= extents;
	return true;
}

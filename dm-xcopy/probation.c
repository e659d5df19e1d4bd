// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copies without a known outcome, see probation.h.
 */
#include "probation.h"

/* As time_after(). */
static bool is_after(unsigned long a, unsigned long b)
{
	return (long)(b - a) < 0;
}

void xcopy_probation_done(struct xcopy_probation *p, unsigned long sent_at)
{
	if (p->had_unknown && is_after(sent_at, p->unknown_at))
		p->done_since = true;
}

static bool begin_event(struct xcopy_probation *p, bool second, bool lost)
{
	p->excused = second && lost && p->done_since;
	p->losses = p->excused ? p->losses + 1 : 0;
	return second && (!p->excused || p->losses > XCOPY_PROBATION_LOSSES);
}

/* A command that went with others: theirs is no loss that is excused if this one was too slow. */
static bool join_event(struct xcopy_probation *p, bool lost)
{
	bool too_many = p->excused && !lost;

	p->excused &= lost;
	return too_many;
}

bool xcopy_probation_unknown(struct xcopy_probation *p, unsigned long sent_at, unsigned long now,
			     unsigned long hour, bool lost)
{
	bool second = p->had_unknown && !is_after(now, p->unknown_at + hour);
	bool too_many;

	if (p->had_unknown && !is_after(sent_at, p->unknown_at))
		too_many = join_event(p, lost);
	else
		too_many = begin_event(p, second, lost);
	if (too_many)
		p->losses = 0;
	p->had_unknown = true;
	p->unknown_at = now;
	p->done_since = false;
	return too_many;
}

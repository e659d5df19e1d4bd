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

/*
 * A path that is going takes what is sent meanwhile, too. But commands that hang, one sent for
 * each that is given up, would be one event for ever.
 */
static bool is_one_with_last(const struct xcopy_probation *p, unsigned long sent_at,
			     enum xcopy_unknown why)
{
	return p->had_unknown &&
	       !is_after(sent_at, why == XCOPY_UNKNOWN_LOST ? p->unknown_at : p->event_at);
}

static bool begin_event(struct xcopy_probation *p, unsigned long now, unsigned long hour,
			enum xcopy_unknown why)
{
	bool second = p->had_unknown && !is_after(now, p->unknown_at + hour);

	p->excused = second && why == XCOPY_UNKNOWN_LOST && p->done_since;
	p->losses = p->excused ? p->losses + 1 : 0;
	p->event_at = now;
	return second && (!p->excused || p->losses > XCOPY_PROBATION_LOSSES);
}

static bool join_event(struct xcopy_probation *p, enum xcopy_unknown why)
{
	bool too_many = p->excused && why == XCOPY_UNKNOWN_SLOW;

	p->excused &= !too_many;
	return too_many;
}

bool xcopy_probation_unknown(struct xcopy_probation *p, unsigned long sent_at, unsigned long now,
			     unsigned long hour, enum xcopy_unknown why)
{
	bool too_many = is_one_with_last(p, sent_at, why) ? join_event(p, why) :
							    begin_event(p, now, hour, why);

	if (too_many)
		p->losses = 0;
	p->had_unknown = true;
	p->unknown_at = now;
	p->done_since = false;
	return too_many;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How many copies without a known outcome are too many for a pair. No kernel object: compiles
 * in the kernel, under KUnit and in userspace unchanged.
 *
 * A reset, or the loss of a path, takes all commands in flight with it: what was sent before the
 * first of them was seen is one event with it. A second event within an hour is one too many.
 * Where the transport was lost, which is no fault of the copy's, it is excused if a copy sent
 * after the last event was done; but not if one of the event's own commands was not lost: it was
 * too slow, and the others went with it. Nor are there any number of excuses in a row: a copy
 * may be what makes a controller fail.
 *
 * Locking: the caller's.
 */
#ifndef XCOPY_PROBATION_H
#define XCOPY_PROBATION_H

#include <linux/types.h>

/* So many losses of the transport, each within an hour of the last, are excused. */
#define XCOPY_PROBATION_LOSSES	16U

/**
 * struct xcopy_probation - of one pair; zero at first
 * @had_unknown: @unknown_at is valid
 * @unknown_at: jiffies when the last unknown outcome was seen
 * @done_since: a command sent after that was done
 * @excused: the last event followed another, and was only not too much because it was a loss
 * @losses: events excused in a row
 */
struct xcopy_probation {
	bool had_unknown;
	unsigned long unknown_at;
	bool done_since;
	bool excused;
	unsigned int losses;
};

/** xcopy_probation_done() - a command that was sent at @sent_at, jiffies, was done, and is right */
void xcopy_probation_done(struct xcopy_probation *p, unsigned long sent_at);

/**
 * xcopy_probation_unknown() - the outcome of a command is unknown
 * @p: remembers it
 * @sent_at: when it was sent, jiffies
 * @now: jiffies
 * @hour: jiffies in an hour
 * @lost: it was not too slow: the transport was lost
 *
 * Return: true: that is one too many.
 */
bool xcopy_probation_unknown(struct xcopy_probation *p, unsigned long sent_at, unsigned long now,
			     unsigned long hour, bool lost);

#endif /* XCOPY_PROBATION_H */

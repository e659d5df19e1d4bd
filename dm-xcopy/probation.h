/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How many copies without a known outcome are too many for a pair. No kernel object: compiles
 * in the kernel, under KUnit and in userspace unchanged.
 *
 * A reset, or the loss of a path, takes all commands in flight with it: what was sent before the
 * first of them was seen is one event with it. A second event within an hour is one too many.
 * Where the transport was lost, which is no fault of the copy's, it is excused if a copy sent
 * after the last event was done; but not if one of the event's own commands was too slow: the
 * others went with it. Nor are there any number of excuses in a row: a copy may be what makes a
 * controller fail.
 *
 * Locking: the caller's.
 */
#ifndef XCOPY_PROBATION_H
#define XCOPY_PROBATION_H

#include <linux/types.h>

/* So many losses of the transport, each within an hour of the last, are excused. */
#define XCOPY_PROBATION_LOSSES	16U

/**
 * enum xcopy_unknown - why the outcome of a command is not known
 * @XCOPY_UNKNOWN_SLOW: it had its time, and was given up
 * @XCOPY_UNKNOWN_LOST: somebody else's fault: the transport was lost, or others were too slow
 * @XCOPY_UNKNOWN_OTHER: anything else
 */
enum xcopy_unknown {
	XCOPY_UNKNOWN_SLOW,
	XCOPY_UNKNOWN_LOST,
	XCOPY_UNKNOWN_OTHER,
};

/**
 * struct xcopy_probation - of one pair; zero at first
 * @had_unknown: there was an event
 * @event_at: jiffies when the first command of the last event was seen
 * @unknown_at: jiffies when its last one was
 * @done_since: a command sent after that was done
 * @excused: the last event followed another, and was only not too much because it was a loss
 * @losses: events excused in a row
 */
struct xcopy_probation {
	bool had_unknown;
	unsigned long event_at;
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
 * @why: why
 *
 * Return: true: that is one too many.
 */
bool xcopy_probation_unknown(struct xcopy_probation *p, unsigned long sent_at, unsigned long now,
			     unsigned long hour, enum xcopy_unknown why);

#endif /* XCOPY_PROBATION_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How many background copies run at a time.  Arithmetic only: compiles in the kernel,
 * under KUnit and in userspace unchanged.
 *
 * Depths are tried in levels: 1, 2, 4 and so on up to the cap.  The rate at a level is
 * measured over a window, and remembered; in use is the lowest level that comes close
 * to the best.  At first all levels are tried, upwards while it does not get worse; later
 * the neighbours of the one in use, now and then.
 *
 * A rate says something only about what really ran: a window begins anew when something
 * else than the depth kept copies back (user I/O, a limit, the end of the clone), and only
 * when those that were started before are through.
 *
 * Locking: the caller's.
 */
#ifndef XCOPY_TUNER_H
#define XCOPY_TUNER_H

#include <linux/types.h>

/* Largest cap: 2 to the power of the last level. */
#define XCOPY_TUNER_MAX_DEPTH	16U
#define XCOPY_TUNER_LEVELS	5U

/* A window is at least so long, has so many copies for each one in flight, and so many in all. */
#define XCOPY_TUNER_WINDOW_MS	500U
#define XCOPY_TUNER_ROUNDS	2U
#define XCOPY_TUNER_COPIES	6U
/* Windows to stay at the best level before a neighbour is tried again. */
#define XCOPY_TUNER_HOLD	14U

/**
 * struct xcopy_tuner - how many copies at a time
 * @depth: in use, 1 to @max_depth
 * @max_depth: cap
 * @level: that @depth belongs to
 * @rates: bytes per second last seen at each level, 0: not known
 * @hold: windows left before a neighbour is tried
 * @doubt: the last window was so far off that it was not believed
 * @downwards: it is the lower neighbour's turn
 * @settle: copies that have to end before the window begins: those in flight were
 *	started under other circumstances
 * @window_start_ms: start of the window, if @settle is 0
 * @window_bytes: bytes copied in it
 * @window_copies: copies that ended in it
 */
struct xcopy_tuner {
	__u32 depth;
	__u32 max_depth;
	__u32 level;
	__u64 rates[XCOPY_TUNER_LEVELS];
	__u32 hold;
	bool doubt;
	bool downwards;
	__u32 settle;
	__u64 window_start_ms;
	__u64 window_bytes;
	__u32 window_copies;
};

/** xcopy_tuner_init() - start at depth 2, or 1 if the cap @max_depth is that */
void xcopy_tuner_init(struct xcopy_tuner *tuner, __u32 max_depth);

/** xcopy_tuner_cap() - @max_depth from now on; what was learned counts only if it is the same */
void xcopy_tuner_cap(struct xcopy_tuner *tuner, __u32 max_depth);

/** xcopy_tuner_restart() - fewer copies than the depth are in flight, or may be: not its doing */
void xcopy_tuner_restart(struct xcopy_tuner *tuner);

/**
 * xcopy_tuner_done() - a copy has ended
 * @tuner: the tuner
 * @bytes: bytes that it has copied
 * @now_ms: any monotonic clock, milliseconds
 *
 * Return: the depth to use from now on.
 */
__u32 xcopy_tuner_done(struct xcopy_tuner *tuner, __u64 bytes, __u64 now_ms);

#endif /* XCOPY_TUNER_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xcopy-array: a SCSI array for tests, on target_core_user (TCMU).
 *
 * Units hold the data, and have names (names.c); paths are TCMU devices, each a way to one unit.  The ring of a TCMU device
 * does not say over which path a command came, so that every path has a device of its own, and all
 * are served by this one process.
 *
 * Threads: one per path takes commands off its ring and answers them, but for copies, which go to
 * workers, since they may be slow or be held; the main one listens to the control socket.  Locks,
 * none taken inside of another: that of a path (its ring and the list of its commands), that of
 * the store, that of the profile, that of the workers; around them all, that of the power.
 */
#ifndef XCOPY_ARRAY_H
#define XCOPY_ARRAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define CDB_SIZE	16U
#define NAA_SIZE	16U
#define SENSE_SIZE	18U
#define NAME_SIZE	32U
#define DESIGNATOR_SIZE	20U

/* Sense keys. */
#define NOT_READY	0x2U
#define ILLEGAL_REQUEST	0x5U
#define DATA_PROTECT	0x7U
#define COPY_ABORTED	0xaU

/* Status codes. */
#define GOOD		0x00U
#define RESERVED	0x18U
#define CHECK_CONDITION	0x02U
#define TASK_ABORTED	0x40U

static inline uint64_t get_be(const uint8_t *from, unsigned int bytes)
{
	uint64_t value = 0;

	for (; bytes; bytes--)
		value = value << 8 | *from++;
	return value;
}

static inline void put_be(uint8_t *to, uint64_t value, unsigned int bytes)
{
	for (; bytes; bytes--, value >>= 8)
		to[bytes - 1] = (uint8_t)value;
}

/* ---- store.c: what the units hold ---- */

#define EXTENT		65536U
#define MAX_WRITE_SAME	(32U << 20)

struct page;

enum unit_state {
	UNIT_ONLINE,
	UNIT_PROTECTED,		/* write protected */
	UNIT_MUTE,		/* TEST UNIT READY is not answered while it is */
	UNIT_GONE,		/* mapped to no host any more */
	UNIT_RESERVED,		/* by RESERVE(6) of another host: nothing is left but INQUIRY and its like */
	UNIT_EXCLUSIVE,		/* by a persistent reservation: no data, no copies, nor what is said of them */
};

/**
 * struct unit - a logical unit; never freed
 * @next: all of them
 * @name: for the control socket
 * @naa: its NAA designator, of which the others are made
 * @block: logical block length, bytes
 * @size: bytes, a multiple of @block; what it was created with at most
 * @room: bytes that @extents are for
 * @nr: number of @extents
 * @state: enum unit_state
 * @names: enum designator_kind, a bit for each that it has
 * @extents: pages, EXTENT bytes each, shared by clones; NULL: zeros
 * @stable: what they are without power, of those that are in the cache
 * @cached: which are
 */
struct unit {
	struct unit *next;
	char name[NAME_SIZE];
	uint8_t naa[NAA_SIZE];
	uint32_t block;
	uint64_t size;
	uint64_t room;
	uint64_t nr;
	enum unit_state state;
	unsigned int names;
	struct page **extents;
	struct page **stable;
	bool *cached;
};

/* Worst first, as page 83h has them: whoever takes the first is found out. */
enum designator_kind { NAME_T10, NAME_SCSI, NAME_EUI, NAME_NAA, NR_NAMES };

/**
 * struct designator - of a unit, association 0
 * @code_set: 1 binary, 2 ASCII, 3 UTF-8
 * @type: DESIGNATOR TYPE
 * @length: of @bytes
 * @bytes: the rest is zero
 */
struct designator {
	uint8_t code_set;
	uint8_t type;
	uint8_t length;
	uint8_t bytes[DESIGNATOR_SIZE];
};

/** unit_designator() - what of this kind there is, or would be */
struct designator unit_designator(const struct unit *unit, enum designator_kind kind);

/** unit_designate() - which it has, from now on; hosts ask once */
void unit_designate(struct unit *unit, unsigned int names);
bool unit_has_name(const struct unit *unit, enum designator_kind kind);

/** unit_by_designator() - a unit that has it; @kind is set; NULL: none */
struct unit *unit_by_designator(const struct designator *designator, enum designator_kind *kind);

/** unit_next() - all units, one after another; the first for NULL, NULL after the last */
struct unit *unit_next(const struct unit *unit);

/** unit_create() - returns false if there is no memory, or the name or designator is taken */
bool unit_create(const char *name, const uint8_t *naa, uint64_t size, uint32_t block);
struct unit *unit_find(const char *name);
struct unit *unit_by_naa(const uint8_t *naa);

/*
 * While hosts use it. A command that was begun may still go by what was so before; size: false
 * if it is no size for it.
 */
bool unit_set_size(struct unit *unit, uint64_t size);
uint64_t unit_size(const struct unit *unit);
void unit_set_state(struct unit *unit, enum unit_state state);
enum unit_state unit_state(const struct unit *unit);

/** units_gone() - all of them */
void units_gone(void);

/** units_restore() - all of them online, and of their first size */
void units_restore(void);

/*
 * Callers check the range.  Each is atomic for every block.  False: out of space, which
 * may be after a part was written.
 */
void store_read(const struct unit *unit, uint64_t at, void *buffer, size_t length);
bool store_write(struct unit *unit, uint64_t at, const void *buffer, size_t length);
bool store_clone(struct unit *to, uint64_t to_at, struct unit *from, uint64_t from_at,
		 uint64_t length);
void store_zero(struct unit *unit, uint64_t at, uint64_t length);

/** store_cache() - is there a volatile cache? Disks that there are do not notice. */
void store_cache(bool on);
bool store_caches(void);

/** store_flush() - of one unit's cache, all of it */
void store_flush(struct unit *unit);

/** store_cut() - of each block that is in a cache, the old or the new; no command runs */
void store_cut(unsigned int seed);

/** store_space() - so many bytes can be allocated from now on, in all units; UINT64_MAX: any */
void store_space(uint64_t bytes);

/* ---- ring.c: paths and their commands ---- */

struct path;

/* Of a data buffer; linux/target_core_user.h has its own idea of a struct iovec. */
struct piece {
	void *at;
	size_t length;
};

/**
 * struct command - a SCSI command
 * @next: of its path, while it is not answered
 * @path: which it came by
 * @unit: whose it is
 * @id: in the ring; used again when it is answered
 * @serial: never used again, on this path
 * @answered: the ring has the answer: nothing is sent any more; lock of the path
 * @cdb: CDB, the rest is zero
 * @status: to answer, GOOD at first
 * @sense: to answer with CHECK_CONDITION
 * @read_length: bytes of data-in; 0: all, or none
 * @length: of the data buffer
 * @nr: entries of @data
 * @data: the buffer, which is valid until the answer
 */
struct command {
	struct command *next;
	struct path *path;
	struct unit *unit;
	uint16_t id;
	uint64_t serial;
	bool answered;
	uint8_t cdb[CDB_SIZE];
	uint8_t status;
	uint8_t sense[SENSE_SIZE];
	uint32_t read_length;
	size_t length;
	unsigned int nr;
	struct piece data[];
};

/** path_open() - serve a uio device as a path to @unit; it ends when the device does */
bool path_open(const char *device, struct unit *unit);

/** command_end() - answer, unless the host has aborted it, and free */
void command_end(struct command *command);

/* ---- commands.c, inquiry.c: what is executed at once ---- */

/** command_execute() - of a path's thread; ends the command, now or by a worker */
void command_execute(struct command *command);

void set_sense(struct command *command, uint8_t key, uint8_t asc, uint8_t ascq);

/** set_gone() - for a unit that no host has */
void set_gone(struct command *command);

/** give() - data-in; @room is the ALLOCATION LENGTH */
void give(struct command *command, const void *data, size_t length, size_t room);

/** take() - data-out; false: the buffer ends before */
bool take(const struct command *command, size_t at, void *data, size_t length);

void inquiry(struct command *command);
void mode_sense(struct command *command);
void read_capacity_10(struct command *command);
void read_capacity_16(struct command *command);

/* ---- copy-list.c, copy.c: EXTENDED COPY ---- */

#define LIST_HEADER	16U
#define TARGET_SIZE	32U
#define SEGMENT_SIZE	28U
#define SEGMENT_BLOCKS	0x02U
#define TARGET_NAA	0xe4U

/* One segment, checked. */
struct segment {
	struct unit *from;
	struct unit *to;
	uint64_t from_at;
	uint64_t to_at;
	uint64_t length;
};

struct knobs;

/**
 * struct copy - a copy command, as it is to be executed
 * @command: what to answer
 * @number: of the command, from 1 on
 * @since: power_since() when it came
 * @nr: segments
 * @segments: them
 */
struct copy {
	struct command *command;
	uint64_t number;
	unsigned int since;
	unsigned int nr;
	struct segment segments[];
};

/** copy_parse() - read the parameter list; NULL: the command has its sense, or nothing to do */
struct copy *copy_parse(struct command *command, const struct knobs *knobs);

void extended_copy(struct command *command);
void receive_copy_results(struct command *command);

/* ---- profile.c: how it behaves ---- */

enum lie { LIE_NONE, LIE_NOTHING, LIE_ELSEWHERE };

/**
 * struct knobs - what can be set; uint64_t all of them, so that one table names them
 * @targets: target descriptors in a command
 * @segments: segment descriptors that it says it takes
 * @take_segments: and that it does
 * @list_bytes: descriptors of a command, bytes
 * @segment_bytes: of a segment, as it says; 0: no limit
 * @take_segment_bytes: as it does; 0: no limit
 * @refusal: what it says of more than it takes: ADDITIONAL SENSE CODE, and its qualifier in the lower byte
 * @granularity: of segments, log2 of bytes
 * @concurrent: copies at a time, that it says
 * @list_id_usage: the only one it takes; 4: any
 * @operating_parameters: RECEIVE COPY OPERATING PARAMETERS is known
 * @third_party_page: the Third-party Copy VPD page is there
 * @bandwidth: of all copies together, bytes a second; 0: no limit
 * @lie: enum lie
 * @hold: copies wait to be released
 * @hold_ms: but no longer than this; 0: for ever
 * @abort_ms: what the host aborts is answered after so long
 */
struct knobs {
	uint64_t targets;
	uint64_t segments;
	uint64_t take_segments;
	uint64_t list_bytes;
	uint64_t segment_bytes;
	uint64_t take_segment_bytes;
	uint64_t refusal;
	uint64_t granularity;
	uint64_t concurrent;
	uint64_t list_id_usage;
	uint64_t operating_parameters;
	uint64_t third_party_page;
	uint64_t bandwidth;
	uint64_t lie;
	uint64_t hold;
	uint64_t hold_ms;
	uint64_t abort_ms;
};

/**
 * struct failure - an answer that was ordered
 * @from: number of the first copy command that gets it
 * @count: how many do
 * @status: SAM status code
 * @key: with CHECK_CONDITION: the sense data, as the next two
 * @asc: ADDITIONAL SENSE CODE
 * @ascq: ADDITIONAL SENSE CODE QUALIFIER
 * @after: the copy is done before
 * @deferred: the sense data is of a deferred error
 * @query: for RECEIVE COPY OPERATING PARAMETERS instead, from the next one on
 */
struct failure {
	uint64_t from;
	uint64_t count;
	uint8_t status;
	uint8_t key;
	uint8_t asc;
	uint8_t ascq;
	bool after;
	bool deferred;
	bool query;
};

enum counter {
	STAT_COPIES,		/* copy commands, whatever became of them */
	STAT_COPIES_GOOD,	/* answered with GOOD */
	STAT_RUNNING,		/* now */
	STAT_MAX_RUNNING,
	STAT_HELD,		/* now */
	STAT_SEGMENTS,
	STAT_MAX_SEGMENTS,	/* in a command that was taken */
	STAT_MAX_SEGMENT_BYTES,
	STAT_COPIED_BYTES,	/* by the array */
	STAT_READ_BYTES,	/* by hosts */
	STAT_WRITTEN_BYTES,
	STAT_UNMAPPED_BYTES,
	STAT_ABORTED,		/* copy commands that the host gave up */
	STAT_LATE,		/* and that wrote afterwards */
	STAT_BY_T10,		/* target descriptors that named a unit so; by enum designator_kind */
	STAT_BY_NAME,
	STAT_BY_EUI,
	STAT_BY_NAA,
	NR_STATS,
};

struct knobs knobs_get(void);
bool knobs_set(const char *name, const char *value);
void failure_order(const struct failure *failure);
/** failure_take() - is there one for this copy command? */
bool failure_take(uint64_t number, struct failure *failure);
/** failure_take_query() - is there one for this RECEIVE COPY OPERATING PARAMETERS? */
bool failure_take_query(struct failure *failure);

/** hold_wait() - returns when copies are not held any more, or @knobs' time is over */
void hold_wait(const struct knobs *knobs);
void hold(bool held);

/** abort_wait() - returns when an abort is to be answered */
void abort_wait(void);

/** bandwidth_wait() - returns when that many bytes can have been copied */
void bandwidth_wait(const struct knobs *knobs, uint64_t bytes);

/** stat_add() - returns what it is now */
uint64_t stat_add(enum counter counter, int64_t value);
void stat_max(enum counter counter, uint64_t value);
uint64_t stat_get(enum counter counter);
void stats_print(FILE *out);
void stats_reset(void);

/* ---- work.c ---- */

/** work() - have a worker call it; however many wait for something, others go on */
void work(void (*call)(void *context), void *context);

/* ---- power.c ---- */

/** power_since() - how often it was cut */
unsigned int power_since(void);

/** power_take() - for a command that came @since; false: there is none, or it was cut meanwhile */
bool power_take(const struct unit *unit, unsigned int since);
void power_give(void);

/** power_cut() - no unit is there any more, nor what was in caches; units_restore() makes them new */
void power_cut(unsigned int seed);

/* ---- control.c ---- */

int control_serve(const char *socket);
int control_ask(const char *socket, int argc, char **argv);

#endif /* XCOPY_ARRAY_H */

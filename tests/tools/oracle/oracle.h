/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xcopy-oracle: what may a sector of a clone hold?
 *
 * Every sector that the oracle writes describes itself, so that a wrong block
 * tells where it came from.  What was written is logged outside of the device
 * under test; a model replays the log and says which contents are allowed.
 */
#ifndef XCOPY_ORACLE_H
#define XCOPY_ORACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define SECTOR		512U
#define ALIGNMENT	4096U
#define CHUNK_SECTORS	2048U
#define NO_SEQUENCE	UINT64_MAX

/* ---- sector.c: self-describing sectors ---- */

enum tag {
	TAG_ZERO,	/* all bytes zero */
	TAG_SOURCE,	/* what "prepare" wrote */
	TAG_DATA,	/* written by operation "generation" */
	TAG_POISON,	/* never to be seen through a clone */
	TAG_DAMAGED,	/* begins like one of ours, but its body does not fit */
	TAG_FOREIGN,	/* nothing of ours */
};

/* What a sector says about itself. */
struct content {
	enum tag tag;
	uint64_t seed;
	uint64_t sector;
	uint64_t generation;
};

uint64_t mix(uint64_t value);
void sector_fill(void *buffer, const struct content *content);
void sectors_fill(void *buffer, struct content first, uint64_t count);
struct content sector_parse(const void *buffer);
/* Text for people; @buffer is the sector itself, for contents that say nothing. */
void content_print(FILE *out, const struct content *content, const void *buffer);

/* ---- log.c: what was done, outside of the device under test ---- */

enum record_type {
	RECORD_HEADER = 1,	/* count: sectors of the clone; its seed is the run's */
	RECORD_START,		/* a process begins; operations of earlier ones are over */
	RECORD_CRASH,		/* the machine died: what was not flushed may be lost */
	RECORD_BEGIN,		/* about to be submitted */
	RECORD_END,		/* completed; result: 0 or an errno */
	RECORD_OBSERVED,	/* read back after a crash; kind: enum tag, result: generation */
};

enum kind { KIND_WRITE, KIND_FUA, KIND_ZERO, KIND_DISCARD, KIND_FLUSH, KIND_OBSERVED, KIND_READ,
	    NR_KINDS };

struct record {
	uint64_t sequence;
	uint32_t type;
	uint32_t kind;
	uint64_t id;
	uint64_t sector;
	uint64_t count;
	uint64_t result;
	uint64_t seed;
	uint64_t hash;
};

struct log {
	int fd;
	uint64_t seed;
	uint64_t sequence;	/* of the next record */
	size_t block;		/* unit of writing: a sector of a raw disk */
	unsigned char *tail;	/* block that holds the next record */
	/* May be NULL; after each record, before anybody acts on it. */
	void (*appended)(const struct record *record);
};

int log_create(const char *path, uint64_t seed, uint64_t sectors);
/* Reads all records in order; then more may be appended.  0, or -1 with a message. */
int log_open(struct log *log, const char *path, void (*each)(void *, const struct record *),
	     void *context);
/* Durable, as far as a killed guest goes, when it returns.  Fills sequence, seed and hash. */
int log_append(struct log *log, struct record *record);
void log_close(struct log *log);

/* ---- model.c: what is allowed ---- */

struct operation {
	enum kind kind;
	uint64_t sector;
	uint64_t count;
	uint64_t begin;		/* sequence of its RECORD_BEGIN */
	uint64_t end;		/* when it was over, whatever the result; NO_SEQUENCE: not yet */
	uint64_t epoch;		/* crashes before it */
	uint64_t durable;	/* sequence from which a crash cannot undo it */
	int result;		/* -1: not known */
	struct content observed;
};

struct touch {
	uint32_t operation;
	uint32_t next;
};

/*
 * Locking: the caller's.  Memory grows with the sectors touched, 8 bytes each.
 */
struct model {
	uint64_t seed;
	uint64_t sectors;
	uint64_t epoch;
	struct operation *operations;	/* by id, from 1 */
	uint32_t nr_operations;		/* including the unused 0 */
	uint32_t room_operations;
	uint32_t first_open;		/* none before it is open */
	struct touch *touches;		/* from 1 */
	uint32_t nr_touches;
	uint32_t room_touches;
	uint32_t *heads;		/* per sector: its newest touch */
};

void model_apply(void *model, const struct record *record);
bool model_allows(const struct model *model, uint64_t sector, const struct content *found);
/* How many contents are allowed; a discarded sector counts as many. */
unsigned int model_choices(const struct model *model, uint64_t sector);
void model_explain(const struct model *model, uint64_t sector, FILE *out);
const char *kind_name(enum kind kind);
void model_free(struct model *model);

/* ---- io.c: the device under test ---- */

struct device {
	int fd;
	bool regular;		/* a file stands for the device (tests of the oracle) */
	uint64_t sectors;
	unsigned int block_sectors;	/* logical block, sectors */
};

int device_open(struct device *device, const char *path, bool writable);
void *buffer_alloc(size_t bytes);
/* 0 or an errno. */
int device_read(const struct device *device, void *buffer, uint64_t sector, uint64_t count);
int device_write(const struct device *device, const void *buffer, uint64_t sector, uint64_t count,
		 bool fua);
int device_zero(const struct device *device, uint64_t sector, uint64_t count);
int device_discard(const struct device *device, uint64_t sector, uint64_t count);
int device_flush(const struct device *device);
uint64_t now_us(void);

/* ---- compare.c ---- */

struct mismatches {
	unsigned int shown;
	unsigned int limit;
	uint64_t sectors;	/* that are wrong */
};

/* Judge @count sectors read from @sector; tells the first ones that are wrong. */
void compare(const struct model *model, const void *buffer, uint64_t sector, uint64_t count,
	     struct mismatches *mismatches);

/* ---- verify.c ---- */

/*
 * The whole device against the model.  With @record, what is found wherever more was
 * allowed is logged, and from then on nothing else is allowed.  Exit status of the program.
 */
int verify_device(struct log *log, struct model *model, const struct device *device, bool record,
		  struct mismatches *mismatches);

/* ---- load.c ---- */

struct window {
	uint64_t first;
	uint64_t count;
};

struct load_options {
	uint64_t operations;
	unsigned int seconds;
	unsigned int threads;
	unsigned int weights[NR_KINDS];
	uint64_t max_sectors;
	uint64_t region_sectors;
	struct window window;
	unsigned int delay_us;
	bool overlap;
	bool allow_errors;
	bool until_error;		/* a thread whose operation fails, ends */
	bool quiet;
	const volatile bool *stop;	/* may be NULL; ends the load when it becomes true */
	volatile uint64_t *errors;	/* may be NULL; counts operations that failed */
	uint64_t random;
};

enum operate_mode {
	OPERATE_ALL,
	OPERATE_LOST,	/* log it, do not do it: a device that lies */
	OPERATE_OPEN,	/* do it, do not log its end: it was in flight */
};

/* One operation, logged before and after.  0, an errno of the device, or -1: oracle failed. */
int operate(struct log *log, struct model *model, const struct device *device, enum kind kind,
	    uint64_t sector, uint64_t count, enum operate_mode mode);
/* From here on SIGTERM and SIGINT end a load well. */
void load_catch_signals(void);
/* @text: KIND=WEIGHT,..., all others 0; ends the program when it is wrong. */
void load_parse_mix(unsigned int *weights, char *text);
/* Exit status of the program. */
int load_run(struct log *log, struct model *model, const struct device *device,
	     const struct load_options *options);

#endif

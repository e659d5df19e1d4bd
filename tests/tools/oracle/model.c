// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which contents may a sector hold?
 *
 * Each operation on a sector lives from its begin to its end in the order of the
 * log.  One that took effect for certain ("killer") rules out all that were
 * over before it began; the newest beginning of a killer is the cut.  What did not
 * end before the cut is allowed: the killer itself, what overlapped it in time, and
 * everything later.  No killer: the source's content is allowed too.
 *
 * An operation took effect for certain when it was acknowledged; if the machine
 * died later, only when it was also durable by then: FUA, or a flush that began
 * after its end and was acknowledged.
 *
 * A discard allows whatever this clone held earlier at this place, and zeroes.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "oracle.h"

static void *grow(void *array, uint32_t used, uint32_t *room, size_t size)
{
	if (used < *room)
		return array;
	*room = *room ? *room * 2 : 1024;
	array = realloc(array, *room * size);
	if (!array) {
		fprintf(stderr, "xcopy-oracle: out of memory\n");
		exit(2);
	}
	return array;
}

static void add_touch(struct model *model, uint64_t sector, uint32_t id)
{
	model->touches = grow(model->touches, model->nr_touches, &model->room_touches,
			      sizeof(*model->touches));
	model->touches[model->nr_touches] = (struct touch){ id, model->heads[sector] };
	model->heads[sector] = model->nr_touches++;
}

static void begin(struct model *model, const struct record *record)
{
	uint32_t id = model->nr_operations;
	uint64_t i;

	model->operations = grow(model->operations, id, &model->room_operations,
				 sizeof(*model->operations));
	model->nr_operations++;
	model->operations[id] = (struct operation){
		.kind = record->kind, .sector = record->sector, .count = record->count,
		.begin = record->sequence, .end = NO_SEQUENCE, .epoch = model->epoch,
		.durable = NO_SEQUENCE, .result = -1,
	};
	for (i = 0; i < record->count; i++)
		add_touch(model, record->sector + i, id);
}

static void settle(struct model *model)
{
	while (model->first_open < model->nr_operations &&
	       model->operations[model->first_open].durable != NO_SEQUENCE)
		model->first_open++;
}

/* An acknowledged flush makes durable what was over when the flush began. */
static void flushed(struct model *model, const struct operation *flush, uint64_t now)
{
	struct operation *operation;
	uint32_t id;

	for (id = model->first_open; id < model->nr_operations; id++) {
		operation = &model->operations[id];
		if (operation->result == 0 && operation->end < flush->begin &&
		    operation->durable == NO_SEQUENCE && operation->epoch == flush->epoch)
			operation->durable = now;
	}
	settle(model);
}

static void end(struct model *model, const struct record *record)
{
	struct operation *operation = &model->operations[record->id];

	operation->end = record->sequence;
	operation->result = (int)record->result;
	if (operation->result)
		return;
	if (operation->kind == KIND_FUA)
		operation->durable = record->sequence;
	if (operation->kind == KIND_FLUSH) {
		operation->durable = record->sequence;
		flushed(model, operation, record->sequence);
	}
}

static void observed(struct model *model, const struct record *record)
{
	struct record as_begin = *record;
	struct operation *operation;

	as_begin.kind = KIND_OBSERVED;
	begin(model, &as_begin);
	operation = &model->operations[model->nr_operations - 1];
	operation->end = record->sequence;
	operation->durable = record->sequence;
	operation->result = 0;
	operation->observed = (struct content){
		.tag = record->kind, .seed = model->seed, .generation = record->result,
	};
}

/* Operations of a process that is gone are over; what became of them is not known. */
static void close_all(struct model *model, uint64_t now)
{
	uint32_t id;

	for (id = model->first_open; id < model->nr_operations; id++)
		if (model->operations[id].end == NO_SEQUENCE)
			model->operations[id].end = now;
}

static void header(struct model *model, const struct record *record)
{
	model->seed = record->seed;
	model->sectors = record->count;
	model->nr_operations = 1;
	model->first_open = 1;
	model->nr_touches = 1;
	model->operations = grow(NULL, 1, &model->room_operations, sizeof(*model->operations));
	model->touches = grow(NULL, 1, &model->room_touches, sizeof(*model->touches));
	model->heads = calloc(model->sectors, sizeof(*model->heads));
	if (!model->heads) {
		fprintf(stderr, "xcopy-oracle: out of memory\n");
		exit(2);
	}
}

void model_apply(void *context, const struct record *record)
{
	struct model *model = context;

	switch (record->type) {
	case RECORD_HEADER:
		header(model, record);
		break;
	case RECORD_CRASH:
		close_all(model, record->sequence);
		model->first_open = model->nr_operations;
		model->epoch++;
		break;
	case RECORD_START:
		close_all(model, record->sequence);
		break;
	case RECORD_BEGIN:
		begin(model, record);
		break;
	case RECORD_END:
		end(model, record);
		break;
	case RECORD_OBSERVED:
		observed(model, record);
		break;
	}
}

static bool certain(const struct model *model, const struct operation *operation)
{
	if (operation->result)
		return false;
	return operation->epoch == model->epoch || operation->durable != NO_SEQUENCE;
}

/* Beginning of the newest certain operation on the sector; 0: there is none. */
static uint64_t cut_of(const struct model *model, uint64_t sector)
{
	const struct operation *operation;
	uint64_t cut = 0;
	uint32_t at;

	for (at = model->heads[sector]; at; at = model->touches[at].next) {
		operation = &model->operations[model->touches[at].operation];
		if (certain(model, operation) && operation->begin > cut)
			cut = operation->begin;
	}
	return cut;
}

static bool is_write(enum kind kind)
{
	return kind == KIND_WRITE || kind == KIND_FUA;
}

static bool same_place(const struct model *model, uint64_t sector, const struct content *found)
{
	return found->seed == model->seed && found->sector == sector;
}

static bool is_source(const struct model *model, uint64_t sector, const struct content *found)
{
	return found->tag == TAG_SOURCE && same_place(model, sector, found);
}

/* Did this sector ever hold @found before @discard was over? */
static bool history_allows(const struct model *model, uint64_t sector, const struct content *found,
			   const struct operation *discard)
{
	const struct operation *writer;

	if (found->tag == TAG_ZERO || is_source(model, sector, found))
		return true;
	if (found->tag != TAG_DATA || !same_place(model, sector, found) ||
	    !found->generation || found->generation >= model->nr_operations)
		return false;
	writer = &model->operations[found->generation];
	return is_write(writer->kind) && writer->begin < discard->end &&
	       sector - writer->sector < writer->count;
}

static bool observed_allows(const struct model *model, uint64_t sector,
			    const struct content *found, const struct content *observed)
{
	if (found->tag != observed->tag)
		return false;
	if (found->tag == TAG_ZERO)
		return true;
	return same_place(model, sector, found) && found->generation == observed->generation;
}

static bool operation_allows(const struct model *model, uint64_t sector,
			     const struct content *found, uint32_t id)
{
	const struct operation *operation = &model->operations[id];

	switch (operation->kind) {
	case KIND_WRITE:
	case KIND_FUA:
		return found->tag == TAG_DATA && same_place(model, sector, found) &&
		       found->generation == id;
	case KIND_ZERO:
		return found->tag == TAG_ZERO;
	case KIND_DISCARD:
		return history_allows(model, sector, found, operation);
	case KIND_OBSERVED:
		return observed_allows(model, sector, found, &operation->observed);
	default:
		return false;
	}
}

bool model_allows(const struct model *model, uint64_t sector, const struct content *found)
{
	uint64_t cut = cut_of(model, sector);
	uint32_t at, id;

	for (at = model->heads[sector]; at; at = model->touches[at].next) {
		id = model->touches[at].operation;
		if (model->operations[id].end >= cut && operation_allows(model, sector, found, id))
			return true;
	}
	return !cut && is_source(model, sector, found);
}

unsigned int model_choices(const struct model *model, uint64_t sector)
{
	uint64_t cut = cut_of(model, sector);
	unsigned int choices = !cut;
	const struct operation *operation;
	uint32_t at;

	for (at = model->heads[sector]; at; at = model->touches[at].next) {
		operation = &model->operations[model->touches[at].operation];
		if (operation->end >= cut)
			choices += operation->kind == KIND_DISCARD ? 2 : 1;
	}
	return choices;
}

const char *kind_name(enum kind kind)
{
	static const char * const names[NR_KINDS] = {
		[KIND_WRITE] = "write", [KIND_FUA] = "fua", [KIND_ZERO] = "zero",
		[KIND_DISCARD] = "discard", [KIND_FLUSH] = "flush",
		[KIND_OBSERVED] = "observed", [KIND_READ] = "read",
	};

	return kind < NR_KINDS ? names[kind] : "?";
}

static void explain_operation(const struct model *model, uint32_t id, FILE *out)
{
	const struct operation *operation = &model->operations[id];

	fprintf(out, "    %s %u", kind_name(operation->kind), id);
	if (operation->kind == KIND_OBSERVED)
		fprintf(out, " generation %" PRIu64, operation->observed.generation);
	fprintf(out, " of %" PRIu64 "+%" PRIu64, operation->sector, operation->count);
	if (operation->result < 0)
		fprintf(out, ", never acknowledged");
	else if (operation->result)
		fprintf(out, ", failed: %s", strerror(operation->result));
	else if (operation->durable != NO_SEQUENCE)
		fprintf(out, ", durable");
	fprintf(out, "%s\n", operation->epoch < model->epoch ? ", before the crash" : "");
}

void model_explain(const struct model *model, uint64_t sector, FILE *out)
{
	uint64_t cut = cut_of(model, sector);
	uint32_t at, id;

	fprintf(out, "  allowed:\n");
	for (at = model->heads[sector]; at; at = model->touches[at].next) {
		id = model->touches[at].operation;
		if (model->operations[id].end >= cut)
			explain_operation(model, id, out);
	}
	if (!cut)
		fprintf(out, "    source\n");
}

void model_free(struct model *model)
{
	free(model->operations);
	free(model->touches);
	free(model->heads);
	*model = (struct model){ 0 };
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Paths and their commands, see array.h.
 *
 * The ring is that of linux/target_core_user.h.  Answers go into its entries in the order in which
 * they come (TCMU_MAILBOX_FLAG_CAP_OOOC): that overwrites the requests of other commands, and so
 * all that will be needed of a request is copied when it is fetched.  The data stays where it is.
 */
#include <fcntl.h>
#include <linux/target_core_user.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "array.h"

/**
 * struct path - a TCMU device
 * @unit: where it leads to
 * @fd: its uio device
 * @mailbox: the shared memory, all of it
 * @size: of that
 * @fetched: offset of the entry to be fetched next
 * @lock: for all below, and the tail of the ring
 * @commands: that are not answered
 * @fetched_commands: ever
 * @closed: the device is gone
 */
struct path {
	struct unit *unit;
	int fd;
	volatile struct tcmu_mailbox *mailbox; /* the kernel writes it */
	size_t size;
	uint32_t fetched;
	pthread_mutex_t lock;
	struct command *commands;
	uint64_t fetched_commands;
	bool closed;
};

static void *at_offset(const struct path *path, uint64_t offset)
{
	return (uint8_t *)(uintptr_t)path->mailbox + offset;
}

static struct tcmu_cmd_entry *entry_at(const struct path *path, uint32_t offset)
{
	return at_offset(path, path->mailbox->cmdr_off + offset);
}

static uint32_t behind(const struct path *path, uint32_t offset)
{
	uint32_t length = tcmu_hdr_get_len(entry_at(path, offset)->hdr.len_op);

	return (offset + length) % path->mailbox->cmdr_size;
}

static bool is_command(const struct tcmu_cmd_entry *entry)
{
	return tcmu_hdr_get_op(entry->hdr.len_op) == TCMU_OP_CMD;
}

/* ---- answers ---- */

static void kick(const struct path *path)
{
	const uint32_t zero = 0;
	ssize_t written = write(path->fd, &zero, sizeof(zero));

	/* A device that is going away says so when it is read. */
	(void)written;
}

/* Caller holds the lock. */
static void set_tail(struct path *path, uint32_t tail)
{
	/* Pairs with the kernel's reading of the tail before the entry. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	path->mailbox->cmd_tail = tail;
}

/* What is no command has no answer. Caller holds the lock. */
static void skip_others(struct path *path)
{
	uint32_t tail = path->mailbox->cmd_tail;

	while (tail != path->fetched && !is_command(entry_at(path, tail)))
		tail = behind(path, tail);
	if (tail != path->mailbox->cmd_tail)
		set_tail(path, tail);
}

static void put_answer(struct path *path, const struct command *command)
{
	struct tcmu_cmd_entry *entry;

	skip_others(path);
	entry = entry_at(path, path->mailbox->cmd_tail);
	entry->hdr.cmd_id = command->id;
	entry->hdr.uflags = command->read_length ? TCMU_UFLAG_READ_LEN : 0;
	memset(&entry->rsp, 0, sizeof(entry->rsp));
	entry->rsp.scsi_status = command->status;
	entry->rsp.read_len = command->read_length;
	if (command->status == CHECK_CONDITION)
		memcpy(entry->rsp.sense_buffer, command->sense, SENSE_SIZE);
	set_tail(path, behind(path, path->mailbox->cmd_tail));
}

static void unlist(struct path *path, const struct command *command)
{
	struct command **at;

	for (at = &path->commands; *at; at = &(*at)->next) {
		if (*at == command) {
			*at = command->next;
			return;
		}
	}
}

/* Caller holds the lock. */
static void answer(struct path *path, struct command *command)
{
	if (command->answered || path->closed)
		return;
	command->answered = true;
	unlist(path, command);
	put_answer(path, command);
	kick(path);
}

void command_end(struct command *command)
{
	struct path *path = command->path;

	pthread_mutex_lock(&path->lock);
	answer(path, command);
	pthread_mutex_unlock(&path->lock);
	free(command);
}

/* ---- requests ---- */

/* No more of the ring is read than the CDB has: it may be at the end. */
static size_t cdb_size(uint8_t code)
{
	static const size_t sizes[8] = { 6, 10, 10, 6, 16, 12, 6, 6 };

	return sizes[code >> 5];
}

static void fetch_data(const struct path *path, const struct tcmu_cmd_entry *entry,
		       struct command *command)
{
	unsigned int i;

	for (i = 0; i < command->nr; i++) {
		command->data[i].at = at_offset(path, (uintptr_t)entry->req.iov[i].iov_base);
		command->data[i].length = entry->req.iov[i].iov_len;
		command->length += command->data[i].length;
	}
}

static struct command *fetch_command(struct path *path, const struct tcmu_cmd_entry *entry)
{
	const uint8_t *cdb = at_offset(path, entry->req.cdb_off);
	unsigned int nr = entry->req.iov_cnt;
	struct command *command = calloc(1, sizeof(*command) + nr * sizeof(command->data[0]));

	if (!command)
		abort();
	command->path = path;
	command->unit = path->unit;
	command->id = entry->hdr.cmd_id;
	command->nr = nr;
	memcpy(command->cdb, cdb, cdb_size(cdb[0]));
	fetch_data(path, entry, command);
	return command;
}

struct aborted {
	struct path *path;
	uint64_t serial;
};

/*
 * The host waits for what it aborts to be answered, and so it is, sooner or later, though a worker
 * may be at it still: that is how a copy comes to write when nobody expects it any more.
 */
static void abort_answer(void *context)
{
	struct aborted *order = context;
	struct path *path = order->path;
	struct command *command;

	abort_wait();
	pthread_mutex_lock(&path->lock);
	for (command = path->commands; command; command = command->next)
		if (command->serial == order->serial)
			break;
	if (command) {
		command->status = TASK_ABORTED;
		answer(path, command);
	}
	pthread_mutex_unlock(&path->lock);
	free(order);
}

/* By a worker, since it may wait. Caller holds the lock. */
static void abort_command(struct path *path, uint16_t id)
{
	struct command *command = path->commands;
	struct aborted *order;

	while (command && command->id != id)
		command = command->next;
	if (!command)
		return;
	order = malloc(sizeof(*order));
	if (!order)
		abort();
	*order = (struct aborted){ .path = path, .serial = command->serial };
	stat_add(STAT_ABORTED, 1);
	work(abort_answer, order);
}

static void fetch_aborts(struct path *path, const struct tcmu_tmr_entry *entry)
{
	unsigned int i;

	pthread_mutex_lock(&path->lock);
	for (i = 0; i < entry->cmd_cnt; i++)
		abort_command(path, entry->cmd_ids[i]);
	pthread_mutex_unlock(&path->lock);
}

static void fetch(struct path *path, void *at)
{
	const struct tcmu_cmd_entry *entry = at;
	struct command *command = is_command(entry) ? fetch_command(path, entry) : NULL;

	if (tcmu_hdr_get_op(entry->hdr.len_op) == TCMU_OP_TMR)
		fetch_aborts(path, at);
	pthread_mutex_lock(&path->lock);
	path->fetched = behind(path, path->fetched);
	if (command) {
		command->serial = path->fetched_commands++;
		command->next = path->commands;
		path->commands = command;
	} else {
		skip_others(path);
	}
	pthread_mutex_unlock(&path->lock);
	if (command)
		command_execute(command);
}

static void fetch_all(struct path *path)
{
	while (path->fetched != path->mailbox->cmd_head) {
		/* Pairs with the kernel's writing of the entry before the head. */
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		fetch(path, entry_at(path, path->fetched));
	}
}

/* ---- paths ---- */

/* Commands that a worker has still point at the path: it stays. */
static void path_close(struct path *path)
{
	pthread_mutex_lock(&path->lock);
	path->closed = true;
	munmap((void *)(uintptr_t)path->mailbox, path->size);
	close(path->fd);
	pthread_mutex_unlock(&path->lock);
}

static void *path_serve(void *context)
{
	struct path *path = context;
	uint32_t events;

	do {
		fetch_all(path);
	} while (read(path->fd, &events, sizeof(events)) == sizeof(events));
	path_close(path);
	return NULL;
}

static size_t map_size(const char *device)
{
	const char *name = strrchr(device, '/');
	unsigned long long size = 0;
	char file[128];
	FILE *in;

	snprintf(file, sizeof(file), "/sys/class/uio/%.32s/maps/map0/size",
		 name ? name + 1 : device);
	in = fopen(file, "re");
	if (!in)
		return 0;
	if (fscanf(in, "%llx", &size) != 1)
		size = 0;
	fclose(in);
	return size;
}

static bool path_map(struct path *path, const char *device)
{
	void *map;

	path->size = map_size(device);
	if (!path->size)
		return false;
	path->fd = open(device, O_RDWR | O_CLOEXEC);
	if (path->fd < 0)
		return false;
	map = mmap(NULL, path->size, PROT_READ | PROT_WRITE, MAP_SHARED, path->fd, 0);
	if (map == MAP_FAILED) {
		close(path->fd);
		return false;
	}
	path->mailbox = map;
	return path->mailbox->version == TCMU_MAILBOX_VERSION &&
	       path->mailbox->flags & TCMU_MAILBOX_FLAG_CAP_OOOC;
}

bool path_open(const char *device, struct unit *unit)
{
	struct path *path = calloc(1, sizeof(*path));
	pthread_t thread;

	if (!path)
		return false;
	if (!path_map(path, device)) {
		free(path);
		return false;
	}
	path->unit = unit;
	path->fetched = path->mailbox->cmd_tail;
	pthread_mutex_init(&path->lock, NULL);
	if (pthread_create(&thread, NULL, path_serve, path))
		return false;
	pthread_detach(thread);
	return true;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's doubly linked lists, as far as they are used. */
#ifndef XCOPY_SHIM_LIST_H
#define XCOPY_SHIM_LIST_H

#include "../shim.h"

struct list_head {
	struct list_head *next, *prev;
};

#define LIST_HEAD_INIT(name)	{ &(name), &(name) }
#define LIST_HEAD(name)		struct list_head name = LIST_HEAD_INIT(name)

static inline void INIT_LIST_HEAD(struct list_head *list)
{
	list->next = list;
	list->prev = list;
}

static inline void list_add_tail(struct list_head *entry, struct list_head *list)
{
	entry->prev = list->prev;
	entry->next = list;
	list->prev->next = entry;
	list->prev = entry;
}

static inline void list_del_init(struct list_head *entry)
{
	entry->prev->next = entry->next;
	entry->next->prev = entry->prev;
	INIT_LIST_HEAD(entry);
}

static inline bool list_empty(const struct list_head *list)
{
	return list->next == list;
}

#define list_entry(pointer, type, member)	container_of(pointer, type, member)
#define list_first_entry(list, type, member)	list_entry((list)->next, type, member)
#define list_next_entry(position, member) \
	list_entry((position)->member.next, __typeof__(*(position)), member)

#define list_for_each_entry(position, list, member) \
	for (position = list_first_entry(list, __typeof__(*position), member); \
	     &position->member != (list); position = list_next_entry(position, member))

#define list_for_each_entry_safe(position, following, list, member) \
	for (position = list_first_entry(list, __typeof__(*position), member), \
	     following = list_next_entry(position, member); \
	     &position->member != (list); \
	     position = following, following = list_next_entry(following, member))

#endif /* XCOPY_SHIM_LIST_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel's header of that name defines, with the same order of iteration (by
 * start, then by age), on a sorted list: slow, and easily seen to be right.
 */
#ifndef XCOPY_SHIM_INTERVAL_TREE_GENERIC_H
#define XCOPY_SHIM_INTERVAL_TREE_GENERIC_H

#include <linux/rbtree.h>

#define INTERVAL_TREE_DEFINE(type, member, number, subtree, start_of, last_of, linkage, prefix) \
linkage void prefix##_insert(type *entry, struct rb_root_cached *root) \
{ \
	struct rb_node **place = &root->rb_root.rb_node; \
	\
	while (*place && start_of(container_of(*place, type, member)) <= start_of(entry)) \
		place = &(*place)->next; \
	entry->member.next = *place; \
	*place = &entry->member; \
} \
\
linkage void prefix##_remove(type *entry, struct rb_root_cached *root) \
{ \
	struct rb_node **place = &root->rb_root.rb_node; \
	\
	while (*place != &entry->member) \
		place = &(*place)->next; \
	*place = entry->member.next; \
} \
\
linkage type *prefix##_from(struct rb_node *node, number start, number last) \
{ \
	for (; node; node = node->next) { \
		type *entry = container_of(node, type, member); \
		\
		if (start_of(entry) <= last && last_of(entry) >= start) \
			return entry; \
	} \
	return NULL; \
} \
\
linkage type *prefix##_iter_first(struct rb_root_cached *root, number start, number last) \
{ \
	return prefix##_from(root->rb_root.rb_node, start, last); \
} \
\
linkage type *prefix##_iter_next(type *entry, number start, number last) \
{ \
	return prefix##_from(entry->member.next, start, last); \
}

#endif /* XCOPY_SHIM_INTERVAL_TREE_GENERIC_H */

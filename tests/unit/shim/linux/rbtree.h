/* SPDX-License-Identifier: GPL-2.0-only */
/* The types of a red-black tree; what is behind them is a list, see interval_tree_generic.h. */
#ifndef XCOPY_SHIM_RBTREE_H
#define XCOPY_SHIM_RBTREE_H

#include "../shim.h"

struct rb_node {
	struct rb_node *next;
};

struct rb_root {
	struct rb_node *rb_node;
};

struct rb_root_cached {
	struct rb_root rb_root;
};

#define RB_ROOT_CACHED		((struct rb_root_cached){ { NULL } })
#define RB_EMPTY_ROOT(root)	(!(root)->rb_node)

#endif /* XCOPY_SHIM_RBTREE_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel's header may lack.
 */
#ifndef XCOPY_COMPAT_LINUX_BLK_MQ_H
#define XCOPY_COMPAT_LINUX_BLK_MQ_H

#include_next <linux/blk-mq.h>

/* Since then the request's own queue is meant. */
#ifdef XCOPY_HAVE_RQ_MAP_KERN_QUEUE
static inline int xcopy_rq_map_kern(struct request *rq, void *data, unsigned int length, gfp_t gfp)
{
	return blk_rq_map_kern(rq->q, rq, data, length, gfp);
}
#else
static inline int xcopy_rq_map_kern(struct request *rq, void *data, unsigned int length, gfp_t gfp)
{
	return blk_rq_map_kern(rq, data, length, gfp);
}
#endif

#endif /* XCOPY_COMPAT_LINUX_BLK_MQ_H */

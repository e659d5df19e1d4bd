/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the NVMe core exports to everybody and declares in a header of its own.
 *
 * The prototypes are those of 6.1 to 7.2.  There the last argument of the
 * feature calls became "void *"; it is always NULL here.
 */
#ifndef XCOPY_NVME_PRIVATE_H
#define XCOPY_NVME_PRIVATE_H

#include <linux/nvme.h>

struct nvme_ctrl;
struct request_queue;

/* Its parameter io_timeout: what a command may take, seconds. */
extern unsigned int nvme_io_timeout;

/*
 * Send a command and wait for it, on a namespace's queue.
 *
 * Return: >= 0: status of the completion; < 0: no answer from the controller,
 * which may or may not have been sent the command.
 */
int nvme_submit_sync_cmd(struct request_queue *q, struct nvme_command *cmd, void *buf,
			 unsigned int bufflen);

/* Both return as above. @ctrl is the driver data of the controller's device. */
int nvme_get_features(struct nvme_ctrl *ctrl, unsigned int fid, unsigned int dword11, void *buffer,
		      size_t buflen, u32 *result);
int nvme_set_features(struct nvme_ctrl *ctrl, unsigned int fid, unsigned int dword11, void *buffer,
		      size_t buflen, u32 *result);

#endif /* XCOPY_NVME_PRIVATE_H */

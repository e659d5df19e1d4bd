/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A metadata device in memory with a volatile cache: it can lose power at any
 * operation, tear what it had not flushed, fail, and be unreadable in places.
 * It stands behind metadata-io.h.
 */
#ifndef XCOPY_SHIM_DEVICE_H
#define XCOPY_SHIM_DEVICE_H

#include "shim.h"

#define SHIM_BLOCK	4096
#define SHIM_MAX_BLOCKS	64
#define SHIM_MAX_TRACE	4096

/**
 * struct shim_device - the device
 * @sectors: size
 * @read_only: writes are not expected
 * @content: what a read returns
 * @durable: what is there when the power comes back
 * @volatile_blocks: where the two differ, or may
 * @unreadable: blocks that fail a read
 * @in_flight: buffers of writes that were started, by block
 * @batch_error: for the end of the batch
 * @operations: writes started, batches ended, and flushes, so far
 * @crash_at: the operation at which the power goes; 0: none
 * @dead: the power is gone
 * @fail_at: the operation that fails with -EIO; 0: none
 * @trace: what was done, 'f' for a flush, 'w' and the block in the next place
 * @traced: entries in @trace
 * @random: state of the generator
 */
struct shim_device {
	u64 sectors;
	bool read_only;
	u8 content[SHIM_MAX_BLOCKS][SHIM_BLOCK];
	u8 durable[SHIM_MAX_BLOCKS][SHIM_BLOCK];
	bool volatile_blocks[SHIM_MAX_BLOCKS];
	bool unreadable[SHIM_MAX_BLOCKS];
	const void *in_flight[SHIM_MAX_BLOCKS];
	int batch_error;
	unsigned long operations;
	unsigned long crash_at;
	bool dead;
	unsigned long fail_at;
	int trace[SHIM_MAX_TRACE];
	unsigned int traced;
	u64 random;
};

/** shim_random() - a number below @below */
u64 shim_random(struct shim_device *device, u64 below);

/** shim_power_cycle() - the power goes (if it has not yet) and comes back */
void shim_power_cycle(struct shim_device *device);

/** shim_logged() - was something with this text logged since shim_log_clear()? */
bool shim_logged(const char *text);

/** shim_log_clear() - forget the log */
void shim_log_clear(void);

#endif /* XCOPY_SHIM_DEVICE_H */

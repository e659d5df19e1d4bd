// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lost writes, see scsi-loss.h.
 */
#include <linux/spinlock.h>

#include "scsi-loss.h"
#include "scsi-path.h"

static DEFINE_SPINLOCK(watches_lock);
static LIST_HEAD(watches);

void xcopy_scsi_loss_watch(struct xcopy_scsi_watch *watch)
{
	spin_lock(&watches_lock);
	list_add_tail(&watch->list, &watches);
	spin_unlock(&watches_lock);
}

void xcopy_scsi_loss_unwatch(struct xcopy_scsi_watch *watch)
{
	spin_lock(&watches_lock);
	list_del(&watch->list);
	spin_unlock(&watches_lock);
}

void xcopy_scsi_loss_note(const struct scsi_device *sdev, const struct xcopy_scsi_sense *sense)
{
	struct xcopy_scsi_watch *watch;

	if (!sense || !xcopy_scsi_lost_write(sense))
		return;
	sdev_printk(KERN_ERR, sdev, "deferred error: sense key %#x, additional sense %#x/%#x\n",
		    sense->key, sense->asc, sense->ascq);
	spin_lock(&watches_lock);
	list_for_each_entry(watch, &watches, list)
		if (xcopy_scsi_is_unit(sdev, watch->identity))
			watch->pair->lost(watch->pair);
	spin_unlock(&watches_lock);
}

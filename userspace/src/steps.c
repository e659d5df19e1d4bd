// SPDX-License-Identifier: GPL-2.0-only
#include "steps.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "change.h"
#include "destination-device.h"
#include "dm.h"
#include "extents.h"
#include "memory.h"
#include "message.h"
#include "runtime.h"
#include "source-device.h"
#include "trim.h"
#include "volume.h"
#include "wipe.h"

int step_set_state(struct job *job, enum job_state state)
{
	struct arguments arguments = { 0 };
	int code;

	if (job->state == state)
		return 0;
	ADD_WORDS(&arguments, "lvchange", "--deltag");
	arguments_add(&arguments, TAG_STATE "%s", job_state_word(job->state));
	ADD_WORDS(&arguments, "--addtag");
	arguments_add(&arguments, TAG_STATE "%s", job_state_word(state));
	if (state == JOB_FILLING && *job->source_id) {
		ADD_WORDS(&arguments, "--addtag");
		arguments_add(&arguments, TAG_SOURCE_ID "%s", job->source_id);
	}
	arguments_add_volume(&arguments, &job->record);
	code = lvm_change(&arguments, "record that the job of %s is %s", job->destination_text,
			  job_state_word(state));
	if (!code)
		job->state = state;
	return code;
}

static void put_extents_in(const char *uuid, const char *role, enum dm_udev udev, uint32_t *cookie)
{
	char *why;

	if (extents_set(uuid, EXTENTS_ON, udev, cookie, &why) == EXIT_REFUSED) {
		warn("the host copies until the %s can be offloaded: %s", role, why);
		free(why);
	}
}

void step_extents_in(const struct job *job, uint32_t *cookie)
{
	if (!*job->source_device)
		put_extents_in(job->source_uuid, "source", DM_UDEV_NORMAL, cookie);
	if (!*job->destination_device)
		put_extents_in(job->destination_uuid, "destination", DM_UDEV_HIDDEN, cookie);
}

int step_extents_out(const char *uuid, enum dm_udev udev)
{
	char *why;
	int code = extents_set(uuid, EXTENTS_OFF, udev, NULL, &why);

	if (code == EXIT_REFUSED) {
		fail(code, "cannot put back LVM's own table: %s", why);
		free(why);
	}
	return code;
}

static int look_at(const char *uuid, const char *role, char text[32])
{
	struct dm_state state;

	if (!dm_look(uuid, &state) || !state.exists)
		return fail(EXIT_FAILED, "the %s volume is not active", role);
	dm_device_text(&state, text);
	return 0;
}

int step_check_clone(const struct job *job)
{
	struct dm_state clone, destination;

	if (!dm_look(job->clone_uuid, &clone) ||
	    (clone.exists && !dm_look(job->destination_uuid, &destination)))
		return fail(EXIT_FAILED, "device-mapper does not answer for %s: try again",
			    job->clone_name);
	if (!clone.exists || !clone.live_table ||
	    (destination.exists &&
	     dm_uses(job->clone_uuid, destination.major, destination.minor)))
		return 0;
	if (job->is_begun)
		return fail(EXIT_REFUSED, "/dev/mapper/%s is there, and no volume says that it is its destination: were the xcopy: tags of %s taken off?",
			    clone.name, job->destination_text);
	return fail(EXIT_REFUSED,
		    "/dev/mapper/%s does not lie on %s, but has the UUID of its job: it is the clone of a volume that this one is a copy of; \"xcopysetup release\" it, or lvchange --deltag the copy's xcopy: tags",
		    clone.name, job->destination_text);
}

static char *hidden_name(const struct job *job)
{
	return need_text("xcopynew-%s", job->id);
}

char *step_loaded_name(const struct job *job)
{
	return job->state == JOB_CREATING ? hidden_name(job) : need_copy(job->clone_name);
}

static int create_clone(const struct job *job, const struct table *table, uint32_t *cookie)
{
	enum dm_udev udev = job->state == JOB_CREATING ? DM_UDEV_HIDDEN : DM_UDEV_COPY;
	char *name = step_loaded_name(job), *text = table_text(table);
	int code;

	detail("dmsetup create %s --uuid %s --table '%s'", name, job->clone_uuid, text);
	code = dm_create(name, job->clone_uuid, table, false, udev, cookie);
	free(text);
	free(name);
	return code;
}

int step_show_clone(const struct job *job)
{
	char *hidden = hidden_name(job);
	struct dm_state state;
	int code = 0;

	if (message_dry_run)
		say("dmsetup rename %s %s", hidden, job->clone_name);
	else if (dm_look(job->clone_uuid, &state) && state.exists &&
	    !strcmp(state.name, hidden))
		code = dm_rename(hidden, job->clone_name, DM_UDEV_COPY);
	free(hidden);
	return code;
}

int step_wipe(const struct job *job)
{
	struct dm_state state;

	if (*job->destination_device || would("wipefs --all /dev/%s", job->destination_text))
		return 0;
	change_point("wipe the destination");
	if (dm_look(job->destination_uuid, &state) && state.exists &&
	    device_wipe(state.major, state.minor, O_EXCL, WIPE_START, 0))
		return 0;
	return fail(EXIT_FAILED, "cannot write to destination %s: %s", job->destination_text,
		    strerror(errno));
}

int step_activate_metadata(const struct job *job)
{
	int code = 0;

	if (volume_is_active(job->metadata_uuid))
		return 0;
	/* one that was not formatted yet holds whatever was there */
	if (job->state == JOB_CREATING)
		code = runtime_hide(job->metadata_uuid);
	return code ? code : volume_set_active(&job->metadata, "y");
}

static enum metadata_use look_at_metadata(const struct job *job)
{
	enum metadata_use use = METADATA_USED;
	struct metadata_device device;
	struct dm_state state;
	char *path;

	if (step_activate_metadata(job) || !dm_look(job->metadata_uuid, &state) || !state.exists)
		return METADATA_USED;
	path = need_text("/dev/dm-%u", state.minor);
	if (!metadata_open(path, false, &device)) {
		use = metadata_look(&device, job->id);
		metadata_close(&device);
	}
	free(path);
	return use;
}

/* It is formatted before the source, an LV, is taken: where it is not, it was damaged later. */
bool step_was_loaded(const struct job *job)
{
	enum metadata_use use = look_at_metadata(job);

	return use == METADATA_USED || (use == METADATA_UNFORMATTED && !*job->source_device &&
					job->source_is_taken);
}

int step_check_begun(const struct job *job)
{
	if (message_dry_run || !job->is_begun || !step_was_loaded(job))
		return 0;
	return fail(EXIT_FAILED, "%s/%s holds the metadata of a clone that was used, or cannot be read, and its destination %s is not there: if somebody removed it, \"xcopysetup cancel %s\" removes what is left and gives the source back; if it is in another volume group now (vgsplit), bring both together again",
		    job->metadata.vg, job->metadata.lv, job->destination_text,
		    job->destination_text);
}

int step_wipe_new(const struct job *job)
{
	if (message_dry_run || *job->destination_device || volume_is_active(job->clone_uuid) ||
	    look_at_metadata(job) != METADATA_NEW)
		return 0;
	return step_wipe(job);
}

int step_load(const struct job *job, bool no_format, uint32_t *cookie)
{
	char metadata[32], destination[32], source[32];
	struct dm_state state;
	struct table table;
	int code = 0;

	if (dm_look(job->clone_uuid, &state) && state.exists && state.live_table) {
		code = step_check_clone(job);
		return code ? code : step_show_clone(job);
	}
	if (state.exists)	/* left by a crash between creation and table */
		code = dm_remove(state.name);
	if (!code)
		code = look_at(job->metadata_uuid, "metadata", metadata);
	if (!code)
		code = look_at(job->destination_uuid, "destination", destination);
	if (!code)
		code = look_at(job->source_uuid, "source", source);
	if (code)
		return code;
	table_clone(job, metadata, destination, source, no_format, &table);
	code = create_clone(job, &table, cookie);
	table_free(&table);
	return code;
}

static int record_trimmed(const struct job *job)
{
	struct arguments arguments = { 0 };

	ADD_WORDS(&arguments, "lvchange", "--deltag");
	arguments_add(&arguments, TAG_TRIM "%s", job->trim);
	arguments_add_volume(&arguments, &job->record);
	return lvm_change(&arguments, "record that %s was trimmed", job->destination_text);
}

/* A crash may have come behind the swap to linear: there is nothing more to fill. */
static bool can_fill(const struct job *job)
{
	char type[32] = "", *text = dm_read_status(job->clone_uuid, type);
	bool can = text && !strcmp(type, "xcopy");

	free(text);
	return can;
}

int step_begin_to_fill(const struct job *job)
{
	if (message_dry_run || job_has_feature(job, "no_hydration") || !can_fill(job) ||
	    dm_message(job->clone_uuid, "enable_hydration"))
		return 0;
	return fail(EXIT_FAILED, "%s does not begin to fill", job->clone_name);
}

static int mount_and_trim(const struct job *job)
{
	struct dm_state clone;
	char *device;
	int code;

	if (would("# mount /dev/mapper/%s where nobody sees it; fstrim; umount", job->clone_name))
		return 0;
	/* the tag's word is passed to mount(2) */
	if (trim_reason(job->trim) || !dm_look(job->clone_uuid, &clone) || !clone.live_table)
		return fail(EXIT_FAILED, "cannot trim %s, a file system \"%s\"",
			    job->clone_name, job->trim);
	device = need_text("/dev/mapper/%s", clone.name);
	code = trim(device, job->trim);
	free(device);
	return code;
}

int step_trim(struct job *job)
{
	int code = *job->trim ? mount_and_trim(job) : 0;

	if (!*job->trim || code)
		return code;
	code = step_begin_to_fill(job);
	return code ? code : record_trimmed(job);
}

/* A file system that makes the kernel panic when it is mounted must not do so at each boot. */
int step_trim_once(struct job *job)
{
	int code = 0;

	if (*job->trim)
		code = record_trimmed(job);
	if (!code && *job->trim && mount_and_trim(job))
		warn("%s is filled with all that is on it", job->destination_text);
	/* whoever was killed may have left it held, trimmed or not */
	return code ? code : step_begin_to_fill(job);
}

static int activate_lv(const char *uuid, const struct lv_name *name)
{
	return !*name->lv || volume_is_active(uuid) ? 0 : volume_set_active(name, "y");
}

int step_activate_source(struct job *job)
{
	if (*job->source_device && job->state == JOB_FILLING)
		return source_device_bring_back(job);
	return activate_lv(job->source_uuid, &job->source);
}

int step_activate(const struct job *job)
{
	int code = runtime_hide(job->destination_uuid);

	runtime_show(job->metadata_uuid);	/* whoever was killed when it was made hid it */
	if (!code && *job->destination_device)
		code = destination_device_bring_back(job);
	else if (!code)
		code = activate_lv(job->destination_uuid, &job->destination);
	return code ? code : activate_lv(job->metadata_uuid, &job->metadata);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Status and messages. Documentation/dm-xcopy.rst is their contract.
 */
#include "target.h"

#define DM_MSG_PREFIX XCOPY_MSG_PREFIX

/* ---- status ---- */

static const char *mode_word(const struct xcopy_clone *clone)
{
	static const char * const words[] = { "rw", "ro", "Fail" };

	return words[xcopy_mode(clone)];
}

static const char *offload_word(const struct xcopy_clone *clone)
{
	static const char * const words[] = { "off", "on", "waiting", "failed", "done" };

	return words[READ_ONCE(clone->offload)];
}

static unsigned int emit_progress(struct xcopy_target *t,
				  const struct xcopy_engine_status *engine, char *result,
				  unsigned int maxlen)
{
	const struct xcopy_clone *clone = t->clone;
	u64 used = xcopy_metadata_device_sectors(clone->md) / XCOPY_BLOCK_SECTORS;
	unsigned int sz = 0;

	DMEMIT("%u %llu/%llu %u %llu/%llu %llu", XCOPY_BLOCK_SECTORS, used,
	       (u64)bdev_nr_sectors(clone->metadata) / XCOPY_BLOCK_SECTORS, t->region_sectors,
	       xcopy_metadata_nr_hydrated(clone->md), clone->nr_regions, engine->hydrating);
	return sz;
}

static unsigned int emit_counters(const struct xcopy_clone *clone, char *result,
				  unsigned int maxlen)
{
	static const char * const names[XCOPY_NR_STATS] = {
		[XCOPY_STAT_OFFLOADED] = "offloaded",
		[XCOPY_STAT_HOST_COPIED] = "host_copied",
		[XCOPY_STAT_SKIPPED] = "skipped",
		[XCOPY_STAT_COMMANDS] = "commands",
		[XCOPY_STAT_RETRIES] = "retries",
		[XCOPY_STAT_FALLBACKS] = "fallbacks",
		[XCOPY_STAT_VERIFIED] = "verified",
		[XCOPY_STAT_VERIFY_FAILURES] = "verify_failures",
		[XCOPY_STAT_QUARANTINED] = "quarantined",
	};
	unsigned int sz = 0, i;

	for (i = 0; i < XCOPY_NR_STATS; i++)
		DMEMIT(" %s %lld", names[i], (s64)atomic64_read(&clone->stats[i]));
	return sz;
}

/* Keys in the stats group beside the counters. */
#define OTHER_STATS	11U

static unsigned int emit_stats(struct xcopy_clone *clone,
			       const struct xcopy_engine_status *engine, char *result,
			       unsigned int maxlen)
{
	unsigned int sz = 0;

	spin_lock_irq(&clone->lock);
	DMEMIT(" %u copier %s offload %s reason %s", 2 * (OTHER_STATS + XCOPY_NR_STATS),
	       clone->copier, offload_word(clone), clone->reason);
	sz += emit_counters(clone, result + sz, maxlen - sz);
	DMEMIT(" command_kib %u depth %u source_modified %u last_error %s",
	       engine->command_kib, engine->depth,
	       test_bit(XCOPY_CLONE_SOURCE_MODIFIED, &clone->flags),
	       clone->last_error);
	DMEMIT(" last_answer %s segments %u segment_bytes %llu failed_regions %u",
	       clone->last_answer, engine->segments, engine->segment_bytes,
	       engine->failed_regions);
	spin_unlock_irq(&clone->lock);
	return sz;
}

static void status_info(struct xcopy_target *t, char *result, unsigned int maxlen)
{
	struct xcopy_arguments args = t->args;
	struct xcopy_engine_status engine;
	unsigned int sz = 0;

	/* Too many failures stop it without a message. */
	if (!test_bit(XCOPY_CLONE_HYDRATION, &t->clone->flags))
		__set_bit(XCOPY_NO_HYDRATION, &args.features);
	xcopy_engine_status(t->clone, &engine);
	sz += emit_progress(t, &engine, result, maxlen);
	sz += xcopy_arguments_emit(&args, true, result + sz, maxlen - sz);
	DMEMIT(" %s", mode_word(t->clone));
	emit_stats(t->clone, &engine, result + sz, maxlen - sz);
}

static void status_table(struct xcopy_target *t, char *result, unsigned int maxlen)
{
	unsigned int sz = 0;

	DMEMIT("%s %s %s %u", t->metadata->name, t->destination->name, t->source->name,
	       t->region_sectors);
	xcopy_arguments_emit(&t->args, false, result + sz, maxlen - sz);
}

static void status_ima(struct xcopy_target *t, char *result, unsigned int maxlen)
{
	unsigned int sz = 0, i;

	DMEMIT_TARGET_NAME_VERSION(t->ti->type);
	DMEMIT(",metadata_device_name=%s,destination_device_name=%s,source_device_name=%s",
	       t->metadata->name, t->destination->name, t->source->name);
	DMEMIT(",region_size=%u", t->region_sectors);
	for (i = 0; i < XCOPY_NR_FEATURES; i++)
		DMEMIT(",%s=%c", xcopy_feature_name(i), xcopy_feature(&t->args, i) ? 'y' : 'n');
	DMEMIT(";");
}

void xcopy_target_status(struct dm_target *ti, status_type_t type, unsigned int status_flags,
			 char *result, unsigned int maxlen)
{
	struct xcopy_target *t = ti->private;

	switch (type) {
	case STATUSTYPE_INFO:
		status_info(t, result, maxlen);
		break;
	case STATUSTYPE_TABLE:
		status_table(t, result, maxlen);
		break;
	case STATUSTYPE_IMA:
		status_ima(t, result, maxlen);
		break;
	}
}

/* ---- messages ---- */

/*
 * With the engine, which is not freed meanwhile: free_engine() takes it away under the mutex.
 * A complete clone has nothing left that these could change.
 */
static int with_engine(struct xcopy_clone *clone, void (*call)(struct xcopy_clone *clone))
{
	mutex_lock(&clone->commit_mutex);
	if (clone->engine)
		call(clone);
	mutex_unlock(&clone->commit_mutex);
	return 0;
}

static int enable_hydration(struct xcopy_target *t)
{
	clear_bit(XCOPY_NO_HYDRATION, &t->args.features);
	set_bit(XCOPY_CLONE_HYDRATION, &t->clone->flags);
	return with_engine(t->clone, xcopy_engine_retry);
}

static int disable_hydration(struct xcopy_target *t)
{
	set_bit(XCOPY_NO_HYDRATION, &t->args.features);
	clear_bit(XCOPY_CLONE_HYDRATION, &t->clone->flags);
	return 0;
}

static int enable_offload(struct xcopy_target *t)
{
	clear_bit(XCOPY_NO_OFFLOAD, &t->args.features);
	xcopy_clone_enable_offload(t->clone);
	return with_engine(t->clone, xcopy_engine_kick);
}

static bool no_commands(struct xcopy_clone *clone)
{
	bool none;

	spin_lock_irq(&clone->lock);
	none = !clone->commands;
	spin_unlock_irq(&clone->lock);
	return none;
}

static int disable_offload(struct xcopy_target *t)
{
	set_bit(XCOPY_NO_OFFLOAD, &t->args.features);
	xcopy_clone_disable_offload(t->clone, "message");
	return wait_event_interruptible(t->clone->drained, no_commands(t->clone));
}

static int release_quarantine(struct xcopy_target *t)
{
	xcopy_clone_release_quarantine(t->clone);
	return 0;
}

static int set_argument(struct xcopy_target *t, const char *key, const char *value)
{
	struct xcopy_clone *clone = t->clone;
	struct xcopy_arguments args = { };
	char *error = NULL;
	int n = xcopy_arguments_set(&args, key, value, &error);
	int r;

	if (n < 0) {
		xcopy_err(clone, "%s", error);
		return n;
	}
	if (n == XCOPY_QUARANTINE_MS && !xcopy_complete(clone)) {
		r = xcopy_commit_set_quarantine(clone, args.numbers[n]);
		if (r == -EBUSY)
			xcopy_err(clone, "quarantine_ms: cannot become shorter while copy commands or quarantines are open");
		if (r)
			return r;
	}
	/* Messages are not serialised: one number, not the whole. */
	WRITE_ONCE(t->args.numbers[n], args.numbers[n]);
	set_bit(n, &t->args.given);
	WRITE_ONCE(clone->args.numbers[n], args.numbers[n]);
	return with_engine(clone, xcopy_engine_kick);
}

static int request_hydration(struct xcopy_target *t, const char *first_word, const char *count_word)
{
	struct xcopy_clone *clone = t->clone;
	u64 first, count;
	int r = 0;

	if (kstrtou64(first_word, 10, &first) || first >= clone->nr_regions) {
		xcopy_err(clone, "hydrate: first region must be a number below %llu",
			  clone->nr_regions);
		return -EINVAL;
	}
	if (kstrtou64(count_word, 10, &count) || !count || count > clone->nr_regions - first) {
		xcopy_err(clone, "hydrate: count must be a number from 1 to %llu",
			  clone->nr_regions - first);
		return -EINVAL;
	}
	mutex_lock(&clone->commit_mutex);
	if (clone->engine)
		r = xcopy_engine_request(clone, first, count);
	mutex_unlock(&clone->commit_mutex);
	if (r == -EBUSY)
		xcopy_err(clone, "hydrate: an earlier request is still under way; try again later");
	return r;
}

static int message_word(struct xcopy_target *t, const char *word)
{
	static const struct {
		const char *name;
		int (*call)(struct xcopy_target *t);
	} messages[] = {
		{ "enable_hydration", enable_hydration },
		{ "disable_hydration", disable_hydration },
		{ "enable_offload", enable_offload },
		{ "disable_offload", disable_offload },
		{ "release_quarantine", release_quarantine },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(messages); i++)
		if (!strcasecmp(word, messages[i].name))
			return messages[i].call(t);
	return -ENOENT;
}

static int message_arguments(struct xcopy_target *t, unsigned int argc, char **argv)
{
	if (argc == 2 && (!strcasecmp(argv[0], "hydration_threshold") ||
			  !strcasecmp(argv[0], "hydration_batch_size")))
		return set_argument(t, argv[0], argv[1]);
	if (argc == 3 && !strcasecmp(argv[0], "set"))
		return set_argument(t, argv[1], argv[2]);
	if (argc == 3 && !strcasecmp(argv[0], "hydrate"))
		return request_hydration(t, argv[1], argv[2]);
	return -ENOENT;
}

int xcopy_target_message(struct dm_target *ti, unsigned int argc, char **argv, char *result,
			 unsigned int maxlen)
{
	struct xcopy_target *t = ti->private;
	int r = argc == 1 ? message_word(t, argv[0]) : message_arguments(t, argc, argv);

	if (r != -ENOENT)
		return r;
	xcopy_err(t->clone, "Unknown message '%s' with %u arguments; Documentation/dm-xcopy.rst lists those that there are",
		  argv[0], argc - 1);
	return -EINVAL;
}

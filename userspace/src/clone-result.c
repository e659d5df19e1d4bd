// SPDX-License-Identifier: GPL-2.0-only
#include "clone-result.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

#include "memory.h"
#include "message.h"
#include "new-uuid.h"

static struct json_object *text_object(const char *text)
{
	return text ? json_object_new_string(text) : NULL;
}

static struct json_object *content_object(const struct clone_plan *plan)
{
	const struct content *content = &plan->content;
	struct json_object *object;

	if (!content->type)
		return NULL;
	object = json_object_new_object();
	json_object_object_add(object, "type", text_object(content->type));
	json_object_object_add(object, "uuid", text_object(content->uuid));
	json_object_object_add(object, "new_uuid", json_object_new_boolean(plan->new_uuid));
	return object;
}

static void print_object(const struct clone_plan *plan, const char *device)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "schema", json_object_new_int(1));
	json_object_object_add(object, "device", text_object(device));
	json_object_object_add(object, "uuid", text_object(plan->job.clone_uuid));
	json_object_object_add(object, "content", content_object(plan));
	printf("%s\n", json_object_to_json_string_ext(object, JSON_C_TO_STRING_PRETTY));
	json_object_put(object);
}

void clone_result_print(const struct clone_plan *plan)
{
	char *device = need_text("/dev/mapper/%s", plan->job.clone_name);

	if (option(plan->invocation, "json"))
		print_object(plan, device);
	else
		printf("%s\n", device);
	fflush(stdout);
	free(device);
}

void clone_result_warn(const struct clone_plan *plan)
{
	const struct content *content = &plan->content;

	if (content->shares_journal && message_level >= 0)
		warn("/dev/mapper/%s and its source have one journal, on another device: do not use both",
		     plan->job.clone_name);
	if (!content->uuid || plan->new_uuid || message_level < 0)
		return;
	warn("/dev/mapper/%s has the UUID%s of its source's %s: %s%s", plan->job.clone_name,
	     content->label ? " and the label" : "", content->type, same_uuid_advice(content->type),
	     new_uuid_reason(content->type) ? "" : "; clone --new-uuid gives a clone its own");
}

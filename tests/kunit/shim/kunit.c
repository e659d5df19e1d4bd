// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs the suites that were registered, or those that SUITES names, and prints
 * TAP: one point a case, one for each parameter of a case that has them.
 */
#include <stdarg.h>

#include <kunit/test.h>

struct kunit_memory {
	struct kunit_memory *next;
	_Alignas(16) unsigned char bytes[];
};

static struct kunit_suite *suites;
static unsigned int points, failures;

void kunit_register(struct kunit_suite *suite)
{
	struct kunit_suite **place = &suites;

	while (*place && strcmp((*place)->name, suite->name) < 0)
		place = &(*place)->next;
	suite->next = *place;
	*place = suite;
}

void *kunit_kzalloc(struct kunit *test, size_t size, int flags)
{
	struct kunit_memory *memory = calloc(1, sizeof(*memory) + size);

	(void)flags;
	if (!memory)
		return NULL;
	memory->next = test->memory;
	test->memory = memory;
	return memory->bytes;
}

static void free_memory(struct kunit *test)
{
	struct kunit_memory *next;

	for (; test->memory; test->memory = next) {
		next = test->memory->next;
		free(test->memory);
	}
}

void kunit_failed(struct kunit *test, bool assertion, const char *file, int line,
		  const char *format, ...)
{
	va_list args;

	printf("# %s: %s failed at %s:%d: ", test->name, assertion ? "assertion" : "expectation",
	       file, line);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	test->failed = true;
	if (assertion)
		longjmp(test->abort, 1);
}

void kunit_info(struct kunit *test, const char *format, ...)
{
	va_list args;

	printf("# %s: ", test->name);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

void kunit_skip(struct kunit *test, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(test->skipped, sizeof(test->skipped), format, args);
	va_end(args);
	longjmp(test->abort, 1);
}

static void print_point(const struct kunit *test, const struct kunit_suite *suite, const char *param)
{
	points++;
	failures += test->failed;
	printf("%sok %u - %s: %s%s%s%s%s\n", test->failed ? "not " : "", points, suite->name,
	       test->name, *param ? ": " : "", param, *test->skipped ? " # SKIP " : "",
	       test->skipped);
	fflush(stdout);
}

static void run_once(const struct kunit_suite *suite, const struct kunit_case *test_case,
		     const void *value, const char *param)
{
	struct kunit test = { .name = test_case->name, .param_value = value };

	if (!setjmp(test.abort)) {
		if (suite->init && suite->init(&test))
			test.failed = true;
		else
			test_case->run_case(&test);
	}
	if (suite->exit)
		suite->exit(&test);
	free_memory(&test);
	print_point(&test, suite, param);
}

static void run_case(const struct kunit_suite *suite, const struct kunit_case *test_case)
{
	char description[KUNIT_PARAM_DESC_SIZE] = "";
	const void *value;

	if (!test_case->generate_params) {
		run_once(suite, test_case, NULL, "");
		return;
	}
	for (value = test_case->generate_params(NULL, description); value;
	     value = test_case->generate_params(value, description))
		run_once(suite, test_case, value, description);
}

/* Is it one of the words of the variable SUITES? All are when there is none. */
static bool chosen(const struct kunit_suite *suite)
{
	const char *words = getenv("SUITES");
	size_t length = strlen(suite->name);

	if (!words || !*words)
		return true;
	for (; *words; words += strcspn(words, " "), words += strspn(words, " "))
		if (strcspn(words, " ") == length && !strncmp(words, suite->name, length))
			return true;
	return false;
}

int main(void)
{
	const struct kunit_suite *suite;
	const struct kunit_case *test_case;

	for (suite = suites; suite; suite = suite->next) {
		if (!chosen(suite))
			continue;
		printf("# suite %s\n", suite->name);
		for (test_case = suite->test_cases; test_case->run_case; test_case++)
			run_case(suite, test_case);
	}
	printf("1..%u\n", points);
	return failures || !points;
}

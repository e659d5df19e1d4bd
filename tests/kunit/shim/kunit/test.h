/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * As much of KUnit as the suites use, for userspace: <kunit/test.h> of the kernel has
 * the same names with the same meaning.  A suite registers itself before main(), which
 * runs all of them and prints TAP (kunit.c).
 */
#ifndef XCOPY_SHIM_KUNIT_TEST_H
#define XCOPY_SHIM_KUNIT_TEST_H

#include <setjmp.h>
#include <stdbool.h>
#include <string.h>

#include "shim.h"

#define KUNIT_PARAM_DESC_SIZE	128

/**
 * struct kunit - a case that is running
 * @name: of the case
 * @priv: the suite's
 * @param_value: of a case with parameters
 * @failed: an expectation did not hold
 * @skipped: why, or empty
 * @memory: to be freed after the case
 * @abort: where an assertion that does not hold goes
 */
struct kunit {
	const char *name;
	void *priv;
	const void *param_value;
	bool failed;
	char skipped[256];
	struct kunit_memory *memory;
	jmp_buf abort;
};

/**
 * struct kunit_case - a case of a suite; an array of them ends with an empty one
 * @run_case: the function
 * @name: its name
 * @generate_params: the parameter after @prev, or NULL; describes it in @desc
 */
struct kunit_case {
	void (*run_case)(struct kunit *test);
	const char *name;
	const void *(*generate_params)(const void *prev, char *desc);
};

/**
 * struct kunit_suite - cases that belong together
 * @name: of the suite
 * @init: called before each case, fails it when not 0
 * @exit: called after each case
 * @test_cases: the cases
 * @next: list of all suites
 */
struct kunit_suite {
	const char name[64];
	int (*init)(struct kunit *test);
	void (*exit)(struct kunit *test);
	struct kunit_case *test_cases;
	struct kunit_suite *next;
};

#define KUNIT_CASE(function)		{ .run_case = (function), .name = #function }
#define KUNIT_CASE_PARAM(function, generator) \
	{ .run_case = (function), .name = #function, .generate_params = (generator) }

#define KUNIT_ARRAY_PARAM(label, array, describe) \
	static const void *label##_gen_params(const void *prev, char *desc) \
	{ \
		__typeof__((array)[0]) *next = prev ? (__typeof__(next))prev + 1 : (array); \
		\
		if (next - (array) >= (long)ARRAY_SIZE(array)) \
			return NULL; \
		(describe)(next, desc); \
		return next; \
	}

void kunit_register(struct kunit_suite *suite);

#define kunit_test_suite(suite) \
	static __attribute__((constructor)) void register_##suite(void) \
	{ \
		kunit_register(&(suite)); \
	}

void *kunit_kzalloc(struct kunit *test, size_t size, int flags);
#define kunit_kcalloc(test, n, size, flags)	kunit_kzalloc(test, (n) * (size), flags)

__attribute__((format(printf, 2, 3)))
void kunit_info(struct kunit *test, const char *format, ...);
__attribute__((format(printf, 2, 3)))
void kunit_skip(struct kunit *test, const char *format, ...);

/** kunit_failed() - an expectation or (@assertion) assertion does not hold; says why */
__attribute__((format(printf, 5, 6)))
void kunit_failed(struct kunit *test, bool assertion, const char *file, int line,
		  const char *format, ...);

#define KUNIT_FAIL(test, ...)	kunit_failed(test, false, __FILE__, __LINE__, __VA_ARGS__)

#define KUNIT_TRUTH(test, assertion, condition) do { \
	if (!(condition)) \
		kunit_failed(test, assertion, __FILE__, __LINE__, "%s", #condition); \
} while (0)

#define KUNIT_COMPARE(test, assertion, left, op, right) do { \
	__typeof__(left) left_ = (left); \
	__typeof__(right) right_ = (right); \
	\
	if (!(left_ op right_)) \
		kunit_failed(test, assertion, __FILE__, __LINE__, \
			     "%s " #op " %s: %lld and %lld", #left, #right, \
			     (long long)left_, (long long)right_); \
} while (0)

#define KUNIT_COMPARE_POINTERS(test, assertion, left, op, right) \
	KUNIT_COMPARE(test, assertion, (long long)(long)(left), op, (long long)(long)(right))

#define KUNIT_COMPARE_TEXTS(test, assertion, left, op, right) do { \
	const char *left_ = (left), *right_ = (right); \
	\
	if (!(strcmp(left_, right_) op 0)) \
		kunit_failed(test, assertion, __FILE__, __LINE__, "%s " #op " %s: \"%s\" and \"%s\"", \
			     #left, #right, left_, right_); \
} while (0)

#define KUNIT_COMPARE_MEMORY(test, left, op, right, size) do { \
	if (!(memcmp(left, right, size) op 0)) \
		kunit_failed(test, false, __FILE__, __LINE__, "%s " #op " %s", #left, #right); \
} while (0)

#define KUNIT_EXPECT_TRUE(test, condition)	KUNIT_TRUTH(test, false, condition)
#define KUNIT_EXPECT_FALSE(test, condition)	KUNIT_TRUTH(test, false, !(condition))
#define KUNIT_EXPECT_EQ(test, left, right)	KUNIT_COMPARE(test, false, left, ==, right)
#define KUNIT_EXPECT_NE(test, left, right)	KUNIT_COMPARE(test, false, left, !=, right)
#define KUNIT_EXPECT_LT(test, left, right)	KUNIT_COMPARE(test, false, left, <, right)
#define KUNIT_EXPECT_LE(test, left, right)	KUNIT_COMPARE(test, false, left, <=, right)
#define KUNIT_EXPECT_GT(test, left, right)	KUNIT_COMPARE(test, false, left, >, right)
#define KUNIT_EXPECT_GE(test, left, right)	KUNIT_COMPARE(test, false, left, >=, right)
#define KUNIT_EXPECT_PTR_EQ(test, left, right)	KUNIT_COMPARE_POINTERS(test, false, left, ==, right)
#define KUNIT_EXPECT_NULL(test, pointer)	KUNIT_TRUTH(test, false, !(pointer))
#define KUNIT_EXPECT_NOT_NULL(test, pointer)	KUNIT_TRUTH(test, false, (pointer))
#define KUNIT_EXPECT_STREQ(test, left, right)	KUNIT_COMPARE_TEXTS(test, false, left, ==, right)
#define KUNIT_EXPECT_STRNEQ(test, left, right)	KUNIT_COMPARE_TEXTS(test, false, left, !=, right)
#define KUNIT_EXPECT_MEMEQ(test, left, right, size) \
	KUNIT_COMPARE_MEMORY(test, left, ==, right, size)

#define KUNIT_ASSERT_TRUE(test, condition)	KUNIT_TRUTH(test, true, condition)
#define KUNIT_ASSERT_FALSE(test, condition)	KUNIT_TRUTH(test, true, !(condition))
#define KUNIT_ASSERT_EQ(test, left, right)	KUNIT_COMPARE(test, true, left, ==, right)
#define KUNIT_ASSERT_NE(test, left, right)	KUNIT_COMPARE(test, true, left, !=, right)
#define KUNIT_ASSERT_LT(test, left, right)	KUNIT_COMPARE(test, true, left, <, right)
#define KUNIT_ASSERT_LE(test, left, right)	KUNIT_COMPARE(test, true, left, <=, right)
#define KUNIT_ASSERT_GT(test, left, right)	KUNIT_COMPARE(test, true, left, >, right)
#define KUNIT_ASSERT_GE(test, left, right)	KUNIT_COMPARE(test, true, left, >=, right)
#define KUNIT_ASSERT_NOT_NULL(test, pointer)	KUNIT_TRUTH(test, true, (pointer))

#endif /* XCOPY_SHIM_KUNIT_TEST_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/* Expectations that KUnit does not have. */
#ifndef XCOPY_KUNIT_EXPECT_H
#define XCOPY_KUNIT_EXPECT_H

#include <kunit/test.h>

#define EXPECT_IN_RANGE(test, value, low, high) do { \
	struct kunit *test_ = (test); \
	__typeof__(value) value_ = (value); \
	\
	KUNIT_EXPECT_GE(test_, value_, low); \
	KUNIT_EXPECT_LE(test_, value_, high); \
} while (0)

#endif /* XCOPY_KUNIT_EXPECT_H */

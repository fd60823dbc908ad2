// SPDX-License-Identifier: BSL-1.0

// The fault: a broken precondition while the compiler evaluates.

#include <coterie/core/random.hpp>

#if COTERIE_MUST_FAIL
constexpr int low = 2;
#else
constexpr int low = 1;
#endif

static_assert(coterie::uniform_between(coterie::rng(1), low, 1) == 1);

// SPDX-License-Identifier: BSL-1.0

// The fault: a number with the bit that Twitter leaves unused.

#include <coterie/id/layouts.hpp>

using namespace coterie::id::literals;

#if COTERIE_MUST_FAIL
constexpr auto id = 9'223'372'036'854'775'808_twitter;
#else
constexpr auto id = 9'223'372'036'854'775'807_twitter;
#endif

static_assert(id == id);

// SPDX-License-Identifier: BSL-1.0

// The fault: a constant with the bit that Twitter leaves unused.

#include <cstdint>

#include <coterie/id/layouts.hpp>

using tweet = coterie::id::snowflake<coterie::id::layouts::twitter>;

#if COTERIE_MUST_FAIL
constexpr tweet id = tweet::constant(std::uint64_t{1} << 63);
#else
constexpr tweet id = tweet::constant(std::uint64_t{1} << 62);
#endif

static_assert(id.value() != 0);

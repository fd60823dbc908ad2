// SPDX-License-Identifier: BSL-1.0

// The fault: a ULID of more than 128 bits.

#include <coterie/id/ulid.hpp>

using namespace coterie::id::literals;

#if COTERIE_MUST_FAIL
constexpr auto id = "8ZZZZZZZZZZZZZZZZZZZZZZZZZ"_ulid;
#else
constexpr auto id = "7ZZZZZZZZZZZZZZZZZZZZZZZZZ"_ulid;
#endif

static_assert(id == id);

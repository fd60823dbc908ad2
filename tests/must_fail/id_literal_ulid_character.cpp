// SPDX-License-Identifier: BSL-1.0

// The fault: a ULID with a U.

#include <coterie/id/ulid.hpp>

using namespace coterie::id::literals;

#if COTERIE_MUST_FAIL
constexpr auto id = "01ARZ3NDEUTSV4RRFFQ69G5FAV"_ulid;
#else
constexpr auto id = "01ARZ3NDEKTSV4RRFFQ69G5FAV"_ulid;
#endif

static_assert(id == id);

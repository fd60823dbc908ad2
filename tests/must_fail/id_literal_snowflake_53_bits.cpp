// SPDX-License-Identifier: BSL-1.0

// The fault: a number of 54 bits as an id of 53.

#include <coterie/id/layouts.hpp>

using namespace coterie::id::literals;

#if COTERIE_MUST_FAIL
constexpr auto id = 9'007'199'254'740'992_js_safe53;
#else
constexpr auto id = 9'007'199'254'740'991_js_safe53;
#endif

static_assert(id == id);

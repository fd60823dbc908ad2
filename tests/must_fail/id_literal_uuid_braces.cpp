// SPDX-License-Identifier: BSL-1.0

// The fault: a UUID in a form that only lenient parsing takes.

#include <coterie/id/uuid.hpp>

using namespace coterie::id::literals;

#if COTERIE_MUST_FAIL
constexpr auto id = "{017f22e2-79b0-7cc3-98c4-dc0c0c07398f}"_uuid;
#else
constexpr auto id = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"_uuid;
#endif

static_assert(id == id);

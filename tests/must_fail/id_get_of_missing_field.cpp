// SPDX-License-Identifier: BSL-1.0

// The fault: a field that the layout does not have, by its name.

#include <coterie/id/layouts.hpp>

using namespace coterie::id::literals;

#if COTERIE_MUST_FAIL
static_assert((1541815603606036480_twitter).get<"process">() == 26);
#else
static_assert((1541815603606036480_twitter).get<"worker">() == 26);
#endif

// SPDX-License-Identifier: BSL-1.0

// The fault: an id of one layout compared with an id of another.

#include <coterie/id/layouts.hpp>

using namespace coterie::id::literals;

#if COTERIE_MUST_FAIL
static_assert(1_sonyflake_v1 == 1_sonyflake_v2);
#else
static_assert(1_sonyflake_v1 == 1_sonyflake_v1);
#endif

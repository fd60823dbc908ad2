// SPDX-License-Identifier: BSL-1.0

// The fault: ids of a clock that does not know the date.

#include <coterie/id/ulid_generator.hpp>

#if COTERIE_MUST_FAIL
coterie::id::ulid_generator<coterie::steady_clock> ids;
#else
coterie::id::ulid_generator<coterie::system_clock> ids;
#endif

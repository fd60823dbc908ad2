// SPDX-License-Identifier: BSL-1.0

// The fault: a generator is copied, and both would make the same ids.

#include <utility>

#include <coterie/id/ulid_generator.hpp>

coterie::id::ulid_generator<> moved(coterie::id::ulid_generator<> ids) {
#if COTERIE_MUST_FAIL
    return coterie::id::ulid_generator<>(std::as_const(ids));
#else
    return ids;
#endif
}

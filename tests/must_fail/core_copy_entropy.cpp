// SPDX-License-Identifier: BSL-1.0

// The fault: a copy of a generator of secure bytes, which would give the same bytes again.

#include <utility>

#include <coterie/core/os_entropy.hpp>

coterie::os_entropy pass(coterie::os_entropy& source) {
#if COTERIE_MUST_FAIL
    return source;
#else
    return std::move(source);
#endif
}

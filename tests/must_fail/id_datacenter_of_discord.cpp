// SPDX-License-Identifier: BSL-1.0

// The fault: Discord's layout has no datacenter.

#include <cstdint>

#include <coterie/id/layouts.hpp>

std::uint64_t maker(coterie::id::snowflake<coterie::id::layouts::discord> message);

std::uint64_t maker(coterie::id::snowflake<coterie::id::layouts::discord> message) {
#if COTERIE_MUST_FAIL
    return message.datacenter();
#else
    return message.worker();
#endif
}

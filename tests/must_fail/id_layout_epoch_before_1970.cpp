// SPDX-License-Identifier: BSL-1.0

// The fault: an epoch one millisecond before 1970.

#include <array>
#include <chrono>
#include <string_view>

#include <coterie/id/snowflake.hpp>

namespace id = coterie::id;

struct layout {
    static constexpr std::string_view name = "layout";
    using unit = std::chrono::milliseconds;
#if COTERIE_MUST_FAIL
    static constexpr id::sys_milliseconds epoch{std::chrono::milliseconds(-1)};
#else
    static constexpr id::sys_milliseconds epoch{std::chrono::milliseconds(0)};
#endif
    static constexpr std::array fields{id::field::timestamp(41), id::field::sequence(12)};
};

// Named by its value, since that instantiates the class.
static_assert(id::snowflake<layout>::max_value != 0);

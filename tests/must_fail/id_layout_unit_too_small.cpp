// SPDX-License-Identifier: BSL-1.0

// The fault: a unit shorter than a millisecond.

#include <array>
#include <chrono>
#include <string_view>

#include <coterie/id/snowflake.hpp>

namespace id = coterie::id;

struct layout {
    static constexpr std::string_view name = "layout";
#if COTERIE_MUST_FAIL
    using unit = std::chrono::microseconds;
#else
    using unit = std::chrono::milliseconds;
#endif
    static constexpr id::sys_milliseconds epoch{};
    static constexpr std::array fields{id::field::timestamp(41), id::field::sequence(12)};
};

// Named by its value, since that instantiates the class.
static_assert(id::snowflake<layout>::max_value != 0);

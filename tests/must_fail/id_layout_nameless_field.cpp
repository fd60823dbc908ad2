// SPDX-License-Identifier: BSL-1.0

// The fault: a field without a name.

#include <array>
#include <chrono>
#include <string_view>

#include <coterie/id/snowflake.hpp>

namespace id = coterie::id;

struct layout {
    static constexpr std::string_view name = "layout";
    using unit = std::chrono::milliseconds;
    static constexpr id::sys_milliseconds epoch{};
#if COTERIE_MUST_FAIL
    static constexpr std::array fields{id::field::timestamp(41), id::field::node("", 5)};
#else
    static constexpr std::array fields{id::field::timestamp(41), id::field::node("worker", 5)};
#endif
};

// Named by its value, since that instantiates the class.
static_assert(id::snowflake<layout>::max_value != 0);

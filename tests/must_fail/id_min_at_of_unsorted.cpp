// SPDX-License-Identifier: BSL-1.0

// The fault: a range of ids by time, of a layout that does not sort by time.

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
    static constexpr std::array fields{id::field::sequence(12), id::field::timestamp(41)};
#else
    static constexpr std::array fields{id::field::timestamp(41), id::field::sequence(12)};
#endif
};

static_assert(id::snowflake<layout>::min_at(layout::epoch).has_value());

// SPDX-License-Identifier: BSL-1.0

// The node of an id whose layout has none: the accessor exists only where the field does.

#include <array>
#include <chrono>
#include <cstdint>
#include <string_view>

#include <coterie/id/layout.hpp>
#include <coterie/id/snowflake.hpp>

namespace id = coterie::id;

struct layout {
    static constexpr std::string_view name = "nodeless";
    using unit = std::chrono::milliseconds;
    static constexpr id::sys_milliseconds epoch{
        std::chrono::sys_days{std::chrono::year{2024} / 1 / 1}};
    static constexpr std::array fields{id::field::timestamp(42), id::field::sequence(22)};
};

constexpr std::uint64_t read(id::snowflake<layout> x) {
#if COTERIE_MUST_FAIL
    return x.node();
#else
    return x.sequence();
#endif
}

static_assert(read(*id::snowflake<layout>::from_value(5)) == 5);

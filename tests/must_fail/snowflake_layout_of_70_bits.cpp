// SPDX-License-Identifier: BSL-1.0

// A layout whose fields need more than the 64 bits that there are.

#include <array>
#include <chrono>
#include <string_view>

#include <coterie/id/layout.hpp>
#include <coterie/id/snowflake.hpp>

namespace id = coterie::id;

struct layout {
    static constexpr std::string_view name = "wide";
    using unit = std::chrono::milliseconds;
    static constexpr id::sys_milliseconds epoch{
        std::chrono::sys_days{std::chrono::year{2024} / 1 / 1}};
#if COTERIE_MUST_FAIL
    static constexpr unsigned host_bits = 16;
#else
    static constexpr unsigned host_bits = 10;
#endif
    static constexpr std::array fields{id::field::timestamp(42), id::field::node("host", host_bits),
                                       id::field::sequence(12)};
};

static_assert(id::snowflake<layout>::from_value(0).has_value());

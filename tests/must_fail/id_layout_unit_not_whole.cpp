// SPDX-License-Identifier: BSL-1.0

// The fault: a unit of one and a half milliseconds.

#include <array>
#include <chrono>
#include <cstdint>
#include <ratio>
#include <string_view>

#include <coterie/id/snowflake.hpp>

namespace id = coterie::id;

struct layout {
    static constexpr std::string_view name = "layout";
#if COTERIE_MUST_FAIL
    using unit = std::chrono::duration<std::int64_t, std::ratio<3, 2'000>>;
#else
    using unit = std::chrono::duration<std::int64_t, std::ratio<2, 2'000>>;
#endif
    static constexpr id::sys_milliseconds epoch{};
    static constexpr std::array fields{id::field::timestamp(41), id::field::sequence(12)};
};

// Named by its value, since that instantiates the class.
static_assert(id::snowflake<layout>::max_value != 0);

// SPDX-License-Identifier: BSL-1.0

// The fault: the time field ends one millisecond after the last that sys_milliseconds can say.

#include <array>
#include <chrono>
#include <cstdint>
#include <string_view>

#include <coterie/id/snowflake.hpp>

namespace id = coterie::id;

struct layout {
    static constexpr std::string_view name = "layout";
    using unit = std::chrono::milliseconds;
#if COTERIE_MUST_FAIL
    static constexpr id::sys_milliseconds epoch{
        std::chrono::milliseconds((std::int64_t{1} << 62) + 1)};
#else
    static constexpr id::sys_milliseconds epoch{std::chrono::milliseconds(std::int64_t{1} << 62)};
#endif
    static constexpr std::array fields{id::field::timestamp(62)};
};

// Named by its value, since that instantiates the class.
static_assert(id::snowflake<layout>::max_value != 0);

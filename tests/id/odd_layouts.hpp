// SPDX-License-Identifier: BSL-1.0
#pragma once

// Layouts of Snowflakes at the edges of what a layout may be.

#include <array>
#include <chrono>
#include <string_view>

#include <coterie/core/clock.hpp>
#include <coterie/id/layout.hpp>

#include "support/clocks.hpp"

namespace coterie::test {

inline constexpr sys_milliseconds some_ms{some_day};

/// 64 units of 4 ids: all of them are soon seen.
struct tiny {
    static constexpr std::string_view name = "tiny";
    using unit = std::chrono::milliseconds;
    static constexpr sys_milliseconds epoch = some_ms;
    static constexpr std::array fields{id::field::timestamp(6), id::field::node("worker", 3),
                                       id::field::sequence(2)};
};

/// One id in a unit of a second, and a node in two parts around the time.
struct no_sequence {
    static constexpr std::string_view name = "no_sequence";
    using unit = std::chrono::seconds;
    static constexpr sys_milliseconds epoch{some_day - std::chrono::days(100)};
    static constexpr std::array fields{id::field::node("region", 3), id::field::timestamp(32),
                                       id::field::node("host", 5)};
};

/// The sequence stands above the time, and there is no node.
struct upside_down {
    static constexpr std::string_view name = "upside_down";
    using unit = std::chrono::milliseconds;
    static constexpr sys_milliseconds epoch{};
    static constexpr std::array fields{id::field::sequence(3), id::field::timestamp(48)};
};

template <class Layout>
inline constexpr nanoseconds unit_of = typename Layout::unit(1);

}  // namespace coterie::test

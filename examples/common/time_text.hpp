// SPDX-License-Identifier: BSL-1.0
#pragma once

// Times as people write them.

#include <chrono>
#include <string>

#include <fmt/core.h>

#include <coterie/id/bits128.hpp>

namespace examples {

/// "2022-06-28T16:07:40.105Z"; years beyond 9999 get the sign that ISO 8601 wants before them.
inline std::string time_text(coterie::id::sys_milliseconds t) {
    const auto day = std::chrono::floor<std::chrono::days>(t);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss time(t - day);
    const int year = static_cast<int>(date.year());
    return fmt::format("{}{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", year > 9999 ? "+" : "", year,
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       time.hours().count(), time.minutes().count(), time.seconds().count(),
                       time.subseconds().count());
}

}  // namespace examples

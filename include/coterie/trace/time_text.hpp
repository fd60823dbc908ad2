// SPDX-License-Identifier: BSL-1.0
#pragma once

// Times as text, in seconds or another unit with some of its decimal places. For the headers beside it.
//
//   append_seconds(out, 1'234'567us, 3);     // 1.234

#include <chrono>
#include <cstdint>
#include <string>

#include <coterie/core/error.hpp>

namespace coterie::inline v0::trace::detail {

/// Appends a time in units of so many nanoseconds (a power of ten), with some of its decimal places, rounded
/// towards zero. Requires: no more places than the unit has zeros.
constexpr void append_in_units(std::string& out, std::chrono::nanoseconds t, std::uint64_t unit,
                               unsigned places) {
    const auto count = static_cast<std::uint64_t>(t.count());
    if (t.count() < 0) out.push_back('-');
    const std::uint64_t size = t.count() < 0 ? -count : count;
    v0::detail::append_decimal(out, size / unit);
    if (places > 0) out.push_back('.');
    for (; places > 0; --places) {
        unit /= 10;
        out.push_back(static_cast<char>('0' + size / unit % 10));
    }
}

/// Appends a time in seconds with some of its decimal places, 9 at most, rounded towards zero.
constexpr void append_seconds(std::string& out, std::chrono::nanoseconds t, unsigned places) {
    append_in_units(out, t, 1'000'000'000, places);
}

}  // namespace coterie::inline v0::trace::detail

// SPDX-License-Identifier: BSL-1.0
#pragma once

// Delays that somebody measured, from the text of a file: numbers of milliseconds, one a line or several,
// with spaces, commas or semicolons between them.
//
//   const auto delays = quorum::parse_delays(text);          // std::expected<std::vector<delay>, parse_error>
//   const auto model = quorum::empirical::from(*delays);

#include <charconv>
#include <cstddef>
#include <expected>
#include <string_view>
#include <system_error>
#include <vector>

#include <coterie/core/error.hpp>
#include <coterie/quorum/delay.hpp>

namespace coterie::inline v0::quorum {

/// The delays of a text. Errors: invalid_character where a number was expected and something else stands, or
/// a number ends in something that separates nothing; out_of_range where one is negative or not finite.
/// A text without numbers is no error, and has none. Complexity: linear.
[[nodiscard]] inline std::expected<std::vector<delay>, parse_error> parse_delays(
    std::string_view text) {
    constexpr std::string_view separators = " \t\r\n,;";
    std::vector<delay> delays;
    std::size_t at = text.find_first_not_of(separators);
    while (at < text.size()) {
        double value = 0;
        const char* const end = text.data() + text.size();
        const auto [stop, failure] = std::from_chars(text.data() + at, end, value);
        if (failure == std::errc::invalid_argument ||
            (stop != end && separators.find(*stop) == std::string_view::npos))
            return std::unexpected(parse_error{parse_errc::invalid_character, at});
        if (failure != std::errc{} || !detail::is_delay(delay(value)))
            return std::unexpected(parse_error{parse_errc::out_of_range, at});
        delays.emplace_back(value);
        at = text.find_first_not_of(separators, static_cast<std::size_t>(stop - text.data()));
    }
    return delays;
}

}  // namespace coterie::inline v0::quorum

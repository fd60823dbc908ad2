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
#include <limits>
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
    std::string_view text);

// --- details ---------------------------------------------------------------------------------------

namespace detail {

/// Reads a decimal number as std::from_chars does, to about one part in 10^15: for libraries that cannot, libc++
/// before version 20 among them. Neither infinity nor nan is a number here.
inline std::from_chars_result read_decimal(const char* first, const char* last, double& value) {
    const char* at = first;
    const bool is_negative = at != last && *at == '-';
    if (is_negative) ++at;
    const auto is_digit = [&at, last] { return at != last && *at >= '0' && *at <= '9'; };
    double digits = 0;
    int exponent = 0;
    bool has_digits = false;
    for (; is_digit(); ++at, has_digits = true) digits = digits * 10 + (*at - '0');
    if (at != last && *at == '.') {
        for (++at; is_digit(); ++at, has_digits = true) {
            if (digits >= 1e17) continue;  // no more than a double holds
            digits = digits * 10 + (*at - '0');
            --exponent;
        }
    }
    if (!has_digits) return {first, std::errc::invalid_argument};
    if (at != last && (*at == 'e' || *at == 'E')) {
        const char* const before = at++;
        const bool is_small = at != last && *at == '-';
        if (at != last && (*at == '-' || *at == '+')) ++at;
        int written = 0;
        const char* const begin = at;
        for (; is_digit(); ++at) written = written < 10'000 ? written * 10 + (*at - '0') : written;
        if (at == begin) at = before;
        exponent += is_small ? -written : written;
    }
    for (; exponent > 0 && digits != 0 && digits <= std::numeric_limits<double>::max(); --exponent)
        digits *= 10;
    for (; exponent < 0 && digits != 0; ++exponent) digits /= 10;
    if (digits > std::numeric_limits<double>::max()) return {at, std::errc::result_out_of_range};
    value = is_negative ? -digits : digits;
    return {at, std::errc{}};
}

}  // namespace detail

inline std::expected<std::vector<delay>, parse_error> parse_delays(std::string_view text) {
    constexpr std::string_view separators = " \t\r\n,;";
    std::vector<delay> delays;
    std::size_t at = text.find_first_not_of(separators);
    while (at < text.size()) {
        double value = 0;
        const char* const end = text.data() + text.size();
#ifdef __cpp_lib_to_chars
        const auto [stop, failure] = std::from_chars(text.data() + at, end, value);
#else
        const auto [stop, failure] = detail::read_decimal(text.data() + at, end, value);
#endif
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

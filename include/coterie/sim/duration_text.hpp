// SPDX-License-Identifier: BSL-1.0
#pragma once

// Durations as people write them, exact to the nanosecond: a whole number and a unit.
//
//   parse_duration("200ms");                         // 200 ms; units are ns, us, ms, s, min, h
//   std::string text;
//   append_duration(text, 1500ms);                   // "1500ms": the largest unit that is exact

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string_view>

#include <coterie/core/error.hpp>

namespace coterie::inline v0::sim {

/// The longest duration that has a text, either way: so long that sums of ten thousand do not overflow.
inline constexpr std::chrono::nanoseconds max_text_duration = std::chrono::hours(100);

/// Reads "3s", "-250us", "0s". Errors: wrong_length for nothing, invalid_character for what is no number with
/// a unit, out_of_range beyond max_text_duration, not_canonical for a leading zero.
[[nodiscard]] constexpr std::expected<std::chrono::nanoseconds, parse_error> parse_duration(
    std::string_view text) noexcept;

/// Appends the text of a duration in the largest unit in which it is whole: parse_duration reads it back
/// where it is within its bounds.
template <class Out>
constexpr void append_duration(Out& out, std::chrono::nanoseconds d);

// --- details ---------------------------------------------------------------------------------------

namespace detail {

struct duration_unit {
    std::string_view name;
    std::int64_t nanoseconds;
};

/// The largest first.
inline constexpr duration_unit duration_units[] = {
    {"h", 3'600'000'000'000}, {"min", 60'000'000'000}, {"s", 1'000'000'000},
    {"ms", 1'000'000},        {"us", 1'000},           {"ns", 1}};

/// How many digits a text begins with.
[[nodiscard]] constexpr std::size_t count_digits(std::string_view text) noexcept {
    std::size_t n = 0;
    while (n < text.size() && text[n] >= '0' && text[n] <= '9') ++n;
    return n;
}

/// The number that a text of digits says, of which the first `digits` are looked at; more than `most` is
/// out_of_range. Positions are those in the text.
[[nodiscard]] constexpr std::expected<std::uint64_t, parse_error> read_number(
    std::string_view text, std::size_t digits, std::uint64_t most) noexcept {
    if (digits == 0)
        return std::unexpected(parse_error{
            text.empty() ? parse_errc::wrong_length : parse_errc::invalid_character, 0});
    if (digits > 1 && text[0] == '0')
        return std::unexpected(parse_error{parse_errc::not_canonical, 0});
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < digits; ++i) {
        const auto digit = static_cast<std::uint64_t>(text[i] - '0');
        if (number > most / 10 || number * 10 > most - digit)
            return std::unexpected(parse_error{parse_errc::out_of_range, i});
        number = number * 10 + digit;
    }
    return number;
}

}  // namespace detail

constexpr std::expected<std::chrono::nanoseconds, parse_error> parse_duration(
    std::string_view text) noexcept {
    const std::size_t sign = text.starts_with('-') ? 1 : 0;
    const std::string_view magnitude = text.substr(sign);
    const std::size_t digits = detail::count_digits(magnitude);
    for (const detail::duration_unit& unit : detail::duration_units) {
        if (magnitude.substr(digits) != unit.name) continue;
        const auto most = static_cast<std::uint64_t>(max_text_duration.count() / unit.nanoseconds);
        const auto number = detail::read_number(magnitude, digits, most);
        if (!number.has_value())
            return std::unexpected(
                parse_error{number.error().code, number.error().position + sign});
        const std::int64_t count = static_cast<std::int64_t>(*number) * unit.nanoseconds;
        return std::chrono::nanoseconds(sign != 0 ? -count : count);
    }
    return std::unexpected(
        parse_error{text.empty() ? parse_errc::wrong_length : parse_errc::invalid_character,
                    digits == 0 ? sign : digits + sign});
}

template <class Out>
constexpr void append_duration(Out& out, std::chrono::nanoseconds d) {
    if (d.count() < 0) out.push_back('-');
    const std::uint64_t magnitude = d.count() < 0 ? 0 - static_cast<std::uint64_t>(d.count())
                                                  : static_cast<std::uint64_t>(d.count());
    if (magnitude == 0) return void(out.append("0s"));
    for (const detail::duration_unit& unit : detail::duration_units) {
        const auto size = static_cast<std::uint64_t>(unit.nanoseconds);
        if (magnitude % size != 0) continue;
        coterie::detail::append_decimal(out, magnitude / size);
        return void(out.append(unit.name));
    }
}

}  // namespace coterie::inline v0::sim

// SPDX-License-Identifier: BSL-1.0
#pragma once

// The timestamp of a hybrid logical clock: a time in milliseconds, and the number of an event within it. It
// is one word, so that comparing timestamps is comparing numbers.
//
//   bits 63                                      16 15                0
//       |     physical : 48, Unix milliseconds     |    logical : 16   |
//
// Source: Kulkarni, Demirbas, Madappa, Avva, Leone, "Logical Physical Clocks and Consistent Snapshots in
// Globally Distributed Databases", UB TR 2014-04, section 6: 48 and 16 bits, as a number.

#include <array>
#include <bit>
#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <coterie/causality/clock_error.hpp>
#include <coterie/core/bits.hpp>
#include <coterie/core/clock.hpp>
#include <coterie/core/error.hpp>
#include <coterie/core/text.hpp>

namespace coterie::inline v0::causality {

/// A time in milliseconds, and the number of an event within it. A regular type, ordered by time, then
/// number; the default is zero, before all that a clock issues.
class hybrid_timestamp {
public:
    /// The largest physical part, in milliseconds since 1970: in the year 10889.
    static constexpr std::uint64_t max_physical = (std::uint64_t{1} << 48) - 1;
    /// The number of characters of its longest text.
    static constexpr std::size_t max_text_size = 21;

    constexpr hybrid_timestamp() = default;

    /// The timestamp of both parts. Errors: before_epoch, time_exhausted (48 bits).
    [[nodiscard]] static constexpr std::expected<hybrid_timestamp, clock_errc> compose(
        sys_milliseconds physical, std::uint16_t logical) noexcept;

    /// The timestamp of a word: the physical part above, the logical one below. Any word is one.
    [[nodiscard]] static constexpr hybrid_timestamp from_word(std::uint64_t word) noexcept {
        return hybrid_timestamp(word);
    }
    [[nodiscard]] constexpr std::uint64_t word() const noexcept { return word_; }

    /// The physical part. (Calendar functions of <chrono> end in the year 32767.)
    [[nodiscard]] constexpr sys_milliseconds physical() const noexcept {
        return sys_milliseconds(std::chrono::milliseconds(static_cast<std::int64_t>(word_ >> 16)));
    }
    /// The logical part: how many events there were before in the same millisecond.
    [[nodiscard]] constexpr std::uint16_t logical() const noexcept {
        return static_cast<std::uint16_t>(word_ & 0xFFFF);
    }

    /// Its 8 bytes, big-endian: in the order of the timestamps. They are what its codec writes.
    [[nodiscard]] constexpr std::array<std::byte, 8> bytes() const noexcept;
    /// The timestamp of these bytes; any 8 bytes are one.
    [[nodiscard]] static constexpr hybrid_timestamp from_bytes(
        std::span<const std::byte, 8> bytes) noexcept;

    /// Writes both parts in decimal, as in "1770076800000,7". Returns: the end of the text.
    constexpr char* to_chars(std::span<char, max_text_size> out) const noexcept;
    [[nodiscard]] constexpr std::string to_string() const;

    /// Reads what `to_chars` writes. Errors: wrong_length, where a part or the comma is missing, or the text is
    /// too long; invalid_character; not_canonical, for a leading zero; out_of_range, for more than 48 or 16 bits.
    [[nodiscard]] static constexpr std::expected<hybrid_timestamp, parse_error> parse(
        std::string_view text) noexcept;

    /// What std::hash gives.
    [[nodiscard]] constexpr std::size_t hash() const noexcept {
        return static_cast<std::size_t>(coterie::detail::mix64(word_));
    }

    friend constexpr auto operator<=>(const hybrid_timestamp&, const hybrid_timestamp&) = default;

private:
    explicit constexpr hybrid_timestamp(std::uint64_t word) noexcept : word_(word) {}

    std::uint64_t word_ = 0;
};

// --- details ---------------------------------------------------------------------------------------

constexpr std::expected<hybrid_timestamp, clock_errc> hybrid_timestamp::compose(
    sys_milliseconds physical, std::uint16_t logical) noexcept {
    const std::int64_t count = physical.time_since_epoch().count();
    if (count < 0) return std::unexpected(clock_errc::before_epoch);
    const auto ms = static_cast<std::uint64_t>(count);
    if (ms > max_physical) return std::unexpected(clock_errc::time_exhausted);
    return hybrid_timestamp(ms << 16 | logical);
}

constexpr std::array<std::byte, 8> hybrid_timestamp::bytes() const noexcept {
    std::array<std::byte, 8> out{};
    coterie::detail::store<std::endian::big>(word_, out.data());
    return out;
}

constexpr hybrid_timestamp hybrid_timestamp::from_bytes(
    std::span<const std::byte, 8> bytes) noexcept {
    return hybrid_timestamp(coterie::detail::load<std::uint64_t, std::endian::big>(bytes.data()));
}

namespace detail {

/// As a string, for append_decimal.
struct character_sink {
    char* end;
    constexpr void push_back(char c) noexcept { *end++ = c; }
};

/// Reads numbers off a text, up to the first error.
struct decimal_parts {
    std::string_view text;
    std::size_t at = 0;
    std::optional<parse_error> error = std::nullopt;

    /// The number up to the next `end`, or to the end of the text where that is zero.
    constexpr std::uint64_t number(std::uint64_t most, char end) noexcept {
        const std::size_t begin = at;
        std::uint64_t value = 0;
        for (; at < text.size() && !(end != '\0' && text[at] == end); ++at) {
            if (text[at] < '0' || text[at] > '9') return fail(parse_errc::invalid_character, at);
            value = value * 10 + static_cast<std::uint64_t>(text[at] - '0');
            if (value > most) return fail(parse_errc::out_of_range, begin);
        }
        if (at == begin || (end != '\0' && at == text.size())) {
            return fail(parse_errc::wrong_length, at);
        }
        if (text[begin] == '0' && at - begin > 1) return fail(parse_errc::not_canonical, begin);
        ++at;
        return value;
    }

private:
    constexpr std::uint64_t fail(parse_errc code, std::size_t position) noexcept {
        if (!error.has_value()) error = parse_error{code, position};
        at = text.size();
        return 0;
    }
};

}  // namespace detail

constexpr char* hybrid_timestamp::to_chars(std::span<char, max_text_size> out) const noexcept {
    detail::character_sink sink{out.data()};
    coterie::detail::append_decimal(sink, word_ >> 16);
    sink.push_back(',');
    coterie::detail::append_decimal(sink, logical());
    return sink.end;
}

constexpr std::expected<hybrid_timestamp, parse_error> hybrid_timestamp::parse(
    std::string_view text) noexcept {
    if (text.size() > max_text_size) {
        return std::unexpected(parse_error{parse_errc::wrong_length, max_text_size});
    }
    detail::decimal_parts parts{text};
    const std::uint64_t physical = parts.number(max_physical, ',');
    const std::uint64_t logical = parts.number(0xFFFF, '\0');
    if (parts.error.has_value()) return std::unexpected(*parts.error);
    return hybrid_timestamp(physical << 16 | logical);
}

constexpr std::string hybrid_timestamp::to_string() const { return coterie::to_string(*this); }

}  // namespace coterie::inline v0::causality

/// \copydoc coterie::causality::hybrid_timestamp::hash
template <>
struct std::hash<coterie::causality::hybrid_timestamp> {
    constexpr std::size_t operator()(const coterie::causality::hybrid_timestamp& x) const noexcept {
        return x.hash();
    }
};

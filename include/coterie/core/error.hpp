// SPDX-License-Identifier: BSL-1.0
#pragma once

// How the library says that something failed: std::expected<T, E>, where E is an enum that names each
// cause, or a struct of such an enum and where it happened. Nothing throws.
//
// Every error enum has `describe(e)`, found by argument-dependent lookup: a short lower-case phrase
// that can stand in a sentence. Errors that carry more also have `append_to(out)`. Both are what
// `to_string` (core/text.hpp) and the formatters (adapt/fmt.hpp) print.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <expected>  // IWYU pragma: export
#include <type_traits>

namespace coterie::inline v0 {

/// An enum whose values can be printed: `describe(e)` gives a phrase with static storage.
template <class E>
concept described_enum = std::is_enum_v<E> && requires(E e) {
    { describe(e) } noexcept -> std::same_as<const char*>;
};

/// Why a text is not what it should be.
enum class parse_errc : std::uint8_t {
    wrong_length,       ///< too short, or too long
    invalid_character,  ///< a character that cannot stand here
    out_of_range,       ///< well formed, but larger than the type holds
    not_canonical,      ///< a second spelling of a value that has one (a leading zero)
};

[[nodiscard]] constexpr const char* describe(parse_errc code) noexcept {
    switch (code) {
        case parse_errc::wrong_length: return "wrong length";
        case parse_errc::invalid_character: return "invalid character";
        case parse_errc::out_of_range: return "out of range";
        case parse_errc::not_canonical: return "not in canonical form";
    }
    return "unknown parse error";
}

/// Why a text could not be parsed, and where.
struct parse_error {
    parse_errc code;
    /// The index of the first character that is wrong; where the text is too short, its length.
    std::size_t position;

    /// Appends "invalid character at position 7" to a string.
    template <class Out>
    constexpr void append_to(Out& out) const;

    friend constexpr bool operator==(const parse_error&, const parse_error&) = default;
};

// --- details ---------------------------------------------------------------------------------------

namespace detail {

/// Appends a number in decimal to anything with push_back(char).
template <class Out>
constexpr void append_decimal(Out& out, std::uint64_t number) {
    std::uint64_t unit = 1;
    while (number / unit >= 10) unit *= 10;
    for (; unit != 0; unit /= 10) out.push_back(static_cast<char>('0' + number / unit % 10));
}

/// Appends what is wrong and where: "invalid character at position 7". `unit` is what positions count.
template <described_enum E, class Out>
constexpr void append_error_at(Out& out, E code, const char* unit, std::uint64_t position) {
    out.append(describe(code));
    out.append(" at ");
    out.append(unit);
    out.push_back(' ');
    append_decimal(out, position);
}

}  // namespace detail

template <class Out>
constexpr void parse_error::append_to(Out& out) const {
    detail::append_error_at(out, code, "position", position);
}

}  // namespace coterie::inline v0

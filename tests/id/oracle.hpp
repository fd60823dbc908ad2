// SPDX-License-Identifier: BSL-1.0
#pragma once

// The parsers of ids a second time, slow and plain: numbers grow byte by byte in base 256, digits are
// searched for in a list, texts are held against a picture of the form. Tests and fuzzers compare the
// library with them. Nothing here is taken from the headers under test.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include <coterie/core/error.hpp>

namespace coterie::test::oracle {

/// A number of N bytes, most significant first.
template <std::size_t N>
using number = std::array<std::uint8_t, N>;

/// number = number * factor + digit. Returns: what did not fit.
template <std::size_t N>
constexpr unsigned multiply_add(number<N>& n, unsigned factor, unsigned digit) {
    unsigned carry = digit;
    for (std::size_t i = N; i-- > 0;) {
        carry += n[i] * factor;
        n[i] = static_cast<std::uint8_t>(carry % 256);
        carry /= 256;
    }
    return carry;
}

constexpr char lower(char c) {
    constexpr std::string_view upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const auto at = upper.find(c);
    return at == upper.npos ? c : "abcdefghijklmnopqrstuvwxyz"[at];
}

constexpr std::unexpected<parse_error> wrong(parse_errc code, std::size_t position) {
    return std::unexpected(parse_error{code, position});
}

/// A ULID, by the specification; `lenient` adds Crockford's I, L and O.
constexpr std::expected<number<16>, parse_error> ulid(std::string_view text, bool lenient) {
    constexpr std::string_view digits = "0123456789abcdefghjkmnpqrstvwxyz";
    if (text.size() < 26) return wrong(parse_errc::wrong_length, text.size());
    if (text.size() > 26) return wrong(parse_errc::wrong_length, 26);
    number<16> n{};
    for (std::size_t i = 0; i < 26; ++i) {
        char c = lower(text[i]);
        if (lenient && (c == 'i' || c == 'l')) c = '1';
        if (lenient && c == 'o') c = '0';
        const auto digit = digits.find(c);
        if (digit == digits.npos) return wrong(parse_errc::invalid_character, i);
        // No ULID begins with it: twenty-five more characters are 125 more bits.
        if (i == 0 && digit >= 8) return wrong(parse_errc::out_of_range, 0);
        if (multiply_add(n, 32, static_cast<unsigned>(digit)) != 0) {
            return wrong(parse_errc::out_of_range, 0);
        }
    }
    return n;
}

/// Holds `text` against `form`: there an x is a hexadecimal digit, everything else is itself in any case.
constexpr std::expected<number<16>, parse_error> match(std::string_view text,
                                                       std::string_view form) {
    constexpr std::string_view digits = "0123456789abcdef";
    number<16> n{};
    for (std::size_t i = 0; i < form.size(); ++i) {
        const char c = lower(text[i]);
        if (form[i] != 'x') {
            if (c != form[i]) return wrong(parse_errc::invalid_character, i);
            continue;
        }
        const auto digit = digits.find(c);
        if (digit == digits.npos) return wrong(parse_errc::invalid_character, i);
        multiply_add(n, 16, static_cast<unsigned>(digit));
    }
    return n;
}

inline constexpr std::string_view uuid_form = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

/// A UUID in its canonical form, in any case.
constexpr std::expected<number<16>, parse_error> uuid(std::string_view text) {
    if (text.size() < 36) return wrong(parse_errc::wrong_length, text.size());
    if (text.size() > 36) return wrong(parse_errc::wrong_length, 36);
    return match(text, uuid_form);
}

/// All forms that the lenient parser takes. No two are of one length.
inline constexpr std::array<std::string_view, 6> lenient_uuid_forms{
    uuid_form,
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "{xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}",
    "{xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx}",
    "urn:uuid:xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx",
    "urn:uuid:xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"};

/// What stands before the digits: nothing, a brace, or "urn:uuid:".
constexpr std::string_view uuid_prefix(std::string_view text) {
    constexpr std::string_view urn = "urn:uuid:";
    if (text.starts_with('{')) return "{";
    if (text.size() < urn.size()) return "";
    for (std::size_t i = 0; i < urn.size(); ++i) {
        if (lower(text[i]) != urn[i]) return "";
    }
    return urn;
}

/// The only form of the length and the prefix of `text`, if there is one.
constexpr std::optional<std::string_view> lenient_uuid_form_of(std::string_view text) {
    for (const auto form : lenient_uuid_forms) {
        if (form.size() == text.size() && uuid_prefix(form) == uuid_prefix(text)) return form;
    }
    return std::nullopt;
}

/// A UUID in one of the lenient forms. A wrong length has no position of its own here.
constexpr std::expected<number<16>, parse_error> uuid_lenient(std::string_view text) {
    const auto form = lenient_uuid_form_of(text);
    if (!form.has_value()) return wrong(parse_errc::wrong_length, text.size());
    return match(text, *form);
}

/// A decimal number of which no bit outside `allowed` is set.
constexpr std::expected<std::uint64_t, parse_error> decimal(std::string_view text,
                                                            std::uint64_t allowed) {
    if (text.empty()) return wrong(parse_errc::wrong_length, 0);
    if (text.size() > 20) return wrong(parse_errc::wrong_length, 20);
    const auto at = text.find_first_not_of("0123456789");
    if (at != text.npos) return wrong(parse_errc::invalid_character, at);
    if (text.size() > 1 && text.starts_with('0')) return wrong(parse_errc::not_canonical, 0);
    number<8> n{};
    for (const char c : text) {
        const auto digit = std::string_view("0123456789").find(c);
        if (multiply_add(n, 10, static_cast<unsigned>(digit)) != 0)
            return wrong(parse_errc::out_of_range, 0);
    }
    std::uint64_t value = 0;
    for (const std::uint64_t byte : n) value = value * 256 + byte;
    for (unsigned bit = 0; bit < 64; ++bit) {
        const std::uint64_t one = std::uint64_t{1} << bit;
        if ((value & one) != 0 && (allowed & one) == 0) return wrong(parse_errc::out_of_range, 0);
    }
    return value;
}

/// The bytes of `n` as the library's ids take them.
template <std::size_t N>
constexpr std::array<std::byte, N> as_bytes(const number<N>& n) {
    std::array<std::byte, N> bytes{};
    std::transform(n.begin(), n.end(), bytes.begin(), [](std::uint8_t b) { return std::byte{b}; });
    return bytes;
}

}  // namespace coterie::test::oracle

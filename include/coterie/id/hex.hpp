// SPDX-License-Identifier: BSL-1.0
#pragma once

// Hexadecimal digits, and where a UUID has them among its 36 characters. Two digits are a byte, in tables
// that the compiler builds. For the library's own headers.
//
// Source: RFC 9562, section 4.

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

#include <coterie/core/error.hpp>
#include <coterie/id/bits128.hpp>

namespace coterie::inline v0::id::detail {

inline constexpr std::string_view hex_alphabet = "0123456789abcdef";
inline constexpr std::size_t uuid_size = 36;

/// Where the n-th of the 32 digits is, in groups of 8, 4, 4, 4 and 12 with hyphens between them.
constexpr std::size_t uuid_position(std::size_t digit) noexcept {
    return digit < 8 ? digit : digit < 20 ? digit + digit / 4 - 1 : digit + 4;
}

constexpr bool is_uuid_hyphen(std::size_t at) noexcept {
    return at == 8 || at == 13 || at == 18 || at == 23;
}

/// The value of each character; 0xFF for those that have none.
inline constexpr auto hex_values = [] {
    std::array<std::uint8_t, 256> values{};
    values.fill(0xFF);
    for (std::uint8_t i = 0; i < 16; ++i) {
        const char c = hex_alphabet[i];
        values[static_cast<unsigned char>(c)] = i;
        if (c >= 'a') values[static_cast<unsigned char>(c - 'a' + 'A')] = i;
    }
    return values;
}();

/// The two digits of each byte.
inline constexpr auto hex_pairs = [] {
    std::array<std::array<char, 2>, 256> pairs{};
    for (std::size_t i = 0; i < pairs.size(); ++i)
        pairs[i] = {hex_alphabet[i / 16], hex_alphabet[i % 16]};
    return pairs;
}();

constexpr void uuid_encode(const bits128& bits, std::span<char, uuid_size> out) noexcept {
    for (std::size_t i = 0; i < 8; ++i) {
        const auto& high = hex_pairs[bits.high >> (56 - 8 * i) & 0xFF];
        const auto& low = hex_pairs[bits.low >> (56 - 8 * i) & 0xFF];
        out[uuid_position(2 * i)] = high[0];
        out[uuid_position(2 * i) + 1] = high[1];
        out[uuid_position(2 * i + 16)] = low[0];
        out[uuid_position(2 * i + 16) + 1] = low[1];
    }
    for (const unsigned at : {8U, 13U, 18U, 23U}) out[at] = '-';
}

/// Reads 32 digits, with hyphens between their groups or in one piece; the length is right.
/// Positions in errors are counted from `offset`.
constexpr std::expected<bits128, parse_error> uuid_decode(std::string_view text, bool hyphens,
                                                          std::size_t offset) noexcept {
    const auto value = [text](std::size_t at) -> std::uint64_t {
        return hex_values[static_cast<unsigned char>(text[at])];
    };
    // Both words at once. Invalid characters show in `seen`.
    bits128 bits;
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < 16; ++i) {
        const std::uint64_t high = value(hyphens ? uuid_position(i) : i);
        const std::uint64_t low = value(hyphens ? uuid_position(i + 16) : i + 16);
        seen |= high | low;
        bits.high = bits.high << 4 | high;
        bits.low = bits.low << 4 | low;
    }
    const bool split =
        !hyphens || (text[8] == '-' && text[13] == '-' && text[18] == '-' && text[23] == '-');
    if (seen > 15 || !split) [[unlikely]] {
        std::size_t at = 0;
        while (hyphens && is_uuid_hyphen(at) ? text[at] == '-' : value(at) < 16) ++at;
        return std::unexpected(parse_error{parse_errc::invalid_character, offset + at});
    }
    return bits;
}

}  // namespace coterie::inline v0::id::detail

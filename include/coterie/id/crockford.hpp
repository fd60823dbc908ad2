// SPDX-License-Identifier: BSL-1.0
#pragma once

// Crockford's base 32, the alphabet of ULIDs: the ten digits and the letters without I, L, O and U.
// Text of 26 characters and 128 bits, in tables that the compiler builds. For the library's own headers.
//
// Source: Crockford, "Base 32", 2002.

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

#include <coterie/core/error.hpp>
#include <coterie/id/bits128.hpp>

namespace coterie::inline v0::id::detail {

inline constexpr std::string_view crockford_alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
inline constexpr std::size_t crockford_size = 26;

/// Which second spellings of a character count.
enum class crockford_aliases : bool {
    none,   ///< only lower case
    i_l_o,  ///< also I and L for 1, and O for 0
};

/// The value of each character; `invalid` for those that have none.
template <crockford_aliases Aliases>
inline constexpr auto crockford_values = [] {
    std::array<std::uint8_t, 256> values{};
    values.fill(0xFF);
    const auto set = [&values](char c, std::uint8_t value) {
        values[static_cast<unsigned char>(c)] = value;
        if (c >= 'A') values[static_cast<unsigned char>(c - 'A' + 'a')] = value;
    };
    for (std::uint8_t i = 0; i < 32; ++i) set(crockford_alphabet[i], i);
    if (Aliases == crockford_aliases::i_l_o) {
        set('I', 1);
        set('L', 1);
        set('O', 0);
    }
    return values;
}();

/// The two characters of each ten bits: half as many look-ups.
inline constexpr auto crockford_pairs = [] {
    std::array<std::array<char, 2>, 1024> pairs{};
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        pairs[i] = {crockford_alphabet[i / 32], crockford_alphabet[i % 32]};
    }
    return pairs;
}();

constexpr void crockford_encode(const bits128& bits, std::span<char, crockford_size> out) noexcept {
    // 128 bits are 13 groups of 10 with two zero bits in front; the middle group spans both words.
    const auto put = [&out](std::size_t group, std::uint64_t ten_bits) {
        const auto& pair = crockford_pairs[ten_bits & 1023];
        out[2 * group] = pair[0];
        out[2 * group + 1] = pair[1];
    };
    put(0, bits.high >> 56);
    for (std::size_t group = 1; group < 6; ++group) put(group, bits.high >> (56 - 10 * group));
    put(6, bits.high << 4 | bits.low >> 60);
    for (std::size_t group = 7; group < 13; ++group) put(group, bits.low >> (120 - 10 * group));
}

/// Reads 26 characters; the length is right.
template <crockford_aliases Aliases>
constexpr std::expected<bits128, parse_error> crockford_decode(std::string_view text) noexcept {
    const auto value = [text](std::size_t i) -> std::uint64_t {
        return crockford_values<Aliases>[static_cast<unsigned char>(text[i])];
    };
    // 3 bits, then 25 times 5. The first 24 characters in three sums that do not wait for one another;
    // invalid ones show in `seen`.
    std::uint64_t first = 0, second = 0, third = 0, seen = 0;
    for (std::size_t i = 0; i < 8; ++i) {
        seen |= value(i) | value(8 + i) | value(16 + i);
        first = first << 5 | value(i);
        second = second << 5 | value(8 + i);
        third = third << 5 | value(16 + i);
    }
    seen |= value(24) | value(25);
    if (seen > 31 || value(0) > 7) [[unlikely]] {
        std::size_t at = 0;
        if (value(0) > 7 && value(0) < 32)
            return std::unexpected(parse_error{parse_errc::out_of_range, 0});
        while (value(at) < 32) ++at;
        return std::unexpected(parse_error{parse_errc::invalid_character, at});
    }
    return bits128{first << 26 | second >> 14,
                   second << 50 | third << 10 | value(24) << 5 | value(25)};
}

}  // namespace coterie::inline v0::id::detail

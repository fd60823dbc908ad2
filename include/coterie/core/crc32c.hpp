// SPDX-License-Identifier: BSL-1.0
#pragma once

// CRC-32C: tells bytes that were damaged on the way, by accident. Against somebody who means it, it is no
// protection; for that sign the message.
//
// Source: Castagnoli, Bräuer and Herrmann, "Optimization of Cyclic Redundancy-Check Codes with 24 and 32
// Parity Bits", IEEE Transactions on Communications 41(6), 1993; RFC 3720, appendix B.4.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include <coterie/core/bits.hpp>

namespace coterie::inline v0 {

/// The checksum of some bytes; that of a whole from its parts: crc32c(second, crc32c(first)).
///
/// Complexity: linear, eight bytes at a time.
[[nodiscard]] constexpr std::uint32_t crc32c(std::span<const std::byte> bytes,
                                             std::uint32_t before = 0) noexcept;

// --- details ---------------------------------------------------------------------------------------

namespace detail {

/// Table k: what a byte does to the sum from k bytes before its end.
consteval std::array<std::array<std::uint32_t, 256>, 8> make_crc32c_tables() {
    std::array<std::array<std::uint32_t, 256>, 8> tables{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        std::uint32_t sum = byte;
        for (int bit = 0; bit < 8; ++bit) sum = sum >> 1 ^ ((sum & 1) != 0 ? 0x82F63B78U : 0U);
        tables[0][byte] = sum;
    }
    for (std::size_t k = 1; k < tables.size(); ++k) {
        for (std::size_t byte = 0; byte < 256; ++byte) {
            const std::uint32_t before = tables[k - 1][byte];
            tables[k][byte] = before >> 8 ^ tables[0][before & 0xFF];
        }
    }
    return tables;
}

inline constexpr auto crc32c_tables = make_crc32c_tables();

}  // namespace detail

constexpr std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t before) noexcept {
    const auto& tables = detail::crc32c_tables;
    std::uint32_t sum = ~before;
    while (bytes.size() >= 8) {
        const std::uint64_t word =
            detail::load<std::uint64_t, std::endian::little>(bytes.data()) ^ sum;
        sum = 0;
        for (std::size_t k = 0; k < 8; ++k) sum ^= tables[7 - k][word >> 8 * k & 0xFF];
        bytes = bytes.subspan(8);
    }
    for (const std::byte b : bytes) {
        sum = sum >> 8 ^ tables[0][(sum ^ std::to_integer<std::uint32_t>(b)) & 0xFF];
    }
    return ~sum;
}

}  // namespace coterie::inline v0

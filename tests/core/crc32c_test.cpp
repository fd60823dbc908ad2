// SPDX-License-Identifier: BSL-1.0
#include <coterie/core/crc32c.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <string_view>
#include <vector>

#include "support/catch.hpp"
#include "support/seed.hpp"

using coterie::crc32c;

namespace {

std::vector<std::byte> filled(std::size_t size, int first, int step) {
    std::vector<std::byte> bytes(size);
    for (std::size_t i = 0; i < size; ++i)
        bytes[i] = static_cast<std::byte>(first + step * static_cast<int>(i));
    return bytes;
}

/// Bit by bit, from the definition.
std::uint32_t plain(std::span<const std::byte> bytes) {
    std::uint32_t sum = ~std::uint32_t{0};
    for (const std::byte b : bytes) {
        sum ^= std::to_integer<std::uint32_t>(b);
        for (int bit = 0; bit < 8; ++bit) sum = sum >> 1 ^ ((sum & 1) != 0 ? 0x82F63B78U : 0U);
    }
    return ~sum;
}

}  // namespace

TEST_CASE("crc32c has the published values") {
    // RFC 3720, appendix B.4; the last one is the usual check value.
    CHECK(crc32c(filled(32, 0, 0)) == 0x8A9136AA);
    CHECK(crc32c(filled(32, 0xFF, 0)) == 0x62A8AB43);
    CHECK(crc32c(filled(32, 0, 1)) == 0x46DD794E);
    CHECK(crc32c(filled(32, 31, -1)) == 0x113FDB5C);
    constexpr std::string_view digits = "123456789";
    CHECK(crc32c(std::as_bytes(std::span(digits))) == 0xE3069283);
    CHECK(crc32c({}) == 0);
}

TEST_CASE("crc32c is what its definition says, of any length, whole and in parts") {
    std::mt19937_64 random(coterie::test::seed());
    for (std::size_t size = 0; size < 100; ++size) {
        std::vector<std::byte> bytes(size);
        for (auto& b : bytes) b = static_cast<std::byte>(random());
        CHECK(crc32c(bytes) == plain(bytes));
        const std::size_t cut = size == 0 ? 0 : random() % size;
        CHECK(crc32c(std::span(bytes).subspan(cut), crc32c(std::span(bytes).first(cut))) ==
              plain(bytes));
    }
}

TEST_CASE("crc32c works in constant expressions") {
    constexpr std::array<std::byte, 3> bytes{std::byte{1}, std::byte{2}, std::byte{3}};
    STATIC_REQUIRE(crc32c(bytes) != 0);
}

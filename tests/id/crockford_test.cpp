// SPDX-License-Identifier: BSL-1.0

#include <coterie/id/crockford.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <string_view>

#include "id/oracle.hpp"
#include "support/catch.hpp"
#include "support/seed.hpp"

namespace {

using namespace coterie::test;
using coterie::id::detail::bits128;
using coterie::id::detail::crockford_aliases;
using coterie::id::detail::crockford_decode;
using coterie::id::detail::crockford_encode;
using coterie::id::detail::crockford_values;

constexpr std::uint8_t strict(char c) {
    return crockford_values<crockford_aliases::none>[static_cast<unsigned char>(c)];
}
constexpr std::uint8_t lenient(char c) {
    return crockford_values<crockford_aliases::i_l_o>[static_cast<unsigned char>(c)];
}

static_assert(strict('0') == 0 && strict('9') == 9 && strict('A') == 10 && strict('Z') == 31);
static_assert(strict('H') == 17 && strict('J') == 18 && strict('K') == 19 && strict('M') == 20);
static_assert(strict('N') == 21 && strict('P') == 22 && strict('T') == 26 && strict('V') == 27);
static_assert(strict('I') > 31 && strict('L') > 31 && strict('O') > 31 && strict('U') > 31);
static_assert(lenient('I') == 1 && lenient('L') == 1 && lenient('O') == 0 && lenient('U') > 31);
static_assert(lenient('i') == 1 && lenient('l') == 1 && lenient('o') == 0 && lenient('u') > 31);

constexpr auto encoded = [] {
    std::array<char, 26> text{};
    crockford_encode({0x0123'4567'89AB'CDEF, 0xFEDC'BA98'7654'3210}, text);
    return text;
}();
static_assert(std::string_view(encoded.data(), 26) == "014D2PF2DBSQQZXQ5TK1V58CGG");
static_assert(crockford_decode<crockford_aliases::none>({encoded.data(), 26}) ==
              bits128{0x0123'4567'89AB'CDEF, 0xFEDC'BA98'7654'3210});

}  // namespace

TEST_CASE("crockford: every byte has the value of the published table, or none") {
    constexpr std::string_view upper = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    for (unsigned byte = 0; byte < 256; ++byte) {
        const char c = static_cast<char>(byte);
        const char small = oracle::lower(c);
        unsigned wanted = 255;
        for (unsigned i = 0; i < 32; ++i) {
            if (oracle::lower(upper[i]) == small) wanted = i;
        }
        INFO("byte " << byte);
        CHECK(unsigned{strict(c)} == wanted);
        if (small == 'i' || small == 'l') wanted = 1;
        if (small == 'o') wanted = 0;
        CHECK(unsigned{lenient(c)} == wanted);
    }
}

TEST_CASE("crockford: the machine encodes and decodes as the compiler and the slow parser do") {
    std::mt19937_64 random(seed());
    for (int round = 0; round < 20'000; ++round) {
        const bits128 bits{random() >> random() % 64, random() << random() % 64};
        std::array<char, 26> out{};
        crockford_encode(bits, out);
        const std::string_view text(out.data(), out.size());
        const auto slow = oracle::ulid(text, false);
        INFO("text " << text);
        REQUIRE(slow.has_value());
        REQUIRE(oracle::as_bytes(*slow) == bits.bytes());
        REQUIRE(crockford_decode<crockford_aliases::none>(text) == bits);
        REQUIRE(crockford_decode<crockford_aliases::i_l_o>(text) == bits);
    }
}

// SPDX-License-Identifier: BSL-1.0

#include <coterie/id/bits128.hpp>

#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>

#include "id/outcome.hpp"
#include "support/catch.hpp"
#include "support/seed.hpp"

namespace {

using namespace coterie::test;
using coterie::id::id_errc;
using coterie::id::sys_milliseconds;
using coterie::id::detail::bits128;
using coterie::id::detail::from_unix_ms48;
using coterie::id::detail::unix_ms48;
using std::chrono::milliseconds;

constexpr auto counting = bytes_of(0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF, 0xFE, 0xDC, 0xBA,
                                   0x98, 0x76, 0x54, 0x32, 0x10);
constexpr bits128 words{0x0123'4567'89AB'CDEF, 0xFEDC'BA98'7654'3210};

// By the compiler here, by the machine below: the two take different ways.
static_assert(bits128::from_bytes(counting) == words);
static_assert(words.bytes() == counting);
static_assert(bits128{} == bits128{0, 0});
static_assert(bits128{1, 0} > bits128{0, ~std::uint64_t{0}});
static_assert(bits128{0, 1} > bits128{0, 0});
static_assert(bits128{0, 1}.hash() != bits128{1, 0}.hash());

static_assert(unix_ms48(sys_milliseconds{}) == 0);
static_assert(unix_ms48(sys_milliseconds(milliseconds((std::int64_t{1} << 48) - 1))) ==
              0xFFFF'FFFF'FFFF);
static_assert(unix_ms48(sys_milliseconds(milliseconds(std::int64_t{1} << 48))).error() ==
              id_errc::time_exhausted);
static_assert(unix_ms48(sys_milliseconds(milliseconds(-1))).error() == id_errc::before_epoch);
static_assert(unix_ms48(sys_milliseconds::max()).error() == id_errc::time_exhausted);
static_assert(unix_ms48(sys_milliseconds::min()).error() == id_errc::before_epoch);
static_assert(from_unix_ms48(0xFFFF'FFFF'FFFF).time_since_epoch().count() ==
              (std::int64_t{1} << 48) - 1);

}  // namespace

TEST_CASE("bits128: bytes are big-endian, also where the machine is not") {
    // Through volatile, so that the compiler cannot do it.
    std::array<std::byte, 16> bytes{};
    for (std::size_t i = 0; i < 16; ++i) {
        const volatile std::byte b = counting[i];
        bytes[i] = b;
    }
    CHECK(bits128::from_bytes(bytes) == words);
    CHECK(bits128::from_bytes(bytes).bytes() == counting);
}

TEST_CASE("bits128: words, bytes and order agree on random values") {
    std::mt19937_64 random(seed());
    for (int round = 0; round < 10'000; ++round) {
        const bits128 a{random() >> random() % 64, random()},
            b{random() % 2 == 0 ? a.high : random(), random()};
        REQUIRE(bits128::from_bytes(a.bytes()) == a);
        REQUIRE((a < b) == (a.bytes() < b.bytes()));
        REQUIRE((a == b) == (a.bytes() == b.bytes()));
    }
}

TEST_CASE("bits128: each bit of a value changes about half of the bits of its hash") {
    std::mt19937_64 random(seed());
    for (unsigned bit = 0; bit < 128; ++bit) {
        unsigned changed = 0;
        constexpr unsigned rounds = 256;
        for (unsigned round = 0; round < rounds; ++round) {
            const bits128 a{random(), random()};
            const std::uint64_t one = std::uint64_t{1} << bit % 64;
            const bits128 b =
                bit < 64 ? bits128{a.high, a.low ^ one} : bits128{a.high ^ one, a.low};
            changed += static_cast<unsigned>(std::popcount(a.hash() ^ b.hash()));
        }
        // 256 x 64 coins: 8192 heads, standard deviation 64. Ten of those are out of reach of chance.
        INFO("bit " << bit);
        CHECK(changed > rounds * sizeof(std::size_t) * 4 - 640);
        CHECK(changed < rounds * sizeof(std::size_t) * 4 + 640);
    }
}

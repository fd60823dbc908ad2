// SPDX-License-Identifier: BSL-1.0
#include <coterie/core/bits.hpp>

#include <array>
#include <bit>
#include <cstdint>
#include <set>

#include <coterie/core/random.hpp>

#include "core/bytes.hpp"
#include "support/catch.hpp"
#include "support/seed.hpp"

using coterie::detail::load;
using coterie::detail::mix64;
using coterie::detail::multiply;
using coterie::detail::store;
using coterie::test::to_hex;

namespace {

constexpr std::array<std::byte, 9> sample = {std::byte{0x01}, std::byte{0x82}, std::byte{0x03},
                                             std::byte{0x84}, std::byte{0x05}, std::byte{0x86},
                                             std::byte{0x07}, std::byte{0x88}, std::byte{0x99}};

template <std::endian Order, class T>
constexpr std::array<std::byte, sizeof(T)> stored(T value) {
    std::array<std::byte, sizeof(T)> out{};
    store<Order>(value, out.data());
    return out;
}

// The product by the schoolbook: 32-bit digits, columns summed with their carries one after another.
struct wide {
    std::uint32_t digit[4];
};

constexpr wide schoolbook(std::uint64_t a, std::uint64_t b) {
    const std::uint32_t x[2] = {static_cast<std::uint32_t>(a), static_cast<std::uint32_t>(a >> 32)};
    const std::uint32_t y[2] = {static_cast<std::uint32_t>(b), static_cast<std::uint32_t>(b >> 32)};
    wide product{};
    for (int i = 0; i < 2; ++i) {
        std::uint64_t carry = 0;
        for (int j = 0; j < 2; ++j) {
            carry += std::uint64_t{x[i]} * y[j] + product.digit[i + j];
            product.digit[i + j] = static_cast<std::uint32_t>(carry);
            carry >>= 32;
        }
        product.digit[i + 2] = static_cast<std::uint32_t>(carry);
    }
    return product;
}

constexpr bool agrees(std::uint64_t a, std::uint64_t b) {
    const auto product = multiply(a, b);
    const wide expected = schoolbook(a, b);
    return product.low == (std::uint64_t{expected.digit[1]} << 32 | expected.digit[0]) &&
           product.high == (std::uint64_t{expected.digit[3]} << 32 | expected.digit[2]);
}

}  // namespace

TEST_CASE("load reads each width in both orders, at run time and in constant expressions") {
    using enum std::endian;
    const std::byte* const at = sample.data();
    CHECK(load<std::uint8_t, little>(at) == 0x01);
    CHECK(load<std::uint8_t, big>(at) == 0x01);
    CHECK(load<std::uint16_t, little>(at) == 0x8201);
    CHECK(load<std::uint16_t, big>(at) == 0x0182);
    CHECK(load<std::uint32_t, little>(at) == 0x84038201);
    CHECK(load<std::uint32_t, big>(at) == 0x01820384);
    CHECK(load<std::uint64_t, little>(at) == 0x8807860584038201);
    CHECK(load<std::uint64_t, big>(at) == 0x0182038405860788);

    STATIC_REQUIRE(load<std::uint8_t, little>(sample.data()) == 0x01);
    STATIC_REQUIRE(load<std::uint8_t, big>(sample.data()) == 0x01);
    STATIC_REQUIRE(load<std::uint16_t, little>(sample.data()) == 0x8201);
    STATIC_REQUIRE(load<std::uint16_t, big>(sample.data()) == 0x0182);
    STATIC_REQUIRE(load<std::uint32_t, little>(sample.data()) == 0x84038201);
    STATIC_REQUIRE(load<std::uint32_t, big>(sample.data()) == 0x01820384);
    STATIC_REQUIRE(load<std::uint64_t, little>(sample.data()) == 0x8807860584038201);
    STATIC_REQUIRE(load<std::uint64_t, big>(sample.data()) == 0x0182038405860788);
}

TEST_CASE("load needs no alignment") {
    CHECK(load<std::uint64_t, std::endian::big>(sample.data() + 1) == 0x8203840586078899);
    CHECK(load<std::uint32_t, std::endian::little>(sample.data() + 3) == 0x07860584);
}

TEST_CASE("store writes each width in both orders, at run time and in constant expressions") {
    using enum std::endian;
    CHECK(to_hex(stored<little>(std::uint8_t{0xF1})) == "f1");
    CHECK(to_hex(stored<big>(std::uint8_t{0xF1})) == "f1");
    CHECK(to_hex(stored<little>(std::uint16_t{0xF102})) == "02f1");
    CHECK(to_hex(stored<big>(std::uint16_t{0xF102})) == "f102");
    CHECK(to_hex(stored<little>(std::uint32_t{0xF1020304})) == "040302f1");
    CHECK(to_hex(stored<big>(std::uint32_t{0xF1020304})) == "f1020304");
    CHECK(to_hex(stored<little>(std::uint64_t{0xF102030405060708})) == "08070605040302f1");
    CHECK(to_hex(stored<big>(std::uint64_t{0xF102030405060708})) == "f102030405060708");

    constexpr auto twin_little = stored<little>(std::uint64_t{0xF102030405060708});
    constexpr auto twin_big = stored<big>(std::uint64_t{0xF102030405060708});
    CHECK(twin_little == stored<little>(std::uint64_t{0xF102030405060708}));
    CHECK(twin_big == stored<big>(std::uint64_t{0xF102030405060708}));
    STATIC_REQUIRE(stored<big>(std::uint16_t{0xF102})[0] == std::byte{0xF1});
    STATIC_REQUIRE(stored<little>(std::uint32_t{0xF1020304})[3] == std::byte{0xF1});
}

TEST_CASE("store touches no byte beyond its width") {
    std::array<std::byte, 10> out{};
    out.fill(std::byte{0xEE});
    store<std::endian::little>(std::uint32_t{0}, out.data() + 3);
    CHECK(to_hex(out) == "eeeeee00000000eeeeee");
}

TEST_CASE("load undoes store") {
    coterie::rng random(coterie::test::seed(), "bits");
    for (int i = 0; i < 1000; ++i) {
        const std::uint64_t x = random();
        CHECK(load<std::uint64_t, std::endian::big>(stored<std::endian::big>(x).data()) == x);
        CHECK(load<std::uint64_t, std::endian::little>(stored<std::endian::little>(x).data()) == x);
    }
}

TEST_CASE("mix64 over a counter by the golden ratio is the published SplitMix64") {
    std::uint64_t state = 1234567;
    for (const std::uint64_t expected :
         {6457827717110365317U, 3203168211198807973U, 9817491932198370423U, 4593380528125082431U,
          16408922859458223821U}) {
        state += 0x9E3779B97F4A7C15U;
        CHECK(mix64(state) == expected);
    }
    STATIC_REQUIRE(mix64(1234567 + 0x9E3779B97F4A7C15U) == 6457827717110365317U);
    STATIC_REQUIRE(mix64(0) == 0);
}

TEST_CASE("in mix64 each input bit flips each output bit about half the time") {
    constexpr int rounds = 4000;
    int flips[64][64] = {};
    coterie::detail::split_mix64 inputs{2024};
    for (int round = 0; round < rounds; ++round) {
        const std::uint64_t x = inputs();
        for (int in = 0; in < 64; ++in) {
            const std::uint64_t changed = mix64(x) ^ mix64(x ^ std::uint64_t{1} << in);
            for (int out = 0; out < 64; ++out)
                flips[in][out] += static_cast<int>(changed >> out & 1);
        }
    }
    int least = rounds;
    int most = 0;
    for (const auto& row : flips) {
        for (const int count : row) {
            least = count < least ? count : least;
            most = count > most ? count : most;
        }
    }
    // Seven standard deviations of a fair coin either way.
    CHECK(least > rounds / 2 - 7 * 32);
    CHECK(most < rounds / 2 + 7 * 32);
}

TEST_CASE("mix64 is a bijection as far as a test can see: no two of 100,000 neighbours collide") {
    std::set<std::uint64_t> seen;
    for (std::uint64_t x = 0; x < 100'000; ++x) seen.insert(mix64(x));
    CHECK(seen.size() == 100'000);
}

TEST_CASE("multiply gives all 128 bits") {
    const std::uint64_t edges[] = {0,
                                   1,
                                   2,
                                   0xFFFF'FFFF,
                                   0x1'0000'0000,
                                   0x1'0000'0001,
                                   0x7FFF'FFFF'FFFF'FFFF,
                                   0x8000'0000'0000'0000,
                                   0xFFFF'FFFF'0000'0000,
                                   0xFFFF'FFFF'FFFF'FFFE,
                                   0xFFFF'FFFF'FFFF'FFFF};
    for (const std::uint64_t a : edges) {
        for (const std::uint64_t b : edges) {
            CAPTURE(a, b);
            CHECK(agrees(a, b));
        }
    }
    coterie::rng random(coterie::test::seed(), "multiply");
    for (int i = 0; i < 10'000; ++i) {
        const std::uint64_t a = random() >> (random() & 63);
        const std::uint64_t b = random() >> (random() & 63);
        CAPTURE(a, b);
        CHECK(agrees(a, b));
    }
    STATIC_REQUIRE(agrees(0xFFFF'FFFF'FFFF'FFFF, 0xFFFF'FFFF'FFFF'FFFF));
    STATIC_REQUIRE(multiply(0xFFFF'FFFF'FFFF'FFFF, 0xFFFF'FFFF'FFFF'FFFF).high ==
                   0xFFFF'FFFF'FFFF'FFFE);
    STATIC_REQUIRE(multiply(0xFFFF'FFFF'FFFF'FFFF, 0xFFFF'FFFF'FFFF'FFFF).low == 1);
}

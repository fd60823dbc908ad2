// SPDX-License-Identifier: BSL-1.0
#include <coterie/core/entropy.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <vector>

#include <coterie/core/os_entropy.hpp>

#include "core/bytes.hpp"
#include "support/catch.hpp"
#include "support/seed.hpp"

using coterie::entropy_errc;
using coterie::entropy_source;
using coterie::seeded_entropy;
using coterie::test::to_hex;

namespace {

std::string bytes_of(seeded_entropy source, std::size_t size) {
    std::vector<std::byte> out(size);
    if (!source.fill(out).has_value()) return "failed";
    return to_hex(out);
}

struct may_throw {
    std::expected<void, entropy_errc> fill(std::span<std::byte>);
};
struct other_error {
    std::expected<void, int> fill(std::span<std::byte>) noexcept;
};
struct silent {
    void fill(std::span<std::byte>) noexcept;
};
struct counting {
    std::expected<std::size_t, entropy_errc> fill(std::span<std::byte>) noexcept;
};

}  // namespace

TEST_CASE("an entropy source fills without throwing, or says why not") {
    STATIC_REQUIRE(entropy_source<seeded_entropy>);
    STATIC_REQUIRE(entropy_source<seeded_entropy&>);
    STATIC_REQUIRE(entropy_source<coterie::system_entropy>);
    STATIC_REQUIRE(entropy_source<coterie::os_entropy>);
    STATIC_REQUIRE(entropy_source<coterie::os_entropy&>);

    STATIC_REQUIRE_FALSE(entropy_source<const seeded_entropy&>);
    STATIC_REQUIRE_FALSE(entropy_source<may_throw>);
    STATIC_REQUIRE_FALSE(entropy_source<other_error>);
    STATIC_REQUIRE_FALSE(entropy_source<silent>);
    STATIC_REQUIRE_FALSE(entropy_source<counting>);
    STATIC_REQUIRE_FALSE(entropy_source<coterie::rng>);
    STATIC_REQUIRE_FALSE(entropy_source<int>);
}

TEST_CASE("seeded entropy is the stream named entropy of its seed, in little-endian words") {
    const std::uint64_t seed = coterie::test::seed();
    CAPTURE(seed);
    coterie::rng random(seed, "entropy");
    std::string expected;
    for (int word = 0; word < 5; ++word) {
        std::uint64_t x = random();
        for (int i = 0; i < 8; ++i, x >>= 8) {
            const auto b = static_cast<std::byte>(x & 0xFF);
            expected += to_hex(std::span(&b, 1));
        }
    }
    CHECK(bytes_of(seeded_entropy(seed), 40) == expected);
    CHECK(bytes_of(seeded_entropy(seed), 37) == expected.substr(0, 74));
    CHECK(bytes_of(seeded_entropy(seed), 1) == expected.substr(0, 2));
}

TEST_CASE("the bytes of seeded entropy never change between versions") {
    CHECK(bytes_of(seeded_entropy(42), 20) == "6a6318b2d063e6a96e46476c0fb61759a2d0696d");
}

TEST_CASE("seeded entropy repeats itself for an equal seed and differs for another") {
    CHECK(bytes_of(seeded_entropy(1), 64) == bytes_of(seeded_entropy(1), 64));
    CHECK(bytes_of(seeded_entropy(1), 64) != bytes_of(seeded_entropy(2), 64));
    CHECK(bytes_of(seeded_entropy(1), 64).substr(0, 8) !=
          bytes_of(seeded_entropy(2), 64).substr(0, 8));
}

TEST_CASE("seeded entropy goes on where it was, one whole word later for each fill") {
    seeded_entropy source(7);
    std::array<std::byte, 3> a{};
    std::array<std::byte, 16> b{};
    REQUIRE(source.fill(a).has_value());
    REQUIRE(source.fill(b).has_value());
    const std::string in_one = bytes_of(seeded_entropy(7), 24);
    CHECK(to_hex(a) == in_one.substr(0, 6));
    CHECK(to_hex(b) == in_one.substr(16));
    seeded_entropy copy = source;
    CHECK(bytes_of(copy, 8) == bytes_of(source, 8));
}

TEST_CASE("seeded entropy writes the span and nothing beside it") {
    std::array<std::byte, 12> out{};
    seeded_entropy source(7);
    REQUIRE(source.fill(std::span(out).subspan(2, 5)).has_value());
    CHECK(to_hex(std::span(out).first(2)) == "0000");
    CHECK(to_hex(std::span(out).last(5)) == "0000000000");
    CHECK(to_hex(std::span(out).subspan(2, 5)) == bytes_of(seeded_entropy(7), 5));
    REQUIRE(source.fill({}).has_value());
    CHECK(bytes_of(source, 8) == bytes_of(seeded_entropy(7), 16).substr(16));
}

TEST_CASE("seeded entropy works in constant expressions") {
    constexpr auto made = [] {
        std::array<std::byte, 4> out{};
        seeded_entropy source(42);
        (void)source.fill(out);
        return out;
    }();
    CHECK(to_hex(made) == bytes_of(seeded_entropy(42), 4));
}

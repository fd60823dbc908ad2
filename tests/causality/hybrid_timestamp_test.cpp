// SPDX-License-Identifier: BSL-1.0
#include <coterie/causality/hybrid_timestamp.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_set>
#include <utility>

#include <coterie/core/clock.hpp>
#include <coterie/core/text.hpp>
#include <coterie/core/wire.hpp>

#include "support/catch.hpp"
#include "support/clocks.hpp"
#include "support/seed.hpp"

using namespace std::chrono_literals;
using namespace coterie;
using coterie::causality::clock_errc;
using coterie::causality::hybrid_timestamp;

namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t max_physical = hybrid_timestamp::max_physical;

constexpr hybrid_timestamp at(std::uint64_t physical, std::uint64_t logical) {
    return hybrid_timestamp::from_word(physical << 16 | logical);
}
constexpr hybrid_timestamp at(sys_milliseconds physical, std::uint64_t logical) {
    return at(static_cast<std::uint64_t>(physical.time_since_epoch().count()), logical);
}

static_assert(sizeof(hybrid_timestamp) == 8 && std::is_trivially_copyable_v<hybrid_timestamp>);
static_assert(encodable<hybrid_timestamp>);
static_assert(hybrid_timestamp::parse("2,7") == at(2, 7));

}  // namespace

TEST_CASE("a hybrid timestamp is a word of two parts, in the order of the word") {
    std::mt19937_64 random(test::seed());
    for (int round = 0; round < 2'000; ++round) {
        const std::uint64_t word = random() >> random() % 64, other = random() >> random() % 64;
        const auto x = hybrid_timestamp::from_word(word), y = hybrid_timestamp::from_word(other);
        REQUIRE(x.word() == word);
        REQUIRE(hybrid_timestamp::compose(x.physical(), x.logical()) == x);
        REQUIRE(static_cast<std::uint64_t>(x.physical().time_since_epoch().count()) ==
                word / 65536);
        REQUIRE(x.logical() == word % 65536);
        REQUIRE((x <=> y) == (word <=> other));
        REQUIRE((x <=> y) ==
                (std::pair(x.physical(), x.logical()) <=> std::pair(y.physical(), y.logical())));
    }
    CHECK(hybrid_timestamp() == at(0, 0));
    CHECK(std::unordered_set<hybrid_timestamp>{at(1, 2), at(1, 2), at(2, 1)}.size() == 2);
    CHECK(at(1, 2).hash() == coterie::detail::mix64(1 << 16 | 2));
}

TEST_CASE("a hybrid timestamp is composed of what 48 and 16 bits hold") {
    using t = sys_milliseconds;
    CHECK(hybrid_timestamp::compose(t(0ms), 0) == hybrid_timestamp());
    CHECK(hybrid_timestamp::compose(t(-1ms), 0) == std::unexpected(clock_errc::before_epoch));
    CHECK(hybrid_timestamp::compose(t::min(), 0) == std::unexpected(clock_errc::before_epoch));
    const t last(milliseconds(static_cast<std::int64_t>(max_physical)));
    CHECK(hybrid_timestamp::compose(last, 0xFFFF).value().word() == ~std::uint64_t{0});
    CHECK(hybrid_timestamp::compose(last + 1ms, 0) == std::unexpected(clock_errc::time_exhausted));
    CHECK(hybrid_timestamp::compose(t::max(), 0) == std::unexpected(clock_errc::time_exhausted));
}

TEST_CASE("a hybrid timestamp's text is both parts in decimal") {
    CHECK(at(0, 0).to_string() == "0,0");
    CHECK(at(test::some_day, 7).to_string() == "1770076800000,7");
    CHECK(at(max_physical, 0xFFFF).to_string() == "281474976710655,65535");
    CHECK(at(max_physical, 0xFFFF).to_string().size() == hybrid_timestamp::max_text_size);
    CHECK(coterie::to_string(at(10, 10)) == "10,10");
}

TEST_CASE("a hybrid timestamp is read from its text, and from no other") {
    std::mt19937_64 random(test::seed());
    for (int round = 0; round < 2'000; ++round) {
        const auto x = hybrid_timestamp::from_word(random() >> random() % 64);
        REQUIRE(hybrid_timestamp::parse(x.to_string()) == x);
    }
    const auto error = [](std::string_view text) {
        const auto parsed = hybrid_timestamp::parse(text);
        return parsed ? parse_error{parse_errc::wrong_length, 99} : parsed.error();
    };
    for (const auto text : {"", "1", "1,", ",1", ",", "1770076800000"}) {
        INFO(text);
        CHECK(error(text).code == parse_errc::wrong_length);
        CHECK(error(text).position <= std::string_view(text).size());
    }
    CHECK(error("1234567890123456,12345") == parse_error{parse_errc::wrong_length, 21});
    CHECK(error("1,2 ") == parse_error{parse_errc::invalid_character, 3});
    CHECK(error("1,2,3") == parse_error{parse_errc::invalid_character, 3});
    CHECK(error("-1,2") == parse_error{parse_errc::invalid_character, 0});
    CHECK(error("1.5,2") == parse_error{parse_errc::invalid_character, 1});
    CHECK(error(std::string_view("1,2\0", 4)) == parse_error{parse_errc::invalid_character, 3});
    CHECK(error("01,2") == parse_error{parse_errc::not_canonical, 0});
    CHECK(error("1,00") == parse_error{parse_errc::not_canonical, 2});
    CHECK(error("281474976710656,0") == parse_error{parse_errc::out_of_range, 0});
    CHECK(error("281474976710655,65536") == parse_error{parse_errc::out_of_range, 16});
    CHECK(error("9999999999999999999,") == parse_error{parse_errc::out_of_range, 0});
}

TEST_CASE("a hybrid timestamp on the wire is 8 bytes, in the order of the timestamps") {
    const auto bytes = encode(at(0x0102'0304'0506, 0x0708));
    const std::array<std::byte, 8> wanted{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4},
                                          std::byte{5}, std::byte{6}, std::byte{7}, std::byte{8}};
    CHECK(std::ranges::equal(bytes, wanted));
    std::mt19937_64 random(test::seed());
    for (int round = 0; round < 2'000; ++round) {
        const auto x = hybrid_timestamp::from_word(random() >> random() % 64);
        const auto y = hybrid_timestamp::from_word(random() >> random() % 64);
        REQUIRE(decode<hybrid_timestamp>(encode(x)) == x);
        REQUIRE((encode(x) <=> encode(y)) == (x <=> y));
    }
    for (std::size_t size = 0; size < 8; ++size) {
        CHECK_FALSE(decode<hybrid_timestamp>(std::span(bytes).first(size)).has_value());
    }
}

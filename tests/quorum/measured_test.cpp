// SPDX-License-Identifier: BSL-1.0
#include <coterie/quorum/measured.hpp>

#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <coterie/core/error.hpp>
#include <coterie/core/random.hpp>
#include <coterie/quorum/delay.hpp>

#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace coterie::quorum;
using coterie::parse_errc;
using coterie::parse_error;

TEST_CASE("measured delays are read from any usual list of numbers") {
    const std::vector<delay> expected{delay(1.5), delay(0), delay(2e-3), delay(70)};
    for (const std::string_view text : {"1.5\n0\n2e-3\n70\n", "1.5,0,2e-3,70", "1.5; 0; 2e-3; 70",
                                        "\r\n 1.5\t0\r\n\r\n2e-3 ,, 70"})
        CHECK(parse_delays(text).value() == expected);
    CHECK(parse_delays("").value().empty());
    CHECK(parse_delays(" \n").value().empty());
}

TEST_CASE("what is no delay is an error, and its place is told") {
    const auto error = [](std::string_view text) { return parse_delays(text).error(); };
    CHECK(error("latency\n1.5") == parse_error{parse_errc::invalid_character, 0});
    CHECK(error("1.5\n2ms") == parse_error{parse_errc::invalid_character, 4});
    CHECK(error("1.5\n--2") == parse_error{parse_errc::invalid_character, 4});
    CHECK(error("1 -2") == parse_error{parse_errc::out_of_range, 2});
    CHECK(error("1 inf") == parse_error{parse_errc::out_of_range, 2});
    CHECK(error("1 nan") == parse_error{parse_errc::out_of_range, 2});
    CHECK(error("1 1e999") == parse_error{parse_errc::out_of_range, 2});
    CHECK(error("1e999x") == parse_error{parse_errc::invalid_character, 0});
}

TEST_CASE("any text is read or refused at one of its characters") {
    coterie::rng random(coterie::test::seed());
    constexpr std::string_view alphabet = "0123456789.-+eE ,;\n\tinfax";
    for (int round = 0; round < 20'000; ++round) {
        std::string text(coterie::uniform_below(random, 20), ' ');
        for (char& c : text) c = alphabet[coterie::uniform_below(random, alphabet.size())];
        const auto delays = parse_delays(text);
        if (delays.has_value()) {
            for (const delay d : *delays) REQUIRE(d >= delay::zero());
            REQUIRE(delays->size() <= (text.size() + 1) / 2);
        } else {
            REQUIRE(delays.error().position < text.size());
        }
    }
}

TEST_CASE("where the library reads no doubles, ours are the same to a part in 10^14") {
    const auto check = [](const std::string& text) {
        INFO(text);
        double ours = -1, theirs = -1;
        const char* const end = text.data() + text.size();
        const auto a = coterie::quorum::detail::read_decimal(text.data(), end, ours);
        const auto b = std::from_chars(text.data(), end, theirs);
        CHECK(a.ptr == b.ptr);
        if (a.ec != b.ec) {
            // What is too small for a double is zero here.
            CHECK((b.ec == std::errc::result_out_of_range && ours >= -1e-300 && ours <= 1e-300));
        } else if (a.ec == std::errc{}) {
            CHECK(std::abs(ours - theirs) <= 1e-14 * std::abs(theirs));
        }
    };
    for (const char* text : {"",
                             "-",
                             ".",
                             "1",
                             "-1",
                             "0",
                             "00.5",
                             ".5",
                             "5.",
                             "5.e",
                             "1e",
                             "1e+",
                             "1e5",
                             "1E-5",
                             "1.5e3x",
                             "1..2",
                             "+1",
                             " 1",
                             "e5",
                             "1e400",
                             "-1e400",
                             "1e-400",
                             "0e400",
                             "1e99999999999",
                             "12345678901234567890123",
                             "0.00000000000000000000000012345678901234567890",
                             "999999999999999999999999e-20",
                             "1,5"}) {
        check(text);
    }
    std::mt19937_64 random(coterie::test::seed());
    for (int round = 0; round < 5000; ++round) {
        std::string text;
        for (std::uint64_t n = random() % 24; n > 0; --n) {
            text += "0123456789012345678901234567890123456789..eE-+ "[random() % 47];
        }
        check(text);
    }
}

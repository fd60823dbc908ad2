// SPDX-License-Identifier: BSL-1.0
#include <coterie/quorum/measured.hpp>

#include <cstddef>
#include <string>
#include <string_view>
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

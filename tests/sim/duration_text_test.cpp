// SPDX-License-Identifier: BSL-1.0

#include <coterie/sim/duration_text.hpp>

#include <chrono>
#include <cstdint>
#include <string>

#include <coterie/core/error.hpp>
#include <coterie/core/random.hpp>

#include "support/catch.hpp"
#include "support/seed.hpp"

namespace {

using namespace coterie;
using namespace std::chrono_literals;
using std::chrono::nanoseconds;

std::string text_of(nanoseconds d) {
    std::string text;
    sim::append_duration(text, d);
    return text;
}

parse_errc code_of(const char* text) { return sim::parse_duration(text).error().code; }
std::size_t place_of(const char* text) { return sim::parse_duration(text).error().position; }

TEST_CASE("durations are read in every unit", "[sim]") {
    CHECK(sim::parse_duration("1ns") == 1ns);
    CHECK(sim::parse_duration("20us") == 20us);
    CHECK(sim::parse_duration("300ms") == 300ms);
    CHECK(sim::parse_duration("4s") == 4s);
    CHECK(sim::parse_duration("5min") == 5min);
    CHECK(sim::parse_duration("100h") == 100h);
    CHECK(sim::parse_duration("-2s") == -2s);
    CHECK(sim::parse_duration("0s") == 0s);
    STATIC_REQUIRE(sim::parse_duration("360000s") == nanoseconds(100h));
}

TEST_CASE("durations are printed in the largest unit that is exact", "[sim]") {
    CHECK(text_of(0ns) == "0s");
    CHECK(text_of(1500ms) == "1500ms");
    CHECK(text_of(60s) == "1min");
    CHECK(text_of(61s) == "61s");
    CHECK(text_of(-120min) == "-2h");
    CHECK(text_of(1000001ns) == "1000001ns");
    CHECK(text_of(nanoseconds::min()) == "-9223372036854775808ns");
}

TEST_CASE("what is no duration is refused, and where it is wrong", "[sim]") {
    CHECK(code_of("") == parse_errc::wrong_length);
    CHECK(code_of("5") == parse_errc::invalid_character);
    CHECK(place_of("15") == 2);
    CHECK(place_of("-15x") == 3);
    CHECK(place_of("ms") == 0);
    CHECK(place_of("-ms") == 1);
    CHECK(code_of("-") == parse_errc::invalid_character);
    CHECK(code_of("5 s") == parse_errc::invalid_character);
    CHECK(code_of("5S") == parse_errc::invalid_character);
    CHECK(code_of("1.5s") == parse_errc::invalid_character);
    CHECK(code_of("--5s") == parse_errc::invalid_character);
    CHECK(code_of("05s") == parse_errc::not_canonical);
    CHECK(place_of("-05s") == 1);
    CHECK(code_of("101h") == parse_errc::out_of_range);
    CHECK(code_of("360001s") == parse_errc::out_of_range);
    CHECK(code_of("99999999999999999999999999999s") == parse_errc::out_of_range);
    CHECK(code_of("18446744073709551617ns") == parse_errc::out_of_range);
}

TEST_CASE("what is printed is read back", "[sim]") {
    rng random(test::seed(), "durations");
    for (int i = 0; i < 10'000; ++i) {
        std::int64_t d = uniform_between(random, -sim::max_text_duration.count(),
                                         sim::max_text_duration.count());
        // Round ones as well, of every unit.
        for (int round = static_cast<int>(uniform_below(random, 6)); round > 0; --round)
            d = d / 1000 * 1000 / 60;
        CHECK(sim::parse_duration(text_of(nanoseconds(d))) == nanoseconds(d));
    }
}

}  // namespace

// SPDX-License-Identifier: BSL-1.0

#include "sim/scenarios/hybrid_clocks.hpp"

#include <chrono>
#include <cstdint>
#include <vector>

#include "sim/scenarios/planted.hpp"
#include "sim/scenarios/sweep.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace coterie;
using test::hybrid_clocks;

namespace {

std::vector<test::planted> mistakes() {
    using enum hybrid_clocks::mistakes;
    const auto with = [](hybrid_clocks::mistakes m, const char* what, std::uint64_t seed) {
        return test::planted{what, hybrid_clocks{.mistake = m}, hybrid_clocks{}, seed};
    };
    return {
        with(no_bound, "a hybrid clock without a bound", 1),
        with(remote_ignored, "a hybrid clock that ignores what it is sent", 1),
        with(mark_not_kept, "a hybrid clock that keeps no mark", 25),
        with(refusal_counted, "a refused timestamp that moves the clock", 1),
    };
}

}  // namespace

TEST_CASE("hybrid clocks stay near the true time, though one of them does not") {
    test::check_holds(hybrid_clocks{}, 150);
}

TEST_CASE("hybrid clocks within their bound refuse nothing") {
    test::check_holds(hybrid_clocks{.has_stray = false}, 100);
}

TEST_CASE("mistakes with hybrid clocks are found") { test::check_caught(mistakes()); }

TEST_CASE("mistakes with hybrid clocks: a sweep", "[.sweep]") { test::check_sweep(mistakes()); }

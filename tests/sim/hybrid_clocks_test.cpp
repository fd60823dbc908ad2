// SPDX-License-Identifier: BSL-1.0

#include "sim/scenarios/hybrid_clocks.hpp"

#include <chrono>

#include "sim/planted.hpp"
#include "sim/scenarios/scenario.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace coterie;
using test::hybrid_clocks;

namespace {

constexpr test::planted<hybrid_clocks::mistakes> mistakes[] = {
    {hybrid_clocks::mistakes::no_bound, "a hybrid clock without a bound", 1},
    {hybrid_clocks::mistakes::remote_ignored, "a hybrid clock that ignores what it is sent", 1},
    {hybrid_clocks::mistakes::mark_not_kept, "a hybrid clock that keeps no mark", 25},
    {hybrid_clocks::mistakes::refusal_counted, "a refused timestamp that moves the clock", 1},
};

}  // namespace

TEST_CASE("hybrid clocks stay near the true time, though one of them does not") {
    test::check_passes(hybrid_clocks{}, {}, 150);
}

TEST_CASE("hybrid clocks within their bound refuse nothing") {
    test::check_passes(hybrid_clocks{.has_stray = false}, {}, 100);
}

TEST_CASE("mistakes with hybrid clocks are found") {
    for (const auto& p : mistakes) test::check_killed(hybrid_clocks{}, {}, p);
}

TEST_CASE("mistakes with hybrid clocks: a sweep", "[.sweep]") {
    for (const auto& p : mistakes) test::sweep(hybrid_clocks{}, {}, p);
}

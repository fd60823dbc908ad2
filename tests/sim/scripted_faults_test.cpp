// SPDX-License-Identifier: BSL-1.0

// Scenarios under the faults that a nemesis draws, instead of their own; explored and shrunk.

#include <chrono>
#include <cstdint>

#include <coterie/core/random.hpp>
#include <coterie/sim/explore.hpp>
#include <coterie/sim/nemesis.hpp>
#include <coterie/sim/scenario_setup.hpp>

#include "sim/scenarios/any_scenario.hpp"
#include "sim/scenarios/payments.hpp"
#include "sim/scenarios/seeds.hpp"
#include "sim/scenarios/snowflake.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace coterie;

namespace {

/// Another scenario with many crashes, and clocks that step far.
struct in_rough_weather {
    test::any_scenario scenario;
    sim::nemesis_profile rough{
        .duration = 20s, .between = 500ms, .weights = {.crash = 8, .step = 8}, .step = 3s};

    [[nodiscard]] sim::scenario_setup setup(std::uint64_t seed) const {
        return {seed, 4, 200, sim::draw_script(rough, sim::node_names(4), rng(seed, "faults"))};
    }
    [[nodiscard]] sim::scenario_result run(const sim::scenario_setup& s,
                                           trace::trace* recorder) const {
        return scenario.run(s, recorder);
    }
};

}  // namespace

TEST_CASE("scripts of faults break neither worker numbers nor payments") {
    const sim::seed_range seeds{.first = 1, .count = test::seeds_or(50)};
    const auto ids = sim::explore(in_rough_weather{.scenario = test::numbered_workers{}}, seeds,
                                  {.threads = 1, .report = nullptr});
    CHECK_FALSE(ids.failure.has_value());
    const auto paid = sim::explore(in_rough_weather{.scenario = test::payments{}}, seeds,
                                   {.threads = 1, .report = nullptr});
    CHECK_FALSE(paid.failure.has_value());
}

TEST_CASE("a mark that is not kept is found under a script, which is shrunk") {
    const in_rough_weather wrong{.scenario = test::numbered_workers{
                                     .mistake = test::numbered_workers::mistakes::mark_not_kept}};
    const auto found = sim::explore(wrong, {1, 10'000}, {.threads = 1, .report = nullptr});
    REQUIRE(found.failure.has_value());
    INFO(found.failure->shrunk.result.failure);
    CHECK(found.failure->shrunk.setup.faults.faults.size() <= 8);
}

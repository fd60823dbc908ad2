// SPDX-License-Identifier: BSL-1.0

// Scenarios under the faults of a script, explored and shrunk.

#include "sim/scenarios/explorable.hpp"

#include <chrono>

#include <coterie/sim/explore.hpp>
#include <coterie/sim/nemesis.hpp>

#include "sim/planted.hpp"
#include "sim/scenarios/payments.hpp"
#include "sim/scenarios/snowflake.hpp"
#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace std::chrono_literals;
using namespace coterie;

namespace {

using numbered = test::explorable<test::numbered_workers>;
using paying = test::explorable<test::payments>;
static_assert(sim::scenario<numbered>);

/// Many crashes, and clocks that step far.
constexpr sim::nemesis_profile rough{
    .duration = 20s, .between = 500ms, .weights = {.crash = 8, .step = 8}, .step = 3s};

}  // namespace

TEST_CASE("scripts of faults break neither worker numbers nor payments") {
    const sim::seed_range seeds{.first = 1, .count = test::seeds_or(50)};
    const auto ids = sim::explore(numbered{.scenario = {}, .rough = rough}, seeds,
                                  {.threads = 1, .report = nullptr});
    CHECK_FALSE(ids.failure.has_value());
    const auto paid = sim::explore(paying{.scenario = {}, .rough = rough}, seeds,
                                   {.threads = 1, .report = nullptr});
    CHECK_FALSE(paid.failure.has_value());
}

TEST_CASE("a mark that is not kept is found under a script, which is shrunk") {
    const numbered wrong{.scenario = {.mistake = test::numbered_workers::mistakes::mark_not_kept},
                         .rough = rough};
    const auto found = sim::explore(wrong, {1, 10'000}, {.threads = 1, .report = nullptr});
    REQUIRE(found.failure.has_value());
    INFO(found.failure->shrunk.result.failure);
    CHECK(found.failure->shrunk.setup.faults.faults.size() <= 8);
}

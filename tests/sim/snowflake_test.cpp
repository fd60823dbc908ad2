// SPDX-License-Identifier: BSL-1.0

#include "sim/scenarios/snowflake.hpp"

#include <chrono>

#include "sim/planted.hpp"
#include "sim/scenarios/scenario.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace coterie;
using test::leased_workers;
using test::numbered_workers;

namespace {

constexpr test::planted<numbered_workers::mistakes> of_numbers[] = {
    {numbered_workers::mistakes::equality_on_clock, "an equality test on the clock", 3},
    {numbered_workers::mistakes::mark_not_kept, "no mark kept over a restart", 237},
    {numbered_workers::mistakes::number_taken_by_two, "a worker number taken by two", 1},
};

constexpr test::planted<leased_workers::mistakes> of_leases[] = {
    {leased_workers::mistakes::leases_forgotten, "a lease given before it is durable", 24},
    {leased_workers::mistakes::judged_when_taken, "a lease judged when it was taken", 15},
    {leased_workers::mistakes::start_not_said, "a lease by two clocks, without its start", 330},
};

}  // namespace

TEST_CASE("workers with numbers of their own make no id twice, whatever clocks do") {
    test::check_passes(numbered_workers{}, {}, 200);
}

TEST_CASE("workers with leased numbers make no id twice, whatever clocks do") {
    test::check_passes(leased_workers{}, {}, 200);
}

TEST_CASE("leases without their start will do where clocks are as good as the margin says") {
    const leased_workers scenario{.mistake = leased_workers::mistakes::start_not_said,
                                  .clock_error = 200ms,
                                  .drift = sim::ppm(1000),
                                  .freezes = false};
    test::check_passes(scenario, {}, 200);
}

TEST_CASE("mistakes with worker numbers are found") {
    for (const auto& p : of_numbers) test::check_killed(numbered_workers{}, {}, p);
    for (const auto& p : of_leases) test::check_killed(leased_workers{}, {}, p);
}

TEST_CASE("mistakes with worker numbers: a sweep", "[.sweep]") {
    for (const auto& p : of_numbers) test::sweep(numbered_workers{}, {}, p);
    for (const auto& p : of_leases) test::sweep(leased_workers{}, {}, p);
}

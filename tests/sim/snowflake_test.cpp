// SPDX-License-Identifier: BSL-1.0

#include "sim/scenarios/snowflake.hpp"

#include <chrono>
#include <cstdint>
#include <vector>

#include "sim/scenarios/planted.hpp"
#include "sim/scenarios/sweep.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace coterie;
using test::leased_workers;
using test::numbered_workers;

namespace {

std::vector<test::planted> mistakes_of_numbers() {
    using enum numbered_workers::mistakes;
    const auto with = [](numbered_workers::mistakes m, const char* what, std::uint64_t seed) {
        return test::planted{what, numbered_workers{.mistake = m}, numbered_workers{}, seed};
    };
    return {
        with(equality_on_clock, "an equality test on the clock", 3),
        with(mark_not_kept, "no mark kept over a restart", 237),
        with(number_taken_by_two, "a worker number taken by two", 1),
    };
}

std::vector<test::planted> mistakes_of_leases() {
    using enum leased_workers::mistakes;
    const auto with = [](leased_workers::mistakes m, const char* what, std::uint64_t seed) {
        return test::planted{what, leased_workers{.mistake = m}, leased_workers{}, seed};
    };
    return {
        with(leases_forgotten, "a lease given before it is durable", 24),
        with(judged_when_taken, "a lease judged when it was taken", 15),
        with(start_not_said, "a lease by two clocks, without its start", 330),
    };
}

}  // namespace

TEST_CASE("workers with numbers of their own make no id twice, whatever clocks do") {
    test::check_holds(numbered_workers{}, 200);
}

TEST_CASE("workers with leased numbers make no id twice, whatever clocks do") {
    test::check_holds(leased_workers{}, 200);
}

TEST_CASE("leases without their start will do where clocks are as good as the margin says") {
    const leased_workers scenario{.mistake = leased_workers::mistakes::start_not_said,
                                  .clock_error = 200ms,
                                  .drift = sim::ppm(1000),
                                  .freezes = false};
    test::check_holds(scenario, 200);
}

TEST_CASE("mistakes with worker numbers are found") {
    test::check_caught(mistakes_of_numbers());
    test::check_caught(mistakes_of_leases());
}

TEST_CASE("mistakes with worker numbers: a sweep", "[.sweep]") {
    test::check_sweep(mistakes_of_numbers());
    test::check_sweep(mistakes_of_leases());
}
